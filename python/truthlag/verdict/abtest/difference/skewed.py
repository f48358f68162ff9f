"""The difference of two estimates that are skewed in a known way."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class SkewedEffect:
    """An effect with a constant standard error and a known skewness, to the first order of Cornish and Fisher (1938).

    The standardised estimate is z + skewness (z² - 1) / 6 for a standard normal z, and the statistic is that z.
    """

    estimate: float
    standard_error: float
    skewness: float
    method: str

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    def statistic(self, null: float) -> float:
        """See `Effect`; beyond the turn of the parabola the turn itself, the least extreme of what fits."""
        sixth = self.skewness / 6
        beyond = (self.estimate - null) / self.standard_error + sixth
        if abs(sixth) < 1e-12:
            return beyond
        discriminant = 1 + 4 * sixth * beyond
        return 2 * beyond / (1 + math.sqrt(discriminant)) if discriminant > 0 else -1 / (2 * sixth)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        return self._limit(quantile), self._limit(-quantile)

    def _limit(self, quantile: float) -> float:
        sixth = self.skewness / 6
        # The parabola turns: a statistic beyond the turn is never reached, so that there is no limit on that side.
        if 1 + 2 * sixth * quantile <= 0:
            return math.copysign(math.inf, -quantile)
        return self.estimate - self.standard_error * (quantile + sixth * (quantile * quantile - 1))
