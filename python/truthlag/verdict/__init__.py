"""Numbers to decisions: is the model getting worse, is the new version better."""

from truthlag.verdict.ab_test import ModelABTestMonitor
from truthlag.verdict.degradation import DegradationDetector
from truthlag.verdict.watch import Alarm, Watch

__all__ = ["Alarm", "DegradationDetector", "ModelABTestMonitor", "Watch"]
