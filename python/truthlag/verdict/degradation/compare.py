"""Which test compares a metric of two samples, or why none does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthlag.metrics import Metric
from truthlag.verdict.degradation.given import UNKNOWN_SPREAD
from truthlag.verdict.degradation.known_metrics import BETA, METHODS, RANGES, Kind, kind_of, rarer_rows, relevant_rows
from truthlag.verdict.degradation.sample import Level, Sample

if TYPE_CHECKING:
    from truthlag.verdict.two_sample import LossTest

__all__ = ["Obstacle", "loss_test"]

LEAST_ROWS = 100
"""Below so many relevant rows an approximation is not to be trusted."""

_NO_SPREAD = "its rows show no spread in {}, so that its noise is not known"
_NEVER_NEGATIVE = frozenset({"brier_score", "log_loss"})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why two samples of a metric cannot be compared."""

    reason: str


def loss_test(name: str, current: Sample, baseline: Sample, *, higher_is_better: bool) -> LossTest | Obstacle:
    """The test of a loss of this metric, which both samples have."""
    now, then = current.levels[name], baseline.levels[name]
    if now.is_exact:
        return Obstacle("a number without its rows has no uncertainty: give counts as (k, n), or a Metric")
    kind = kind_of(name) or _kind_of_given(now, then)
    if kind is Kind.NONE:
        return Obstacle(
            "nothing is known of its noise: it is biased upwards in small samples and has no standard error"
        )
    if kind is Kind.PROPORTION:
        return _proportion(now, then, higher_is_better=higher_is_better)
    few = _too_few(name, current, baseline)
    if few is not None:
        return few
    if kind is Kind.F_MEASURE:
        by_counts = _f_measure(name, current, baseline)
        if by_counts is not None:
            return by_counts
    if name == "balanced_accuracy":
        by_counts = _balanced_accuracy(current, baseline)
        if by_counts is not None:
            return by_counts
    test = _mean if kind is Kind.MEAN else _ratio
    return test(name, current, baseline, higher_is_better=higher_is_better)


def _kind_of_given(now: Level, then: Level) -> Kind:
    if now.counted is not None and (then.counted is not None or then.is_exact):
        return Kind.PROPORTION
    return Kind.MEAN


def _proportion(now: Level, then: Level, *, higher_is_better: bool) -> LossTest | Obstacle:
    from truthlag.verdict.two_sample import proportion_loss

    if now.counted is None:
        return Obstacle("the counts that it is a share of are not known")
    value = _value(then.metric)
    if then.is_exact and not 0 <= value <= 1:
        return Obstacle(f"a share of rows cannot be compared with {value:g}")
    successes, trials = now.counted
    if then.counted is None:
        known: tuple[float, None] = (value if higher_is_better else 1 - value, None)
        return proportion_loss(known, successes if higher_is_better else trials - successes, trials)
    then_successes, then_trials = then.counted
    if higher_is_better:
        return proportion_loss((then_successes, then_trials), successes, trials)
    # A smaller share of the one is a larger share of the other.
    return proportion_loss((then_trials - then_successes, then_trials), trials - successes, trials)


def _too_few(name: str, current: Sample, baseline: Sample) -> Obstacle | None:
    for which, sample in (("the window", current), ("the baseline", baseline)):
        level = sample.levels[name]
        if level.rows is None:
            continue
        rows = relevant_rows(name, level.rows, sample.counts)
        if rows < LEAST_ROWS:
            what = "relevant rows" if rows == level.rows else "relevant rows (by those of the rarer class)"
            return Obstacle(f"{which} has {rows:,} {what}, and the test of this metric needs {LEAST_ROWS}")
    return None


def _f_measure(name: str, current: Sample, baseline: Sample) -> LossTest | None:
    from truthlag.verdict.two_sample import f_loss

    if current.counts is None:
        return None
    now = current.counts
    counts = (now.true_positives, now.false_positives, now.false_negatives)
    level, beta = baseline.levels[name], BETA[name]
    value = _value(level.metric)
    if level.is_exact:
        return f_loss(value, counts, beta=beta)
    if baseline.counts is not None:
        then = baseline.counts
        return f_loss((then.true_positives, then.false_positives, then.false_negatives), counts, beta=beta)
    if name == "f1_score" and 0 <= value <= 1 and level.metric.standard_error is None:
        # F1 and its rows say how many of them are found: F1 = 2 J / (1 + J) with J the share of true positives.
        found = round(level.metric.n * value / (2 - value))
        return f_loss((found, level.metric.n - found, 0), counts, beta=beta)
    return None


