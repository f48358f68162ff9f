"""A relative difference of rates whose test of no difference is that of the absolute one."""

from __future__ import annotations

from dataclasses import dataclass

from truthlag.verdict.abtest.difference import Effect
from truthlag.verdict.abtest.paired.discordant_effect import DiscordantEffect

#: What is rejected is not within, by that share of the estimate.
_HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class AgreeingEffect:
    """The relative difference of two rates of the same rows.

    It is 0 just where the difference is, and of that there are tests which hold for few pairs, as the linearised statistic does
    not. They have the last word: what they do not reject belongs to the interval, and 0 does not where they reject it.
    """

    relative: Effect
    absolute: DiscordantEffect

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self.relative.estimate

    @property
    def standard_error(self) -> float:
        """See `Effect`."""
        return self.relative.standard_error

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return self.relative.degrees_of_freedom

    @property
    def method(self) -> str:
        """See `Effect`."""
        return self.relative.method

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        return self.absolute.statistic(0.0) if null == 0 else self.relative.statistic(null)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        low, high = self.relative.limits(quantile)
        found = self.absolute.statistic(0.0)
        if abs(found) < quantile:
            return min(low, 0.0), max(high, 0.0)
        nearest = self.estimate * _HAIR
        return (max(low, nearest), high) if found > 0 else (low, min(high, nearest))
