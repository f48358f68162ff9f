"""What every mode answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from truthlag import _core

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

    It knows an effect by its statistic alone, which is t or standard normal at the true value, by the degrees of freedom of that
    (infinite for a normal one), and by the units of both arms together.
    What excludes a value from the interval and what has a p-value of at most alpha there is the same.
    """

    @property
    def mode(self) -> str:
        """Its name."""

    @property
    def alpha(self) -> float:
        """The probability of a false rejection, of one side or of both together."""

    @property
    def native(self) -> _core.FixedLook | _core.NormalMixture | None:
        """The same rule as the core has it; None where the core has not."""

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:
        """How many standard errors a limit is from the estimate: with `one_sided` each limit is wrong with probability alpha."""

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """Against the value whose statistic is given: positive where the effect is on the side that speaks against it."""

    def refusal(self, n: int) -> str | None:
        """Why no verdict may be given now; None where one may."""

    def remarks(self) -> tuple[str, ...]:
        """What should be known of the evidence beside it."""

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """How many units of both arms a statistic that grows with their root needs; None where none would do."""


def within_reason(units: float) -> int | None:
    """A number of units, if it is one that could be had."""
    return math.ceil(units) if units <= MOST else None
