"""The score test of two proportions, for samples in which successes and failures are many."""

import math
from dataclasses import dataclass

from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Scale

#: Beyond it a normal tail is below the least float.
_FURTHEST = 40.0


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """The test of Farrington and Manning (1990) with the interval of Miettinen and Nurminen (1985).

    The latter multiply the variance by N / (N - 1), N the rows of both samples. The factor is in the test too, so that test
    and interval agree.
    """

    pair: Pair
    scale: Scale
    method: str

    @property
    def estimate(self) -> float:
        """See `LossTest`."""
        return self.pair.loss(self.scale)

    def p_value(self, margin: float = 0.0) -> float:
        """See `LossTest`."""
        from scipy import special

        if abs(margin) >= 1:
            return 1.0 if margin > 0 else 0.0
        return float(special.ndtr(-self.statistic(margin)))

    def gain_p_value(self) -> float:
        """See `LossTest`."""
        from scipy import special

        return float(special.ndtr(self.statistic(0.0)))

    def interval(self, confidence: float) -> tuple[float, float]:
        """See `LossTest`."""
        from scipy import special

        quantile = float(special.ndtri((1 + confidence) / 2))
        return self._limit(quantile), self._limit(-quantile)

    def statistic(self, margin: float) -> float:
        """Standard normal where the true loss is `margin`."""
        pair = self.pair
        rows = pair.baseline_trials + pair.trials
        statistic = NullCurve(margin, self.scale).statistic(pair)
        return math.sqrt(1 - 1 / rows) * max(-_FURTHEST, min(_FURTHEST, statistic))

    def _limit(self, quantile: float) -> float:
        """The margin at which the statistic has this value; it falls with the margin."""
        from scipy import optimize

        end = math.copysign(1.0, -quantile)
        almost = end * (1 - 1e-12)
        if quantile == 0:
            return self.estimate
        if (self.statistic(almost) - quantile) * end >= 0:
            return end
        low, high = sorted((self.estimate, almost))
        if low == high:
            return self.estimate
        root = optimize.brentq(lambda margin: self.statistic(margin) - quantile, low, high, xtol=1e-12)
        return float(root)
