"""The exponentially weighted moving average control chart."""

from truthlag.verdict.detectors.parameters import DIRECTIONS, choice, real, share_or_none
from truthlag.verdict.detectors.watched import WatchedDetector


class EWMA(WatchedDetector):
    """The exponentially weighted moving average chart of Roberts (1959), as in Lucas and Saccucci (1990).

    Takes any finite numbers, and a target to hold them against. The average begins at the target; it alarms when that lies more
    than `control_limit` of its standard deviations beyond it. Constant memory and time.

    With normal, independent values, whose mean and standard deviation are known, and constant limits, both directions together
    alarm every 500 values on average while the mean is at the target, one alone every 1 008, and 10.5 values after it has
    moved by one standard deviation. Other pairs with a run length of 500: `lambda_val=0.4, control_limit=3.054`, `0.1, 2.814`,
    `0.05, 2.615`. With a target that was estimated, or a weekly cycle, it alarms more often.

    Args:
        target: The mean of the values as long as all is well, in their units.
        standard_deviation: Their standard deviation, above 0. For errors at a rate p it is the square root of p (1 - p).
        lambda_val: The weight of the newest value, above 0 and at most 1.
        control_limit: The limit in standard deviations of the average, above 0; L in the papers.
        direction: "up" for a mean that grows, "down" for one that shrinks, "both" for either.
        limits: "asymptotic" for constant limits, for which tables of run lengths are; "exact" for those of the standard deviation
            that the average has by now, narrower at first.
        warning_share: The share of the limit beyond which it warns, from 0 to 1; None for no warnings.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import EWMA
        >>> detector = EWMA(target=0.1, standard_deviation=0.3)
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])[:3]
        array([1004, 1010, 1016])
    """

    KIND = "EWMA"

    def __init__(
        self,
        target: float,
        standard_deviation: float,
        lambda_val: float = 0.2,
        control_limit: float = 2.962,
        *,
        direction: str = "up",
        limits: str = "asymptotic",
        warning_share: float | None = None,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "target": target,
            "standard_deviation": standard_deviation,
            "lambda_val": lambda_val,
            "control_limit": control_limit,
            "direction": direction,
            "limits": limits,
            "warning_share": warning_share,
        }
        numbers = [
            real("target", target),
            real("standard_deviation", standard_deviation, 0, above=True),
            real("lambda_val", lambda_val, 0, 1, above=True),
            real("control_limit", control_limit, 0, above=True),
            float(choice("direction", direction, DIRECTIONS)),
            float(choice("limits", limits, ("asymptotic", "exact"))),
            share_or_none("warning_share", warning_share),
        ]
        self._begin(parameters, numbers, reset)
