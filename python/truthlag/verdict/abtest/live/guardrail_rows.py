"""The guardrails of a live test, of each treatment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truthlag.verdict.abtest.live.metric_spec import OutcomeMetric
from truthlag.verdict.abtest.live.roll_up import RollUp
from truthlag.verdict.abtest.live.settings import Guarded, Settings
from truthlag.verdict.abtest.live.tracker_arms import TrackerArms
from truthlag.verdict.abtest.quantiles import LatencyHistogram
from truthlag.verdict.abtest.report.rows import GuardrailRow
from truthlag.verdict.abtest.statistics.strata import Strata


def guardrail_rows(
    rolled: RollUp,
    settings: Settings,
    trackers: TrackerArms | None,
    histograms: Mapping[tuple[str, str], LatencyHistogram],
) -> list[GuardrailRow]:
    """Treatment by treatment, in the order of the guardrails."""
    control, *treatments = rolled.allocation.arms
    shown = [_arms(one, rolled, trackers, histograms) for one in settings.guardrails]
    rows = []
    for arm in treatments:
        for one, arms in zip(settings.guardrails, shown, strict=True):
            found = one.guardrail.check(arms[control], arms[arm], **_method(one, arms[control], rolled.notes))
            rows.append(GuardrailRow(arm, found.metric, found.status, found.comparison, found.quantile))
    return rows


def _method(guarded: Guarded, shown: Any, notes: dict[str, None]) -> dict[str, Any]:
    """Strata have one method alone, whichever was asked for."""
    method = guarded.guardrail.method
    if method is None or not isinstance(shown, Strata):
        return {}
    notes[
        f"{guarded.guardrail.metric} is stratified by allocation period, by post-stratification and not by {method!r}."
    ] = None
    return {"method": None}


def _arms(
    guarded: Guarded,
    rolled: RollUp,
    trackers: TrackerArms | None,
    histograms: Mapping[tuple[str, str], LatencyHistogram],
) -> Mapping[str, Any]:
    """What each arm shows."""
    name, metric, arms = guarded.guardrail.metric, guarded.metric, rolled.allocation.arms
    if isinstance(metric, OutcomeMetric):
        if guarded.guardrail.quantile is None:
            return rolled.statistics(name, metric)
        own = metric.outcome or name
        attached = {arm: histograms[arm, own] for arm in arms if (arm, own) in histograms}
        if not attached:
            if metric.covariates:
                rolled.notes[f"quantiles of {name} are not adjusted for covariates."] = None
            return rolled.quantiles(name, metric)
        if len(attached) < len(arms):
            lacking = next(arm for arm in arms if arm not in attached)
            raise ValueError(f"arm {lacking!r} must have a LatencyHistogram of {own!r} attached, as others have")
        return attached
    if trackers is None:
        raise ValueError(f"guardrail {name!r} needs a tracker of each arm: attach them")
    return trackers.arms(name, metric, rolled.notes)
