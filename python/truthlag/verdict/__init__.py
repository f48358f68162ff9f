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

__all__ = [
    "BaselineEntry",
    "CheckEntry",
    "DegradationDetector",
    "DegradationReport",
    "MetricVerdict",
    "ModelABTestMonitor",
    "RollingBaseline",
    "SeasonalBaseline",
    "VerdictTable",
]
