"""The statistical test of equal proportions for concept drift."""

from truthlag.verdict.detectors.parameters import count, flag, share
from truthlag.verdict.detectors.watched import WatchedDetector


class STEPD(WatchedDetector):
    """STEPD of Nishida and Yamauchi (2007), "Detecting concept drift using statistical testing".

    Takes 0 and 1, where 1 is an error. It compares the share of right answers among the last values with that of all before them,
    by the test of equal proportions with Yates's correction, and warns and alarms when the newer share is lower at a p-value below
    these; the p-value is that of one side. A test at each value makes many: it alarms more often than the alphas may suggest.
    Memory: a byte for each value of the window.

    Args:
        window_size: The last values that are compared with those before them; it begins with twice as many.
        alpha_drift: The p-value below which it alarms, between 0 and 1.
        alpha_warning: The p-value below which it warns.
        two_sided_test: Whether it warns and alarms when there are fewer errors too, at p-values of both sides, as in MOA. (MOA turns
            a difference that is smaller than the correction around; here there is none then.)
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import STEPD
        >>> detector = STEPD()
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])
        array([1014])
    """

    KIND = "STEPD"

    def __init__(
        self,
        window_size: int = 30,
        alpha_drift: float = 0.003,
        alpha_warning: float = 0.05,
        two_sided_test: bool = False,
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "window_size": window_size,
            "alpha_drift": alpha_drift,
            "alpha_warning": alpha_warning,
            "two_sided_test": two_sided_test,
        }
        numbers = [
            count("window_size", window_size, 1),
            share("alpha_drift", alpha_drift),
            share("alpha_warning", alpha_warning),
            flag("two_sided_test", two_sided_test),
        ]
        self._begin(parameters, numbers, reset)
