"""Wilson's interval, for what does not come from the core."""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["two_sided_quantile", "wilson"]


def two_sided_quantile(confidence: float) -> float:
    """The normal quantile of a two-sided interval at this level."""
    return -NormalDist().inv_cdf((1 - confidence) / 2)


def wilson(share: float, n: float, confidence: float) -> tuple[float, float]:
    """The score interval of a proportion: Wilson (1927), JASA 22."""
    z = two_sided_quantile(confidence)

    def low(share: float) -> float:
        middle = n * share + z * z / 2
        root = z * math.sqrt(n * share * (1 - share) + z * z / 4)
        return n * share * share / (middle + root) if share > 0 else 0.0

    return low(share), 1 - low(1 - share)
