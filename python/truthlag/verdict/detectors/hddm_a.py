"""Hoeffding's drift detection method for moving averages."""

from truthlag.verdict.detectors.parameters import flag, share
from truthlag.verdict.detectors.watched import WatchedDetector


class HDDMA(WatchedDetector):
    """HDDM_A of Frías-Blanco et al. (2015), "Online and non-parametric drift detection methods based on Hoeffding's bounds".

    Takes losses from 0 to 1. It compares the mean by now with that up to the point where its upper bound was least, by
    Hoeffding's inequality, and warns and alarms when it has grown. Constant memory and time.

    Args:
        drift_confidence: The chance of an alarm without a change, for one comparison, between 0 and 1.
        warning_confidence: That of a warning.
        two_sided_test: Whether it warns and alarms when the mean has shrunk too.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import HDDMA
        >>> detector = HDDMA()
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])
        array([1022])
    """

    KIND = "HDDMA"

    def __init__(
        self,
        drift_confidence: float = 0.001,
        warning_confidence: float = 0.005,
        two_sided_test: bool = False,
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "drift_confidence": drift_confidence,
            "warning_confidence": warning_confidence,
            "two_sided_test": two_sided_test,
        }
        numbers = [
            share("drift_confidence", drift_confidence),
            share("warning_confidence", warning_confidence),
            flag("two_sided_test", two_sided_test),
        ]
        self._begin(parameters, numbers, reset)
