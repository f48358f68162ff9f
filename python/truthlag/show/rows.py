"""Rows of a file to events, and what is wrong with the rows that give none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from truthlag.show.errors import about_file
from truthlag.show.events import EVENT_SCHEMA, FIRST_LABEL, Events
from truthlag.show.parsed import Mask, Parsed
from truthlag.show.times import parse_times, to_datetime
from truthlag.show.values import LONGEST_ID, parse_binary, parse_ids, parse_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthlag.show.bad_rows import BadRows
    from truthlag.show.columns import Columns
    from truthlag.show.log_file import LogFile, RawBatch


@dataclass
class RowReader:
    """Turns the rows of one file into events. A bad row is left out whole and told to `bad_rows`."""

    log: LogFile
    columns: Columns
    bad_rows: BadRows
    latest: int
    undated_labels: int = 0
    """Labels met so far that have no time: they never arrived."""

    def read_predictions(self) -> Iterator[tuple[int, Events]]:
        """For each batch its number of rows and its predictions."""
        for batch in self.log.batches(self.columns.of_predictions()):
            check = _RowCheck(self, batch)
            predictions = self._predictions(check, check.ids(self.columns.request_id))
            check.tell()
            yield check.rows, predictions

    def read_both(self) -> Iterator[tuple[int, Events, Events]]:
        """For each batch its number of rows, its predictions, and the labels on the same rows."""
        for batch in self.log.batches(self.columns.of_both()):
            check = _RowCheck(self, batch)
            ids = check.ids(self.columns.request_id)
            label, time = self._label(check)
            # The labels were checked first, so that a row whose label is bad gives no prediction either.
            predictions = self._predictions(check, ids)
            self._count_undated(check, label, time)
            check.tell()
            yield check.rows, predictions, _label_events(check, ids, label, time)

    def read_labels(self) -> Iterator[tuple[int, Events]]:
        """For each batch its number of rows and its labels; a row without a label gives none."""
        for batch in self.log.batches(self.columns.of_labels()):
            check = _RowCheck(self, batch)
            ids = check.ids(self.columns.label_request_id)
            label, time = self._label(check)
            self._count_undated(check, label, time)
            check.tell()
            yield check.rows, _label_events(check, ids, label, time)

    def _label(self, check: _RowCheck) -> tuple[Parsed, Parsed]:
        label = check.binary(self.columns.label, required=False)
        # Without a label its time means nothing, whatever it says.
        time = check.times(self.columns.label_timestamp, optional=label.missing)
        return label, time

    def _count_undated(self, check: _RowCheck, label: Parsed, time: Parsed) -> None:
        undated = time.missing & ~label.missing & check.good
        self.undated_labels += int(undated.sum())

    def _predictions(self, check: _RowCheck, ids: Parsed) -> Events:
        columns = self.columns
        times = check.times(columns.timestamp)
        values = check.binary(columns.prediction, required=True)
        absent = np.ones(check.rows, dtype=bool)
        scores = check.scores(columns.score) if columns.score else Parsed(np.zeros(check.rows), absent, ~absent)
        table = pa.table(
            [
                pa.array(times.values),
                pa.array(check.batch.numbers),
                ids.values,
                pa.array(values.values),
                pa.array(scores.values, mask=scores.missing),
            ],
            schema=EVENT_SCHEMA,
        )
        return table.filter(pa.array(check.good))


def _label_events(check: _RowCheck, ids: Parsed, label: Parsed, time: Parsed) -> Events:
    table = pa.table(
        [
            pa.array(time.values),
            pa.array(check.batch.numbers + FIRST_LABEL),
            ids.values,
            pa.array(label.values),
            pa.nulls(check.rows, pa.float64()),
        ],
        schema=EVENT_SCHEMA,
    )
    return table.filter(pa.array(check.good & ~label.missing & ~time.missing))


class _RowCheck:
    """Parses the columns of one batch and remembers, for each row, the first thing that is wrong with it."""

    def __init__(self, reader: RowReader, batch: RawBatch) -> None:
        self.batch = batch
        self.rows = len(batch.numbers)
        self.good: Mask = np.ones(self.rows, dtype=bool)
        self._reader = reader
        self._reasons: list[tuple[int, str]] = list(batch.broken)

    def ids(self, name: str) -> Parsed:
        with about_file(self._reader.log.path):
            parsed = parse_ids(self.batch.cells[name], name)
        self._note(name, parsed.missing, "is missing")
        self._note(name, parsed.bad, f"is `{{}}`, not an id: UTF-8 of 1 to {LONGEST_ID} bytes")
        return parsed

    def times(self, name: str, optional: Mask | None = None) -> Parsed:
        """Times of a column. With `optional` they may be missing, and where it is true they may be anything."""
        with about_file(self._reader.log.path):
            parsed = parse_times(self.batch.cells[name], name, self._reader.latest)
        bad = parsed.bad
        if optional is None:
            self._note(name, parsed.missing, "is missing")
        else:
            bad = bad & ~optional
        until = to_datetime(self._reader.latest).year
        self._note(name, bad, f"is `{{}}`, not a time from 1970 to {until}")
        return parsed

    def binary(self, name: str, *, required: bool) -> Parsed:
        with about_file(self._reader.log.path):
            parsed = parse_binary(self.batch.cells[name], name)
        if required:
            self._note(name, parsed.missing, "is missing")
        self._note(name, parsed.bad, "is `{}`, not 0 or 1")
        return parsed

    def scores(self, name: str) -> Parsed:
        with about_file(self._reader.log.path):
            parsed = parse_scores(self.batch.cells[name], name)
        self._note(name, parsed.bad, "is `{}`, not a finite number within 65536 of 0")
        return parsed

    def _note(self, name: str, wrong: Mask, reason: str) -> None:
        for place in np.flatnonzero(wrong & self.good):
            self._reasons.append(
                (int(self.batch.numbers[place]), f"{name} {_fill(reason, self._cell(name, int(place)))}")
            )
        self.good &= ~wrong

    def _cell(self, name: str, place: int) -> str:
        text = str(self.batch.cells[name][place].as_py())
        return text if len(text) <= 60 else text[:57] + "..."

    def tell(self) -> None:
        """Report what was found, in the order of the file."""
        log = self._reader.log
        for number, reason in sorted(self._reasons):
            self._reader.bad_rows.add(log.path, log.row_word, number, reason)


def _fill(reason: str, value: Any) -> str:
    # Not str.format: the value itself may hold braces.
    return reason.replace("{}", value)
