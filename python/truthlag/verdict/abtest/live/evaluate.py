"""A look at a live test: from what was seen to a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.verdict.abtest.live.allocation import Allocation
from truthlag.verdict.abtest.live.guardrail_rows import guardrail_rows
from truthlag.verdict.abtest.live.live_gates import live_gates
from truthlag.verdict.abtest.live.logged_look import LoggedLook, iso, result_of
from truthlag.verdict.abtest.live.metric_rows import metric_rows
from truthlag.verdict.abtest.live.metric_spec import OutcomeMetric, TrackerMetric
from truthlag.verdict.abtest.live.moments import EARLIEST
from truthlag.verdict.abtest.live.roll_up import RollUp
from truthlag.verdict.abtest.live.settings import Settings
from truthlag.verdict.abtest.live.shard import NONE, Columns, Shard
from truthlag.verdict.abtest.live.together import Together, together
from truthlag.verdict.abtest.live.tracker_arms import TrackerArms
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.quantiles import LatencyHistogram
from truthlag.verdict.abtest.report.make import ab_test_report
from truthlag.verdict.abtest.report.report import ABTestReport
from truthlag.verdict.abtest.statistics.strata import Strata

#: Segments whose metrics are compared; sizes of arms are looked at in more.
_MOST_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a look rests on."""

    name: str
    allocation: Allocation
    settings: Settings
    trackers: Mapping[str, ModelPerformanceTracker]
    histograms: Mapping[tuple[str, str], LatencyHistogram]
    shards: Sequence[Columns]
    looks: Sequence[LoggedLook]
    now: int


class Found(NamedTuple):
    """The report, and what is logged of it."""

    report: ABTestReport
    look: LoggedLook


def evaluate(asked: Evaluation) -> Found:
    """The look.

    Raises:
        ValueError: A metric needs a tracker that is not attached.
    """
    settings, arms = asked.settings, asked.allocation.arms
    shards = asked.shards or [Shard(len(settings.covariates)).columns()]
    table = together(shards, len(arms), len(settings.covariates), asked.now)
    rolled = RollUp(table, asked.allocation, asked.now, settings.covariates)
    trackers = _trackers(asked, table)
    shown: dict[str, dict[str, Any]] = {arm: {} for arm in arms}
    for name, metric in settings.metrics.items():
        if isinstance(metric, OutcomeMetric):
            by_arm: Mapping[str, Any] = rolled.statistics(name, metric)
        else:
            by_arm = _attached(trackers).arms(name, metric, rolled.notes)
        for arm in arms:
            shown[arm][name] = by_arm[arm]
    rows, is_final = metric_rows(shown, settings, asked.looks, _by_segment(rolled, settings))
    if trackers is not None:
        rows = [_with_coverage(row, arms[0], settings, trackers) for row in rows]
    final = next((look for look in asked.looks if look.is_final), None)
    if final is not None:
        rolled.notes[f"the metrics were decided by the look of {final.at}: what came later is not looked at."] = None
    else:
        rows = [_told(row, rolled) for row in rows]
    if any(isinstance(one, Strata) for one in shown[arms[0]].values()):
        rolled.notes[
            "control and treatment are shown for all units; differences are averaged over the allocation periods."
        ] = None
    gates = live_gates(rolled, settings, trackers)
    unsound = [look for look in asked.looks if look.status == "invalid"]
    if unsound and not gates.failed:
        rolled.notes[
            f"a gate failed at the look of {unsound[-1].at}, and none fails now: find out what was wrong then before anything is decided."
        ] = None
    units = dict(zip(arms, rolled.counts(), strict=True))
    report = ab_test_report(
        metrics=rows,
        gates=gates,
        guardrails=guardrail_rows(rolled, settings, trackers, asked.histograms),
        name=asked.name,
        control=arms[0],
        units=units,
        labelled_metrics=_labelled(settings),
        looked_at=iso(asked.now),
        notes=[*rolled.notes, *_counted(table, rolled)],
    )
    look = LoggedLook(
        asked.now,
        units,
        report.status,
        tuple(result_of(row) for row in rows if row.segment is None),
        is_final,
        tuple(rows) if is_final else (),
    )
    return Found(report, look)


