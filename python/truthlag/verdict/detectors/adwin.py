"""Adaptive windowing."""

from truthlag.verdict.detectors.parameters import count, share
from truthlag.verdict.detectors.watched import WatchedDetector


class ADWIN(WatchedDetector):
    """ADWIN, adaptive windowing, of Bifet and Gavaldà (2007), "Learning from time-changing data with adaptive windowing".

    Takes any finite numbers; the bound is meant for those from 0 to 1. It keeps the longest window of the newest values that shows
    no change: it drops the oldest ones while the means of an older and a newer part of it differ by more than chance at `delta`
    allows. It never warns, and alarms when the mean shrinks too. Memory and time grow with the logarithm of the window.

    Args:
        delta: The confidence of a cut, between 0 and 1.
        clock: Values from one look for a cut to the next.
        max_buckets: Buckets of one size, beyond which two become one.
        min_window_length: Values that either part must have.
        grace_period: Values before which it does not look.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import ADWIN
        >>> detector = ADWIN()
        >>> detector.update_many([0.1] * 1_000 + [0.4] * 1_000)
        array([1055])
        >>> detector.width, round(detector.total, 1), detector.n_detections
        (944, 377.6, 0)
        >>> abs(detector.variance) < 0.01
        True
    """

    KIND = "ADWIN"

    def __init__(
        self,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window_length: int = 5,
        grace_period: int = 10,
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "delta": delta,
            "clock": clock,
            "max_buckets": max_buckets,
            "min_window_length": min_window_length,
            "grace_period": grace_period,
        }
        numbers = [
            share("delta", delta),
            count("clock", clock, 1),
            count("max_buckets", max_buckets, 1),
            count("min_window_length", min_window_length, 1),
            count("grace_period", grace_period, 0),
        ]
        self._begin(parameters, numbers, reset)

    @property
    def width(self) -> int:
        """The number of values in the window."""
        return int(self._statistic("width"))

    @property
    def total(self) -> float:
        """The sum of the values in the window."""
        return self._statistic("total")

    @property
    def variance(self) -> float:
        """The variance of the values in the window, divided by their number; 0.0 of none.

        River's property of this name is the sum of the squared deviations: `width` times this.
        """
        return self._statistic("variance")

    @property
    def n_detections(self) -> int:
        """The number of alarms since it last started afresh, as in River: with `reset="auto"` 1 while an alarm stands, else 0."""
        return int(self._statistic("n_detections"))
