"""Is the model getting worse: windows against a baseline, with verdicts that say how sure they are."""

from truthlag.verdict.degradation.detector import DegradationDetector
from truthlag.verdict.degradation.history import BaselineEntry, CheckEntry
from truthlag.verdict.degradation.report import DegradationReport, MaskedLoss, MetricVerdict, VerdictTable
from truthlag.verdict.degradation.rolling_baseline import RollingBaseline
from truthlag.verdict.degradation.seasonal_baseline import SeasonalBaseline

__all__ = [
    "BaselineEntry",
    "CheckEntry",
    "DegradationDetector",
    "DegradationReport",
    "MaskedLoss",
    "MetricVerdict",
    "RollingBaseline",
    "SeasonalBaseline",
    "VerdictTable",
]