def _by_segment(rolled: RollUp, settings: Settings) -> dict[str, dict[str, dict[str, Any]]]:
    """What each arm shows in the outcome metrics of the largest segments, where they may be looked at any time."""
    if settings.segments is False or settings.mode != "confidence_sequence":
        return {}
    table = rolled.table
    seen = table.segment[rolled.counted]
    codes, units = np.unique(seen[seen != NONE], return_counts=True)
    largest = sorted(zip((-units).tolist(), codes.tolist(), strict=True))[:_MOST_SEGMENTS]
    if len(largest) < len(codes):
        rolled.notes[f"metrics are compared in the {_MOST_SEGMENTS} largest of {len(codes):,} segments."] = None
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for code in sorted(code for _, code in largest):
        inside = rolled.within(code)
        shown: dict[str, dict[str, Any]] = {arm: {} for arm in rolled.allocation.arms}
        for name, metric in settings.metrics.items():
            if isinstance(metric, OutcomeMetric):
                for arm, one in inside.statistics(name, metric).items():
                    shown[arm][name] = one
        if any(shown.values()):
            found[table.segments[code]] = shown
    return found


def _with_coverage(row: ComparisonRow, control: str, settings: Settings, trackers: TrackerArms) -> ComparisonRow:
    """The share of the rows of each arm that have their label, beside what they show; that of a final look is there already."""
    metric, found = settings.metrics.get(row.metric), row.comparison
    if not isinstance(metric, TrackerMetric) or found.control.coverage is not None:
        return row
    shares = trackers.coverage(metric)
    before = replace(found.control, coverage=shares[control])
    now = replace(found.treatment, coverage=shares[row.arm])
    return replace(row, comparison=replace(found, control=before, treatment=now))


def _told(row: ComparisonRow, rolled: RollUp) -> ComparisonRow:
    """What was done about covariates is a reason of the comparison too."""
    told = rolled.adjusted.get(row.metric, ()) if row.segment is None else ()
    if not told:
        return row
    return replace(row, comparison=replace(row.comparison, reasons=(*row.comparison.reasons, *told)))


def _trackers(asked: Evaluation, table: Together) -> TrackerArms | None:
    """Those of all arms, in order of the arms; the first exposure says when the test began, else the first prediction."""
    if not asked.settings.reads_trackers:
        return None
    for arm in asked.allocation.arms:
        if arm not in asked.trackers:
            raise ValueError(f"arm {arm!r} must have a tracker attached, since a metric is read from it")
    exposed = table.time[table.arm != NONE]
    start = int(exposed.min()) if len(exposed) else _first_prediction(asked.trackers, asked.now)
    by_arm = {arm: asked.trackers[arm] for arm in asked.allocation.arms}
    return TrackerArms(by_arm, asked.allocation, min(start, asked.now), asked.now)


def _first_prediction(trackers: Mapping[str, ModelPerformanceTracker], now: int) -> int:
    """That from which on all arms have rows; without ids to ask for, a hundred years back."""
    from truthlag.verdict.abtest.gates.arm_log import ArmLog

    found = []
    for tracker in trackers.values():
        if not tracker._keeps_ids():
            return max(EARLIEST, now - 100 * 365 * 86_400_000_000)
        log = ArmLog.of_tracker(tracker)
        if len(log):
            found.append(int(log.predicted_at[0]))
    return max(found, default=now)


def _attached(trackers: TrackerArms | None) -> TrackerArms:
    if trackers is None:
        raise ValueError("a metric is read from trackers, and none are attached")
    return trackers


def _labelled(settings: Settings) -> list[str]:
    named = dict(settings.metrics)
    named.update({one.guardrail.metric: one.metric for one in settings.guardrails})
    return [name for name, metric in named.items() if isinstance(metric, TrackerMetric) or metric.late_labels]


def _counted(table: Together, rolled: RollUp) -> list[str]:
    """What did not count, in words."""
    told = []
    if several := int(table.in_several.sum()):
        told.append(f"{several:,} units were seen in several arms and are in none.")
    if wrong := int(rolled.misassigned.sum()):
        told.append(f"{wrong:,} units saw another arm than they were assigned to and are in none.")
    if table.repeated:
        told.append(f"{table.repeated:,} outcomes came again with their ids and count once.")
    if table.dropped_units or table.dropped_events:
        told.append(
            f"{table.dropped_units:,} exposures and {table.dropped_events:,} outcomes were dropped, since there was no room for more."
        )
    return told
