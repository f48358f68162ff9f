"""A comparison as lines of text and as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from truthlag.metrics.text import aligned, html_table

if TYPE_CHECKING:
    from truthlag.verdict.abtest.result.comparison import ArmSummary, Comparison

__all__ = ["as_html", "as_text"]


def as_text(result: Comparison) -> str:
    """The arms, the differences, the verdict and its reasons."""
    facts = list(_facts(result))
    width = max(len(label) for label, _ in facts)
    lines = [*aligned(_arm_rows(result), left=1), "", *aligned(_difference_rows(result), left=1), ""]
    lines += [f"{label.ljust(width)}  {text}" for label, text in facts]
    lines += [f"{'' if place else 'reasons'.ljust(width)}{' ' * (width if place else 0)}  {reason}"
              for place, reason in enumerate(result.reasons)]  # fmt: skip
    return "\n".join(lines)


def as_html(result: Comparison) -> str:
    """The same as tables of a notebook; every text escaped, nothing loaded from elsewhere."""
    parts = [f"<p><strong>{escape(_title(result))}: {escape(result.verdict)}</strong></p>"]
    parts += [html_table(_arm_rows(result)), html_table(_difference_rows(result))]
    parts.append(html_table(list(_facts(result)), header=False))
    if result.reasons:
        parts.append(f"<ul>{''.join(f'<li>{escape(reason)}</li>' for reason in result.reasons)}</ul>")
    return f'<div class="truthlag-comparison">{"".join(parts)}</div>'


def number(value: float | None, digits: int = 4) -> str:
    """So many significant digits, the integers whole."""
    if value is None:
        return "none"
    if math.isinf(value):
        return "unbounded"
    return f"{value:.{digits}g}" if abs(value) < 1e4 or abs(value) >= 1e15 else f"{value:,.0f}"


def probability(value: float) -> str:
    """A p-value, which is not 0 because it is small."""
    return f"{value:.4f}" if value >= 1e-3 else f"{value:.2g}"


def percent(value: float | None) -> str:
    """A relative difference with its sign."""
    if value is None:
        return "none"
    return "unbounded" if math.isinf(value) else f"{100 * value:+.4g}%"


def _title(result: Comparison) -> str:
    return result.metric or "metric"


def _arm_rows(result: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [(_title(result), "estimate", "standard error", "n")]
    rows += [_arm_row("control", result.control), _arm_row("treatment", result.treatment)]
    arms = (result.control, result.treatment)
    if any(arm.coverage is not None for arm in arms):
        shares = ["none" if arm.coverage is None else f"{arm.coverage:.2%}" for arm in arms]
        rows = [(*row, more) for row, more in zip(rows, ["coverage", *shares], strict=True)]
    return rows


def _arm_row(name: str, arm: ArmSummary) -> tuple[str, ...]:
    return name, number(arm.estimate), number(arm.standard_error), f"{arm.n:,}"


def _difference_rows(result: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", "estimate", f"{100 * result.confidence:.6g}% interval")]
    rows.append(("difference", number(result.difference), _range(result.difference_interval, number)))
    relative = _range(result.relative_interval, percent)
    rows.append(("relative difference", percent(result.relative_difference), relative))
    if result.odds_ratio is not None:
        rows.append(("odds ratio", number(result.odds_ratio), _range(result.odds_ratio_interval, number)))
    return rows


def _range(interval: tuple[float, float] | None, shown: object) -> str:
    if interval is None:
        return "none"
    if math.isinf(interval[0]) and math.isinf(interval[1]):
        return "unbounded"
    low, high = (percent(limit) if shown is percent else number(limit) for limit in interval)
    return f"{low} to {high}"


def _facts(result: Comparison) -> Iterable[tuple[str, str]]:
    yield "verdict", result.verdict
    asked = f"{result.hypothesis.replace('_', '-')}, {result.direction} is better, alpha {result.alpha:g}"
    if result.alternative != "two_sided":
        asked += f" one-sided ({result.alternative})"
    if result.margin is not None:
        asked += f", margin {percent(result.margin)[1:] if result.scale == 'relative' else number(result.margin)}"
    yield "hypothesis", asked
    yield "method", f"{result.method}, {result.mode.replace('_', ' ')}"
    if result.p_value is not None:
        evidence = f"p = {probability(result.p_value)}"
        yield "evidence", evidence if result.e_value is None else f"{evidence}, e = {number(result.e_value)}"
    if result.additional_n:
        yield "more needed", f"{result.additional_n:,} {result.unit_name}"
