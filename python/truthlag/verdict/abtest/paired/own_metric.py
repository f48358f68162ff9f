"""Metrics of one's own: functions of predictions, labels and scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.paired.contrast import Contrast
from truthlag.verdict.abtest.paired.metrics import means
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.paired.scalar_metrics import Scalar

Function: TypeAlias = Callable[[Any, Any, Any], Any]


def of_function(rows: PairedRows, metric: Function) -> tuple[Contrast | None, Scalar]:
    """What a function makes of the labelled pairs: as means, where it gives a value for each row, and as a function of the rows.

    Raises:
        Undefined: There are no labelled pairs, or it leaves out all of them.
        ValueError: What it gives is neither a value for each row nor one number, or infinite.
    """
    chosen = rows.is_labelled
    labels = rows.labels[chosen]
    clusters = None if rows.cluster is None else rows.cluster[chosen]
    if not len(labels):
        raise Undefined("no pair has what the metric needs: a label, and scores where it is of scores.")
    sides = [
        [None if one is None else one[chosen] for one in side]
        for side in (
            (rows.control_predictions, rows.control_scores),
            (rows.treatment_predictions, rows.treatment_scores),
        )
    ]
    before, now = (np.asarray(metric(own[0], labels, own[1]), dtype=np.float64) for own in sides)
    if before.shape == labels.shape == now.shape:
        return _of_values(before, now, clusters)
    if before.shape != () or now.shape != ():
        raise ValueError(
            f"metric must give one number, or one for each of the {len(labels)} rows, got an array of shape {before.shape}"
        )

    def scalar(places: NDArray[np.intp]) -> tuple[float, float]:
        parts = [[None if one is None else one[places] for one in own] for own in sides]
        first, second = (float(metric(own[0], labels[places], own[1])) for own in parts)
        return first, second

    return None, Scalar(scalar, len(labels), clusters)


def _of_values(
    before: NDArray[np.float64], now: NDArray[np.float64], clusters: NDArray[np.intp] | None
) -> tuple[Contrast, Scalar]:
    is_in = ~(np.isnan(before) | np.isnan(now))
    before, now = before[is_in], now[is_in]
    if not (np.isfinite(before).all() and np.isfinite(now).all()):
        raise ValueError("metric must give finite values, or NaN for rows that are left out, got infinity")
    if not len(before):
        raise Undefined("the metric leaves out every pair.")
    own = None if clusters is None else clusters[is_in]
    return means(before, now, own), mean_of(before, now, own)


def mean_of(before: NDArray[np.float64], now: NDArray[np.float64], clusters: NDArray[np.intp] | None) -> Scalar:
    """The means of a value of each row, as a function of the rows."""

    def mean(places: NDArray[np.intp]) -> tuple[float, float]:
        return float(before[places].mean()), float(now[places].mean())

    return Scalar(mean, len(before), clusters)
