"""Two binomials under the null hypothesis that the loss is a given margin: its estimate, its score statistic, its contours."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.two_sample.restricted_proportions import restricted_proportions
from truthlag.verdict.two_sample.scale import Identity, Scale

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Successes and trials of the baseline and of the current sample."""

    baseline_successes: float
    baseline_trials: float
    successes: float
    trials: float

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
    baseline_trials: float
    trials: float
    scale: Scale

    @property
    def lowest(self) -> float:
        """The least current metric that the margin leaves possible."""
        return max(0.0, -self.margin)

    @property
    def highest(self) -> float:
        """The largest current metric that the margin leaves possible."""
        return min(1.0, 1.0 - self.margin)

    def proportions(self, metric: Floats) -> tuple[Floats, Floats]:
        """The baseline's and the current proportion where the current metric has this value."""
        baseline = np.clip(metric + self.margin, 0.0, 1.0)
        return self.scale.proportion(baseline), self.scale.proportion(metric)

    def restricted_estimate(self, pair: Pair) -> float:
        """The current metric of largest likelihood on the curve.

        For proportions this is the root of a cubic; else the likelihood equation is solved here.
        """
        width = self.highest - self.lowest
        if width > 0 and isinstance(self.scale, Identity):
            return restricted_proportions(
                pair.baseline_successes, pair.baseline_trials, pair.successes, pair.trials, self.margin
            )[1]
        from scipy import optimize

        # The score of the likelihood is infinite at an end that the data exclude, so ends are looked at from inside.
        low, high = self.lowest + 1e-13 * width, self.highest - 1e-13 * width
        if width <= 0 or self._score(low, pair) <= 0:
            return self.lowest
        if self._score(high, pair) >= 0:
            return self.highest
        return float(optimize.brentq(self._score, low, high, args=(pair,), xtol=1e-16, rtol=1e-14))

    def statistic(self, pair: Pair) -> float:
        """The score statistic; large where more than the margin was lost."""
        metric = self.restricted_estimate(pair)
        baseline = min(1.0, max(0.0, metric + self.margin))
        first = _residual(pair.baseline_successes, pair.baseline_trials, self.scale.proportion(baseline))
        second = _residual(pair.successes, pair.trials, self.scale.proportion(metric))
        return math.copysign(math.hypot(first, second), first - second)

    def contour(self, metric: Floats, statistic: float) -> tuple[Floats, Floats]:
        """The (real) successes of baseline and current whose restricted estimate is `metric` and that have this statistic.

        Both conditions are linear in the successes, so the contour has a closed form along the curve.
        """
        baseline = np.clip(metric + self.margin, 0.0, 1.0)
        p1, p2 = self.scale.proportion(baseline), self.scale.proportion(metric)
        v1, v2 = self.baseline_trials * p1 * (1 - p1), self.trials * p2 * (1 - p2)
        # The square roots of the informations, each times both deviations.
        i1 = self.baseline_trials * self.scale.slope(baseline) * np.sqrt(v2)
        i2 = self.trials * self.scale.slope(metric) * np.sqrt(v1)
        # Zero only where both deviations are.
        size = np.maximum(np.hypot(i1, i2), 1e-300)
        x1 = self.baseline_trials * p1 + statistic * np.sqrt(v1) * i2 / size
        return x1, self.trials * p2 - statistic * np.sqrt(v2) * i1 / size

    def information(self, metric: Floats) -> Floats:
        """Fisher's information on the current metric along the curve."""
        baseline = np.clip(metric + self.margin, 0.0, 1.0)
        p1, p2 = self.scale.proportion(baseline), self.scale.proportion(metric)
        v1, v2 = np.maximum(p1 * (1 - p1), 1e-300), np.maximum(p2 * (1 - p2), 1e-300)
        first = self.baseline_trials * self.scale.slope(baseline) ** 2 / v1
        return first + self.trials * self.scale.slope(metric) ** 2 / v2

    def _score(self, metric: float, pair: Pair) -> float:
        """The derivative of the log-likelihood along the curve, times the four probabilities, which keeps it finite."""
        baseline = metric + self.margin
        p1, p2 = self.scale.proportion(baseline), self.scale.proportion(metric)
        v1, v2 = p1 * (1 - p1), p2 * (1 - p2)
        first = (pair.baseline_successes - pair.baseline_trials * p1) * self.scale.slope(baseline) * v2
        second = (pair.successes - pair.trials * p2) * self.scale.slope(metric) * v1
        return first + second


def _residual(successes: float, trials: float, proportion: float) -> float:
    difference = successes - trials * proportion
    variance = trials * proportion * (1 - proportion)
    if variance > 0:
        return difference / math.sqrt(variance)
    # At an end of the curve only what fits it has a likelihood.
    return 0.0 if abs(difference) < 0.5 else math.copysign(math.inf, difference)
