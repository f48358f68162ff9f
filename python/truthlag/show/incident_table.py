"""Incidents as a table, and as bars along the time of a log."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from truthlag.show.console import can_show
from truthlag.show.counted import counted
from truthlag.show.table import STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from truthlag import Incident

_FINE, _PLAIN = "·─█", ".-#"
"""Nothing; bad; open."""
_MIDNIGHT = (0, 0, 0, 0)
_LEAST_BAR = 10
_MOST_BARS = 20
_HEADINGS = ("opened", "bad since", "over", "severity", "model", "what fell")


def show_incidents(console: Console, incidents: Sequence[Incident]) -> None:
    """Print a line for each incident: when it was opened, since when it was bad, when it was over, how bad, what fell.

    On a terminal that is too narrow, what fell goes on beneath.
    """
    if not incidents:
        console.print(Text("no incidents"), soft_wrap=True)
        return
    days_only = all(
        _is_midnight(moment) for one in incidents for moment in (one.start, one.first_bad, one.end) if moment
    )
    rows = [_cells(one, 10 if days_only else 16) for one in incidents]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    fits = not console.is_terminal or sum(widths) + len(widths) - 1 <= console.width
    columns = len(_HEADINGS) if fits else len(_HEADINGS) - 1
    console.print(Text(_line(_HEADINGS[:columns], widths), style="bold"), soft_wrap=True)
    for incident, row in zip(incidents, rows, strict=True):
        text = Text(_line(row[:columns], widths))
        place = sum(widths[:3]) + 3
        text.stylize(STYLES[incident.peak_severity], place, place + len(row[3]))
        console.print(text, soft_wrap=True)
        if not fits:
            console.print(Text(f"  {row[-1]}"), soft_wrap=True)


def show_timeline(console: Console, incidents: Sequence[Incident], start: datetime, end: datetime) -> None:
    """Print a bar for each incident from `start` to `end`: dashes while it was bad and not told yet, blocks while it was open.

    Each column stands for an equal share of the time, and shows the most that happened in it. Of more than 20 incidents those
    are drawn that were over last, or are not over yet, from the day on which the first of them was bad.
    """
    if not incidents or start >= end:
        return
    drawn = _over_last(incidents)
    if len(drawn) < len(incidents):
        start = _day_of_the_first(drawn, start, end)
    names = [one.model for one in drawn]
    label = min(max(map(len, names)), 20)
    marks = _FINE if can_show(console, _FINE) else _PLAIN
    width = max(_LEAST_BAR, min(console.width if console.is_terminal else 100, 100) - label - 1)
    first, last = f"{start.astimezone(UTC):%Y-%m-%d}", f"{end.astimezone(UTC):%Y-%m-%d}"
    console.print(
        Text(f"{'':{label}} {first}{last.rjust(max(width - len(first), len(last) + 1))}", style="dim"), soft_wrap=True
    )
    for incident, name in zip(drawn, names, strict=True):
        bar = _bar(incident, start, end, width, marks)
        text = Text(f"{name[:label]:{label}} {bar}")
        text.stylize(STYLES[incident.peak_severity], label + 1)
        console.print(text, soft_wrap=True)
    if len(drawn) < len(incidents):
        left_out = counted(len(incidents) - len(drawn), "incident")
        console.print(Text(f"not drawn: {left_out}, over earlier than these", style="dim"), soft_wrap=True)


def incident_summary(incidents: Sequence[Incident], notifications: int) -> str:
    """One line: how many there were, how many are open still, how often somebody was told."""
    is_open = sum(one.end is None for one in incidents)
    critical = sum(one.peak_severity == "critical" for one in incidents)
    total = f"{counted(len(incidents), 'incident')}, {critical:,} of them critical, {is_open:,} open at the end"
    return f"{total}; {counted(notifications, 'notification')}"


def _cells(incident: Incident, width: int) -> tuple[str, ...]:
    names = [metric.name for metric in incident.metrics]
    return (
        _moment(incident.start, width),
        _moment(incident.first_bad, width),
        "open" if incident.end is None else _moment(incident.end, width),
        incident.peak_severity,
        incident.model,
        "too few labels" if incident.kind == "labels" else ", ".join(names),
    )


def _moment(moment: datetime, width: int) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")[:width]


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == _MIDNIGHT


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()


def _over_last(incidents: Sequence[Incident]) -> list[Incident]:
    """As many as are drawn, in the order in which they are given: what is open still comes before what was over last."""
    latest = sorted(incidents, key=lambda one: (one.end is None, one.end or one.start, one.start))[-_MOST_BARS:]
    drawn = {one.id for one in latest}
    return [one for one in incidents if one.id in drawn]


def _day_of_the_first(incidents: Sequence[Incident], start: datetime, end: datetime) -> datetime:
    """The midnight from which on these can be drawn, within the time that is shown."""
    first = min(one.first_bad for one in incidents).astimezone(UTC)
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return max(start, day) if day < end else start


def _bar(incident: Incident, start: datetime, end: datetime, width: int, marks: str) -> str:
    """The bar: a column is marked where any of it is bad, and filled where any of it is open."""
    bar = [marks[0]] * width
    over = end if incident.end is None else incident.end
    for since, until, mark in ((incident.first_bad, incident.start, marks[1]), (incident.start, over, marks[2])):
        if until < start or since > end:
            continue
        first = int((max(since, start) - start) / (end - start) * width)
        last = math.ceil((min(until, end) - start) / (end - start) * width)
        # Bad and open from one moment on is open; what is open for no more than a look still has a column.
        least = first + 1 if mark == marks[2] else first
        for column in range(min(first, width - 1), min(max(last, least), width)):
            bar[column] = mark
    return "".join(bar)
