"""Estimates with their intervals as an SVG picture: own text, nothing loaded, the same bytes each time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from truthlag.verdict.abtest.pictures.axis import Tick

#: Those of the other pictures of the manual.
INK, QUIET, LOSS, GAIN = "#1d3557", "#888888", "#c1440e", "#2a7f62"
COLOURS = {
    "better": GAIN,
    "non_inferior": GAIN,
    "equivalent": GAIN,
    "worse": LOSS,
    "invalid": LOSS,
    "undecided": INK,
}
LEFT, RIGHT, TOP, BOTTOM = 78.0, 18.0, 66.0, 44.0
#: With more looks than these, single whiskers are a carpet.
_MOST_WHISKERS = 40
#: An interval so many times as wide as the middle one is cut at the edge.
_WIDE = 3.0


@dataclass(frozen=True, slots=True)
class Spot:
    """An estimate with its interval, at a place of the axis."""

    x: float
    estimate: float | None
    interval: tuple[float, float] | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Line:
    """A level that intervals are held against."""

    y: float
    name: str
    dashed: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is drawn."""

    title: str
    subtitle: str
    x_name: str
    y_name: str
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    marked: tuple[int, str] | None
    """The spot that is marked, and what is written beside it."""
    to_come: tuple[float, ...] = ()
    """Places of looks that are planned."""


