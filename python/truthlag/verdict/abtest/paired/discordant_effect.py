"""The difference of two rates of the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag.verdict.abtest.difference.effect import FURTHEST
from truthlag.verdict.two_sample.falling import falling_crossing


@dataclass(frozen=True, slots=True)
class DiscordantEffect:
    """The difference of two rates of the same rows, by the score statistic of Tango (1998), Statistics in Medicine 17.

    At no difference its square is McNemar's (1947). Where another test of that, such as the exact one, has the quantile
    `at_null`, it has the last word: what it does not reject belongs to the interval, and where it rejects no difference and
    Tango's statistic does not, that is scaled until it does. Test and interval agree.
    """

    control_only: int
    treatment_only: int
    n: int
    method: str
    at_null: float | None = None

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return (self.treatment_only - self.control_only) / self.n

    @property
    def standard_error(self) -> float:
        """See `Effect`; the plain one."""
        return wald_error(self.control_only, self.treatment_only, self.n)

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        if null == 0 and self.at_null is not None:
            return self.at_null
        return self._scaled(null, 1.0)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        factor = 1.0
        is_rejected = self.at_null is not None and abs(self.at_null) >= quantile
        if is_rejected and self.control_only != self.treatment_only:
            plain = abs(tango_statistic(self.control_only, self.treatment_only, self.n, 0.0))
            # A hair more, so that what is rejected is not within.
            factor = max(1.0, quantile / plain * (1 + 1e-9))
        low, high = self._limit(quantile, factor), self._limit(-quantile, factor)
        if self.at_null is not None and not is_rejected:
            low, high = min(low, 0.0), max(high, 0.0)
        return low, high

    def _scaled(self, null: float, factor: float) -> float:
        if abs(null) >= 1:
            return -math.copysign(FURTHEST, null)
        return factor * tango_statistic(self.control_only, self.treatment_only, self.n, null)

    def _limit(self, level: float, factor: float) -> float:
        unit = max(self.standard_error, 1 / (self.n + 1))
        guess = max(-0.999, min(0.999, self.estimate - level * unit))
        tolerance = 1e-11 * max(1.0, abs(level))
        return falling_crossing(lambda null: self._scaled(null, factor), level, (-1.0, 1.0), guess, unit, tolerance)


def tango_statistic(control_only: int, treatment_only: int, n: int, null: float) -> float:
    """How many standard errors the difference is above a value, with the error that the likelihood has there."""
    both = control_only + treatment_only
    distance = treatment_only - control_only - n * null
    if distance == 0:
        return 0.0
    # The share of rows on which control alone is right, where the difference is the value: the larger root.
    b = -both + (2 * n - treatment_only + control_only) * null
    c = -control_only * null * (1 - null)
    root = math.sqrt(max(0.0, b * b - 8 * n * c))
    share = (root - b) / (4 * n) if b <= 0 else -2 * c / (b + root)
    variance = n * (2 * max(share, -null, 0.0) + null * (1 - null))
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(FURTHEST, distance)


def wald_error(control_only: int, treatment_only: int, n: int) -> float:
    """The standard error of the difference from its own estimate."""
    apart = treatment_only - control_only
    return math.sqrt(max(0.0, control_only + treatment_only - apart * apart / n)) / n
