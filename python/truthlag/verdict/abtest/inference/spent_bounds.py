"""The bounds at looks whose chances to cross are what a spending function allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from truthlag.verdict.abtest.inference.crossing import Path, sided
from truthlag.verdict.abtest.inference.root_beyond import Place, root_beyond
from truthlag.verdict.abtest.inference.spending import spent

#: The levels that are told apart.
_LEAST, _MOST = math.exp(-680.0), 1 - 1e-9
#: What stands for an infinite bound.
_INFINITE = 1e3


@dataclass(frozen=True, eq=False, slots=True)
class SpentBounds:
    """The bounds at the looks so far, what is spent by each, and where the test may be if it has gone on."""

    bounds: tuple[float, ...]
    spent: tuple[float, ...]
    path: Path

    def next_bounds(self, design: Design, nearest: float) -> Callable[[float], float]:
        """The bound of one more look, by its share, which is at least the nearest."""
        path, before = self.path.settled(nearest), self.spent[-1] if self.spent else 0.0
        return lambda share: path.reach(share).bound(design.spent(share) - before, sides=design.sides)


_BEGIN = SpentBounds((), (), Path.begin())


@dataclass(frozen=True, slots=True)
class Design:
    """How alpha is spent, on two sides together or on one."""

    spending: str | float
    alpha: float
    sides: int

    def spent(self, share: float) -> float:
        """What of alpha is spent at a share of the planned information."""
        return spent(self.spending, self.alpha, share, sides=self.sides)


def spent_bounds(design: Design, shares: tuple[float, ...], *, is_final: bool = False) -> SpentBounds:
    """The bounds at looks that are at these shares of the planned information.

    Beyond 1 information counts as it is, and nothing is left to spend.

    Args:
        design: How alpha is spent.
        shares: The shares, rising.
        is_final: Whether all that is left is spent at the last look, wherever it is.

    Cost: a quarter of a millisecond a look; more where looks follow each other closely. Kept, so that one more look costs that of
        itself alone.
    """
    # Shorter ones first, so that each finds the one before it among what is kept.
    for place in range(len(shares)):
        _kept(design, shares[:place])
    return _kept(design, shares, is_final=is_final)


@lru_cache(maxsize=1_024)
def _kept(design: Design, shares: tuple[float, ...], *, is_final: bool = False) -> SpentBounds:
    return _with_look(_kept(design, shares[:-1]), design, shares[-1], is_final=is_final) if shares else _BEGIN


def _afresh(design: Design, shares: tuple[float, ...], *, is_final: bool) -> SpentBounds:
    """Bounds that nobody asks for again."""
    found = _BEGIN
    for place, share in enumerate(shares):
        found = _with_look(found, design, share, is_final=is_final and place == len(shares) - 1)
    return found


def _with_look(before: SpentBounds, design: Design, share: float, *, is_final: bool) -> SpentBounds:
    """The bounds with one more look."""
    spent_before = before.spent[-1] if before.spent else 0.0
    now = design.alpha if is_final else design.spent(share)
    reached = before.path.reach(share)
    bound = reached.bound(now - spent_before, sides=design.sides)
    path = reached.go_on(sided(bound, design.sides))
    return SpentBounds((*before.bounds, bound), (*before.spent, now), path)


def level_of(design: Design, shares: tuple[float, ...], statistic: float, *, is_final: bool = False) -> float:
    """The alpha at which the last look's bound would be the statistic: the repeated p-value of Jennison and Turnbull (1984).

    It is at most alpha if and only if the statistic reaches the bound at alpha.

    Cost: that of the bounds five to eight times.
    """
    from scipy import special

    # Bounds are next to in proportion to the normal quantiles of their levels.
    def level(quantile: float) -> float:
        return design.sides * float(special.ndtr(-quantile))

    def quantile(level: float) -> float:
        return -float(special.ndtri(level / design.sides))

    def surplus(at: float) -> float:
        other = Design(design.spending, level(at), design.sides)
        return min(_afresh(other, shares, is_final=is_final).bounds[-1], _INFINITE) - statistic

    bound = spent_bounds(design, shares, is_final=is_final).bounds[-1]
    own, reaches = quantile(design.alpha), statistic >= bound
    slope = own / bound if own > 0 and 0 < bound < math.inf else 1.0
    begin = Place(own, min(bound, _INFINITE) - statistic)
    found = level(root_beyond(surplus, begin, own - slope * begin.value, quantile(_LEAST if reaches else _MOST)))
    if reaches:
        return min(found, design.alpha)
    return 1.0 if found >= _MOST else max(found, math.nextafter(design.alpha, 1.0))
