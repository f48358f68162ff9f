"""Numbers to decisions: is the model getting worse, is the new version better."""

from truthlag.verdict.ab_test import ModelABTestMonitor
from truthlag.verdict.degradation import (
    BaselineEntry,
    CheckEntry,
    DegradationDetector,
    DegradationReport,
    MetricVerdict,
    RollingBaseline,
    SeasonalBaseline,
    VerdictTable,
)
from truthlag.verdict.watch import Alarm, Watch

__all__ = [
    "Alarm",
    "BaselineEntry",
    "CheckEntry",
    "DegradationDetector",
    "DegradationReport",
    "MetricVerdict",
    "ModelABTestMonitor",
    "RollingBaseline",
    "SeasonalBaseline",
    "VerdictTable",
    "Watch",
]
