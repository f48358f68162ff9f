"""The metrics of a test by segment, with what remains after allowing for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from truthlag.metrics.text import aligned
from truthlag.show.abtest.arms import Arms
from truthlag.show.abtest.collected import Collected
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.request import AbTestRequest
from truthlag.verdict.abtest.gates import GateReport
from truthlag.verdict.abtest.many import MetricPlan, compare_many
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.result.text import number, probability

#: So many are shown as text; all of them are in the JSON.
_MOST_SHOWN = 20
_HEAD = ("segment", "metric", "control", "treatment", "difference", "interval", "p", "adjusted p", "verdict")


def segment_rows(
    request: AbTestRequest,
    wanted: Wanted,
    collected: Collected,
    arms: Arms,
    names: Sequence[str],
    gates: GateReport,
    labelled: Sequence[str],
) -> tuple[ComparisonRow, ...]:
    """Each metric in each segment."""

    def shown(segment: int | None) -> dict[str, dict[str, Any]]:
        by_metric = {spec.name: collected.shown(spec, segment=segment).arms for spec in wanted.metrics}
        return {
            arm: {metric: found[place] for metric, found in by_metric.items()} for place, arm in enumerate(arms.names)
        }

    segments = {name: shown(place) for place, name in enumerate(names)}
    primary = wanted.metrics[0]
    plans = {
        spec.name: MetricPlan(
            "primary" if spec == primary else "secondary",
            direction=spec.direction or (request.direction if spec == primary else "higher"),
        )
        for spec in wanted.metrics
    }
    table = compare_many(
        shown(None),
        metrics=plans,
        segments=segments,
        mode=request.mode,
        alpha=request.alpha,
        planned_n=request.planned_n,
        expected_n=request.expected_n,
    )
    rows = [row for row in table if row.segment is not None]
    failed = {row.metric: gates.against(labelled_only=row.metric in labelled) for row in rows}
    return tuple(replace(row, verdict="invalid") if failed[row.metric] else row for row in rows)


def segment_cells(rows: Sequence[ComparisonRow]) -> tuple[list[tuple[str, ...]], str]:
    """The rows of the smallest adjusted p-values, with a heading, and a sentence on all of them."""
    ranked = sorted(rows, key=lambda row: 2.0 if row.adjusted_p_value is None else row.adjusted_p_value)
    found = sum(row.verdict not in ("undecided", "invalid") for row in rows)
    adjustment = next((row.adjustment for row in rows if row.adjustment != "none"), "none")
    told = f"{len({row.segment for row in rows}):,} segments, {len(rows):,} comparisons adjusted by {adjustment}: {found:,} found"
    if len(ranked) > _MOST_SHOWN:
        told += f" (the first {_MOST_SHOWN} are shown)"
    cells = [_HEAD, *map(_cells, ranked[:_MOST_SHOWN])]
    if len({row.arm for row in rows}) > 1:
        named = ["arm", *(row.arm for row in ranked)]
        cells = [(*one[:2], arm, *one[2:]) for one, arm in zip(cells, named, strict=False)]
    return cells, f"{told}."


def segment_text(rows: Sequence[ComparisonRow]) -> str:
    """The same as lines of text."""
    cells, told = segment_cells(rows)
    return "\n".join([*aligned(cells, left=2, free=True), told])


def _cells(row: ComparisonRow) -> tuple[str, ...]:
    result, interval = row.comparison, row.comparison.difference_interval
    return (
        row.segment or "",
        row.metric,
        number(result.control.estimate),
        number(result.treatment.estimate),
        number(result.difference),
        "none" if interval is None else " to ".join(map(number, interval)),
        "none" if result.p_value is None else probability(result.p_value),
        "none" if row.adjusted_p_value is None else probability(row.adjusted_p_value),
        row.verdict,
    )
