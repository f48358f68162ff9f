"""Where a procedure by steps gives a verdict that the interval beside it does not show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truthlag.verdict.abtest.many.table import ComparisonRow

#: Procedures that reject more than Bonferroni does, by which their intervals are made.
NAMES = {
    "holm": "Holm's test",
    "hommel": "Hommel's test",
    "hochberg": "Hochberg's test",
    "sidak": "Sidak's test",
    "holm_sidak": "the test of Holm and Sidak",
}


def is_beyond_interval(row: ComparisonRow) -> bool:
    """Whether a row has a verdict that its simultaneous interval does not show."""
    result, verdict, interval = row.comparison, row.verdict, row.adjusted_interval
    if row.adjustment not in NAMES or interval is None or verdict in ("undecided", "invalid"):
        return False
    if result.scale == "relative":
        # The interval is of the difference. A loss that the p-value is not of is held to Bonferroni's level by itself.
        is_of_p_value = result.hypothesis == "superiority" or verdict in ("non_inferior", "equivalent")
        return is_of_p_value and row.family_size * (result.p_value or 0.0) > result.alpha
    (low, high), margin = interval, result.margin or 0.0
    if verdict == "equivalent":
        return low < -margin or high > margin
    if verdict == "non_inferior":
        return low < -margin if result.direction == "higher" else high > margin
    is_up = (verdict == "better") == (result.direction == "higher")
    return low < margin if is_up else high > -margin


def beyond_intervals(rows: Iterable[ComparisonRow]) -> list[str]:
    """What is said of rows whose verdicts their intervals do not show, once for each procedure."""
    names = dict.fromkeys(NAMES[row.adjustment] for row in rows if is_beyond_interval(row))
    return [
        f"{name[0].upper()}{name[1:]} finds more than the intervals that hold for all together show: a verdict may stand beside an"
        " interval that does not show it."
        for name in names
    ]
