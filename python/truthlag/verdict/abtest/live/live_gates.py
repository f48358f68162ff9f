"""The gates of a live test, from what it has seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from truthlag.verdict.abtest.gates import (
    ArmLog,
    DoubleExposure,
    Gate,
    GateReport,
    SampleRatioTest,
    arms_at_age,
    label_arrival_parity,
    pre_period_balance,
    run_gates,
)
from truthlag.verdict.abtest.gates.sample_ratio import MOST_SEGMENTS
from truthlag.verdict.abtest.gates.several import worst_of
from truthlag.verdict.abtest.live.metric_spec import OutcomeMetric, TrackerMetric
from truthlag.verdict.abtest.live.roll_up import RollUp
from truthlag.verdict.abtest.live.settings import Settings
from truthlag.verdict.abtest.live.shard import NONE
from truthlag.verdict.abtest.live.tracker_arms import TrackerArms
from truthlag.verdict.abtest.statistics.proportion import Proportion

_ALPHA = 0.01


def live_gates(rolled: RollUp, settings: Settings, trackers: TrackerArms | None) -> GateReport:
    """All gates, those that have nothing to look at as not run."""
    report = run_gates(
        sample_ratio=_sample_ratio(rolled, settings).gate(),
        double_exposure=_double_exposure(rolled),
        pre_period_balance=_balance(rolled, settings),
        label_arrival=worst_of("label_arrival", list(_arrivals(rolled, settings, trackers))),
    )
    if not rolled.allocation.assigns:
        return report
    return GateReport((*report.gates[:2], _assignment(rolled), *report.gates[2:]))


def _sample_ratio(rolled: RollUp, settings: Settings) -> SampleRatioTest:
    """The evidence of all units now, stratum by stratum.

    It is that of the sizes as they are, so that it is the same whatever came first; the largest evidence on the way is not looked for.
    """
    arms = rolled.allocation.arms
    cells = np.flatnonzero(np.bincount(rolled.cell[rolled.counted])).tolist()
    weights = [rolled.allocation.weights_of(cell) for cell in cells] or [rolled.allocation.periods[-1].weights]
    segments = settings.segments
    tests = []
    for is_empty in (False, True):
        test = SampleRatioTest(_by_arm(arms, weights[0]), segments=segments, alpha=_ALPHA)
        for place, given in enumerate(weights):
            if place:
                test.new_period(_by_arm(arms, given))
            if is_empty or place >= len(cells):
                continue
            for segment, name in _segments(rolled, settings):
                test.update(rolled.counts(cells[place], segment), segment=name)
        tests.append(test)
    return tests[0].merge(tests[1])


def _segments(rolled: RollUp, settings: Settings) -> Iterator[tuple[int | None, str | None]]:
    """The segments that are tested, in order of their first unit where they were not named beforehand, and all other units."""
    if settings.segments is False:
        yield None, None
        return
    table = rolled.table
    if settings.segments is True:
        seen = rolled.counted & (table.segment != NONE)
        first = np.full(len(table.segments), np.iinfo(np.int64).max)
        np.minimum.at(first, table.segment[seen], table.time[seen])
        order = sorted(np.unique(table.segment[seen]).tolist(), key=lambda code: (int(first[code]), code))
        for place, code in enumerate(order):
            # Merging may bring more than are tested.
            yield code, table.segments[code] if place < MOST_SEGMENTS else None
    else:
        for name in settings.segments:
            if name in table.segments:
                yield table.segments.index(name), name
    yield NONE, None


def _by_arm(arms: tuple[str, ...], weights: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(arms, weights, strict=True))


def _double_exposure(rolled: RollUp) -> DoubleExposure:
    table = rolled.table
    by_arm = dict(zip(rolled.allocation.arms, table.seen.tolist(), strict=True))
    exposed = int(np.count_nonzero(table.arm != NONE))
    return DoubleExposure(exposed, int(np.count_nonzero(table.in_several)), by_arm=by_arm)


def _assignment(rolled: RollUp) -> Gate:
    """Whether units saw the arm that they were assigned to."""
    exposed = int(np.count_nonzero((rolled.table.arm != NONE) & ~rolled.table.in_several))
    wrong = int(np.count_nonzero(rolled.misassigned))
    found = DoubleExposure(exposed, wrong)
    gate = found.gate()
    numbers = {
        "units": exposed,
        "misassigned": wrong,
        "share": found.share,
        "lower_limit": gate.numbers["lower_limit"],
        "tolerance": found.tolerance,
        "alpha": found.alpha,
    }
    if gate.status == "not_run":
        return Gate("assignment", "not_run", "there are no units yet.", numbers)
    if not wrong:
        return Gate(
            "assignment", "passed", f"all of {exposed:,} units saw the arm that they were assigned to.", numbers
        )
    seen = f"{wrong:,} of {exposed:,} units saw another arm than they were assigned to, or were not to be exposed."
    if gate.has_failed:
        advice = "Find out which process has another salt, other weights or an older ramp."
        return Gate("assignment", "failed", f"{seen} {advice}", numbers)
    return Gate("assignment", "passed", f"{seen} They are left out of every arm.", numbers)


def _balance(rolled: RollUp, settings: Settings) -> Gate | None:
    """The covariates of each treatment against the control; the level is shared by the treatments."""
    if not settings.covariates:
        return None
    by_covariate = {name: rolled.covariate(place) for place, name in enumerate(settings.covariates)}
    control, *treatments = rolled.allocation.arms
    gates = []
    for arm in treatments:
        shown: list[dict[str, Any]] = [{}, {}]
        for name, (means, lacking) in by_covariate.items():
            lacks = any(_has_any(lacking[one]) for one in (control, arm))
            for side, one in zip(shown, (control, arm), strict=True):
                side[name] = means[one]
                if lacks:
                    side[f"{name} (missing)"] = lacking[one]
        gates.append(pre_period_balance(shown[0], shown[1], alpha=_ALPHA / len(treatments)))
    return worst_of("pre_period_balance", list(zip(treatments, gates, strict=True)))


def _has_any(lacking: Any) -> bool:
    return bool(lacking.n and lacking.estimate)


def _arrivals(rolled: RollUp, settings: Settings, trackers: TrackerArms | None) -> Iterator[tuple[str, Gate]]:
    """The gate of each metric of late labels and of each treatment."""
    control, *treatments = rolled.allocation.arms
    named = dict(settings.metrics)
    named.update({one.guardrail.metric: one.metric for one in settings.guardrails})
    late = {name: metric for name, metric in named.items() if isinstance(metric, TrackerMetric) or metric.late_labels}
    level = _ALPHA / max(1, len(late) * len(treatments))
    for name, metric in late.items():
        for arm in treatments:
            if isinstance(metric, OutcomeMetric):
                gate = _of_outcomes(rolled, name, metric, control, arm, level)
            elif trackers is not None:
                gate = trackers.parity(name, metric, control, arm, level)
            else:
                continue
            yield f"{name} of {arm}", gate


def _of_outcomes(rolled: RollUp, name: str, metric: OutcomeMetric, control: str, arm: str, level: float) -> Gate:
    """Delays where only positives are sent, coverage where every unit gets an outcome."""
    takes = rolled.eligible(metric)
    table, arms = rolled.table, rolled.allocation.arms
    places = [arms.index(one) for one in (control, arm)]
    if metric.kind != "any":
        unit, _, _ = rolled.outcomes(metric.outcome or name, metric)
        has = np.zeros(len(takes), bool)
        has[unit] = True
        shares = [Proportion.of(has[takes & (table.arm == place)]) for place in places]
        return label_arrival_parity(shares[0], shares[1], alpha=level)
    first = rolled.first_outcomes(name, metric)
    logs = []
    for place in places:
        mine = rolled.counted & (table.arm == place)
        known = first[mine]
        logs.append(ArmLog(table.time[mine].view("datetime64[us]"), known.view("datetime64[us]")))
    if not all(len(log) for log in logs) or metric.window is None:
        return Gate("label_arrival", "not_run", "an arm has no units yet.", {}, "labelled_metrics")
    start = min(int(log.predicted_at[0]) for log in logs)
    aged = arms_at_age(
        logs[0],
        logs[1],
        min_age=metric.window,
        start=np.datetime64(start, "us"),
        now=np.datetime64(rolled.now, "us"),
    )
    return aged.parity("prevalence", unlabelled="negative", alpha=level)
