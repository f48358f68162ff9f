"""What was estimated of the treatment's effect, and how far any value is from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from truthlag import _core

#: A quantile beyond it has a tail below the least float.
FURTHEST = 40.0


class Undefined(Exception):  # noqa: N818 - never seen outside: it becomes a reason of the result
    """Why there is no effect to be tested; `compare` makes it a reason."""


class Effect(Protocol):
    """An effect with a statistic that is t or standard normal at the true value.

    All that an inference needs: it may hold the statistic against quantiles of one look, of all looks together, or of a plan.
    """

    @property
    def estimate(self) -> float:
        """The effect that was seen."""

    @property
    def standard_error(self) -> float:
        """Its standard error."""

    @property
    def degrees_of_freedom(self) -> float:
        """Those of t; infinite for a normal statistic."""

    @property
    def method(self) -> str:
        """Test and interval, in a few words."""

    def statistic(self, null: float) -> float:
        """How many standard errors the effect is above a value; it falls with the value."""

    def limits(self, quantile: float) -> tuple[float, float]:
        """Where the statistic is `quantile` and where it is minus that, for a positive quantile."""


class Baseline(NamedTuple):
    """What the relative difference of adjusted arms is over: the control's value, which an adjustment makes depend on the effect."""

    value: float
    standard_error: float
    covariance: float
    """Of the effect with the control's value."""


NormalEffect = _core.NormalEffect
"""An effect with a constant standard error, of the extension: it is made of every comparison.

Its baseline is None where the arms are independent, and their own values and standard errors tell the relative difference.
"""


@dataclass(frozen=True, slots=True)
class ShiftedEffect:
    """An effect whose interval has another centre than the estimate, such as that of Agresti and Caffo."""

    estimate: float
    centre: float
    standard_error: float
    method: str
    bounds: tuple[float, float] = (-1.0, 1.0)

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        return (self.centre - null) / self.standard_error

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        reach = quantile * self.standard_error
        return max(self.bounds[0], self.centre - reach), min(self.bounds[1], self.centre + reach)
