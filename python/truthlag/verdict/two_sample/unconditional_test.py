"""The exact test of two proportions, for samples in which successes or failures are few."""

from dataclasses import dataclass

from truthlag.verdict.two_sample.clopper_pearson import clopper_pearson
from truthlag.verdict.two_sample.limit import lower_limit
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Scale
from truthlag.verdict.two_sample.score_test import ScoreTest

#: How often the proportions may lie outside of where the p-value is maximised.
BERGER_BOOS = 1e-5


@dataclass(frozen=True, slots=True)
class UnconditionalTest:
    """The exact unconditional test that orders outcomes by their score statistic: Barnard (1947), Chan (1998).

    The p-value is the largest chance, over the null hypothesis, of an outcome that speaks as loudly. It is maximised where
    both proportions lie in their exact confidence limits of a joint 1 - 1e-5, and 1e-5 is added, which keeps it valid: Berger
    and Boos (1994). Without that, samples of unequal size are judged by proportions that the data rule out: with 9 000 of
    10 000 against 200 rows, a test at .05 would alarm in .007 of the cases, and find a loss of .07 in 69 percent
    instead of 90. So no p-value is below 1e-5.

    More baseline successes, or fewer current ones, never make the outcome weaker, so that the maximum lies where the loss is
    the margin. It is found to some 1e-5 of the p-value.
    """

    pair: Pair
    scale: Scale
    method: str
    berger_boos: float = BERGER_BOOS

    @property
    def estimate(self) -> float:
        """See `LossTest`."""
        return self.pair.loss(self.scale)

    def p_value(self, margin: float = 0.0) -> float:
        """See `LossTest`."""
        if margin >= 1:
            return 1.0
        if margin <= -1:
            # Only a loss of -1 is possible, where only one outcome is.
            return 1.0 if self.estimate <= margin else 0.0
        within = self._limits(self.pair.baseline_successes, self.pair.baseline_trials)
        current = self._limits(self.pair.successes, self.pair.trials)
        if within[1] - current[0] <= margin:
            # The largest chance is at a corner of the limits inside of the null hypothesis, and is nearly 1 there.
            return 1.0
        curve = NullCurve(margin, self.scale)
        low = max(curve.lowest, current[0], within[0] - margin)
        high = min(curve.highest, current[1], within[1] - margin)
        if low > high:
            return self.berger_boos
        return min(1.0, curve.largest_chance(self.pair, low, high) + self.berger_boos)

    def gain_p_value(self) -> float:
        """See `LossTest`."""
        return self._swapped.p_value()

    def interval(self, confidence: float) -> tuple[float, float]:
        """See `LossTest`."""
        level = (1 - confidence) / 2
        start = ScoreTest(self.pair, self.scale, self.method).interval(confidence)
        low = lower_limit(self.p_value, level, start[0], self.estimate, -1.0)
        high = lower_limit(self._swapped.p_value, level, -start[1], -self.estimate, -1.0)
        return low, -high

    @property
    def _swapped(self) -> "UnconditionalTest":
        return UnconditionalTest(self.pair.swapped, self.scale, self.method, self.berger_boos)

    def _limits(self, successes: float, trials: float) -> tuple[float, float]:
        if self.berger_boos == 0:
            return 0.0, 1.0
        low, high = clopper_pearson(successes, trials, self.berger_boos / 4)
        return self.scale.metric(low), self.scale.metric(high)
