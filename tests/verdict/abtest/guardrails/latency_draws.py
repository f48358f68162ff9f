"""Heavy-tailed latencies, and how often a guardrail says what of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import special

from truthlag.abtest import QuantileArm
from truthlag.verdict.abtest.quantiles.ranks import SortedRanks

#: Lognormal, with a median of 100 ms and a p99 of 643 ms.
SIGMA = 0.8
P99 = 100 * np.exp(SIGMA * special.ndtri(0.99))


def lognormal(random: np.random.Generator, n: int) -> Any:
    """All latencies of an arm."""
    return 100 * np.exp(SIGMA * random.standard_normal(n))


def pareto(upper: Any) -> Any:
    """The value that so large a share is above: without a mean."""
    return 1 / upper


def gap(upper: Any) -> Any:
    """Values around 1 and, one in a hundred, above 1 000: nothing lies between, where the p99 is."""
    return np.where(upper < 0.01, 1_000 + 1 / upper, 1 - upper)


def of_lognormal(upper: Any) -> Any:
    """The lognormal value that so large a share is above."""
    return 100 * np.exp(-SIGMA * special.ndtri(upper))


def upper_arm(
    random: np.random.Generator, n: int, p: float, value: Callable[[Any], Any], move: Callable[[Any], Any] = lambda x: x
) -> QuantileArm:
    """A quantile of n values of which only those above some rank are drawn.

    The k-th least of n uniform values is 1 - exp(-(e1 / n + ... + ek / (n - k + 1))) with independent exponential e: Rényi (1953).
    """
    known = int(min(n, n * (1 - p) + 20 * np.sqrt(n * p * (1 - p)) + 400))
    sums = np.cumsum(random.standard_exponential(known) / (n - np.arange(known)))
    values = move(value(-np.expm1(-sums)))[::-1]
    return QuantileArm(p, SortedRanks(n, np.ascontiguousarray(values), n - known + 1), n)


def shares(statuses: Iterator[str]) -> dict[str, float]:
    """How often each status is."""
    counts = Counter(statuses)
    total = sum(counts.values())
    return {status: counts[status] / total for status in ("pass", "block", "undecided")}
