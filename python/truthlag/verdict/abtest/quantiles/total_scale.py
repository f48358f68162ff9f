"""What the evidence of both arms together is worth: as a statistic that is standard normal at the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from truthlag.verdict.abtest.inference.asymptotic_sequence import AsymptoticSequence

#: Beyond it a normal tail is no float.
_FURTHEST = 37.6


class TotalScale(Protocol):
    """A sum of evidence as a statistic and back; both rise together."""

    def statistic(self, total: float) -> float:
        """The statistic, at least 0."""

    def total(self, statistic: float) -> float:
        """The sum that is worth so much."""


@dataclass(frozen=True, slots=True)
class NormalTotal:
    """The sum of two squared normal quantiles, at the place of the control's quantile where it is least.

    That place takes one of the two degrees of freedom: for many values, which are nearly evenly spaced around their quantiles, what
    is left is the square of a normal statistic. For few it is less in all simulations of the tests, whatever the distribution.
    """

    def statistic(self, total: float) -> float:
        """See `TotalScale`."""
        return math.sqrt(total)

    def total(self, statistic: float) -> float:
        """See `TotalScale`."""
        return statistic * statistic


@dataclass(frozen=True, slots=True)
class GuaranteedTotal:
    """The same sum, judged by its distribution where the control's quantile is taken at its true place.

    There it is a sum of squares of two normal values of which only the positive ones count: 0, or chi-squared with one or two
    degrees of freedom, with weights 1/4, 1/2 and 1/4. The least sum is not above it, so that the size is at most alpha whatever
    the distribution and the number of values.
    """

    def statistic(self, total: float) -> float:
        """See `TotalScale`."""
        from scipy import special

        tail = float(special.ndtr(-math.sqrt(total))) + 0.25 * math.exp(-total / 2)
        return max(0.0, -float(special.ndtri(tail))) if tail > 0 else math.inf

    def total(self, statistic: float) -> float:
        """See `TotalScale`; by bisection, since it is not above (statistic + 1)²."""
        if statistic >= _FURTHEST:
            return math.inf
        low, high = statistic * statistic, (statistic + 1) ** 2
        while high - low > 1e-13 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if self.statistic(middle) >= statistic else (middle, high)
        return high


@dataclass(frozen=True, slots=True)
class SequenceTotal:
    """The logarithm of an e-process, as the statistic for which an asymptotic sequence has the same e-value."""

    sequence: AsymptoticSequence
    units: int
    one_sided: bool

    def statistic(self, total: float) -> float:
        """See `TotalScale`."""
        return self.sequence.statistic(total, self.units, one_sided=self.one_sided)

    def total(self, statistic: float) -> float:
        """See `TotalScale`."""
        return self.sequence.log_e_value(statistic, self.units, one_sided=self.one_sided)
