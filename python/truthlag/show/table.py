"""Rows of the replay as a table that is printed line by line, as the rows come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from truthlag.show.duration import DAY
from truthlag.show.period import METRICS, Period
from truthlag.show.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

STYLES = {"ok": "green", "warning": "yellow", "critical": "bold red", "pending": "dim", "too_few": "dim"}
WORDS = {"too_few": "too few"}
"""Verdicts that are written differently for people."""

_VERDICT = "verdict"
_COLUMNS = (
    # The cell, the least width of its column (0: that of a metric), its heading from the widest layout to the narrowest.
    ("predictions", 7, ("predictions", "made", "made")),
    ("labels", 7, ("labels", "known", "known")),
    ("coverage", 6, ("coverage", "cover", None)),
    ("accuracy", 0, ("accuracy", "acc", "acc")),
    ("precision", 0, ("precision", "prec", "prec")),
    ("recall", 0, ("recall", "recall", "rec")),
    ("f1_score", 0, ("F1", "F1", "F1")),
    ("roc_auc", 0, ("AUC", "AUC", "AUC")),
    (_VERDICT, 8, ("verdict", "verdict", "verdict")),
)
_UNDEFINED = "-"


@dataclass(frozen=True)
class _Layout:
    """The columns of one layout: cell, width and heading of each."""

    time_width: int
    columns: tuple[tuple[str, int, str], ...]
    metric_width: int
    """5 for `0.857`, 4 for `.857`."""

    @property
    def width(self) -> int:
        return self.time_width + sum(1 + width for _, width, _ in self.columns)

    def line(self, first: str, cells: Mapping[str, str]) -> str:
        line = first.ljust(self.time_width)
        for name, width, _ in self.columns:
            # The verdict is a word and stands to the left, all else are numbers.
            line += " " + (cells[name].ljust(width) if name == _VERDICT else cells[name].rjust(width))
        return line.rstrip()

    def heading(self) -> str:
        return self.line("period", {name: heading for name, _, heading in self.columns})


def _layouts(time_width: int) -> list[_Layout]:
    """From the widest to the narrowest."""
    return [
        _Layout(
            time_width,
            tuple(
                (name, max(metric_width if name in METRICS else least, len(heading)), heading)
                for name, least, headings in _COLUMNS
                if (heading := headings[number]) is not None
            ),
            metric_width,
        )
        for number, metric_width in enumerate((5, 5, 4))
    ]


class TableWriter:
    """Prints rows of fixed width.

    On a terminal too narrow for the full headings they are shorter, and 80 columns suffice; on a narrower one the
    coverage goes, which the two columns before it say as well, and so do the zeros before the points: 60 suffice.
    """

    def __init__(self, console: Console, every: int) -> None:
        self._console = console
        layouts = _layouts(10 if every % DAY == 0 else 19 if every % 60_000_000 else 16)
        fitting = [layout for layout in layouts if not console.is_terminal or layout.width <= console.width]
        self._fits = bool(fitting)
        self._layout = fitting[0] if fitting else layouts[-1]

    def begin(self) -> None:
        """Print the heading."""
        if not self._fits:
            needs, has = self._layout.width, self._console.width
            self._print(Text(f"the table needs {needs} columns; this terminal has {has}, so that lines break"))
        self._print(Text(self._layout.heading(), style="bold"))

    def row(self, period: Period) -> None:
        """Print one row."""
        moment = to_datetime(period.start).isoformat(sep=" ")[: self._layout.time_width]
        verdict = WORDS.get(period.verdict, period.verdict)
        cells = {
            "predictions": f"{period.predictions:,}",
            "labels": f"{period.labels:,}",
            "coverage": _UNDEFINED if period.coverage is None else f"{100 * period.coverage:.1f}%",
            **{name: _number(period.metrics[name], self._layout.metric_width) for name in METRICS},
            _VERDICT: verdict,
        }
        text = Text(self._layout.line(moment, cells))
        text.stylize(STYLES[period.verdict], len(text) - len(verdict))
        self._print(text)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
        self._console.file.flush()


def _number(value: float | None, width: int) -> str:
    if value is None:
        return _UNDEFINED
    return f"{value:.3f}".removeprefix("0" if width < 5 else "")[:width]
