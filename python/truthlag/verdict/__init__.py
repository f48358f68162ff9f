"""Numbers to decisions: is the model getting worse, is the new version better."""

from typing import TYPE_CHECKING

from truthlag.lazily import lazily

if TYPE_CHECKING:
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
    from truthlag.verdict.trend import OutlyingPeriod, TrendReport
    from truthlag.verdict.watch import Alarm, Watch

__all__ = [
    "Alarm",
    "BaselineEntry",
    "CheckEntry",
    "DegradationDetector",
    "DegradationReport",
    "MetricVerdict",
    "ModelABTestMonitor",
    "OutlyingPeriod",
    "RollingBaseline",
    "SeasonalBaseline",
    "TrendReport",
    "VerdictTable",
    "Watch",
]

_PLACES = {
    "Alarm": "truthlag.verdict.watch",
    "BaselineEntry": "truthlag.verdict.degradation",
    "CheckEntry": "truthlag.verdict.degradation",
    "DegradationDetector": "truthlag.verdict.degradation",
    "DegradationReport": "truthlag.verdict.degradation",
    "MetricVerdict": "truthlag.verdict.degradation",
    "ModelABTestMonitor": "truthlag.verdict.ab_test",
    "OutlyingPeriod": "truthlag.verdict.trend",
    "RollingBaseline": "truthlag.verdict.degradation",
    "SeasonalBaseline": "truthlag.verdict.degradation",
    "TrendReport": "truthlag.verdict.trend",
    "VerdictTable": "truthlag.verdict.degradation",
    "Watch": "truthlag.verdict.watch",
}
__getattr__, __dir__ = lazily(globals(), _PLACES)
