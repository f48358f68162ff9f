"""Two one-sided tests: how likely both of them reject."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from truthlag.verdict.abtest.inference.crossing import Bounds, Floats, Path, Reached

_POINTS = 400
#: So many standard deviations of a standard deviation hold all that a float can tell.
_FURTHEST = 12.0


class Band(NamedTuple):
    """What a look at two margins says of the statistic against the lower one.

    Equivalent from `low` to `high`, which are the wrong way round where nothing is; not so up to `under` and from `over` on.
    """

    under: float
    low: float
    high: float
    over: float

    @classmethod
    def of(cls, bound: float, width: float) -> Band:
        """The band of a bound, with so many standard errors between the margins."""
        return cls(-bound, bound, width - bound, width + bound)

    def scaled(self, factor: float) -> Band:
        """The same in other units."""
        return Band(*(one * factor for one in self))


class Ended(NamedTuple):
    """The chances to end at each look, having ended at none before."""

    inside: tuple[float, ...]
    outside: tuple[float, ...]


def ending_chances(path: Path, information: Sequence[float], bands: Sequence[Band]) -> Ended:
    """How likely looks that are still to come show equivalence, or a difference beyond a margin.

    Where a look may show equivalence a test goes on in two pieces, below and above; at the next look they are one again.
    """
    pieces = [path]
    inside, outside = [], []
    for share, band in zip(information, bands, strict=True):
        reached = [piece.reach(share) for piece in pieces]
        before = reached[0].before
        points = np.concatenate([one.points for one in reached])
        masses = np.concatenate([one.masses for one in reached])
        here = Reached(points, masses, path.drift, before, share)
        outside.append(here.below(band.under) + here.above(band.over))
        if band.low < band.high:
            inside.append(max(0.0, here.below(band.high) - here.below(band.low)))
            pieces = [here.go_on(Bounds(band.under, band.low)), here.go_on(Bounds(band.high, band.over))]
        else:
            inside.append(0.0)
            pieces = [here.go_on(Bounds(band.under, band.over))]
    return Ended(tuple(inside), tuple(outside))


def one_look_inside(noncentrality: float, width: float, bound: float, freedom: float = math.inf) -> float:
    """The chance that one look shows equivalence.

    Args:
        noncentrality: The expected statistic against the lower margin.
        width: How many standard errors are between the margins.
        bound: Of each of the tests.
        freedom: The degrees of freedom of t, of which it is Owen's Q, integrated over the standard deviation that is seen.
    """
    from scipy import special

    if math.isinf(freedom):
        return max(0.0, float(special.ndtr(width - bound - noncentrality) - special.ndtr(bound - noncentrality)))
    reach = _FURTHEST / math.sqrt(2 * freedom)
    least, most = max(0.0, 1 - reach), min(1 + reach, width / (2 * bound))
    if not least < most:
        return 0.0
    nodes, weights = _points()
    half = (most - least) / 2
    seen = least + half * (1 + nodes)
    with np.errstate(under="ignore"):
        density = np.exp(
            math.log(2)
            + freedom / 2 * math.log(freedom / 2)
            - float(special.gammaln(freedom / 2))
            + special.xlogy(freedom - 1, seen)
            - freedom * seen * seen / 2
        )
        chances = special.ndtr(width - bound * seen - noncentrality) - special.ndtr(bound * seen - noncentrality)
        return min(1.0, float(half * (weights * density) @ chances))


@lru_cache(maxsize=1)
def _points() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    return nodes, weights
