"""By how much rows that come in clusters tell less of a quantile than as many rows of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.statistics.column import Floats

#: The tail at which the t and the normal quantile are held beside each other.
_TAIL = 0.05


def design_effect(values: Floats, where: NDArray[np.intp], clusters: int, p: float) -> float:
    """The variance of how many of the sorted values are at most the p-quantile, over that of as many independent rows.

    From the sums by cluster of the indicators less their mean (Woodruff 1952; for a ratio of clusters, Deng, Knoblich and Lu
    2018); never below 1. Since it is an estimate itself, it is increased by the ratio of squared t and normal quantiles (Korn and
    Graubard 1998), whose degrees of freedom are those of the clusters that have any row on the rarer side.
    """
    from scipy import special

    rows = len(values)
    quantile = values[max(0, min(rows - 1, int(np.ceil(rows * p)) - 1))]
    is_below = values <= quantile
    share = float(is_below.mean())
    sizes = np.bincount(where, minlength=clusters).astype(np.float64)
    if clusters > 1 and 0 < share < 1:
        below = np.bincount(where, weights=is_below, minlength=clusters)
        deviations = below - share * sizes
        variance = float(deviations @ deviations) * clusters / (clusters - 1)
        effect = max(1.0, variance / (rows * share * (1 - share)))
        rare = below if share < 0.5 else sizes - below
        holders = int(np.count_nonzero(rare))
    else:
        # Nothing tells: as if all rows of a cluster were the same.
        effect, holders = float(sizes @ sizes) / rows, clusters
    freedom = max(1, min(holders, clusters) - 1)
    return effect * float((special.stdtrit(freedom, _TAIL) / special.ndtri(_TAIL)) ** 2)
