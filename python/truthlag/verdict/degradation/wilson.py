"""Wilson's limits of a proportion, for what does not come from the core."""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["score_limit", "two_sided_quantile", "wilson"]


def two_sided_quantile(confidence: float) -> float:
    """The normal quantile of a two-sided interval at this level."""
    return -NormalDist().inv_cdf((1 - confidence) / 2)


def wilson(share: float, n: float, confidence: float) -> tuple[float, float]:
    """The score interval of a proportion: Wilson (1927), JASA 22."""
    z = two_sided_quantile(confidence)
    return score_limit(share, n, -z), score_limit(share, n, z)


def score_limit(share: float, n: float, quantile: float) -> float:
    """The proportion from which `share` of `n` rows is so many of its own standard errors away: above where positive."""
    if quantile > 0:
        return 1 - score_limit(1 - share, n, -quantile)
    square = quantile * quantile
    middle = n * share + square / 2
    root = -quantile * math.sqrt(n * share * (1 - share) + square / 4)
    return n * share * share / (middle + root) if share > 0 else 0.0
