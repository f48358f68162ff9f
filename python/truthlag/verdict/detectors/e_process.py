"""The e-process: evidence that may be looked at at any time."""

import math

from truthlag.verdict.detectors.baseline import LossBaseline
from truthlag.verdict.detectors.evidence import EvidenceDetector
from truthlag.verdict.detectors.parameters import share


class EProcess(EvidenceDetector):
    """Whether a mean loss lies above a baseline, tested as often as one likes with one chance of a false alarm.

    The bets of `EDetector`, all laid from the first value on: a test of "the mean of the next loss, given those before it, is at most
    the baseline and the tolerance", always. The chance that it ever alarms while that holds is at most `alpha` (Ville (1939)), however
    often it is looked at and whenever one stops: Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by
    betting", JRSSB 86. For a loss that begins some time later, `EDetector` finds it sooner; this one has to win back first what it has
    lost before. Constant memory and time.

    Args:
        baseline: As in `EDetector`.
        tolerance: As in `EDetector`.
        alpha: The chance of a false alarm, ever; 0.05 by default. With (k, n), half of it is that of the baseline's upper limit.
        bets: As in `EDetector`.
        family: How many are looked at together; each is given so much less of `alpha`.
        reset: As in `EDetector`; "manual" by default. The chance holds until the first alarm.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import EProcess
        >>> process = EProcess(0.10)
        >>> process.update_many([0, 0, 0, 1] * 100)
        array([51])
        >>> process.drift_detected, process.p_value <= 0.05
        (True, True)
    """

    KIND = "EProcess"

    def __init__(
        self,
        baseline: LossBaseline,
        *,
        tolerance: float = 0.0,
        alpha: float = 0.05,
        bets: int = 10,
        family: int = 1,
        reset: str = "manual",
    ) -> None:
        chance = share("alpha", alpha)
        is_counted = isinstance(baseline, tuple | list)
        self._bet(
            {"baseline": baseline, "tolerance": tolerance, "alpha": alpha, "bets": bets, "family": family},
            form="process",
            threshold=(2 if is_counted else 1) / chance,
            baseline=baseline,
            tolerance=tolerance,
            delta=chance / 2,
            bets=bets,
            family=family,
            reset=reset,
        )

    @property
    def p_value(self) -> float:
        """A p-value for "there is no loss" that holds at any time: 1 over the evidence, at most 1.

        With (k, n) as a baseline it is twice that, and holds from `alpha` on. It is that of the last value, not the least so far.

        Example:
            >>> from truthlag.detectors import EProcess
            >>> process = EProcess(0.5)
            >>> process.p_value
            1.0
            >>> _ = process.update_many([1] * 10)
            >>> process.p_value < 0.05
            True
        """
        factor = self._single_threshold * float(self._parameters["alpha"])
        return min(1.0, factor * math.exp(-max(self.log_evidence, 0.0)))
