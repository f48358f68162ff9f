"""What is known of a difference while labels are missing."""

from __future__ import annotations

import numpy as np

from truthlag.verdict.abtest.paired.metrics import Costs, loss
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.result.comparison import Interval
from truthlag.verdict.abtest.statistics.column import Floats


def bounds_of(rows: PairedRows, metric: str, costs: Costs | None = None) -> Interval | None:
    """What the difference of all these pairs lies between when all labels are in, whatever those that are missing are.

    Of each pair without label the label that favours the one model, or the other: the bounds of Manski (1989). None for metrics that are
    no mean over all pairs, and without pairs.
    """
    if not len(rows):
        return None
    if metric == "accuracy" and rows.control_predictions is not None:
        of_one, of_zero = (_right(rows, label) for label in (1.0, 0.0))
    elif costs is not None and rows.control_predictions is not None:
        of_one, of_zero = (_cost(rows, costs, label) for label in (1.0, 0.0))
    elif metric in ("brier_score", "log_loss") and rows.control_scores is not None:
        scores = (rows.control_scores, rows.treatment_scores)
        if any(np.isnan(one).any() or one.min() < 0 or one.max() > 1 for one in scores):
            return None
        of_one, of_zero = (_loss(rows, metric, label) for label in (1.0, 0.0))
    else:
        return None
    known = np.where(rows.labels == 1, of_one, of_zero)
    low = np.where(rows.is_labelled, known, np.minimum(of_one, of_zero))
    high = np.where(rows.is_labelled, known, np.maximum(of_one, of_zero))
    return float(low.mean()), float(high.mean())


def _right(rows: PairedRows, label: float) -> Floats:
    """The difference within each pair if all labels were this one."""
    now, before = rows.treatment_predictions == label, rows.control_predictions == label
    return np.asarray(now.astype(np.float64) - before)


def _cost(rows: PairedRows, costs: Costs, label: float) -> Floats:
    labels = np.full(len(rows), label)
    return costs.of(labels, rows.treatment_predictions) - costs.of(labels, rows.control_predictions)


def _loss(rows: PairedRows, metric: str, label: float) -> Floats:
    labels = np.full(len(rows), label)
    return loss(metric, labels, rows.treatment_scores) - loss(metric, labels, rows.control_scores)
