"""Looks of a plan: each may spend a part of alpha."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.crossing import FURTHEST
from truthlag.verdict.abtest.inference.fixed import upper_tail
from truthlag.verdict.abtest.inference.inference import LEAST_STATISTIC, Evidence, within_reason
from truthlag.verdict.abtest.inference.spent_bounds import Design, SpentBounds, level_of, spent_bounds
from truthlag.verdict.detectors.parameters import count, real

MOST_UNITS = 2**53
#: More looks are a confidence sequence's.
MOST_LOOKS = 400
#: A look with fewer new units, as a share of those before, is none.
LEAST_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class GroupSequential:
    """The bounds of Lan and DeMets at the looks that were taken, whenever that was.

    Args:
        alpha: The probability of a wrong rejection, at all looks together.
        planned_n: The units of both arms together at which all alpha is spent.
        looks: The units at the looks, rising; those from the present number on are still to come.
        spending: The spending function.
        is_final: Whether the present look is the last one, wherever it is.
    """

    alpha: float
    planned_n: int
    looks: tuple[int, ...]
    spending: str | float = "obrien_fleming"
    is_final: bool = False

    @property
    def native(self) -> None:
        """See `Inference`."""
        return

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "group_sequential"

    def before(self, n: int) -> tuple[int, ...]:
        """The looks that were taken when there are n units; the last one, at the planned size or beyond, is the present one."""
        return tuple(look for look in self.looks if look < self.planned_n and is_later(n, look))

    def so_far(self, n: int, *, one_sided: bool) -> SpentBounds:
        """The bounds up to the look at n units."""
        return spent_bounds(self._design(one_sided), self._shares(n), is_final=self.is_final)

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:
        """See `Inference`; the bound, of t where the statistic has it: the repeated interval of Jennison and Turnbull (1989)."""
        if n <= 0:
            return FURTHEST
        # Where next to nothing may be spent the bound is infinite; a finite one is further than any statistic.
        return _of_t(min(FURTHEST, self.so_far(n, one_sided=one_sided).bounds[-1]), freedom)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """See `Inference`; the alpha at which this look would be the first to reject."""
        if n <= 0:
            return Evidence(1.0, None)
        normal = self.normal(statistic if one_sided else abs(statistic), freedom)
        p_value = level_of(self._design(one_sided), self._shares(n), normal, is_final=self.is_final)
        return Evidence(p_value, None)

    def normal(self, statistic: float, freedom: float) -> float:
        """The statistic on the scale of the bounds: that of a standard normal."""
        return _of_normal(statistic, freedom)

    def refusal(self, n: int) -> str | None:  # noqa: ARG002 - other modes depend on it
        """See `Inference`; at each look a verdict may be given."""
        return None

    def remarks(self) -> tuple[str, ...]:
        """See `Inference`."""
        return ()

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """See `Inference`: where one more look would reach its bound; at the planned size all alpha is spent."""
        if statistic <= LEAST_STATISTIC or n <= 0:
            return None
        low = n * (1 + 2 * LEAST_STEP)
        if n >= self.planned_n or self.is_final:
            return None
        so_far, design = self.so_far(n, one_sided=one_sided), self._design(one_sided)
        next_bound = so_far.next_bounds(design, low / self.planned_n)

        def does(units: float) -> bool:
            return statistic * math.sqrt(units / n) >= next_bound(units / self.planned_n)

        high = float(max(self.planned_n, low))
        # Beyond the planned size the bound is next to that of it: what fails there by little does not by much later.
        while not does(high):
            low, high = high, 2 * high
            if high > 1e3 * self.planned_n:
                return None
        while high - low > max(0.5, 1e-3 * high):
            middle = (low + high) / 2
            low, high = (low, middle) if does(middle) else (middle, high)
        return within_reason(high)

    def _design(self, one_sided: bool) -> Design:
        return Design(self.spending, self.alpha, 1 if one_sided else 2)

    def _shares(self, n: int) -> tuple[float, ...]:
        return tuple(look / self.planned_n for look in (*self.before(n), n))


def is_later(n: int, look: int) -> bool:
    """Whether n units are a look of their own after one at `look`."""
    return n > look * (1 + LEAST_STEP)


def checked_planned_n(value: Any) -> int:
    """The units of both arms together at the end of a plan."""
    return int(count("planned_n", value, 1, MOST_UNITS))


def checked_looks(value: Any, planned_n: int) -> tuple[int, ...]:
    """The units at the looks of a plan, from their number, their units or their shares of the planned size."""
    allowed = "a number of looks, or units or shares of planned_n, rising"
    if isinstance(value, int) and not isinstance(value, bool):
        number = int(count("looks", value, 1, MOST_LOOKS))
        looks = tuple(math.ceil(planned_n * (place + 1) / number) for place in range(number))
    else:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
            raise TypeError(f"looks must be {allowed}, got {described(value)}")
        if not 1 <= len(value) <= MOST_LOOKS:
            raise ValueError(f"looks must be 1 to {MOST_LOOKS}, got {len(value)}")
        given = [real(f"looks[{place}]", one, 0, MOST_UNITS, above=True) for place, one in enumerate(value)]
        # A share of 1 is the end, and a single unit is no look.
        are_shares = max(given) <= 1
        looks = tuple(math.ceil(one * planned_n * (1 - 1e-12)) if are_shares else math.ceil(one) for one in given)
    for earlier, later in pairwise(looks):
        if not is_later(later, earlier):
            raise ValueError(
                f"looks must rise by more than {LEAST_STEP:g} of the units before, got {earlier:,} and then {later:,}"
            )
    return looks


def _of_t(bound: float, freedom: float) -> float:
    """The quantile of t with the tail of a normal bound."""
    from scipy import special

    if math.isinf(freedom) or math.isinf(bound):
        return bound
    found = -float(special.stdtrit(freedom, float(special.ndtr(-bound))))
    return found if math.isfinite(found) else math.inf


def _of_normal(statistic: float, freedom: float) -> float:
    """The normal quantile with the tail of a t."""
    from scipy import special

    if math.isinf(freedom) or math.isinf(statistic):
        return statistic
    return -float(special.ndtri(upper_tail(statistic, freedom)))
