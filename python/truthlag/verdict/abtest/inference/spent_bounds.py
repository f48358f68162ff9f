"""The bounds at looks whose chances to cross are what a spending function allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from truthlag.verdict.abtest.inference.crossing import Path, sided
from truthlag.verdict.abtest.inference.spending import spent


@dataclass(frozen=True, eq=False, slots=True)
class SpentBounds:
    """The bounds at the looks so far, what is spent by each, and where the test may be if it has gone on."""

    bounds: tuple[float, ...]
    spent: tuple[float, ...]
    path: Path

    def next_bound(self, design: Design, share: float) -> float:
        """The bound of one more look."""
        increment = design.spent(share) - (self.spent[-1] if self.spent else 0.0)
        return self.path.reach(share).bound(increment, sides=design.sides)


@dataclass(frozen=True, slots=True)
class Design:
    """How alpha is spent, on two sides together or on one."""

    spending: str | float
    alpha: float
    sides: int

    def spent(self, share: float) -> float:
        """What of alpha is spent at a share of the planned information."""
        return spent(self.spending, self.alpha, share, sides=self.sides)


@lru_cache(maxsize=512)
def spent_bounds(design: Design, shares: tuple[float, ...], *, is_final: bool = False) -> SpentBounds:
    """The bounds at looks that are at these shares of the planned information.

    Beyond 1 information counts as it is, and nothing is left to spend.

    Args:
        design: How alpha is spent.
        shares: The shares, rising.
        is_final: Whether all that is left is spent at the last look, wherever it is.

    Cost: about half a millisecond a look; more where looks follow each other closely. Kept for the same looks.
    """
    path, before = Path.begin(), 0.0
    bounds, cumulative = [], []
    for place, share in enumerate(shares):
        now = design.alpha if is_final and place == len(shares) - 1 else design.spent(share)
        reached = path.reach(share)
        bound = reached.bound(now - before, sides=design.sides)
        path, before = reached.go_on(sided(bound, design.sides)), now
        bounds.append(bound)
        cumulative.append(now)
    return SpentBounds(tuple(bounds), tuple(cumulative), path)


def level_of(design: Design, shares: tuple[float, ...], statistic: float, *, is_final: bool = False) -> float:
    """The alpha at which the last look's bound would be the statistic: the repeated p-value of Jennison and Turnbull (1984).

    It is at most alpha if and only if the statistic reaches the bound at alpha.
    """
    from scipy import optimize

    def surplus(logarithm: float) -> float:
        other = Design(design.spending, math.exp(logarithm), design.sides)
        bound = spent_bounds.__wrapped__(other, shares, is_final=is_final).bounds[-1]
        return min(bound, 1e3) - statistic

    own = math.log(design.alpha)
    reaches = statistic >= spent_bounds(design, shares, is_final=is_final).bounds[-1]
    least, most = (-680.0, own) if reaches else (own, -1e-9)
    ends = surplus(least), surplus(most)
    if ends[0] <= 0:
        return math.exp(least)
    if ends[1] >= 0:
        return design.alpha if reaches else 1.0
    found = math.exp(optimize.brentq(surplus, least, most, xtol=1e-10))
    return min(found, design.alpha) if reaches else max(found, math.nextafter(design.alpha, 1.0))
