"""Smooth estimates of a quantile, that weight all order statistics."""

from __future__ import annotations

import math

import numpy as np

from truthlag.verdict.abtest.statistics.column import Floats


def harrell_davis(values: Floats, p: float) -> float:
    """The mean of the order statistics under a beta distribution of (n + 1) p and (n + 1) (1 - p): Harrell and Davis (1982)."""
    n = len(values)
    return float(_weights(n, (n + 1) * p, (n + 1) * (1 - p)) @ values)


def maritz_jarrett_error(values: Floats, p: float) -> float | None:
    """The standard error of the order statistic at p: Maritz and Jarrett (1978); None where its rank is an extreme one."""
    n = len(values)
    rank = int(n * p + 0.5)
    if not 1 < rank < n:
        return None
    weights = _weights(n, rank - 1, n - rank)
    mean = float(weights @ values)
    return math.sqrt(max(0.0, float(weights @ (values - mean) ** 2)))


def _weights(n: int, a: float, b: float) -> Floats:
    from scipy import special

    return np.asarray(np.diff(special.betainc(a, b, np.linspace(0, 1, n + 1))), dtype=np.float64)
