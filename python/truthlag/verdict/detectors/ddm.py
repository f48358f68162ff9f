"""The drift detection method."""

from truthlag.verdict.detectors.parameters import count, real
from truthlag.verdict.detectors.watched import WatchedDetector


class DDM(WatchedDetector):
    """The drift detection method of Gama, Medas, Castillo and Rodrigues (2004), "Learning with drift detection".

    Takes errors from 0 to 1. With p the share of errors by now and s its standard error, it warns when p + s is above p_min +
    2 s_min and alarms above p_min + 3 s_min; the minimum is that of the value at which p + s was least. Constant memory and time.

    Args:
        warm_start: Values before which it says nothing.
        warning_threshold: Standard errors above the minimum for a warning.
        drift_threshold: Standard errors above the minimum for an alarm.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import DDM
        >>> detector = DDM()
        >>> errors = [number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)]
        >>> detector.update_many(errors)
        array([1048])
    """

    KIND = "DDM"

    def __init__(
        self,
        warm_start: int = 30,
        warning_threshold: float = 2.0,
        drift_threshold: float = 3.0,
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "warm_start": warm_start,
            "warning_threshold": warning_threshold,
            "drift_threshold": drift_threshold,
        }
        numbers = [
            count("warm_start", warm_start, 0),
            real("warning_threshold", warning_threshold, 0),
            real("drift_threshold", drift_threshold, 0),
        ]
        self._begin(parameters, numbers, reset)
