"""What the picture of an interval over time is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from truthlag.verdict.abtest.pictures.axis import Tick, name_ticks, number_ticks, percent_ticks, seconds, time_ticks
from truthlag.verdict.abtest.pictures.drawing import Line, Paper, Sheet, Spot, limits, svg
from truthlag.verdict.abtest.result.text import number, percent

if TYPE_CHECKING:
    from truthlag.verdict.abtest.pictures.interval_over_time import IntervalOverTime

#: Pixels that a name at the axis takes.
_TICK_WIDTH, _TICK_HEIGHT = 95, 30


def drawn(shown: IntervalOverTime, width: float, height: float) -> str:
    """The picture of an interval over time."""
    places = _places(shown)
    spots = tuple(
        Spot(x, look.estimate, look.interval, look.verdict) for x, look in zip(places, shown.looks, strict=True)
    )
    relative = shown.scale == "relative"
    lines = tuple(
        Line(level, "0" if not level else f"margin {(percent if relative else number)(level)}", bool(level))
        for level in shown.levels
    )
    first = shown.first_verdict
    marked = None
    if first is not None:
        marked = shown.looks.index(first), first.verdict.replace("_", "-")
    elif len(shown.looks) and shown.looks[-1].verdict == "invalid":
        marked = len(shown.looks) - 1, "invalid"
    to_come = tuple(map(float, shown.planned))
    sheet = Sheet(
        title=shown.metric or "metric",
        subtitle=shown.caption,
        x_name=shown.at_name,
        y_name="treatment less control" + (", relative" if relative else ""),
        spots=spots,
        lines=lines,
        marked=marked,
        to_come=to_come,
    )
    low, high = limits(spots, lines)
    paper = Paper(width, height, _ends((*places, *to_come)), (low, high))
    most_up = max(2, int(paper.inner[1] / _TICK_HEIGHT))
    up = (percent_ticks if relative else number_ticks)(low, high, most_up)
    return svg(sheet, paper, _across(shown, (*places, *to_come), paper), up)


def _places(shown: IntervalOverTime) -> tuple[float, ...]:
    ats = [look.at for look in shown.looks]
    if isinstance(ats[0], str):
        return tuple(map(float, range(len(ats))))
    if isinstance(ats[0], date):
        return tuple(map(seconds, ats))
    return tuple(map(float, ats))


def _ends(places: Sequence[float]) -> tuple[float, float]:
    """A little more than the places, so that a whisker at the edge is whole."""
    low, high = min(places), max(places)
    room = 0.025 * (high - low)
    return low - room, high + room


def _across(shown: IntervalOverTime, places: Sequence[float], paper: Paper) -> tuple[Tick, ...]:
    first = shown.looks[0].at
    most = max(2, int(paper.inner[0] / _TICK_WIDTH))
    low, high = min(places), max(places)
    if isinstance(first, str):
        return name_ticks([look.at for look in shown.looks], most)
    if low == high:
        name = f"{first:,}" if isinstance(first, int | float) else str(first)
        return (Tick(low, name),)
    return time_ticks(low, high, most) if isinstance(first, date) else number_ticks(low, high, most)
