"""The ratio of two proportions by the score test."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag.verdict.abtest.difference.effect import Undefined
from truthlag.verdict.abtest.statistics.proportion import Proportion

#: How near a limit is found, as a share of the ratio.
_NEAR = 1e-13


@dataclass(frozen=True, slots=True)
class ScoreRatio:
    """The relative difference of two proportions, held against a value by the chances that are likeliest if it is true.

    Miettinen and Nurminen (1985), "Comparative analysis of two rates", Statistics in Medicine 4, for the ratio, with their N / (N - 1); the
    restricted estimates are the smaller root of a quadratic. It needs no spread that was seen: with all successes, or none in the
    treatment, it knows what chance could do.
    """

    control: Proportion
    treatment: Proportion

    def __post_init__(self) -> None:
        if not self.control.k:
            raise Undefined("the control is 0, so that there is no relative difference.")

    @property
    def method(self) -> str:
        """See `Effect`."""
        return "score test of the ratio"

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self._ratio - 1

    @property
    def standard_error(self) -> float:
        """See `Effect`; that of the delta method."""
        chance, ratio = self.control.k / self.control.n, self._ratio
        return math.sqrt(self._variance(chance, ratio)) / chance

    @property
    def _ratio(self) -> float:
        return self.treatment.k / self.treatment.n / (self.control.k / self.control.n)

    def _variance(self, chance: float, ratio: float) -> float:
        """Of treatment less so many times the control, where the control has that chance and the treatment so many times it."""
        other = min(1.0, ratio * chance)
        return other * (1 - other) / self.treatment.n + ratio * ratio * chance * (1 - chance) / self.control.n

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        ratio = 1 + null
        if ratio <= 0:
            return math.inf if self.treatment.k else 0.0
        (k, n), (j, m) = (self.control.k, self.control.n), (self.treatment.k, self.treatment.n)
        # The likelihood's slope in the chance of the control has the roots of N r p² - b p + (k + j).
        b = n + j + ratio * (m + k)
        root = math.sqrt(max(0.0, b * b - 4 * (n + m) * ratio * (k + j)))
        chance = min(1.0, 2 * (k + j) / (b + root))
        distance = j / m - ratio * (k / n)
        variance = self._variance(chance, ratio) * ((n + m) / (n + m - 1))
        if variance > 0:
            return distance / math.sqrt(variance)
        return math.copysign(math.inf, distance) if distance else 0.0

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; by bisection, since the statistic falls."""
        ratio = self._ratio
        low = self._crossing(0.0, ratio, quantile) if self.treatment.k else 0.0
        beyond = 2 * max(ratio, 1 / self.control.n)
        while self.statistic(beyond - 1) > -quantile:
            beyond *= 4
        return low - 1, self._crossing(ratio, beyond, -quantile) - 1

    def _crossing(self, low: float, high: float, level: float) -> float:
        """The ratio between two at which the statistic is at the level; the one outside of the interval."""
        while high - low > _NEAR * high:
            middle = (low + high) / 2
            if self.statistic(middle - 1) > level:
                low = middle
            else:
                high = middle
        return low if level > 0 else high
