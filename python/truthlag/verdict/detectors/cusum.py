"""The cumulative sum control chart."""

from truthlag.verdict.detectors.parameters import DIRECTIONS, choice, real, share_or_none
from truthlag.verdict.detectors.watched import WatchedDetector


class CUSUM(WatchedDetector):
    """The cumulative sum chart of Page (1954), in the tabular form of Montgomery's "Introduction to statistical quality control".

    Takes any finite numbers, and a target to hold them against. It adds up how far they lie above it, less `k` standard
    deviations, never letting the sum fall below 0, and alarms above `h` standard deviations; downwards likewise. Constant memory
    and time.

    With normal, independent values, whose mean and standard deviation are known, one direction alarms every 930 values on average
    while the mean is at the target with `h=5` (336 with `h=4`), and 10.4 values (8.4) after it has moved by one standard
    deviation; both directions alarm twice as often. With a target that was estimated, or a weekly cycle, it is more often.

    Args:
        target: The mean of the values as long as all is well, in their units.
        standard_deviation: Their standard deviation, above 0. For errors at a rate p it is the square root of p (1 - p).
        k: The reference value in standard deviations: half of the shift that is to be found soonest.
        h: The decision interval in standard deviations, above 0.
        direction: "up" for a mean that grows, "down" for one that shrinks, "both" for either.
        head_start: The share of `h` at which the sums begin, from 0 and below 1; 0.5 is the fast initial response of Lucas and
            Crosier (1982), for finding soon what is wrong from the start.
        warning_share: The share of `h` above which it warns, from 0 to 1; None for no warnings.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import CUSUM
        >>> detector = CUSUM(target=0.1, standard_deviation=0.3)
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])[:3]
        array([1004, 1010, 1016])
    """

    KIND = "CUSUM"

    def __init__(
        self,
        target: float,
        standard_deviation: float,
        k: float = 0.5,
        h: float = 5.0,
        *,
        direction: str = "up",
        head_start: float = 0.0,
        warning_share: float | None = None,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "target": target,
            "standard_deviation": standard_deviation,
            "k": k,
            "h": h,
            "direction": direction,
            "head_start": head_start,
            "warning_share": warning_share,
        }
        numbers = [
            real("target", target),
            real("standard_deviation", standard_deviation, 0, above=True),
            real("k", k, 0),
            real("h", h, 0, above=True),
            float(choice("direction", direction, DIRECTIONS)),
            real("head_start", head_start, 0, 1, below=True),
            share_or_none("warning_share", warning_share),
        ]
        self._begin(parameters, numbers, reset)
