"""The interval of a rate whose rows hang together in clusters, however often one looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.result.comparison import Interval
from truthlag.verdict.abtest.statistics.column import Floats

#: No bet may lose more than that share of what there is.
_MOST_AT_STAKE = 0.5
#: Halvings of the range in which a limit is looked for: to 1e-12.
_HALVINGS = 40


def clustered_sequence(differs: NDArray[np.bool_], clusters: NDArray[np.intp], alpha: float) -> Interval:
    """Limits of a rate, of all clusters together, that hold however often one looks.

    By bets, as Waudby-Smith and Ramdas (2024) have it for means: against each rate somebody bets on every next cluster that more of its
    rows are hits than the rate says of so many, and somebody that fewer are. Where the rate is true neither gains on average, however few
    clusters have hits and however alike the rows of one are; rates against which one of them has multiplied the stake by 2 / alpha
    are left out. An interval by the normal law of sums misses a rate of 1 percent, of which few clusters have all, in a third of tests.

    Clusters come in the order of their first rows. A stake is in proportion to the size of a cluster beside the largest so far, which is
    taken for the most that there can be.

    Args:
        differs: Whether each row is a hit.
        clusters: The cluster of each row.
        alpha: The probability that the rate is ever outside.
    """
    _, first, own = np.unique(clusters, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    sizes = np.bincount(own).astype(np.float64)[order]
    hits = np.bincount(own, weights=differs).astype(np.float64)[order]
    bets = _Bets.of(hits, sizes, alpha)
    rate, enough = float(hits.sum() / sizes.sum()), math.log(2 / alpha)
    low = _limit(lambda one: bets.on_more(one) >= enough, rate, 0.0)
    return low, _limit(lambda one: bets.on_less(one) >= enough, rate, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Bets:
    """Clusters as shares of the largest, and what is staked on each."""

    hits: Floats
    sizes: Floats
    stakes: Floats

    @classmethod
    def of(cls, hits: Floats, sizes: Floats, alpha: float) -> _Bets:
        """The stakes, each by what the clusters before have shown of the spread: the predictable plug-in of the paper."""
        largest = float(sizes.max())
        hits, sizes = hits / largest, sizes / largest
        before = np.r_[0.0, np.cumsum(hits)[:-1]], np.r_[0.0, np.cumsum(sizes)[:-1]]
        # As if half of a largest cluster had been hits, with the most spread that there is.
        rate = (before[0] + 0.5) / (before[1] + 1.0)
        number = np.arange(1.0, len(sizes) + 1)
        spread = (0.25 + np.r_[0.0, np.cumsum(np.square(hits - rate * sizes))[:-1]]) / number
        return cls(hits, sizes, np.sqrt(2 * math.log(2 / alpha) / (spread * number * np.log1p(number))))

    def on_more(self, rate: float) -> float:
        """The logarithm of what who bet on more than the rate have of a stake of 1."""
        most = _MOST_AT_STAKE / rate if rate > 0 else math.inf
        return float(np.log1p(np.minimum(self.stakes, most) * (self.hits - rate * self.sizes)).sum())

    def on_less(self, rate: float) -> float:
        """The same of who bet on less."""
        most = _MOST_AT_STAKE / (1 - rate) if rate < 1 else math.inf
        return float(np.log1p(-np.minimum(self.stakes, most) * (self.hits - rate * self.sizes)).sum())


def _limit(is_out: Callable[[float], bool], inside: float, end: float) -> float:
    """The rate towards one end from which on rates are left out."""
    if not is_out(end):
        return end
    outside = end
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if is_out(middle):
            outside = middle
        else:
            inside = middle
    return outside
