"""A small plot of lines over time in plain characters, for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Line:
    """A line of the plot: what it is, its character and style, and its points."""

    name: str
    mark: str
    style: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axes:
    """The size of the plot in characters and what its edges stand for."""

    left: float
    right: float
    bottom: float
    top: float
    width: int = 64
    height: int = 13

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of a point."""
        column = round((x - self.left) / (self.right - self.left) * (self.width - 1))
        row = round((self.top - y) / (self.top - self.bottom) * (self.height - 1))
        return min(max(row, 0), self.height - 1), min(max(column, 0), self.width - 1)


@dataclass(frozen=True)
class Strokes:
    """What axes and upright marks are drawn with."""

    mark: str
    side: str
    side_tick: str
    corner: str
    floor: str
    floor_tick: str


BOX = Strokes("┊", "│", "┤", "└", "─", "┴")
ASCII = Strokes(":", "|", "+", "+", "-", "+")
"""For terminals and files whose encoding lacks the others."""


def plot(
    axes: Axes,
    lines: Sequence[Line],
    ticks: Iterable[float],
    marks: Iterable[tuple[float, str]] = (),
    strokes: Strokes = BOX,
) -> Iterable[Text]:
    """The plot as lines of text. `ticks` are labelled on the x axis, `marks` are named upright dashes.

    Where lines meet, the later one is in front.
    """
    cells = [[(" ", "")] * axes.width for _ in range(axes.height)]
    named = list(marks)
    for x, _ in named:
        column = axes.cell(x, axes.top)[1]
        for row in cells:
            row[column] = (strokes.mark, "dim")
    for line in lines:
        for x, y in line.points:
            row_number, column = axes.cell(x, y)
            cells[row_number][column] = (line.mark, line.style)
    if named:
        yield Text("      " + _place({axes.cell(x, axes.top)[1]: name for x, name in named}, axes.width), style="dim")
    for number, row in enumerate(cells):
        value = axes.top - number * (axes.top - axes.bottom) / (axes.height - 1)
        side = f"{value:4.2f} {strokes.side_tick}" if number % 3 == 0 else f"     {strokes.side}"
        text = Text(side, style="dim")
        for mark, style in row:
            text.append(mark, style=style)
        text.rstrip()
        yield text
    places = {axes.cell(tick, axes.bottom)[1]: f"{tick:g}" for tick in ticks}
    floor = (strokes.floor_tick if column in places else strokes.floor for column in range(axes.width))
    yield Text(f"     {strokes.corner}{''.join(floor)}", style="dim")
    yield Text("      " + _place(places, axes.width), style="dim")
    legend = Text("      ")
    for line in lines:
        legend.append(line.mark, style=line.style)
        legend.append(f" {line.name}   ")
    legend.rstrip()
    yield legend


def _place(words: dict[int, str], width: int) -> str:
    """Words centred at their columns."""
    text = [" "] * (width + 8)
    for column, word in words.items():
        start = max(column - len(word) // 2, 0)
        text[start : start + len(word)] = word
    return "".join(text).rstrip()
