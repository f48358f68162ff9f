"""How good a deployed model is when the truth comes late.

`ModelPerformanceTracker` takes each prediction at the cost of a function call and each label whenever it comes, and says
at once how good the model is; `DegradationDetector` says whether it is getting worse; `ModelABTestMonitor` whether the new
version is better.
"""

from typing import TYPE_CHECKING, Any

from truthlag import _core
from truthlag.call import IngestReport, ModelPerformanceTracker
from truthlag.metrics import PerformanceSnapshot
from truthlag.verdict import DegradationDetector, ModelABTestMonitor

if TYPE_CHECKING:
    from truthlag.alerts import AlertPolicy, Incident

__all__ = [
    "AlertPolicy",
    "DegradationDetector",
    "Incident",
    "IngestReport",
    "ModelABTestMonitor",
    "ModelPerformanceTracker",
    "PerformanceSnapshot",
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


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for, so that a server that only logs does not wait for it."""
    if name not in {"AlertPolicy", "Incident"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from truthlag import alerts

    found = globals()[name] = getattr(alerts, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if build_info()["profile"] == "debug":
    import warnings

    warnings.warn(
        "this truthlag is a debug build, many times slower than a release build: build it with `--release`",
        RuntimeWarning,
        stacklevel=2,
    )
