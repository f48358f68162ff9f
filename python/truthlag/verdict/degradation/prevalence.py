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
from statistics import NormalDist

import numpy as np

from truthlag.metrics import ConfusionCounts, Metric
from truthlag.verdict.degradation.known_metrics import BETA
from truthlag.verdict.degradation.sample import Sample
from truthlag.verdict.degradation.wilson import score_limit, two_sided_quantile

__all__ = [
    "Formula",
    "at_prevalence",
    "depends_on_prevalence",
    "formula_of",
    "has_moved",
    "limit_at",
    "losses_at",
    "positives_of",
    "prevalence_rows",
]

Formula = Callable[[float, float, float], float | None]
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
    recall, specificity = (counts.true_positives, positives), (counts.true_negatives, negatives)
    value = formula(recall[0] / recall[1], specificity[0] / specificity[1], prevalence)
    if value is None:
        return Metric(name, None, reason="it is undefined at that prevalence")
    quantile = two_sided_quantile(confidence)
    low, high = (limit_at(formula, recall, specificity, prevalence, side) for side in (-quantile, quantile))
    # Half of the interval's width in standard errors, so that it is above 0 wherever the interval has a width.
    error = (high - low) / 2 / quantile
    least = -1.0 if name in {"matthews_correlation", "cohen_kappa"} else 0.0
    return Metric(name, value, max(low, least), min(high, 1.0), None, counts.labelled, None, error or None)


def formula_of(name: str) -> Formula | None:
    """How a metric follows from recall, specificity and prevalence; None where it does not."""
    return _FORMULAS.get(name)


def has_moved(current: Sample, baseline: Sample, alpha: float) -> bool:
    """Whether the share of labels of 1 has changed more than chance: a z test at `alpha`.

    Given the numbers of rows of each class, recall and specificity say nothing of these. So a look at the prevalence alone may
    choose which loss is tested, and the chance of a false alarm stays what it is.
    """
    if current.counts is None or not current.counts.labelled or baseline.prevalence is None:
        return False
    ones, rows = positives_of(current.counts), current.counts.labelled
    before, held = baseline.prevalence, prevalence_rows(baseline)
    common = before if held is None else (ones + before * held) / (rows + held)
    error = math.sqrt(common * (1 - common) * (1 / rows + (0.0 if held is None else 1 / held)))
    distance = abs(ones / rows - before)
    return distance > 0 if error == 0 else distance / error > -NormalDist().inv_cdf(alpha / 2)


def prevalence_rows(baseline: Sample) -> int | None:
    """The rows that the baseline's prevalence is a share of; None where it is taken as exact."""
    if baseline.counts is not None:
        return baseline.counts.labelled
    level = baseline.levels.get("prevalence")
    return None if level is None or level.counted is None else level.counted[1]


def positives_of(counts: ConfusionCounts) -> int:
    """Labels of 1."""
    return counts.true_positives + counts.false_negatives


def limit_at(
    formula: Formula,
    recall: tuple[float, int],
    specificity: tuple[float, int],
    prevalence: float,
    quantile: float,
    prevalence_rows: int | None = None,
) -> float:
    """The limit of a metric at a prevalence by square-and-add of Wilson's limits; the upper where `quantile` is positive.

    Recall and specificity are counts as (k, n). The prevalence is known, unless it is a share of `prevalence_rows`.
    """
    shares = (recall[0] / recall[1], specificity[0] / specificity[1], prevalence)
    value = formula(*shares)
    assert value is not None  # noqa: S101 - asked only where the metric is defined
    moved = 0.0
    for place, rows in enumerate((recall[1], specificity[1], prevalence_rows)):
        if rows is None:
            continue
        changes = []
        for side in (-quantile, quantile):
            end = score_limit(shares[place], rows, side)
            other = formula(*shares[:place], end, *shares[place + 1 :])  # type: ignore[call-arg]
            changes.append(0.0 if other is None else other - value)
        moved = math.hypot(moved, max(0.0, *changes) if quantile > 0 else min(0.0, *changes))
    return value + math.copysign(moved, quantile)


def losses_at(name: str, sample: Sample, prevalence: float) -> tuple[float, float, int] | None:
    """The mean of a loss at a prevalence, with its standard error and rows; None where those of each class are not known.

    A mean over rows is the mean over the classes, weighted by the prevalence.
    """
    up, down = (sample.by_label.get(f"{name}_of_{label}") for label in ("positives", "negatives"))
    if up is None or down is None or up.value is None or down.value is None:
        return None
    value = prevalence * up.value + (1 - prevalence) * down.value
    if up.standard_error is None or down.standard_error is None:
        return value, math.nan, up.n + down.n
    error = math.hypot(prevalence * up.standard_error, (1 - prevalence) * down.standard_error)
    return value, error, up.n + down.n


def _weighted(name: str, current: Sample, prevalence: float, confidence: float) -> Metric:
    found = losses_at(name, current, prevalence)
    if found is None:
        return Metric(name, None, reason="the losses by label are not known")
    value, error, n = found
    if math.isnan(error):
        return Metric(name, value, n=n, reason="the losses of a class show no spread")
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


def _f_measure(beta: float) -> Formula:
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


_FORMULAS: dict[str, Formula] = {
    "accuracy": _accuracy,
    "precision": _precision,
    "negative_predictive_value": _negative_predictive_value,
    "matthews_correlation": _matthews_correlation,
    "cohen_kappa": _cohen_kappa,
    **{name: _f_measure(beta) for name, beta in BETA.items()},
}
