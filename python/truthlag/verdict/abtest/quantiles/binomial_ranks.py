"""The binomial distribution of how many values are below a quantile."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from truthlag.verdict.abtest.statistics.column import Floats


def at_most(counts: ArrayLike, n: float, p: float) -> Floats:
    """P(B <= k) of a binomial B; of real counts and rows too, by the incomplete beta function."""
    from scipy import special

    k = np.asarray(counts, dtype=np.float64)
    inside = np.clip(k, 0.0, None)
    chance = special.betainc(np.maximum(n - inside, 1e-300), inside + 1, 1 - p)
    return np.where(k >= n, 1.0, np.where(k < 0, 0.0, chance))


def outer_ranks(rows: int, p: float, quantile: float, effective_rows: float) -> tuple[int, int]:
    """The ranks of the outer interval of Deng, Knoblich and Lu (2018), section 4, counted from 1.

    n (p -+ z s) with s² = p (1 - p) / n, rounded outwards and the upper one once more; n in s is the effective number of rows.
    """
    reach = quantile * math.sqrt(p * (1 - p) / effective_rows)
    return max(0, math.floor(rows * (p - reach))), min(rows + 1, math.ceil(rows * (p + reach)) + 1)


def least_rows(p: float, chance: float) -> int:
    """The rows from which on the largest value (for p above a half) is above the quantile but with that chance: p^n <= chance."""
    return math.ceil(math.log(chance) / math.log(max(p, 1 - p)))