def limits(spots: Sequence[Spot], lines: Sequence[Line]) -> tuple[float, float]:
    """What the upright axis shows: all but the widest intervals, and every level.

    >>> spots = [Spot(1, 0.1, (-9.0, 9.0), "undecided"), *(Spot(x, 0.1, (0.0, 0.2), "better") for x in (2, 3))]
    >>> low, high = limits(spots, [Line(0.0, "0", False)])
    >>> -0.8 < low < 0.0, 0.2 < high < 1.0
    (True, True)
    """
    widths = sorted(high - low for low, high in _intervals(spots))
    most = _WIDE * widths[len(widths) // 2] if widths else math.inf
    values = [line.y for line in lines]
    values += [spot.estimate for spot in spots if spot.estimate is not None]
    for spot in spots:
        if spot.interval is None:
            continue
        middle = spot.estimate
        for limit in spot.interval:
            if math.isfinite(limit):
                far = middle is not None and abs(limit - middle) > most
                values.append(middle + math.copysign(most, limit - middle) if far and middle is not None else limit)
    low, high = (min(values), max(values)) if values else (-1.0, 1.0)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - room, high + room


def _intervals(spots: Iterable[Spot]) -> list[tuple[float, float]]:
    return [spot.interval for spot in spots if spot.interval is not None and all(map(math.isfinite, spot.interval))]


class Paper:
    """The plot area: from values to places in pixels, and the parts that were drawn."""

    def __init__(self, width: float, height: float, across: tuple[float, float], up: tuple[float, float]) -> None:
        self.width, self.height = width, height
        self.inner = (width - LEFT - RIGHT, height - TOP - BOTTOM)
        self._across, self._up = across, up

    def x(self, value: float) -> float:
        """The place in the plot area, from its left edge."""
        low, high = self._across
        return self.inner[0] * ((value - low) / (high - low) if high > low else 0.5)

    def y(self, value: float) -> float:
        """The place from its upper edge; beyond it for what is not shown."""
        low, high = self._up
        share = min(max((high - value) / (high - low), -1.0), 2.0)
        return self.inner[1] * share


def opening(width: float, height: float, title: str) -> Iterable[str]:
    """How a picture begins, up to its white ground."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    font = 'font-family="DejaVu Sans, Arial, sans-serif" font-size="12"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {font}>'
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'


def svg(sheet: Sheet, paper: Paper, across: Sequence[Tick], up: Sequence[Tick]) -> str:
    """The picture as one element `svg`."""
    width, height = paper.width, paper.height
    parts = [
        *opening(width, height, sheet.title),
        f"<desc>{escape(sheet.subtitle)}</desc>",
        text(LEFT, 20, sheet.title, size=14, weight="bold"),
        text(LEFT, 38, sheet.subtitle, fill="#555555"),
        *_axes(sheet, paper, across, up),
        # What is beyond the plot area is cut by the inner picture, which needs no id for that.
        f'<svg x="{LEFT:g}" y="{TOP:g}" width="{paper.inner[0]:.6g}" height="{paper.inner[1]:.6g}" overflow="hidden">',
        *_levels(sheet, paper),
        *_estimates(sheet, paper),
        "</svg>",
        *_mark(sheet, paper),
        "</svg>",
    ]
    return "\n".join(parts)


def _axes(sheet: Sheet, paper: Paper, across: Sequence[Tick], up: Sequence[Tick]) -> Iterable[str]:
    right, floor = LEFT + paper.inner[0], TOP + paper.inner[1]
    for tick in up:
        y = TOP + paper.y(tick.place)
        yield f'<path d="M{LEFT:g} {y:.2f}H{right:g}" stroke="#eeeeee"/>'
        yield text(LEFT - 7, y + 4, tick.name, anchor="end")
    yield f'<path d="M{LEFT:g} {TOP:g}V{floor:g}H{right:g}" fill="none" stroke="#444444"/>'
    for tick in across:
        x = LEFT + paper.x(tick.place)
        yield f'<path d="M{x:.2f} {floor:g}v4" stroke="#444444"/>'
        yield text(x, floor + 17, tick.name, anchor=_anchor(x, right))
    yield text(LEFT + paper.inner[0] / 2, floor + 36, sheet.x_name, anchor="middle", fill="#555555")
    middle = TOP + paper.inner[1] / 2
    yield (
        f'<text x="16" y="{middle:g}" text-anchor="middle" fill="#555555" transform="rotate(-90 16 {middle:g})">'
        f"{escape(sheet.y_name)}</text>"
    )


def _anchor(x: float, right: float) -> str:
    """A long name at the right edge ends there."""
    return "end" if right - x < 30 else "middle"


def _levels(sheet: Sheet, paper: Paper) -> Iterable[str]:
    for x in sheet.to_come:
        yield f'<path d="M{paper.x(x):.2f} 0V{paper.inner[1]:.6g}" stroke="#bbbbbb" stroke-dasharray="1 4"/>'
    for line in sheet.lines:
        y = paper.y(line.y)
        dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
        colour = LOSS if line.dashed else "#000000"
        yield f'<path d="M0 {y:.2f}H{paper.inner[0]:.6g}" stroke="{colour}" stroke-width="1"{dashes}/>'
        if line.dashed:
            yield text(paper.inner[0] - 4, y - 5 if y > 20 else y + 14, line.name, anchor="end", fill=colour)


def _estimates(sheet: Sheet, paper: Paper) -> Iterable[str]:
    whiskers = len(sheet.spots) <= _MOST_WHISKERS
    for known, group in groupby(sheet.spots, key=lambda spot: spot.interval is not None):
        run = list(group)
        if known and len(run) > 1:
            upper = [f"{paper.x(spot.x):.2f} {paper.y(_limit(spot, 1)):.2f}" for spot in run]
            lower = [f"{paper.x(spot.x):.2f} {paper.y(_limit(spot, 0)):.2f}" for spot in reversed(run)]
            opacity = 0.13 if whiskers else 0.22
            yield f'<path d="M{"L".join(upper + lower)}Z" fill="{INK}" fill-opacity="{opacity}"/>'
    for known, group in groupby(sheet.spots, key=lambda spot: spot.estimate is not None):
        run = list(group)
        if known and len(run) > 1:
            points = "L".join(f"{paper.x(spot.x):.2f} {paper.y(spot.estimate or 0.0):.2f}" for spot in run)
            yield f'<path d="M{points}" fill="none" stroke="{INK}" stroke-width="1.8" stroke-linejoin="round"/>'
    if whiskers:
        for spot in sheet.spots:
            yield from _whisker(spot, paper)


def _whisker(spot: Spot, paper: Paper) -> Iterable[str]:
    colour, x = COLOURS.get(spot.verdict, INK), paper.x(spot.x)
    if spot.interval is not None:
        high, low = paper.y(_limit(spot, 1)), paper.y(_limit(spot, 0))
        caps = f"M{x - 3:.2f} {high:.2f}h6M{x - 3:.2f} {low:.2f}h6"
        yield f'<path d="M{x:.2f} {high:.2f}V{low:.2f}{caps}" stroke="{colour}" stroke-width="1.4" fill="none"/>'
    if spot.estimate is not None:
        yield f'<circle cx="{x:.2f}" cy="{paper.y(spot.estimate):.2f}" r="3.2" fill="{colour}"/>'


def _limit(spot: Spot, side: int) -> float:
    limit = (spot.interval or (0.0, 0.0))[side]
    # An infinite one is beyond any edge.
    return limit if math.isfinite(limit) else math.copysign(1e300, limit)


def _mark(sheet: Sheet, paper: Paper) -> Iterable[str]:
    if sheet.marked is None:
        return
    place, told = sheet.marked
    spot = sheet.spots[place]
    colour, x = COLOURS.get(spot.verdict, INK), LEFT + paper.x(spot.x)
    yield f'<path d="M{x:.2f} {TOP:g}V{TOP + paper.inner[1]:.6g}" stroke="{colour}" stroke-dasharray="2 3"/>'
    if spot.estimate is not None:
        y = TOP + paper.y(spot.estimate)
        yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="5.5" fill="#ffffff" stroke="{colour}" stroke-width="2.4"/>'
    anchor = (
        "middle" if LEFT + 40 < x < LEFT + paper.inner[0] - 40 else "start" if x < LEFT + paper.inner[0] / 2 else "end"
    )
    yield text(x, TOP - 6, told, anchor=anchor, fill=colour, weight="bold")


def text(
    x: float, y: float, told: str, *, anchor: str = "start", fill: str = "#333333", size: int = 0, weight: str = ""
) -> str:
    """A text at a place, in pixels."""
    more = (f' font-size="{size}"' if size else "") + (f' font-weight="{weight}"' if weight else "")
    more += "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.2f}" y="{y:.2f}" fill="{fill}"{more}>{escape(told)}</text>'
