"""The metrics that pairs are compared by: which rows each is of, and how it is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.paired.contrast import Contrast
from truthlag.verdict.abtest.paired.delong import area_influence
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.statistics.column import Floats

Clusters: TypeAlias = NDArray[np.intp] | None

#: Of rates: the label of the rows that each is of; None for all of them.
RATES: dict[str, float | None] = {"accuracy": None, "recall": 1.0, "specificity": 0.0}
MEANS = ("brier_score", "log_loss")
LOSSES = frozenset({*MEANS, "calibration_error", "cost"})
"""Those of which a lower value is better."""

_LEAST_PROBABILITY = 2.0**-52


def _f_measure(beta: float) -> Callable[[Any], Any]:
    square = beta * beta
    return lambda cells: (1 + square) * cells[0] / ((1 + square) * cells[0] + cells[1] + square * cells[2])


def _balanced(cells: Any) -> Any:
    tp, fp, fn, tn = cells
    return (tp / (tp + fn) + tn / (tn + fp)) / 2


def _matthews(cells: Any) -> Any:
    tp, fp, fn, tn = cells
    return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def _kappa(cells: Any) -> Any:
    tp, fp, fn, tn = cells
    return 2 * (tp * tn - fp * fn) / ((tp + fp) * (fp + tn) + (tp + fn) * (fn + tn))


#: Functions of the shares of true positives, false positives, false negatives and true negatives.
OF_CELLS: dict[str, Callable[[Any], Any]] = {
    "precision": lambda cells: cells[0] / (cells[0] + cells[1]),
    "negative_predictive_value": lambda cells: cells[3] / (cells[3] + cells[2]),
    "f1_score": _f_measure(1.0),
    "f_half_score": _f_measure(0.5),
    "f2_score": _f_measure(2.0),
    "balanced_accuracy": _balanced,
    "matthews_correlation": _matthews,
    "cohen_kappa": _kappa,
}
#: The cells whose rows a metric is of; of the others all.
_COUNTED = {
    "precision": (0, 1),
    "negative_predictive_value": (2, 3),
    **dict.fromkeys(("f1_score", "f_half_score", "f2_score"), (0, 1, 2)),
}

KNOWN = (*RATES, *OF_CELLS, *MEANS, "roc_auc", "average_precision", "calibration_error", "cost")
"""The metrics that are known by name."""


def right(rows: PairedRows, metric: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Clusters]:
    """For the labelled rows that a rate is of: whether each model is right, and the clusters."""
    _need_decisions(rows, metric)
    label = RATES[metric]
    chosen = rows.is_labelled if label is None else rows.labels == label
    labels = rows.labels[chosen]
    before, now = (one[chosen] == labels for one in (rows.control_predictions, rows.treatment_predictions))
    return before, now, None if rows.cluster is None else rows.cluster[chosen]


@dataclass(frozen=True, slots=True)
class Costs:
    """What a wrong decision costs."""

    false_positive: float
    false_negative: float

    def of(self, labels: Floats, predictions: Any) -> Floats:
        """The cost of each row."""
        wrong = np.where(labels == 1, self.false_negative, self.false_positive)
        return np.where(predictions == labels, 0.0, wrong)


def contrast_of(rows: PairedRows, metric: str, costs: Costs | None = None) -> Contrast:
    """A metric of both models, all but `average_precision` and `calibration_error`.

    Raises:
        Undefined: It is not defined for these rows.
        ValueError: The rows have no decisions, or no scores, and it is of these.
    """
    if metric in RATES:
        before, now, clusters = right(rows, metric)
        return means(before.astype(np.float64), now.astype(np.float64), clusters)
    if metric in MEANS:
        return _losses(rows, metric)
    if metric == "roc_auc":
        return _areas(rows)
    if costs is not None:
        _need_decisions(rows, metric)
        chosen = rows.is_labelled
        labels = rows.labels[chosen]
        sides = (rows.control_predictions, rows.treatment_predictions)
        first, second = (costs.of(labels, one[chosen]) for one in sides)
        return means(first, second, None if rows.cluster is None else rows.cluster[chosen])
    return _cells(rows, metric)


def means(control: Floats, treatment: Floats, clusters: Clusters) -> Contrast:
    """The means of a value of each row.

    Raises:
        Undefined: There are no rows.
    """
    n = len(control)
    if not n:
        raise Undefined("no pair has what the metric needs: a label, and scores where it is of scores.")
    before, now = float(control.mean()), float(treatment.mean())
    return Contrast(before, now, _centred(control, before), _centred(treatment, now), n, n, clusters)


def _centred(values: Floats, mean: float) -> Floats:
    """Deviations from the mean, and exactly 0 where all values are the same."""
    if len(values) and values.min() == values.max():
        return np.zeros(len(values))
    return values - mean


def scored(rows: PairedRows, metric: str) -> tuple[Floats, Floats, Floats, Clusters]:
    """Labels and both scores of the pairs that have all three, and their clusters."""
    if rows.control_scores is None:
        raise ValueError(f"metric must be one of decisions where the pairs have no scores, got {metric!r}")
    chosen = rows.is_labelled & ~np.isnan(rows.control_scores) & ~np.isnan(rows.treatment_scores)
    clusters = None if rows.cluster is None else rows.cluster[chosen]
    return rows.labels[chosen], rows.control_scores[chosen], rows.treatment_scores[chosen], clusters


def loss(metric: str, labels: Floats, scores: Floats) -> Floats:
    """Brier score or log loss of each row."""
    if metric == "brier_score":
        return (scores - labels) ** 2
    return -np.log(np.maximum(np.where(labels == 1, scores, 1 - scores), _LEAST_PROBABILITY))


def check_probabilities(control: Floats, treatment: Floats) -> None:
    """Whether scores can be probabilities.

    Raises:
        Undefined: They cannot.
    """
    for name, scores in (("control", control), ("treatment", treatment)):
        if len(scores) and (scores.min() < 0 or scores.max() > 1):
            raise Undefined(f"the {name} has scores outside 0 to 1, which are no probabilities.")


def _losses(rows: PairedRows, metric: str) -> Contrast:
    labels, before, now, clusters = scored(rows, metric)
    check_probabilities(before, now)
    return means(loss(metric, labels, before), loss(metric, labels, now), clusters)


def _areas(rows: PairedRows) -> Contrast:
    labels, before, now, clusters = scored(rows, "roc_auc")
    positives = int(np.count_nonzero(labels))
    if min(positives, len(labels) - positives) < 2:
        raise Undefined("an area under the curve needs two pairs of each label.")
    control, control_influence = area_influence(labels == 1, before)
    treatment, treatment_influence = area_influence(labels == 1, now)
    n = len(labels)
    return Contrast(control, treatment, control_influence, treatment_influence, n, n, clusters, is_corrected=True)


def _cells(rows: PairedRows, metric: str) -> Contrast:
    _need_decisions(rows, metric)
    chosen = rows.is_labelled
    labels = rows.labels[chosen]
    if not len(labels):
        raise Undefined("no pair has what the metric needs: a label, and scores where it is of scores.")
    clusters = None if rows.cluster is None else rows.cluster[chosen]
    found = []
    support = np.zeros(len(labels), dtype=bool)
    for name, predictions in (("control", rows.control_predictions), ("treatment", rows.treatment_predictions)):
        # True positive, false positive, false negative, true negative.
        cell = np.where(predictions[chosen] == 1, np.where(labels == 1, 0, 1), np.where(labels == 1, 2, 3))
        counts = np.bincount(cell, minlength=4)
        value, gradient = _derived(OF_CELLS[metric], counts / len(labels))
        if not np.isfinite(value):
            raise Undefined(f"the metric is not defined for the {name}: a cell of its confusion matrix is empty.")
        shares = counts / len(labels)
        by_cell = gradient - float(gradient @ shares)
        # What is left of rounding is no influence.
        by_cell[np.abs(by_cell) < 1e-13 * np.abs(gradient).max(initial=0.0)] = 0.0
        influence = by_cell[cell]
        support |= np.isin(cell, _COUNTED.get(metric, (0, 1, 2, 3)))
        found.append((value, influence, int(counts[list(_COUNTED.get(metric, (0, 1, 2, 3)))].sum())))
    (before, first, n), (now, second, m) = found
    return Contrast(before, now, first, second, n, m, clusters, support)


def _derived(function: Callable[[Any], Any], shares: Floats) -> tuple[float, Floats]:
    """The value of a function and its gradient, to the last digits: by steps in the imaginary direction (Squire and Trapp 1998)."""
    step = 1e-100
    with np.errstate(all="ignore"):
        value = complex(function(shares.astype(complex)))
        gradient = []
        for place in range(4):
            moved = shares.astype(complex)
            moved[place] += 1j * step
            gradient.append(complex(function(moved)).imag / step)
    result = np.array(gradient)
    if not np.isfinite(result).all():
        return float("nan"), result
    return value.real, result


def _need_decisions(rows: PairedRows, metric: str) -> None:
    if rows.control_predictions is None:
        raise ValueError(f"metric must be one of scores where the pairs have no decisions, got {metric!r}")
