"""A loss that a change of prevalence hides: what a metric lost at the prevalence of the baseline, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthlag.metrics import ConfusionCounts, Metric
from truthlag.verdict.degradation.prevalence import (
    Formula,
    formula_of,
    limit_at,
    losses_at,
    positives_of,
    prevalence_rows,
)
from truthlag.verdict.degradation.report import MaskedLoss
from truthlag.verdict.degradation.sample import Sample
from truthlag.verdict.two_sample.difference_test import DifferenceTest
from truthlag.verdict.two_sample.estimate import Estimate
from truthlag.verdict.two_sample.mean import mean_loss

if TYPE_CHECKING:
    from truthlag.verdict.two_sample import LossTest

__all__ = ["loss_at_baseline_prevalence", "masked_loss"]

_LEAST_OF_A_CLASS = 25
"""Rows of either class that the limits rest on."""

_LEAST_OF_A_MEAN = 50
"""The same for means, whose standard errors are estimated: half of what they need of all rows."""

_HALF_A_ROW = 0.5
"""What is added to the rows of the window that were decided rightly, of each class: a correction for continuity.

Where errors are rare their number is skewed, and a large baseline does not see it: of a recall of .97 from 50 positives, a test
at .05 alarms in .074 of cases without it, in 1 000 runs.
"""


def masked_loss(
    name: str,
    current: Sample,
    baseline: Sample,
    adjusted: Metric | None,
    *,
    loss: float,
    margin: float,
    higher_is_better: bool,
    alpha: float,
    is_any_time: bool,
) -> MaskedLoss | None:
    """What is lost at the baseline's prevalence, where that is beyond the margin and the plain loss is not.

    It has limits and a p-value where enough is known of both samples, and where it is one look. To be asked only where the
    prevalence has moved.
    """
    then = baseline.levels[name].metric.value
    if adjusted is None or adjusted.value is None or then is None:
        return None
    lost = then - adjusted.value if higher_is_better else adjusted.value - then
    if not loss <= margin < lost:
        return None
    test = (
        None if is_any_time else loss_at_baseline_prevalence(name, current, baseline, higher_is_better=higher_is_better)
    )
    if test is None:
        return MaskedLoss(lost)
    low, high = test.interval(1 - 2 * alpha)
    p_value = float(test.p_value(0.0))
    return MaskedLoss(lost, float(low), float(high), p_value, p_value)


def loss_at_baseline_prevalence(
    name: str, current: Sample, baseline: Sample, *, higher_is_better: bool
) -> LossTest | None:
    """The test of a loss at the baseline's prevalence, by square-and-add of the limits of the parts; None where there is none.

    The numbers of rows of each class are taken as given on both sides, so that the prevalence of a baseline with its counts has
    no noise; that of a baseline without them has its own. With recall and specificity as in the baseline, a test at .05 alarms
    in at most .046 of cases (1 000 runs of accuracy, F1 and precision each, from 25 rows of a class to 7 000).
    """
    prevalence, counts = baseline.prevalence, current.counts
    is_mean = name in {"brier_score", "log_loss"}
    least = _LEAST_OF_A_MEAN if is_mean else _LEAST_OF_A_CLASS
    if prevalence is None or counts is None or not (_has_both(counts, least) and _has_both(baseline.counts, least)):
        return None
    level = baseline.levels[name]
    before = level.metric
    if before.value is None:
        return None
    if is_mean:
        now = losses_at(name, current, prevalence)
        then = losses_at(name, baseline, prevalence)
        if then is None:
            then = (before.value, before.standard_error or math.nan, before.n)
        if now is None or not math.isfinite(now[1]) or not (level.is_exact or math.isfinite(then[1])):
            return None
        value, error, rows = (before.value, None, None) if level.is_exact else then
        mean, standard_error, n = now
        return mean_loss(
            value, error, rows, mean, standard_error, n, higher_is_better=higher_is_better, is_positive=True
        )
    formula = formula_of(name)
    if formula is None:
        return None
    held = prevalence_rows(baseline) if baseline.counts is None else None
    after = _of_counts(formula, counts, prevalence, held, correction=_HALF_A_ROW)
    then_estimate: Estimate | None
    if baseline.counts is not None:
        then_estimate = _of_counts(formula, baseline.counts, prevalence, None)
    elif level.is_exact:
        then_estimate = Estimate(before.value)
    elif before.standard_error is not None:
        ends = (-1.0, 1.0) if name in {"matthews_correlation", "cohen_kappa"} else (0.0, 1.0)
        then_estimate = Estimate(before.value, before.standard_error, "log odds", ends, before.n)
    else:
        return None
    if after is None or then_estimate is None:
        return None
    return DifferenceTest(then_estimate, after, math.inf, higher_is_better, "square-and-add of Wilson's limits")


@dataclass(frozen=True, slots=True)
class _AtPrevalence(Estimate):
    """A metric of recall and specificity, given as successes and trials, at a prevalence."""

    formula: Formula | None = None
    recall: tuple[float, int] = (0, 1)
    specificity: tuple[float, int] = (0, 1)
    prevalence: float = 0.5
    prevalence_rows: int | None = None

    def limit(self, quantile: float) -> float:
        """See `Estimate`: upwards where `quantile` is positive."""
        assert self.formula is not None  # noqa: S101 - given by whoever makes one
        return limit_at(self.formula, self.recall, self.specificity, self.prevalence, quantile, self.prevalence_rows)


def _of_counts(
    formula: Formula, counts: ConfusionCounts, prevalence: float, prevalence_rows: int | None, correction: float = 0.0
) -> _AtPrevalence | None:
    positives, negatives = positives_of(counts), counts.labelled - positives_of(counts)
    recall = (min(counts.true_positives + correction, positives), positives)
    specificity = (min(counts.true_negatives + correction, negatives), negatives)
    value = formula(recall[0] / recall[1], specificity[0] / specificity[1], prevalence)
    if value is None:
        return None
    # Any scale but its own: there a standard error would stand in for the limits.
    return _AtPrevalence(
        value,
        scale="log odds",
        formula=formula,
        recall=recall,
        specificity=specificity,
        prevalence=prevalence,
        prevalence_rows=prevalence_rows,
    )


def _has_both(counts: ConfusionCounts | None, least: int) -> bool:
    """Whether there are enough rows of either class; taken for so where they are not known."""
    if counts is None:
        return True
    return min(positives_of(counts), counts.labelled - positives_of(counts)) >= least
