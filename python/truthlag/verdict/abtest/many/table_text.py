"""Many comparisons as lines of text and as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from truthlag.metrics.text import aligned, html_table
from truthlag.verdict.abtest.many.beyond_interval import beyond_intervals
from truthlag.verdict.abtest.result.text import number, probability

if TYPE_CHECKING:
    from truthlag.verdict.abtest.many.table import ComparisonRow, ComparisonTable

__all__ = ["as_html", "as_text"]

#: So many segments are shown; all are in `rows`.
_MOST_SEGMENTS = 20
_HEAD = (
    "arm",
    "metric",
    "role",
    "control",
    "treatment",
    "difference",
    "adjusted interval",
    "p",
    "adjusted p",
    "verdict",
)


def as_text(table: ComparisonTable) -> str:
    """The rows of all units, the segments that have a verdict, and which arms are ready."""
    lines = list(aligned(_whole(table), left=3, free=True))
    segments, told = _segments(table)
    if told:
        lines += ["", told]
    if segments:
        lines += ["", *aligned(segments, left=4, free=True)]
    return "\n".join([*lines, "", *_remarks(table)])


def as_html(table: ComparisonTable) -> str:
    """The same as tables of a notebook; every text escaped, nothing loaded from elsewhere."""
    parts = [html_table(_whole(table))]
    segments, told = _segments(table)
    if told:
        parts.append(f"<p>{escape(told)}</p>")
    if segments:
        parts.append(html_table(segments))
    parts += [f"<p>{escape(remark)}</p>" for remark in _remarks(table)]
    return f'<div class="truthlag-comparison-table">{"".join(parts)}</div>'


def _whole(table: ComparisonTable) -> list[tuple[str, ...]]:
    return [_HEAD, *(_cells(row) for row in table.rows if row.segment is None)]


def _segments(table: ComparisonTable) -> tuple[list[tuple[str, ...]], str]:
    """The segments to be shown, those of the smallest adjusted p-values, and a sentence on all of them."""
    rows = [row for row in table.rows if row.segment is not None]
    if not rows:
        return [], ""
    told = [row for row in rows if row.comparison.is_decided and row.verdict == row.comparison.verdict]
    # A guardrail that passes is as it should be.
    told = [row for row in told if row.role != "guardrail" or row.verdict != "non_inferior"]
    count = len({row.segment for row in rows})
    text = f"{count:,} segment{'' if count == 1 else 's'}, {len(rows):,} comparisons, {len(told):,} with a finding"
    told.sort(key=lambda row: (row.role != "guardrail", row.adjusted_p_value or 0.0))
    shown = told[:_MOST_SEGMENTS]
    if len(shown) < len(told):
        text += f" (the first {len(shown)} are shown)"
    heading = ("segment", *_HEAD)
    return ([heading, *((row.segment or "", *_cells(row)) for row in shown)] if shown else []), f"{text}."


def _cells(row: ComparisonRow) -> tuple[str, ...]:
    result, interval = row.comparison, row.adjusted_interval
    limits = "none"
    if interval is not None:
        limits = "unbounded" if all(map(math.isinf, interval)) else " to ".join(map(number, interval))
    return (
        row.arm,
        row.metric,
        row.role,
        number(result.control.estimate),
        number(result.treatment.estimate),
        number(result.difference),
        limits,
        "none" if result.p_value is None else probability(result.p_value),
        "none" if row.adjusted_p_value is None else probability(row.adjusted_p_value),
        row.verdict,
    )


def _remarks(table: ComparisonTable) -> Iterator[str]:
    families: dict[str, str] = {}
    for row in table.rows:
        if row.adjustment != "none":
            name = f"{row.role} metrics" if row.segment is None else "segments"
            families[name] = f"{row.adjustment} over {row.family_size:,}"
    adjusted = "; ".join(f"{name} by {how}" for name, how in families.items())
    yield f"control {table.control}, {table.mode.replace('_', ' ')}, alpha {table.alpha:g}" + (
        f"; adjusted: {adjusted}." if adjusted else "; nothing adjusted."
    )
    yield from beyond_intervals(table.rows)
    ready = table.ready
    yield f"ready: {', '.join(ready) if ready else 'none'}."
