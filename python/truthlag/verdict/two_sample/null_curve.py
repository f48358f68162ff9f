"""Two binomials, and their score statistic under the null hypothesis that the loss is a given margin."""

from dataclasses import dataclass

from truthlag import _core
from truthlag.verdict.two_sample.scale import Scale


@dataclass(frozen=True, slots=True)
class Pair:
    """Successes and trials of the baseline and of the current sample."""

    baseline_successes: float
    baseline_trials: float
    successes: float
    trials: float

    @property
    def counts(self) -> tuple[float, float, float, float]:
        """All four, as the extension takes them."""
        return self.baseline_successes, self.baseline_trials, self.successes, self.trials

    @property
    def swapped(self) -> "Pair":
        """The two samples the other way round, whose loss is the gain."""
        return Pair(self.successes, self.trials, self.baseline_successes, self.baseline_trials)

    def loss(self, scale: Scale) -> float:
        """The loss that was seen."""
        baseline = scale.metric(self.baseline_successes / self.baseline_trials)
        return baseline - scale.metric(self.successes / self.trials)


@dataclass(frozen=True, slots=True)
class NullCurve:
    """All pairs of proportions whose metrics differ by the margin, along the current metric.

    The signed root of Pearson's chi-square at the restricted maximum-likelihood estimate is the score statistic. Where the
    metric is the proportion, it is that of Farrington and Manning (1990), (d - margin) / sqrt(v1 / n1 + v2 / n2).
    """

    margin: float
    scale: Scale

    @property
    def lowest(self) -> float:
        """The least current metric that the margin leaves possible."""
        return max(0.0, -self.margin)

    @property
    def highest(self) -> float:
        """The largest current metric that the margin leaves possible."""
        return min(1.0, 1.0 - self.margin)

    def restricted_estimate(self, pair: Pair) -> float:
        """The current metric of largest likelihood on the curve."""
        return _core.restricted_estimate(pair.counts, self.margin, self.scale.name)

    def statistic(self, pair: Pair) -> float:
        """The score statistic; large where more than the margin was lost."""
        return _core.score_statistic(pair.counts, self.margin, self.scale.name)

    def largest_chance(self, pair: Pair, low: float, high: float) -> float:
        """The largest chance of a statistic as large, where the current metric lies between two values.

        It is found to some 1e-5 of it.
        """
        return _core.largest_chance(pair.counts, self.margin, self.scale.name, low, high)
