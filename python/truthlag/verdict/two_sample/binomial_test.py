"""The exact test of a proportion against a baseline that is known exactly."""

from dataclasses import dataclass

from truthlag.verdict.two_sample.clopper_pearson import clopper_pearson
from truthlag.verdict.two_sample.scale import Scale


@dataclass(frozen=True, slots=True)
class BinomialTest:
    """The exact binomial test, with the interval of Clopper and Pearson (1934), which agrees with it.

    Its p-value is the whole tail: the mid-p value, which counts half of the outcome seen, alarms too often at many sizes (at
    20 rows of a rate of .95, in .075 of the cases at a level of .05).
    """

    baseline: float
    successes: float
    trials: float
    scale: Scale
    method: str

    @property
    def estimate(self) -> float:
        """See `LossTest`."""
        return self.baseline - self.scale.metric(self.successes / self.trials)

    def p_value(self, margin: float = 0.0) -> float:
        """See `LossTest`."""
        from scipy import special

        metric = self.baseline - margin
        if metric > 1:
            return 0.0
        # No metric is below 0, so such a loss is never exceeded.
        if metric <= 0 or self.successes >= self.trials:
            return 1.0
        proportion = self.scale.proportion(metric)
        # P(X <= successes), as the upper tail of the failures.
        return float(special.betaincc(self.successes + 1, self.trials - self.successes, proportion))

    def gain_p_value(self) -> float:
        """See `LossTest`."""
        from scipy import special

        if self.successes <= 0:
            return 1.0
        proportion = self.scale.proportion(self.baseline)
        return float(special.betainc(self.successes, self.trials - self.successes + 1, proportion))

    def interval(self, confidence: float) -> tuple[float, float]:
        """See `LossTest`."""
        low, high = clopper_pearson(self.successes, self.trials, (1 - confidence) / 2)
        return self.baseline - self.scale.metric(high), self.baseline - self.scale.metric(low)
