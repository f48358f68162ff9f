"""The exponentially weighted moving average chart for concept drift."""

from truthlag.verdict.detectors.parameters import count, real, share, whole_choice
from truthlag.verdict.detectors.watched import WatchedDetector


class ECDD(WatchedDetector):
    """ECDD of Ross, Adams, Tasoulis and Hand (2012), "Exponentially weighted moving average charts for detecting concept drift".

    Takes 0 and 1, where 1 is an error. It is a chart of the weighted mean of errors around their mean by now: it alarms when that
    lies more than the paper's limit of its standard deviations above it, and warns beyond a share of the limit. Constant memory
    and time.

    The limits are those that the paper prints, fitted for `lambda_val=0.2`. With 400 false alarms come every 280 to 390 values at
    rates of errors from 0.05 to 0.3, and with 100 every 40 to 100. The limits printed for 1000 lie below those for 400 at rates
    below about 0.25: with them false alarms come every 64, 87 and 222 values at 0.05, 0.1 and 0.2.

    Args:
        lambda_val: The weight of the newest value, between 0 and 1.
        average_run_length: Values from one false alarm to the next by the paper: 100, 400 or 1000.
        warning_share: The share of the limit beyond which it warns, from 0 to 1.
        min_num_instances: Values before which it says nothing.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import ECDD
        >>> detector = ECDD()
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])
        array([1006])
    """

    KIND = "ECDD"

    def __init__(
        self,
        lambda_val: float = 0.2,
        average_run_length: int = 400,
        warning_share: float = 0.5,
        min_num_instances: int = 30,
        *,
        reset: str = "auto",
    ) -> None:
        parameters = {
            "lambda_val": lambda_val,
            "average_run_length": average_run_length,
            "warning_share": warning_share,
            "min_num_instances": min_num_instances,
        }
        numbers = [
            share("lambda_val", lambda_val),
            whole_choice("average_run_length", average_run_length, (100, 400, 1000)),
            real("warning_share", warning_share, 0, 1),
            count("min_num_instances", min_num_instances, 0),
        ]
        self._begin(parameters, numbers, reset)
