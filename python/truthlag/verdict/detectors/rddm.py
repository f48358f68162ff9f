"""The reactive drift detection method."""

from truthlag.verdict.detectors.parameters import count, real
from truthlag.verdict.detectors.watched import WatchedDetector


class RDDM(WatchedDetector):
    """RDDM of Barros, Cabral, Gonçalves and Santos (2017), "RDDM: Reactive drift detection method".

    Takes 0 and 1, where 1 is an error. It is DDM that stays sensitive: it keeps the newest values, works the mean of a very long
    time out anew from those alone, and alarms when it has warned for too long. Where the paper leaves something open it does as
    its authors' implementation in MOA. Memory: a byte for each value that it keeps; time: constant on average.

    Args:
        min_num_instances: Values before which it says nothing.
        warning_threshold: Standard errors above the minimum for a warning.
        drift_threshold: Standard errors above the minimum for an alarm.
        max_concept_size: Values after which the mean is worked out anew, once it does not warn.
        min_size_stable_concept: The newest values, of which it is then; at most `max_concept_size`. The nearer they are to each
            other the more often that is done, at some nanoseconds for each value that is kept.
        warn_limit: Warnings in a row after which the next alarms.
        reset: What becomes of an alarm. "auto": it stands for one update, and the next goes on from the values since the warning
            began, or from the last one alone. "manual": it stands until `reset()`, which forgets all; values meanwhile are not
            looked at. "never": the detector goes on as it is.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import RDDM
        >>> detector = RDDM()
        >>> detector.update_many([number % (10 if number < 1_000 else 2) == 0 for number in range(2_000)])
        array([1028])
    """

    KIND = "RDDM"

    def __init__(
        self,
        min_num_instances: int = 129,
        warning_threshold: float = 1.773,
        drift_threshold: float = 2.258,
        max_concept_size: int = 40_000,
        min_size_stable_concept: int = 7_000,
        warn_limit: int = 1_400,
        *,
        reset: str = "auto",
    ) -> None:
        longest = count("max_concept_size", max_concept_size, 1)
        parameters = {
            "min_num_instances": min_num_instances,
            "warning_threshold": warning_threshold,
            "drift_threshold": drift_threshold,
            "max_concept_size": max_concept_size,
            "min_size_stable_concept": min_size_stable_concept,
            "warn_limit": warn_limit,
        }
        numbers = [
            count("min_num_instances", min_num_instances, 1),
            real("warning_threshold", warning_threshold, 0),
            real("drift_threshold", drift_threshold, 0),
            longest,
            count("min_size_stable_concept", min_size_stable_concept, 1, int(longest)),
            count("warn_limit", warn_limit, 1),
        ]
        self._begin(parameters, numbers, reset)
