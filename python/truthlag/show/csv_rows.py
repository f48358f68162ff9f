"""Rows of CSV, each from a physical line that it begins on, so that a stray quote costs its own line only.

To the reader of the standard library a quote that nobody closes makes one field of all that follows, up to its limit of
131,072 characters. Here a row that is broken and took several lines counts for its first line, and reading goes on at
the second.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from truthlag.show.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES_OF_ROW = 10_000
"""The most lines that one row may take; it bounds what is held and read again for a quote that nobody closes."""

_TRIES = 8
"""So many broken rows may end on the same line before the lines up to it are taken one by one."""


@dataclass
class FoundRows:
    """What was found on some lines."""

    numbers: list[int] = field(default_factory=list)
    """The line on which each row begins."""
    rows: list[list[str]] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    """The line and the reason of each row that is none."""


class CsvRows:
    """Reads rows of `width` fields from lines, of which the first has the number `first`.

    Linear in the lines, wherever the quotes stand. A row that goes on after the end of a line is inside a quoted field
    there, and nothing else matters for where it ends. So what begins before the last line of a broken row, and goes on
    after its own first, ends where the broken one does: of such rows at most `_TRIES` are followed.
    """

    def __init__(self, text: Iterator[str], delimiter: str, width: int, first: int) -> None:
        self._text = text
        self._delimiter = delimiter
        self._width = width
        self._first = first
        self._lines: list[str] = []
        """Lines that were read and are still to be taken; the number of the first is `_first`."""
        self._cut = False
        """Whether a row asked for a line that it did not get."""
        self._end = 0
        """The number of the line that ended the last broken row of several lines."""
        self._failed = 0
        """How many such rows it ended."""

    def read(self, count: int) -> FoundRows | None:
        """The rows that begin on the next `count` lines; None at the end."""
        self._lines += islice(self._text, max(count - len(self._lines), 0))
        if not self._lines:
            return None
        found = FoundRows()
        until = min(count, len(self._lines))
        place = 0
        while place < until:
            if self._failed >= _TRIES and self._first + place < self._end:
                place = self._take(place, place + 1, 0, found)
            else:
                place = self._take(place, until, LINES_OF_ROW, found)
        del self._lines[:place]
        self._first += place
        return found

    def _take(self, start: int, until: int, beyond: int, found: FoundRows) -> int:
        """Take rows from a place on, up to the first that is broken in a way that needs another start; where to go on.

        The last row begins before `until` and gets at most `beyond` lines from there on.
        """
        self._cut = False
        lines = chain(map(self._lines.__getitem__, range(start, until)), self._beyond(until, beyond))
        reader = csv.reader(lines, delimiter=self._delimiter)
        place = start
        while place < until:
            try:
                row = next(reader)
            except csv.Error as error:
                last = start + reader.line_num - 1
                reason = f"not CSV ({error})" if last == place else _endless(last - place)
                found.broken.append((self._first + place, reason))
                self._fail(last)
                return place + 1
            end = start + reader.line_num
            several = end - place > 1
            fault = self._fault(row, place, end) if several or self._cut or len(row) != self._width else None
            if fault is not None:
                found.broken.append((self._first + place, fault))
                if several:
                    self._fail(end if self._cut else end - 1)
                    return place + 1
            elif row:
                found.numbers.append(self._first + place)
                found.rows.append(row)
            place = end
        return place

    def _fault(self, row: list[str], place: int, end: int) -> str | None:
        """What is wrong with a row of the lines from `place` to `end`. A blank line is no row, and none that is broken."""
        if self._cut or end - place > LINES_OF_ROW:
            return _endless(min(end - place, LINES_OF_ROW))
        fields = None
        if len(row) != self._width and row:
            fields = f"has {counted(len(row), 'field')}, the header {self._width}"
        if end - place == 1:
            return fields
        closing = f"opens a quote that closes on line {self._first + end - 1}"
        if fields is not None:
            return f"{closing}, and {fields}"
        # On one line a field may go on after its quote. After several lines it is the quote of another row.
        try:
            next(csv.reader(self._lines[place:end], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return f"{closing}, inside a field"
        return None

    def _beyond(self, until: int, count: int) -> Iterator[str]:
        """At most `count` lines from a place on, for a row that goes on after `until`."""
        for place in range(until, until + count):
            if place == len(self._lines):
                line = next(self._text, None)
                if line is None:
                    break
                self._lines.append(line)
            yield self._lines[place]
        self._cut = True

    def _fail(self, place: int) -> None:
        """Remember on which line a broken row ended, or was given up."""
        number = self._first + place
        if number > self._end:
            self._end, self._failed = number, 0
        if number == self._end:
            self._failed += 1


def _endless(lines: int) -> str:
    return f"opens a quote that does not close within {counted(lines, 'line')}"
