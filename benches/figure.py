"""A figure and the bar that it is held against."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bar:
    """The value that a figure must not be above (`at most`) or below (`at least`)."""

    kind: Literal["at least", "at most"]
    limit: float

    def holds(self, value: float) -> bool:
        """Return whether `value` is on the right side of the bar; the bar itself is."""
        return value >= self.limit if self.kind == "at least" else value <= self.limit


def at_least(limit: float) -> Bar:
    """Return the bar that a figure must reach."""
    return Bar("at least", limit)


def at_most(limit: float) -> Bar:
    """Return the bar that a figure must not pass."""
    return Bar("at most", limit)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: a median with its quartiles, its unit, and its bar if it has one."""

    what: str
    value: float
    unit: str
    low: float
    high: float
    repeats: int
    bar: Bar | None = None

    @property
    def passed(self) -> bool | None:
        """Whether the bar holds; None without a bar."""
        return None if self.bar is None else self.bar.holds(self.value)


def median_figure(what: str, values: Sequence[float], unit: str, bar: Bar | None = None) -> Figure:
    """Return the median of `values` with its quartiles as a figure."""
    ordered = sorted(values)
    if len(ordered) > 1:
        low, _, high = statistics.quantiles(ordered, n=4, method="inclusive")
    else:
        low = high = ordered[0]
    return Figure(what, statistics.median(ordered), unit, low, high, len(ordered), bar)


def worst_figure(what: str, values: Sequence[float], unit: str, bar: Bar | None = None) -> Figure:
    """Return the largest of `values` as a figure, with the smallest beside it."""
    return Figure(what, max(values), unit, min(values), max(values), len(values), bar)
