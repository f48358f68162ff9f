"""A report as lines of text and as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from truthlag.metrics.text import aligned, html_table
from truthlag.verdict.abtest.result.text import number, percent, probability

if TYPE_CHECKING:
    from truthlag.verdict.abtest.many.table import ComparisonRow
    from truthlag.verdict.abtest.report.report import ABTestReport
    from truthlag.verdict.abtest.report.rows import GuardrailRow

__all__ = ["as_html", "as_text"]

_WIDTH = 110
#: So many findings in segments are shown; all are in `metrics`.
_MOST_SEGMENTS = 20
_METRICS = ("metric", "arm", "role", "control", "treatment", "difference", "interval", "relative", "p", "verdict")
_GUARDRAILS = ("guardrail", "arm", "control", "treatment", "difference", "interval", "margin", "status")


def as_text(report: ABTestReport) -> str:
    """Gates, metrics, guardrails and the recommendation, in this order."""
    lines = [*_head(report), "", *_gate_lines(report)]
    for rows in _tables(report):
        lines += ["", *aligned(rows, left=2, free=True)]
    if report.notes:
        lines += ["", *(line for note in report.notes for line in wrap(note, _WIDTH))]
    text = wrap(report.recommendation.text, _WIDTH)
    return "\n".join([*lines, "", f"recommendation: {report.status.replace('_', ' ')}", *text])


def as_html(report: ABTestReport) -> str:
    """The same for a notebook; every text escaped, nothing loaded from elsewhere."""
    parts = [f"<p><strong>{escape(line)}</strong></p>" for line in _head(report)]
    gates = [("gate", "status", "reason")]
    gates += [(gate.name, gate.status.replace("_", " "), gate.reason) for gate in report.gates.gates]
    parts += [html_table(rows) for rows in ([gates] if len(gates) > 1 else []) + _tables(report)]
    parts += [f"<p>{escape(note)}</p>" for note in report.notes]
    status, text = report.status.replace("_", " "), report.recommendation.text
    parts.append(f"<p><strong>recommendation: {escape(status)}</strong></p><p>{escape(text)}</p>")
    return f'<div class="truthlag-ab-test">{"".join(parts)}</div>'


def _head(report: ABTestReport) -> Iterator[str]:
    when = f" at {report.looked_at}" if report.looked_at else ""
    yield f"test {report.name}{when}" if report.name else f"test{when}"
    if report.units is not None:
        yield f"units: {', '.join(f'{arm} {units:,}' for arm, units in report.units.items())}"


def _gate_lines(report: ABTestReport) -> list[str]:
    return str(report.gates).splitlines() or ["no gates were run"]


def _tables(report: ABTestReport) -> list[list[tuple[str, ...]]]:
    tables = []
    metrics = [row for row in report.metrics if row.segment is None]
    if metrics:
        tables.append([_METRICS, *map(_metric_cells, metrics)])
    segments = [row for row in report.metrics if row.segment is not None and row.verdict in ("better", "worse")]
    if segments:
        heading = ("segment", *_METRICS)
        tables.append([heading, *((str(row.segment), *_metric_cells(row)) for row in segments[:_MOST_SEGMENTS])])
    if report.guardrails:
        tables.append([_GUARDRAILS, *map(_guardrail_cells, report.guardrails)])
    return tables


def _metric_cells(row: ComparisonRow) -> tuple[str, ...]:
    result = row.comparison
    p_value = row.adjusted_p_value if row.adjusted_p_value is not None else result.p_value
    return (
        row.metric,
        row.arm,
        row.role,
        number(result.control.estimate),
        number(result.treatment.estimate),
        number(result.difference),
        _limits(row.adjusted_interval or result.difference_interval),
        percent(result.relative_difference),
        "none" if p_value is None else probability(p_value),
        row.verdict,
    )


def _guardrail_cells(row: GuardrailRow) -> tuple[str, ...]:
    result = row.comparison
    is_relative = result.scale == "relative"
    return (
        row.name,
        row.arm,
        number(result.control.estimate),
        number(result.treatment.estimate),
        percent(result.relative_difference) if is_relative else number(result.difference),
        _limits(
            result.relative_interval if is_relative else result.difference_interval, percent if is_relative else number
        ),
        percent(result.margin).removeprefix("+") if is_relative else number(result.margin),
        row.status,
    )


def _limits(interval: tuple[float, float] | None, shown: object = number) -> str:
    if interval is None:
        return "none"
    if all(map(math.isinf, interval)):
        return "unbounded" if interval[0] < interval[1] else "infinite"
    return " to ".join(percent(limit) if shown is percent else number(limit) for limit in interval)
