"""What a watched metric loses with each row, and what its baseline says of that loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.metrics import PerformanceSnapshot
from truthlag.metrics.counts import ConfusionCounts
from truthlag.verdict.detectors.baseline import LossBaseline
from truthlag.verdict.detectors.parameters import count, real

Column: TypeAlias = np.ndarray[Any, Any]
LossFunction: TypeAlias = Callable[[Column, Column, Column], Any]
Baseline: TypeAlias = float | tuple[int, int] | ConfusionCounts | PerformanceSnapshot | Mapping[str, Any]

DELTA = 0.05
"""The chance at which the true baseline lies above the limit that is taken for it."""
LEFT_OUT = math.nan
OUTCOMES = ("true_negatives", "false_positives", "false_negatives", "true_positives")
# Losses of true negatives, false positives, false negatives and true positives.
PROPORTIONS: dict[str, tuple[float, float, float, float]] = {
    "accuracy": (0.0, 1.0, 1.0, 0.0),
    "precision": (LEFT_OUT, 1.0, LEFT_OUT, 0.0),
    "recall": (LEFT_OUT, LEFT_OUT, 1.0, 0.0),
    "specificity": (0.0, 1.0, LEFT_OUT, LEFT_OUT),
    "negative_predictive_value": (0.0, LEFT_OUT, 1.0, LEFT_OUT),
    # Of the rows that F1 counts, errors: F1 falls exactly when their share grows.
    "f1_score": (LEFT_OUT, 1.0, 1.0, 0.0),
}
# As the confusion matrix of `compute_metrics` calls them.
CELLS = {"tp": "true_positives", "fp": "false_positives", "fn": "false_negatives", "tn": "true_negatives"}
BETAS = {"f_half_score": 0.5, "f2_score": 2.0}
MEANS = {"brier_score": "brier", "log_loss": "logarithmic"}
REFUSED = {
    "roc_auc": "it ranks pairs of rows, and a row alone has no loss: watch brier_score, or recall and specificity",
    "average_precision": "it ranks rows against each other, and a row alone has no loss: watch brier_score, or recall and precision",
    "balanced_accuracy": "it is a mean of two rates with rows of their own: watch recall and specificity",
    "matthews_correlation": "it is no mean over rows: watch recall and precision",
    "cohen_kappa": "it is no mean over rows: watch accuracy",
    "expected_calibration_error": "it is no mean over rows: watch brier_score",
}
WATCHED = (*PROPORTIONS, *BETAS, *MEANS)
ALLOWED = (
    f"one of {', '.join(repr(name) for name in WATCHED)}, a mapping of losses from 0 to 1 by {', '.join(OUTCOMES)}, "
    "or a function of predictions, actuals and scores"
)


@dataclass(frozen=True, slots=True)
class WatchedLoss:
    """A loss from 0 to 1 by row: worked out by the core where it has a kind, else by a function."""

    name: str
    kind: str | None
    numbers: tuple[float, ...]
    baseline: LossBaseline | None
    function: LossFunction | None = None
    is_measured: bool = False
    """Whether the baseline is the upper limit, at 1 - DELTA, of a mean that was measured."""

    @property
    def is_binary(self) -> bool:
        """Whether each loss is 0 or 1."""
        return self.kind == "outcome" and all(number in (0.0, 1.0) or math.isnan(number) for number in self.numbers)

    def of_rows(self, predictions: Column, actuals: Column, scores: Column) -> Column:
        """The losses of some rows, NaN for those that are left out."""
        if self.function is not None:
            # Whole numbers that can be subtracted.
            columns = predictions.astype(np.int64), actuals.astype(np.int64), scores
            return _checked(self.function(*columns), len(predictions))
        if self.kind == "outcome":
            return np.array(self.numbers)[predictions + 2 * actuals.astype(np.intp)]
        bound = self.numbers[0]
        with np.errstate(invalid="ignore"):
            probability = np.where((scores >= 0) & (scores <= 1), scores, np.nan)
            given = np.where(actuals == 1, probability, 1 - probability)
            if self.kind == "brier":
                return np.minimum((1 - given) ** 2 / bound, 1.0)
            return np.minimum(-np.log(np.maximum(given, np.finfo(float).eps)) / bound, 1.0)


def _checked(losses: Any, rows: int) -> Column:
    array = np.asarray(losses, dtype=np.float64)
    if array.shape != (rows,):
        raise ValueError(f"the loss must give one number for each of {rows} rows, got the shape {array.shape}")
    bad = (array < 0) | (array > 1)
    if bad.any():
        raise ValueError(f"the loss must give numbers from 0 to 1, or NaN to leave a row out, got {array[bad][0]}")
    return array


def watched_loss(metric_or_loss: Any, baseline: Any, bound: Any) -> WatchedLoss:
    """The loss that a caller means, with its baseline if there is one."""
    if isinstance(metric_or_loss, Mapping):
        _no_bound(bound, "a mapping")
        return WatchedLoss("loss", "outcome", _outcome_losses(metric_or_loss), _loss_baseline(baseline))
    if callable(metric_or_loss):
        _no_bound(bound, "a function")
        name = getattr(metric_or_loss, "__name__", "loss")
        return WatchedLoss(str(name), None, (), _loss_baseline(baseline), metric_or_loss)
    if not isinstance(metric_or_loss, str):
        raise TypeError(f"metric_or_loss must be {ALLOWED}, got {described(metric_or_loss)}")
    if metric_or_loss in REFUSED:
        raise ValueError(f"metric_or_loss cannot be {metric_or_loss!r}: {REFUSED[metric_or_loss]}")
    baseline = _of_mapping(metric_or_loss, baseline)
    if metric_or_loss in MEANS:
        return _mean(metric_or_loss, baseline, bound)
    if metric_or_loss not in WATCHED:
        raise ValueError(f"metric_or_loss must be {ALLOWED}, got {described(metric_or_loss)}")
    _no_bound(bound, repr(metric_or_loss))
    if metric_or_loss in BETAS:
        return _f_measure(metric_or_loss, baseline)
    return _proportion(metric_or_loss, baseline)


def _of_mapping(name: str, baseline: Any) -> Any:
    """What a mapping by metric holds of this one: the counts of `compute_metrics`, or its value."""
    if not isinstance(baseline, Mapping):
        return baseline
    cells = baseline.get("confusion_matrix")
    if isinstance(cells, Mapping) and name not in MEANS:
        given = {
            cell: int(count(f"baseline[{'confusion_matrix'!r}][{cell!r}]", cells.get(cell), 0, 2**53)) for cell in CELLS
        }
        return ConfusionCounts(**{CELLS[cell]: number for cell, number in given.items()})
    if baseline.get(name) is None:
        raise ValueError(f"baseline must hold {name}, got a mapping without its value")
    return baseline[name]


def counts_of(baseline: Any) -> ConfusionCounts | None:
    """The counts that a baseline holds, if any."""
    if isinstance(baseline, PerformanceSnapshot):
        return baseline.counts
    return baseline if isinstance(baseline, ConfusionCounts) else None


def _proportion(name: str, baseline: Any) -> WatchedLoss:
    losses = PROPORTIONS[name]
    counts = counts_of(baseline)
    told: LossBaseline | None
    if counts is not None:
        cells = (counts.true_negatives, counts.false_positives, counts.false_negatives, counts.true_positives)
        trials = sum(cell for cell, loss in zip(cells, losses, strict=True) if not math.isnan(loss))
        if not trials:
            raise ValueError(f"baseline must hold labelled rows that {name} counts, got none")
        told = (sum(cell for cell, loss in zip(cells, losses, strict=True) if loss == 1), trials)
    elif baseline is None:
        told = None
    elif isinstance(baseline, tuple | list):
        told = _lost_of_pair(name, baseline)
    else:
        value = real("baseline", baseline, 0, 1)
        # 0.1 and not 0.09999999999999998 for an accuracy of 0.9.
        told = round(2 * (1 - value) / (2 - value) if name == "f1_score" else 1 - value, 15)
    return WatchedLoss(name, "outcome", losses, told)


def _lost_of_pair(name: str, baseline: Any) -> tuple[int, int]:
    if len(baseline) != 2:
        raise ValueError(f"baseline must be (k, n), got {len(baseline)} numbers")
    if name == "f1_score":
        raise ValueError(
            "baseline of f1_score must be a value, ConfusionCounts or a snapshot, since it is no k of n; got a pair"
        )
    trials = int(count("baseline[1]", baseline[1], 1, 2**53))
    return trials - int(count("baseline[0]", baseline[0], 0, trials)), trials


def _f_measure(name: str, baseline: Any) -> WatchedLoss:
    """Linearised at the baseline: the mean of these losses is above the reference exactly when the measure is below it."""
    counts, square = counts_of(baseline), BETAS[name] ** 2
    if counts is not None:
        weighted = (1 + square) * counts.true_positives
        whole = weighted + square * counts.false_negatives + counts.false_positives
        if not whole:
            raise ValueError(f"baseline must hold labelled rows that {name} counts, got none")
        value = weighted / whole
    elif baseline is None:
        raise TypeError(f"baseline of {name} must be given: its value, ConfusionCounts or a snapshot")
    else:
        value = real("baseline", baseline, 0, 1)
    if not 0 < value < 1:
        raise ValueError(f"baseline of {name} must lie between 0 and 1, both excluded, got {value:g}")
    most = (1 + square) * (1 - value)
    span = most + value * max(1.0, square)
    false_positive, false_negative = (most + value) / span, (most + value * square) / span
    told, losses = most / span, (LEFT_OUT, false_positive, false_negative, 0.0)
    if counts is None:
        return WatchedLoss(name, "outcome", losses, told)
    rows = counts.true_positives + counts.false_positives + counts.false_negatives
    squares = counts.false_positives * false_positive**2 + counts.false_negatives * false_negative**2
    return WatchedLoss(name, "outcome", losses, _upper_limit(told, squares / rows - told**2, rows), is_measured=True)


def _mean(name: str, baseline: Any, bound: Any) -> WatchedLoss:
    if bound is None:
        if name == "log_loss":
            raise TypeError("bound must be given for log_loss: the loss of a row that counts as the most, such as 3.0")
        bound = 1.0
    limit = real("bound", bound, 0, 1e6, above=True)
    if isinstance(baseline, PerformanceSnapshot):
        metric = baseline.metrics[name]
        if metric.value is None or metric.value > limit:
            raise ValueError(
                f"baseline must be a snapshot whose {name} is at most the bound {limit:g}, got {metric.value}"
            )
        # A bound makes mean and variance smaller, if anything.
        variance = metric.n * (metric.standard_error or 0.0) ** 2 / limit**2
        most = _upper_limit(metric.value / limit, variance, metric.n)
        return WatchedLoss(name, MEANS[name], (limit,), most, is_measured=True)
    told = None if baseline is None else real("baseline", baseline, 0, limit) / limit
    return WatchedLoss(name, MEANS[name], (limit,), told)


def _upper_limit(mean: float, variance: float, n: int) -> float:
    """That of a mean of losses from 0 to 1, by the empirical Bernstein bound of Maurer and Pontil (2009)."""
    if n < 2:
        raise ValueError(f"baseline must rest on at least 2 rows, got {n}")
    logarithm = math.log(2 / DELTA)
    limit = mean + math.sqrt(2 * max(variance, 0.0) * logarithm / n) + 7 * logarithm / (3 * (n - 1))
    if limit >= 1:
        raise ValueError(f"baseline must rest on more rows: of {n:,}, the upper limit of the mean loss is all there is")
    return limit


def _loss_baseline(baseline: Any) -> LossBaseline | None:
    if isinstance(baseline, PerformanceSnapshot | ConfusionCounts):
        raise TypeError(
            f"baseline of a loss must be its mean from 0 to 1, or (k, n) losses of 1, got {described(baseline)}"
        )
    told: LossBaseline | None = baseline
    return told


def _outcome_losses(mapping: Mapping[Any, Any]) -> tuple[float, ...]:
    for key in mapping:
        if key not in OUTCOMES:
            raise ValueError(f"metric_or_loss must have keys among {', '.join(OUTCOMES)}, got {described(key)}")
    if not mapping:
        raise ValueError(f"metric_or_loss must have a loss for at least one of {', '.join(OUTCOMES)}, got none")
    return tuple(
        real(f"metric_or_loss[{key!r}]", mapping[key], 0, 1) if key in mapping else LEFT_OUT for key in OUTCOMES
    )


def _no_bound(bound: Any, what: str) -> None:
    if bound is not None:
        raise TypeError(f"bound must be None for {what}: it is for brier_score and log_loss, got {described(bound)}")