def _balanced_accuracy(current: Sample, baseline: Sample) -> LossTest | None:
    from truthlag.verdict.degradation.balanced_accuracy import balanced_accuracy_loss

    level = baseline.levels["balanced_accuracy"]
    if current.counts is None or not (level.is_exact or baseline.counts is not None):
        return None
    known = _value(level.metric)
    return balanced_accuracy_loss(known if baseline.counts is None else baseline.counts, current.counts)


def _mean(name: str, current: Sample, baseline: Sample, *, higher_is_better: bool) -> LossTest | Obstacle:
    from truthlag.verdict.two_sample import mean_loss

    now, then = current.levels[name].metric, baseline.levels[name].metric
    is_exact = baseline.levels[name].is_exact
    if now.standard_error is None:
        return Obstacle(_NO_SPREAD.format("the window"))
    error = None if is_exact else then.standard_error or _error_like(now, then)
    if error is None and not is_exact:
        return Obstacle(_NO_SPREAD.format("the baseline"))
    return mean_loss(
        _value(then),
        error,
        None if is_exact else then.n,
        _value(now),
        now.standard_error,
        now.n,
        higher_is_better=higher_is_better,
        is_positive=name in _NEVER_NEGATIVE,
    )


def _ratio(name: str, current: Sample, baseline: Sample, *, higher_is_better: bool) -> LossTest | Obstacle:
    from truthlag.verdict.two_sample import ratio_loss

    now, then = current.levels[name].metric, baseline.levels[name].metric
    is_exact = baseline.levels[name].is_exact
    limits = RANGES.get(name, (0.0, 1.0))
    if limits is not None and not limits[0] <= _value(then) <= limits[1]:
        return Obstacle(f"it lies from {limits[0]:g} to {limits[1]:g}, and the baseline is {_value(then):g}")
    error, before = _error(now, limits), _error(then, limits)
    if error is None:
        return Obstacle(_NO_SPREAD.format("the window"))
    if not is_exact:
        before = _error_like(now, then) if before is None else before
        if before is None:
            return Obstacle(_NO_SPREAD.format("the baseline"))
    test = ratio_loss(
        _value(then),
        None if is_exact else before,
        _value(now),
        error,
        baseline_n=None if is_exact else rarer_rows(name, then.n, baseline.counts),
        n=rarer_rows(name, now.n, current.counts),
        range=limits,
        higher_is_better=higher_is_better,
        method=METHODS.get(name, "standard errors"),
    )
    hidden = (now.error_bound or 0.0) + (then.error_bound or 0.0)
    return _Shifted(test, hidden) if hidden > 0 else test


def _value(metric: Metric) -> float:
    assert metric.value is not None  # noqa: S101 - a level that is compared has a value
    return metric.value


def _error(metric: Metric, limits: tuple[float, float] | None) -> float | None:
    """The standard error; 0 at an end of the range, which is not taken for certain there: its rows are known."""
    if metric.standard_error is None and limits is not None and metric.value in limits and metric.n:
        return 0.0
    return metric.standard_error


def _error_like(now: Metric, then: Metric) -> float | None:
    """The standard error of a number that was given with its rows, if these are like those of the window."""
    if then.reason != UNKNOWN_SPREAD or now.standard_error is None:
        return None
    return now.standard_error * math.sqrt(now.n / then.n)


@dataclass(frozen=True, slots=True)
class _Shifted:
    """A test that allows for what bins of scores hide: the exact loss is within `hidden` of the one that was seen."""

    test: LossTest
    hidden: float

    @property
    def estimate(self) -> float:
        return self.test.estimate

    @property
    def method(self) -> str:
        return self.test.method

    def p_value(self, margin: float = 0.0) -> float:
        return self.test.p_value(margin + self.hidden)

    def gain_p_value(self) -> float:
        # A gain must exceed what is hidden. By symmetry of the normal test it is the p-value of a loss of the mirror image.
        return 1 - self.test.p_value(-self.hidden)

    def interval(self, confidence: float) -> tuple[float, float]:
        low, high = self.test.interval(confidence)
        return low - self.hidden, high + self.hidden
