"""The Page-Hinkley test."""

from truthlag.verdict.detectors.parameters import DIRECTIONS, choice, count, real
from truthlag.verdict.detectors.watched import WatchedDetector


class PageHinkley(WatchedDetector):
    """The Page-Hinkley test (Page (1954), "Continuous inspection schemes").

    Takes any finite numbers. It adds up how far they lie from their mean by now, less `delta`, each sum fading by `alpha`, and
    alarms when the sum has risen more than `threshold` above its minimum. It never warns. Constant memory and time.

    Args:
        min_instances: Values before which it says nothing.
        delta: The change that is tolerated, in the units of the values.
        threshold: The rise that alarms, in the units of the values.
        alpha: How much of a sum is left after each value, from 0 to 1.
        mode: "up" for a mean that grows, "down" for one that shrinks, "both" for either.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import PageHinkley
        >>> detector = PageHinkley(threshold=10.0)
        >>> detector.update_many([0.1] * 500 + [0.4] * 500)
        array([535])
    """

    KIND = "PageHinkley"

    def __init__(
        self,
        min_instances: int = 30,
        delta: float = 0.005,
        threshold: float = 50.0,
        alpha: float = 1 - 0.0001,
        mode: str = "both",
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "min_instances": min_instances,
            "delta": delta,
            "threshold": threshold,
            "alpha": alpha,
            "mode": mode,
        }
        numbers = [
            count("min_instances", min_instances, 0),
            real("delta", delta, 0),
            real("threshold", threshold, 0),
            real("alpha", alpha, 0, 1),
            float(choice("mode", mode, DIRECTIONS)),
        ]
        self._begin(parameters, numbers, reset)
