"""What every mode answers."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, Protocol, TypeAlias

from truthlag.verdict.abtest.difference.effect import Effect

Side: TypeAlias = Literal["both", "above", "below"]
"""Which effects speak against a value: any other, larger ones, or smaller ones."""

#: More units than that are no answer.
MOST = 10**12
#: A smaller statistic is none: no number of units would do.
LEAST_STATISTIC = 1e-5


class Evidence(NamedTuple):
    """What a look says against a value of the effect."""

    p_value: float
    e_value: float | None


class Inference(Protocol):
    """The rule by which effects are held against values: for one look, for any number of them, or for those of a plan.

    It knows an effect by its statistic alone, which is t or standard normal at the true value, and the units of both arms together.
    What excludes a value from the interval and what has a p-value of at most alpha there is the same.
    """

    @property
    def mode(self) -> str:
        """Its name."""

    @property
    def alpha(self) -> float:
        """The probability of a false rejection, of one side or of both together."""

    def quantile(self, effect: Effect, n: int, *, one_sided: bool) -> float:
        """How many standard errors a limit is from the estimate: with `one_sided` each limit is wrong with probability alpha."""

    def evidence(self, effect: Effect, n: int, null: float, side: Side) -> Evidence:
        """Against the effect being `null`; for one side, being on the other side of it too."""

    def refusal(self, n: int) -> str | None:
        """Why no verdict may be given now; None where one may."""

    def remarks(self) -> tuple[str, ...]:
        """What should be known of the evidence beside it."""

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """How many units of both arms a statistic that grows with their root needs; None where none would do."""


def statistic_against(effect: Effect, null: float, side: Side) -> float:
    """The statistic so that what speaks against the value is positive."""
    statistic = effect.statistic(null)
    return abs(statistic) if side == "both" else statistic if side == "above" else -statistic


def within_reason(units: float) -> int | None:
    """A number of units, if it is one that could be had."""
    return math.ceil(units) if units <= MOST else None
