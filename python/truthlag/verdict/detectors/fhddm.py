"""The fast Hoeffding drift detection method."""

from truthlag.verdict.detectors.parameters import choice, count, share
from truthlag.verdict.detectors.watched import WatchedDetector


class FHDDM(WatchedDetector):
    """The fast Hoeffding drift detection method of Pesaranghader and Viktor (2016).

    Takes 0 and 1, where 1 is an error. It alarms when the share of right answers among the last values lies further below the
    largest that it has been than Hoeffding's inequality allows. It never warns. Memory: a byte for each value of the window.

    Args:
        sliding_window_size: The values that are looked at.
        confidence_level: The chance of an alarm without a change, for one comparison, between 0 and 1.
        short_window_size: The newest of them that are looked at by themselves too (Pesaranghader, Viktor and Paquet, 2018);
            None for none.
        polarity: "error" where 1 is an error. "river" where 1 is a right answer, as in River's FHDDM, against its own
            documentation.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next starts afresh, as in River. "manual": it
            stands until `reset()`; values meanwhile are not looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import FHDDM
        >>> detector = FHDDM()
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])
        array([1066])
    """

    KIND = "FHDDM"

    def __init__(
        self,
        sliding_window_size: int = 100,
        confidence_level: float = 0.000001,
        short_window_size: int | None = None,
        *,
        polarity: str = "error",
        reset: str = "auto",
    ) -> None:
        window = int(count("sliding_window_size", sliding_window_size, 1))
        parameters = {
            "sliding_window_size": sliding_window_size,
            "confidence_level": confidence_level,
            "short_window_size": short_window_size,
            "polarity": polarity,
        }
        numbers = [
            float(window),
            share("confidence_level", confidence_level),
            0.0 if short_window_size is None else count("short_window_size", short_window_size, 1, window),
            float(choice("polarity", polarity, ("error", "river"))),
        ]
        self._begin(parameters, numbers, reset)
