"""From two samples to a verdict for each metric: the tests, Holm's adjustment, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import NormalDist
from typing import TYPE_CHECKING, Protocol

from truthlag.metrics import Metric
from truthlag.verdict.degradation.any_time import AnyTimeLoss
from truthlag.verdict.degradation.compare import Obstacle, loss_test
from truthlag.verdict.degradation.known_metrics import coverage_of
from truthlag.verdict.degradation.labels import Labels
from truthlag.verdict.degradation.plan import Plan
from truthlag.verdict.degradation.prevalence import at_prevalence, has_moved
from truthlag.verdict.degradation.report import Cause, MaskedLoss, MetricVerdict, Verdict, VerdictTable
from truthlag.verdict.degradation.sample import Level, Sample
from truthlag.verdict.degradation.sentence import sentence

if TYPE_CHECKING:
    from truthlag.verdict.two_sample import LossTest

__all__ = ["Comparison", "judge"]


class Comparison(Protocol):
    """Which test compares a metric of two samples, or why none does."""

    def __call__(
        self, name: str, current: Sample, baseline: Sample, /, *, higher_is_better: bool
    ) -> LossTest | Obstacle:
        """The test of a loss of this metric, which both samples have."""


_MOSTLY = 0.5
"""The share of a loss from which on the prevalence is named as its cause."""
_CLEARLY = 0.9
"""The same where nothing is known of the noise."""


def judge(
    current: Sample,
    baseline: Sample,
    plan: Plan,
    *,
    labels: Labels,
    min_coverage: float | None,
    confidence: float,
    compare: Comparison = loss_test,
    is_any_time: bool = False,
) -> VerdictTable:
    """A verdict for every metric of the plan. `min_coverage` is None where the coverage plays no part."""
    names = plan.names(baseline)
    directions = plan.directions_of(names)
    found = {
        name: _Found.of(
            name,
            current,
            baseline,
            plan,
            higher_is_better=directions[name],
            labels=labels,
            min_coverage=min_coverage,
            compare=compare,
        )
        for name in names
    }
    from truthlag.verdict.two_sample import holm

    tests = {name: one.test for name, one in found.items() if one.test is not None}
    beyond = {name: float(test.p_value(found[name].tolerated)) for name, test in tests.items()}
    any_loss = {name: float(test.p_value(0.0)) for name, test in tests.items()}
    gain = {name: float(test.gain_p_value()) for name, test in tests.items()}
    # Whoever is tested at any look shares the level with all who ever may be.
    family = dict.fromkeys(names, 1.0) if is_any_time else {}
    adjusted = [holm({**family, **p_values}) for p_values in (beyond, any_loss, gain)]
    p_values = _PValues(beyond, any_loss, gain, *adjusted)
    at_baseline = {name: at_prevalence(name, current, baseline.prevalence, confidence) for name in tests}
    is_moved = has_moved(current, baseline, plan.alpha)
    hidden: dict[str, MaskedLoss] = {}
    if is_moved:
        from truthlag.verdict.degradation.masked import masked_loss

        for name, test in tests.items():
            one = masked_loss(
                name,
                current,
                baseline,
                at_baseline[name],
                loss=float(test.estimate),
                margin=found[name].tolerated,
                higher_is_better=directions[name],
                alpha=plan.alpha,
                is_any_time=is_any_time,
            )
            if one is not None:
                hidden[name] = one
        # A loss that is hidden stands in for that of the metric itself, so that there is one test for each metric as before.
        instead = {name: one.p_value for name, one in hidden.items() if one.p_value is not None}
        for name, p_value in holm({**family, **any_loss, **instead}).items():
            if name in instead:
                hidden[name] = replace(hidden[name], adjusted_p_value=p_value)
    verdicts = []
    for name, known in found.items():
        verdict = known.verdict
        if known.test is not None:
            verdict = _decided(known, known.test, p_values, plan.alpha)
            verdict = replace(verdict, at_baseline_prevalence=at_baseline[name])
            verdict = replace(verdict, cause=_cause(verdict, at_baseline[name], plan.alpha))
            verdict = _with_masked(verdict, hidden.get(name), plan.alpha)
        said = sentence(verdict, current, baseline, plan.alpha, known.reason, is_moved=is_moved)
        verdicts.append(replace(verdict, sentence=said))
    return VerdictTable(verdicts)


def _with_masked(verdict: MetricVerdict, hidden: MaskedLoss | None, alpha: float) -> MetricVerdict:
    """With the loss that the change of prevalence hides: a warning where it is proven and nothing worse is said."""
    if hidden is None or verdict.verdict == "critical":
        return verdict
    verdict = replace(verdict, masked=hidden, cause="masked")
    p_value = hidden.adjusted_p_value
    if verdict.verdict == "warning" or p_value is None or p_value > alpha:
        return verdict
    return replace(verdict, verdict="warning", verdict_p_value=p_value)


@dataclass(frozen=True, slots=True)
class _PValues:
    beyond: Mapping[str, float]
    any_loss: Mapping[str, float]
    gain: Mapping[str, float]
    adjusted_beyond: Mapping[str, float]
    adjusted_any_loss: Mapping[str, float]
    adjusted_gain: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Found:
    """A metric with the test of it, or with the verdict that stands in for one."""

    verdict: MetricVerdict
    test: LossTest | None
    reason: str

    @property
    def tolerated(self) -> float:
        return self.verdict.margin or 0.0

    @classmethod
    def of(
        cls,
        name: str,
        current: Sample,
        baseline: Sample,
        plan: Plan,
        *,
        higher_is_better: bool,
        labels: Labels,
        min_coverage: float | None,
        compare: Comparison,
    ) -> _Found:
        now, then = current.levels.get(name), baseline.levels.get(name)
        # Counts that were given by hand say nothing of predictions without a label.
        counts = current.counts if current.coverage is not None else None
        coverage = None if counts is None else coverage_of(name, counts)
        bare = MetricVerdict(
            name=name,
            verdict="no_data",
            sentence="",
            current=_metric(name, now, "the window does not have this metric"),
            baseline=_metric(name, then, "the baseline does not have this metric"),
            higher_is_better=higher_is_better,
            margin=plan.margin(name, None if then is None else then.metric.value),
            coverage=coverage,
        )
        if bare.baseline.value is None:
            return cls(bare, None, f"the baseline has none: {bare.baseline.reason}")
        if min_coverage is not None and coverage is not None and coverage < min_coverage:
            return cls(replace(bare, verdict="immature"), None, f"at least {100 * min_coverage:.4g} percent are needed")
        if bare.current.value is None:
            return cls(bare, None, str(bare.current.reason))
        if labels == "positives_only" and name != "recall":
            reason = "only labels of 1 are reported, and of those recall alone can be told"
            # Of labels of 1 alone every predicted positive seems right: that value is none.
            unknown = Metric(name, None, n=bare.current.n, reason=reason)
            return cls(replace(bare, verdict="undecided", current=unknown), None, reason)
        test = compare(name, current, baseline, higher_is_better=higher_is_better)
        if isinstance(test, Obstacle):
            return cls(replace(bare, verdict="undecided"), None, test.reason)
        return cls(replace(bare, loss=float(test.estimate), method=test.method), test, "")


def _metric(name: str, level: Level | None, otherwise: str) -> Metric:
    return Metric(name, None, reason=otherwise) if level is None else level.metric


def _decided(found: _Found, test: LossTest, p_values: _PValues, alpha: float) -> MetricVerdict:
    name = found.verdict.name
    low, high = map(float, test.interval(1 - 2 * alpha))
    said: Verdict
    if p_values.adjusted_beyond[name] <= alpha:
        said = "critical"
    elif p_values.adjusted_any_loss[name] <= alpha:
        said = "warning"
    elif p_values.adjusted_gain[name] <= alpha:
        said = "improved"
    elif high < found.tolerated:
        said = "ok"
    else:
        said = "undecided"
    return replace(
        found.verdict,
        verdict=said,
        loss_low=low,
        loss_high=high,
        verdict_p_value={
            "critical": p_values.adjusted_beyond[name],
            "improved": p_values.adjusted_gain[name],
        }.get(said, p_values.adjusted_any_loss[name]),
        proven_at=_proven_at(test, said, found.tolerated),
        p_value=p_values.beyond[name],
        adjusted_p_value=p_values.adjusted_beyond[name],
        loss_p_value=p_values.any_loss[name],
        adjusted_loss_p_value=p_values.adjusted_any_loss[name],
        gain_p_value=p_values.gain[name],
        adjusted_gain_p_value=p_values.adjusted_gain[name],
    )


def _proven_at(test: LossTest, said: Verdict, margin: float) -> datetime | None:
    """The earlier look that what is said rests on, if it does."""
    if not isinstance(test, AnyTimeLoss) or said not in {"critical", "warning", "improved"}:
        return None
    return test.earlier_look({"critical": margin, "warning": 0.0}.get(said))


def _cause(verdict: MetricVerdict, adjusted: Metric | None, alpha: float) -> Cause | None:
    """What an alarm or a gain comes from: what is left of it at the baseline's prevalence, and whether that would still be one.

    Without an interval at that prevalence only what is clear is told.
    """
    if verdict.verdict not in {"critical", "warning", "improved"}:
        return None
    if adjusted is None:
        return "model"
    loss, before = verdict.loss, verdict.baseline.value
    if adjusted.value is None or loss is None or before is None or loss == 0:
        return None
    sign = 1 if verdict.higher_is_better else -1
    left = sign * (before - adjusted.value)
    explained = 1 - left / loss
    if adjusted.standard_error is None:
        return "prevalence" if explained >= _CLEARLY else "model" if explained <= 1 - _CLEARLY else None
    error = math.hypot(adjusted.standard_error, verdict.baseline.standard_error or 0.0)
    tolerated = verdict.margin or 0.0 if verdict.verdict == "critical" else 0.0
    is_still_proven = math.copysign(1.0, loss) * left - tolerated > -NormalDist().inv_cdf(alpha) * error
    if is_still_proven:
        return "both" if explained >= _MOSTLY else "model"
    return "prevalence" if explained >= _MOSTLY else None
