"""Rows of a test's file, batch by batch, and what is wrong with those that are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.parse import Codes, parse_names, parse_numbers
from truthlag.show.bad_rows import BadRows
from truthlag.show.duration import DAY
from truthlag.show.errors import LogError, about_file
from truthlag.show.log_file import LogFile, RawBatch
from truthlag.show.parsed import Mask, Parsed
from truthlag.show.progress import Progress
from truthlag.show.times import latest_time, parse_times, to_datetime
from truthlag.show.values import LONGEST_ID, parse_ids

#: A column with more of them is none of arms.
MOST_ARMS = 50
MOST_SEGMENTS = 1_000

Whole = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Good rows of a batch."""

    arms: Whole
    """The number of each row's arm."""
    units: Whole | None
    days: Whole | None
    """The period of each row, in steps of `Reader.step` since 1970."""
    segments: Whole | None
    numbers: dict[str, Numbers]
    """By column; NaN where there is no value."""
    old: Mask | None = None
    """Which rows are old enough to be compared by their labels; None where labels are not waited for."""

    def __len__(self) -> int:
        return len(self.arms)


@dataclass
class Reader:
    """Reads the rows of a test, once."""

    log: LogFile
    wanted: Wanted
    bad_rows: BadRows
    progress: Progress
    every: int
    min_age: int = 0
    as_of: int = 0
    """The latest time in the file, up to which labels are known."""
    young: int = 0
    """Rows met that are not old enough."""
    arms: Codes = field(default_factory=Codes)
    units: Codes = field(default_factory=Codes)
    segments: Codes = field(default_factory=Codes)

    @property
    def step(self) -> int:
        """The length of a period as it is read: periods of days begin with the first day, which is not known before."""
        return min(self.every, DAY)

    def rows(self) -> Iterator[Rows]:
        """The good rows of each batch."""
        latest = latest_time()
        if self.wanted.label_time is not None:
            self._find_end(latest)
        self.progress.start("reading", None)
        for batch in self.log.batches(self.wanted.columns):
            yield self._rows(batch, latest)
            self.progress.advance(len(batch.numbers) + len(batch.broken))

    def _find_end(self, latest: int) -> None:
        """Until when labels are known: a pass over the times."""
        self.progress.start("reading times", None)
        columns = [name for name in (self.wanted.time, self.wanted.label_time) if name is not None]
        for batch in self.log.batches(columns):
            for name in columns:
                with about_file(self.log.path):
                    times = parse_times(batch.cells[name], name, latest)
                good = times.values[~(times.missing | times.bad)]
                if len(good):
                    self.as_of = max(self.as_of, int(good.max()))
            self.progress.advance(len(batch.numbers))

    def _rows(self, batch: RawBatch, latest: int) -> Rows:
        wanted, check = self.wanted, _Check(self, batch)
        with about_file(self.log.path):
            arms = check.take(wanted.arm, parse_names, "is `{}`, not the name of an arm")
            units = segments = times = labelled = None
            if wanted.unit is not None:
                units = check.take(wanted.unit, parse_ids, f"is `{{}}`, not an id: UTF-8 of 1 to {LONGEST_ID} bytes")
            if wanted.segment is not None:
                segments = check.take(wanted.segment, parse_names, "is `{}`, not a name", optional=True)
            if wanted.time is not None:
                until = to_datetime(latest).year
                told = f"is `{{}}`, not a time from 1970 to {until}"
                times = check.take(wanted.time, lambda cells, name: parse_times(cells, name, latest), told)
                if wanted.label_time is not None:
                    labelled = check.take(
                        wanted.label_time, lambda cells, name: parse_times(cells, name, latest), told, optional=True
                    )
            numbers = {
                name: check.take(
                    name, parse_numbers, "is `{}`, not a finite number within 1e150 of 0", optional=True
                ).values
                for name in wanted.numbers
            }
        check.tell()
        good = check.good
        old = None
        if times is not None and labelled is not None:
            in_time = ~labelled.missing & (labelled.values <= times.values + self.min_age)
            for name in wanted.late:
                numbers[name] = np.where(in_time, numbers[name], np.nan)
            old = (times.values <= self.as_of - self.min_age)[good]
            self.young += int(np.count_nonzero(~old))
        return Rows(
            self._codes(self.arms, arms, good, MOST_ARMS, wanted.arm, "arms"),
            None if units is None else self.units.of(units.values.filter(good)),
            None if times is None else times.values[good] // self.step,
            None if segments is None else self._segments(segments, good),
            {name: values[good] for name, values in numbers.items()},
            old,
        )

    def _segments(self, parsed: Parsed, good: Mask) -> Whole:
        import pyarrow.compute as pc

        named = Parsed(pc.fill_null(parsed.values, "(none)"), parsed.missing, parsed.bad)
        return self._codes(self.segments, named, good, MOST_SEGMENTS, self.wanted.segment or "", "segments")

    def _codes(self, codes: Codes, parsed: Parsed, good: Mask, most: int, column: str, what: str) -> Whole:
        found: Whole = codes.of(parsed.values.filter(good))
        if len(codes) > most:
            raise LogError(f"{self.log.path}: column `{column}` has more than {most:,} values, too many for {what}")
        return found


class _Check:
    """Parses the columns of a batch, and remembers for each row the first thing that is wrong with it."""

    def __init__(self, reader: Reader, batch: RawBatch) -> None:
        self.good: Mask = np.ones(len(batch.numbers), dtype=bool)
        self._reader = reader
        self._batch = batch
        self._reasons: list[tuple[int, str]] = list(batch.broken)

    def take(self, name: str, parse: Any, told: str, *, optional: bool = False) -> Parsed:
        parsed: Parsed = parse(self._batch.cells[name], name)
        if not optional:
            self._note(name, parsed.missing, "is missing")
        self._note(name, parsed.bad, told)
        return parsed

    def _note(self, name: str, wrong: Mask, told: str) -> None:
        for place in np.flatnonzero(wrong & self.good):
            cell = str(self._batch.cells[name][int(place)].as_py())
            shown = cell if len(cell) <= 60 else f"{cell[:57]}..."
            # Not str.format: the value itself may hold braces.
            self._reasons.append((int(self._batch.numbers[place]), f"{name} {told.replace('{}', shown)}"))
        self.good &= ~wrong

    def tell(self) -> None:
        log = self._reader.log
        for number, reason in sorted(self._reasons):
            self._reader.bad_rows.add(log.path, log.row_word, number, reason)
