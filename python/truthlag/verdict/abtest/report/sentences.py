"""What a comparison shows, as a sentence with its numbers."""

from __future__ import annotations

import math

from truthlag.verdict.abtest.many.beyond_interval import NAMES, is_beyond_interval
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.report.rows import GuardrailRow
from truthlag.verdict.abtest.result.comparison import Comparison, Interval
from truthlag.verdict.abtest.result.text import number, percent, probability


def of_metric(row: ComparisonRow) -> str:
    """How the metric moved, with the interval that allows for the others of its family."""
    result = row.comparison
    if result.control.estimate is None or result.treatment.estimate is None or result.difference is None:
        return f"{row.metric} is not known"
    return f"{_moved(row.metric, result)} ({_evidence(row)})"


def of_guardrail(row: GuardrailRow) -> str:
    """Where a guarded metric stands beside its margin."""
    result = row.comparison
    if result.difference is None:
        why = f": {result.reasons[0].rstrip('.')}" if result.reasons else ""
        return f"{row.name} is not known{why}"
    is_relative = result.scale == "relative"
    margin = percent(result.margin).removeprefix("+") if is_relative else number(result.margin)
    interval = result.relative_interval if is_relative else result.difference_interval
    limits = "without an interval" if interval is None else f"interval {_limits(interval, relative=is_relative)}"
    seen = percent(result.relative_difference) if is_relative else _signed(result.difference)
    return f"{row.name} {seen} ({limits}, margin {margin})"


def _moved(metric: str, result: Comparison) -> str:
    before, now = number(result.control.estimate), number(result.treatment.estimate)
    difference = result.difference or 0.0
    how = "rose" if difference > 0 else "fell"
    if not _is_that_of_the_estimates(result):
        # What is averaged over strata, or adjusted, may even go the other way.
        moved = f"{how} by {number(abs(difference))}" if difference else "stayed as it was"
        return f"{metric} {moved} with like held against like, where all units show {before} and {now}"
    if difference == 0 and before == now:
        return f"{metric} stayed at {now}"
    return f"{metric} {how} from {before} to {now}"


def _is_that_of_the_estimates(result: Comparison) -> bool:
    """Whether the reader who subtracts the two numbers finds the difference, but for their last digits."""
    before, now, difference = result.control.estimate, result.treatment.estimate, result.difference
    if before is None or now is None or difference is None:
        return True
    return abs((now - before) - difference) <= max(1e-4 * abs(difference), 1e-9 * max(abs(before), abs(now)))


def _evidence(row: ComparisonRow) -> str:
    result = row.comparison
    told = [] if result.relative_difference is None else [percent(result.relative_difference)]
    # That of a family is of the difference.
    is_relative = result.scale == "relative" and row.adjusted_interval in (None, result.difference_interval)
    interval = result.relative_interval if is_relative else row.adjusted_interval or result.difference_interval
    if interval is None:
        told.append("without an interval")
    else:
        level = f"{100 * result.confidence:.6g}% interval of the {'relative ' if is_relative else ''}difference"
        limits = f"{_limits(interval, relative=is_relative)}{_margin(result)}"
        if is_beyond_interval(row) and row.adjusted_p_value is not None:
            told.append(
                f"simultaneous {level} {limits}; p = {probability(row.adjusted_p_value)} by {NAMES[row.adjustment]}"
            )
        else:
            told.append(f"{level} {limits}")
    return "; ".join(told)


def _margin(result: Comparison) -> str:
    """What was to be shown, where it is not that there is a difference at all."""
    if result.hypothesis == "superiority" and not result.margin:
        return ""
    margin = percent(result.margin).removeprefix("+") if result.scale == "relative" else number(result.margin)
    return f", margin of {result.hypothesis.replace('_', '-')} {margin}"


def _limits(interval: Interval, *, relative: bool) -> str:
    if all(map(math.isinf, interval)):
        return "unbounded" if interval[0] < interval[1] else "infinite"
    low, high = (percent(limit) if relative else number(limit) for limit in interval)
    return f"{low} to {high}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number(value)}"


def listed(parts: list[str]) -> str:
    """A list in a sentence."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
