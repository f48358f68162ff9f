"""How good a deployed model is when the truth comes late.

`ModelPerformanceTracker` takes each prediction at the cost of a function call and each label whenever it comes, and says
at once how good the model is; `DegradationDetector` says whether it is getting worse; `ModelABTestMonitor` whether the new
version is better.
"""

from typing import TYPE_CHECKING

from truthlag import _core
from truthlag.call import IngestReport, ModelPerformanceTracker
from truthlag.lazily import lazily
from truthlag.metrics import PerformanceSnapshot

if TYPE_CHECKING:
    from truthlag.alerts import AlertPolicy, Incident
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
    "AlertPolicy",
    "BaselineEntry",
    "CheckEntry",
    "DegradationDetector",
    "DegradationReport",
    "Incident",
    "IngestReport",
    "MetricVerdict",
    "ModelABTestMonitor",
    "ModelPerformanceTracker",
    "OutlyingPeriod",
    "PerformanceSnapshot",
    "RollingBaseline",
    "SeasonalBaseline",
    "TrendReport",
    "VerdictTable",
    "Watch",
    "build_info",
]

__version__: str = _core.build_info()["version"]


def build_info() -> dict[str, str]:
    """What runs: the version, the build profile and the target of the extension.

    Returns:
        A dict with the keys ``version``, ``profile`` (``release`` or ``debug``) and ``target`` (a Rust target triple).

    Example:
        >>> import truthlag
        >>> sorted(truthlag.build_info())
        ['profile', 'target', 'version']
    """
    return _core.build_info()


# What judges is loaded when it is first asked for: a server that only logs does not wait for it.
_PLACES = {
    "Alarm": "truthlag.verdict.watch",
    "AlertPolicy": "truthlag.alerts",
    "BaselineEntry": "truthlag.verdict.degradation",
    "CheckEntry": "truthlag.verdict.degradation",
    "DegradationDetector": "truthlag.verdict.degradation",
    "DegradationReport": "truthlag.verdict.degradation",
    "Incident": "truthlag.alerts",
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


if build_info()["profile"] == "debug":
    import warnings

    warnings.warn(
        "this truthlag is a debug build, many times slower than a release build: build it with `--release`",
        RuntimeWarning,
        stacklevel=2,
    )
