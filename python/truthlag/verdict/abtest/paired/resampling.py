"""Pairs drawn anew, for metrics of which nobody knows a variance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.paired.contrast import Spread
from truthlag.verdict.abtest.statistics.column import Floats
from truthlag.verdict.evaluation.block_bootstrap import resampled

#: A metric that is not defined for more of the draws than that has no interval.
MOST_UNDEFINED = 0.05


@dataclass(frozen=True, slots=True)
class BootstrapEffect:
    """A difference with the distribution of its draws: the percentile method of Efron (1979)."""

    estimate: float
    standard_error: float
    draws: Floats
    method: str

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    def statistic(self, null: float) -> float:
        """See `Effect`; within what so many draws can tell."""
        from scipy import special

        return -float(special.ndtri(np.interp(null, self.draws, self._shares)))

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; infinite where so many draws cannot tell."""
        from scipy import special

        tail = float(special.ndtr(-quantile))
        if tail < self._shares[0]:
            return -math.inf, math.inf
        low, high = np.interp([tail, 1 - tail], self._shares, self.draws)
        return float(low), float(high)

    @property
    def _shares(self) -> Floats:
        number = len(self.draws)
        return (np.arange(number) + 0.5) / number


def drawn(
    metric: Callable[[NDArray[np.intp]], tuple[float, float]],
    n: int,
    clusters: NDArray[np.intp] | None,
    block: float | None,
    resamples: int,
    seed: int,
) -> tuple[Floats, Floats]:
    """The metric of control and treatment in so many samples of the pairs.

    Args:
        metric: Of the places of rows, the metric of both models.
        n: The rows.
        clusters: The cluster of each, which are then drawn whole.
        block: The mean length of blocks of rows in order, by the stationary bootstrap of Politis and Romano (1994).
        resamples: How many samples.
        seed: The same seed gives the same samples.

    Raises:
        Undefined: It is not defined for too many of the samples.
    """
    random = np.random.default_rng(seed)
    draw = _drawer(n, clusters, block, random)
    values = np.array([metric(draw()) for _ in range(resamples)], dtype=np.float64)
    is_defined = np.isfinite(values).all(axis=1)
    if is_defined.mean() < 1 - MOST_UNDEFINED:
        raise Undefined(
            f"the metric is not defined for {1 - is_defined.mean():.0%} of the samples drawn from the pairs."
        )
    return values[is_defined, 0], values[is_defined, 1]


def spread_of(control: Floats, treatment: Floats, units: int) -> Spread:
    """Variances of draws."""
    covariance = np.cov(control, treatment)
    return Spread(
        float(covariance[0, 0]),
        float(covariance[1, 1]),
        float(covariance[0, 1]),
        float(np.var(treatment - control, ddof=1)),
        units,
        math.inf,
    )


def _drawer(
    n: int, clusters: NDArray[np.intp] | None, block: float | None, random: np.random.Generator
) -> Callable[[], NDArray[np.intp]]:
    if clusters is not None:
        order = np.argsort(clusters, kind="stable")
        _, sizes = np.unique(clusters, return_counts=True)
        begins = np.cumsum(sizes) - sizes

        def whole_clusters() -> NDArray[np.intp]:
            chosen = random.integers(len(sizes), size=len(sizes))
            lengths = sizes[chosen]
            starts = np.cumsum(lengths) - lengths
            return order[np.repeat(begins[chosen] - starts, lengths) + np.arange(int(lengths.sum()))]

        return whole_clusters
    if block is not None:
        rows = np.arange(n, dtype=np.float64)
        return lambda: resampled(rows, block, n, random).astype(np.intp)
    return lambda: random.integers(n, size=n)
