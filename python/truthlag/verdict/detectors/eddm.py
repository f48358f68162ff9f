"""The early drift detection method."""

from truthlag.verdict.detectors.parameters import count, real
from truthlag.verdict.detectors.watched import WatchedDetector


class EDDM(WatchedDetector):
    """The early drift detection method of Baena-García et al. (2006), "Early drift detection method".

    Takes 0 and 1, where 1 is an error, and looks at the distances between errors: with their mean m and standard deviation s by
    now, it warns when m + 2 s is below `alpha` times the largest that it has been, and alarms below `beta` times. It is known to
    alarm often where nothing changes. Constant memory and time.

    Args:
        warm_start: Values, and errors, before which it says nothing.
        alpha: Share of the maximum for a warning, from 0 to 1.
        beta: Share of the maximum for an alarm, at most `alpha`.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import EDDM
        >>> detector = EDDM()
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])
        array([ 300, 1180])
    """

    KIND = "EDDM"

    def __init__(
        self,
        warm_start: int = 30,
        alpha: float = 0.95,
        beta: float = 0.9,
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {"warm_start": warm_start, "alpha": alpha, "beta": beta}
        numbers = [
            count("warm_start", warm_start, 0),
            real("alpha", alpha, 0, 1),
            real("beta", beta, 0, alpha),
        ]
        self._begin(parameters, numbers, reset)
