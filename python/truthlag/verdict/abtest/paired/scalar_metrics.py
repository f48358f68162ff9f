"""Metrics that are computed anew for each sample of the pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.paired.metrics import Clusters, Costs, contrast_of, scored
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.statistics.column import Floats


@dataclass(frozen=True, slots=True)
class Scalar:
    """A metric of both models as a function of which rows are there."""

    metric: Callable[[NDArray[np.intp]], tuple[float, float]]
    n: int
    clusters: Clusters
    redrawn: Callable[[NDArray[np.intp]], tuple[float, float]] | None = None
    """What a sample tells of the estimates, where that is not the metric of the sample."""


def scalar_of(rows: PairedRows, metric: str, costs: Costs | None = None) -> Scalar:
    """A metric that has another way, for those who ask for draws."""
    chosen = np.flatnonzero(rows.is_labelled)

    def values(places: NDArray[np.intp]) -> tuple[float, float]:
        try:
            contrast = contrast_of(_taken(rows, chosen[places]), metric, costs)
        except Undefined:
            return math.nan, math.nan
        return contrast.control, contrast.treatment

    return Scalar(values, len(chosen), None if rows.cluster is None else rows.cluster[chosen])


def average_precision_of(rows: PairedRows) -> Scalar:
    """Average precision."""
    labels, before, now, clusters = scored(rows, "average_precision")

    def values(places: NDArray[np.intp]) -> tuple[float, float]:
        own = labels[places]
        return average_precision(own, before[places]), average_precision(own, now[places])

    return Scalar(values, len(labels), clusters)


def average_precision(labels: Floats, scores: Floats) -> float:
    """The mean over positives of the precision at their score; NaN without positives."""
    order = np.argsort(-scores, kind="stable")
    ranked, positives = scores[order], np.cumsum(labels[order])
    if not len(labels) or positives[-1] == 0:
        return math.nan
    # The last row of each score: equal scores are taken or left together.
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    found = positives[last]
    return float((np.diff(found, prepend=0.0) * found / (last + 1)).sum() / positives[-1])


def _taken(rows: PairedRows, places: NDArray[np.intp]) -> PairedRows:
    """Some of the rows, without checks, times and clusters."""
    part = object.__new__(PairedRows)
    for name in PairedRows.__slots__:
        value = getattr(rows, name)
        is_column = isinstance(value, np.ndarray) and name not in ("times", "cluster")
        object.__setattr__(part, name, value[places] if is_column else None)
    return part
