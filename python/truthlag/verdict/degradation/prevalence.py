"""What a metric would be at another prevalence, if the model treats each class as it does.

Recall and specificity are properties of the model; accuracy, precision and the rest also depend on how many positives there
are. A metric is a function of recall, specificity and prevalence (Bayes), or a mean over the classes; at the prevalence of the
baseline it says what the model alone has changed (Saerens, Latinne and Decaestecker (2002), Neural Computation 14, on label
shift). Intervals combine those of the parts by square-and-add (Zou and Donner (2008), Statistics in Medicine 27); the
prevalence itself is taken as given.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from truthlag.metrics import Metric
from truthlag.verdict.degradation.known_metrics import BETA
from truthlag.verdict.degradation.sample import Sample
from truthlag.verdict.degradation.wilson import two_sided_quantile, wilson

__all__ = ["at_prevalence", "depends_on_prevalence"]

_Formula = Callable[[float, float, float], float | None]
"""From recall, specificity and prevalence to the metric."""


def depends_on_prevalence(name: str) -> bool:
    """Whether a metric of the library changes with the prevalence alone."""
    return name in _FORMULAS or name in {"brier_score", "log_loss", "average_precision", "expected_calibration_error"}


def at_prevalence(name: str, current: Sample, prevalence: float | None, confidence: float) -> Metric | None:
    """The metric of the current sample at another prevalence, or the reason why it cannot be told.

    None for a metric that does not depend on the prevalence.
    """
    if not depends_on_prevalence(name):
        return None
    if prevalence is None:
        return Metric(name, None, reason="the baseline has no prevalence")
    counts = current.counts
    if counts is None:
        return Metric(name, None, reason="the current metrics have no counts")
    positives = counts.true_positives + counts.false_negatives
    negatives = counts.true_negatives + counts.false_positives
    if not positives or not negatives:
        return Metric(name, None, reason="the window has no labels of both classes")
    if name in {"brier_score", "log_loss"}:
        return _weighted(name, current, prevalence, confidence)
    if name == "average_precision":
        return _average_precision(current, prevalence)
    formula = _FORMULAS.get(name)
    if formula is None:
        return Metric(name, None, reason="no formula gives it at another prevalence")
    recall, specificity = counts.true_positives / positives, counts.true_negatives / negatives
    value = formula(recall, specificity, prevalence)
    if value is None:
        return Metric(name, None, reason="it is undefined at that prevalence")
    low, high = value, value
    below = above = 0.0
    for ends, moved in (
        (wilson(recall, positives, confidence), lambda end: formula(end, specificity, prevalence)),
        (wilson(specificity, negatives, confidence), lambda end: formula(recall, end, prevalence)),
    ):
        changes = [0.0 if other is None else other - value for other in map(moved, ends)]
        below, above = math.hypot(below, min(0.0, *changes)), math.hypot(above, max(0.0, *changes))
    low, high = value - below, value + above
    # Half of the interval's width in standard errors, so that it is above 0 wherever the interval has a width.
    error = (high - low) / 2 / two_sided_quantile(confidence)
    least = -1.0 if name in {"matthews_correlation", "cohen_kappa"} else 0.0
    return Metric(name, value, max(low, least), min(high, 1.0), None, counts.labelled, None, error or None)


def _weighted(name: str, current: Sample, prevalence: float, confidence: float) -> Metric:
    """A mean over rows is the mean over the classes, weighted by the prevalence."""
    up = current.by_label.get(f"{name}_of_positives")
    down = current.by_label.get(f"{name}_of_negatives")
    if up is None or down is None or up.value is None or down.value is None:
        return Metric(name, None, reason="the losses by label are not known")
    value = prevalence * up.value + (1 - prevalence) * down.value
    n = up.n + down.n
    if up.standard_error is None or down.standard_error is None:
        return Metric(name, value, n=n, reason="the losses of a class show no spread")
    error = math.hypot(prevalence * up.standard_error, (1 - prevalence) * down.standard_error)
    half = two_sided_quantile(confidence) * error
    most = 1.0 if name == "brier_score" else math.inf
    return Metric(name, value, max(value - half, 0.0), min(value + half, most), None, n, None, error or None)


def _average_precision(current: Sample, prevalence: float) -> Metric:
    """The mean over positives of the precision at their score, each bin of scores taken as a tie."""
    bins = current.histogram.columns()
    up, down = bins["positives"].astype(float)[::-1], bins["negatives"].astype(float)[::-1]
    if not up.sum() or not down.sum():
        return Metric("average_precision", None, reason="the window has no scores of both classes")
    found, wrong = up.cumsum() / up.sum(), down.cumsum() / down.sum()
    flagged = prevalence * found + (1 - prevalence) * wrong
    precision = np.divide(prevalence * found, flagged, out=np.zeros_like(found), where=flagged > 0)
    value = float((up * precision).sum() / up.sum())
    return Metric("average_precision", value, n=int(up.sum() + down.sum()), reason="no interval at another prevalence")


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 else None


def _accuracy(recall: float, specificity: float, prevalence: float) -> float | None:
    return prevalence * recall + (1 - prevalence) * specificity


def _precision(recall: float, specificity: float, prevalence: float) -> float | None:
    found, wrong = prevalence * recall, (1 - prevalence) * (1 - specificity)
    return _ratio(found, found + wrong)


def _negative_predictive_value(recall: float, specificity: float, prevalence: float) -> float | None:
    left, missed = (1 - prevalence) * specificity, prevalence * (1 - recall)
    return _ratio(left, left + missed)


def _f_measure(beta: float) -> _Formula:
    def formula(recall: float, specificity: float, prevalence: float) -> float | None:
        found, missed = prevalence * recall, prevalence * (1 - recall)
        wrong = (1 - prevalence) * (1 - specificity)
        weight = 1 + beta * beta
        return _ratio(weight * found, weight * found + beta * beta * missed + wrong)

    return formula


def _matthews_correlation(recall: float, specificity: float, prevalence: float) -> float | None:
    flagged = prevalence * recall + (1 - prevalence) * (1 - specificity)
    spread = prevalence * (1 - prevalence)
    root = math.sqrt(flagged * (1 - flagged) * spread) if 0 < flagged < 1 else 0.0
    return _ratio(spread * (recall + specificity - 1), root)


def _cohen_kappa(recall: float, specificity: float, prevalence: float) -> float | None:
    flagged = prevalence * recall + (1 - prevalence) * (1 - specificity)
    spread = prevalence * (1 - prevalence)
    return _ratio(2 * spread * (recall + specificity - 1), flagged * (1 - prevalence) + prevalence * (1 - flagged))


_FORMULAS: dict[str, _Formula] = {
    "accuracy": _accuracy,
    "precision": _precision,
    "negative_predictive_value": _negative_predictive_value,
    "matthews_correlation": _matthews_correlation,
    "cohen_kappa": _cohen_kappa,
    **{name: _f_measure(beta) for name, beta in BETA.items()},
}
