"""What a comparison shows, as a sentence with its numbers."""

from __future__ import annotations

import math

from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.report.rows import GuardrailRow
from truthlag.verdict.abtest.result.comparison import Comparison, Interval
from truthlag.verdict.abtest.result.text import number, percent


def of_metric(row: ComparisonRow) -> str:
    """How the metric moved, with the interval that allows for the others of its family."""
    result = row.comparison
    if result.control.estimate is None or result.treatment.estimate is None or result.difference is None:
        return f"{row.metric} is not known"
    return f"{_moved(row.metric, result)} ({_evidence(result, row.adjusted_interval or result.difference_interval)})"


def of_guardrail(row: GuardrailRow) -> str:
    """Where a guarded metric stands beside its margin."""
    result = row.comparison
    if result.difference is None:
        return f"{row.name} is not known"
    is_relative = result.scale == "relative"
    margin = percent(result.margin).removeprefix("+") if is_relative else number(result.margin)
    interval = result.relative_interval if is_relative else result.difference_interval
    limits = "without an interval" if interval is None else f"interval {_limits(interval, relative=is_relative)}"
    seen = percent(result.relative_difference) if is_relative else _signed(result.difference)
    return f"{row.name} {seen} ({limits}, margin {margin})"


def _moved(metric: str, result: Comparison) -> str:
    before, now = number(result.control.estimate), number(result.treatment.estimate)
    if result.difference == 0 and before == now:
        return f"{metric} stayed at {now}"
    how = "rose" if (result.difference or 0.0) > 0 else "fell"
    return f"{metric} {how} from {before} to {now}"


def _evidence(result: Comparison, interval: Interval | None) -> str:
    told = [] if result.relative_difference is None else [percent(result.relative_difference)]
    if interval is None:
        told.append("without an interval")
    else:
        level = f"{100 * result.confidence:.6g}% interval of the difference"
        told.append(f"{level} {_limits(interval, relative=False)}")
    return "; ".join(told)


def _limits(interval: Interval, *, relative: bool) -> str:
    if all(map(math.isinf, interval)):
        return "unbounded"
    low, high = (percent(limit) if relative else number(limit) for limit in interval)
    return f"{low} to {high}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number(value)}"


def listed(parts: list[str]) -> str:
    """A list in a sentence."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
