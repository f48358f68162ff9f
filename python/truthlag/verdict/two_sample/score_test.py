"""The score test of two proportions, for samples in which successes and failures are many."""

import math
from dataclasses import dataclass

from truthlag import _core
from truthlag.verdict.two_sample.null_curve import Pair
from truthlag.verdict.two_sample.scale import Identity, Scale

#: Beyond it a normal tail is below the least float.
_FURTHEST = 40.0


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """The test of Farrington and Manning (1990) with the interval of Miettinen and Nurminen (1985).

    The latter multiply the variance by N / (N - 1), N the rows of both samples. The factor is in the test too, so that test
    and interval agree.

    With `corrects_skewness` the statistic is that of Laud (2017), "Equal-tailed confidence intervals for comparison of rates":
    z such that z + s (z² - 1) is the score statistic, s a sixth of the skewness of the difference. For proportions on their
    own scale alone. Samples of equal size have hardly any; with 1 000 against 10 000 rows of a rate of .003 a one-sided test
    at .05 has a size of .050 on either side, instead of .063 and .037.
    """

    pair: Pair
    scale: Scale
    method: str
    corrects_skewness: bool = False

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
        return self.limit(quantile), self.limit(-quantile)

    def statistic(self, margin: float) -> float:
        """Standard normal where the true loss is `margin`."""
        pair = self.pair
        if isinstance(self.scale, Identity):
            return _core.difference_statistic(pair.counts, margin, self.corrects_skewness)
        return score_statistic(pair, margin, self.scale)

    def limit(self, quantile: float) -> float:
        """The margin at which the statistic has this value; it falls with the margin."""
        if quantile == 0 and not self.corrects_skewness:
            return self.estimate
        if isinstance(self.scale, Identity):
            return _core.difference_limit(self.pair.counts, quantile, self.corrects_skewness)
        return _core.score_limit(self.pair.counts, quantile, self.scale.name)


def score_statistic(pair: Pair, margin: float, scale: Scale) -> float:
    """The score statistic on a scale, with the factor N / (N - 1) of Miettinen and Nurminen in its variance."""
    rows = pair.baseline_trials + pair.trials
    statistic = _core.score_statistic(pair.counts, margin, scale.name)
    return math.sqrt(1 - 1 / rows) * max(-_FURTHEST, min(_FURTHEST, statistic))
