"""Rows of the replay as a table that is printed line by line, as the rows come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from truthlag.show.duration import DAY
from truthlag.show.period import METRICS, Period
from truthlag.show.times import to_datetime

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {"ok": "green", "warning": "yellow", "critical": "bold red", "pending": "dim", "too_few": "dim"}
WORDS = {"too_few": "too few"}
"""Verdicts that are written differently for people."""

_WIDE = ("predictions", "labels", "coverage", "accuracy", "precision", "recall", "F1", "AUC", "verdict")
_NARROW = ("made", "known", "cover", "acc", "prec", "recall", "F1", "AUC", "verdict")
_LEAST = (7, 7, 6, 5, 5, 6, 5, 5, 8)
_UNDEFINED = "-"


class TableWriter:
    """Prints rows of fixed width; on a terminal too narrow for the full headings they are shorter, and 80 suffice."""

    def __init__(self, console: Console, every: int) -> None:
        self._console = console
        self._time_width = 10 if every % DAY == 0 else 19 if every % 60_000_000 else 16
        wide = self._width(_WIDE)
        self._headings = _WIDE if not console.is_terminal or console.width >= wide else _NARROW

    def _width(self, headings: tuple[str, ...]) -> int:
        return self._time_width + sum(1 + max(least, len(word)) for least, word in zip(_LEAST, headings, strict=True))

    def begin(self) -> None:
        """Print the heading."""
        self._print(Text(self._line("period", self._headings), style="bold"))

    def row(self, period: Period) -> None:
        """Print one row."""
        moment = to_datetime(period.start).isoformat(sep=" ")[: self._time_width]
        numbers = [_number(period.metrics[name]) for name in METRICS]
        coverage = _UNDEFINED if period.coverage is None else f"{100 * period.coverage:.1f}%"
        verdict = WORDS.get(period.verdict, period.verdict)
        line = self._line(moment, (f"{period.predictions:,}", f"{period.labels:,}", coverage, *numbers, verdict))
        text = Text(line)
        text.stylize(STYLES[period.verdict], len(line.rstrip()) - len(verdict))
        self._print(text)

    def _line(self, first: str, cells: tuple[str, ...]) -> str:
        line = first.ljust(self._time_width)
        for cell, least, heading in zip(cells, _LEAST, self._headings, strict=True):
            width = max(least, len(heading))
            # The verdict is a word and stands to the left, all else are numbers.
            line += " " + (cell.ljust(width) if heading == "verdict" else cell.rjust(width))
        return line.rstrip()

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
        self._console.file.flush()


def _number(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.3f}"
