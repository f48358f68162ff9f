"""The score test of two proportions, for samples in which successes and failures are many."""

import math
from dataclasses import dataclass

from truthlag import _core
from truthlag.verdict.two_sample.falling import falling_crossing
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
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
        rows = pair.baseline_trials + pair.trials
        statistic = NullCurve(margin, self.scale).statistic(pair)
        return math.sqrt(1 - 1 / rows) * max(-_FURTHEST, min(_FURTHEST, statistic))

    def limit(self, quantile: float) -> float:
        """The margin at which the statistic has this value; it falls with the margin."""
        if quantile == 0 and not self.corrects_skewness:
            return self.estimate
        if isinstance(self.scale, Identity):
            return _core.difference_limit(self.pair.counts, quantile, self.corrects_skewness)
        almost = 1 - 1e-12
        guess, error = _about(self.pair, quantile)
        guess = min(almost, max(-almost, guess))
        limit = falling_crossing(self.statistic, quantile, (-almost, almost), guess, error)
        return math.copysign(1.0, limit) if abs(limit) == almost else limit


def _about(pair: Pair, quantile: float) -> tuple[float, float]:
    """Where about the limit is, and the standard error there."""
    first, second = pair.baseline_trials, pair.trials
    before, now = pair.baseline_successes / first, pair.successes / second
    before_variance, variance = before * (1 - before) / first, now * (1 - now) / second
    if not (before_variance > 0 and variance > 0):
        # Agresti and Caffo's (2000) standard error, which is never 0.
        before, now = (pair.baseline_successes + 1) / (first + 2), (pair.successes + 1) / (second + 2)
        before_variance, variance = before * (1 - before) / first, now * (1 - now) / second
    both = before_variance + variance
    share, factor = before_variance / both, (first + second) / (first + second - 1)
    error = math.sqrt(both * factor)
    for _ in range(3):
        # To first order the restricted estimates share the distance by their variances.
        distance = quantile * error
        low = min(1.0, max(0.0, before - share * distance))
        high = min(1.0, max(0.0, now + (1 - share) * distance))
        there = low * (1 - low) / first + high * (1 - high) / second
        if there <= 0:
            break
        error = math.sqrt(there * factor)
    return before - now - quantile * error, error
