"""A log as one stream of events in the order in which they happened.

A log in order of time is streamed: memory holds the labels in flight. Any other is sorted on disk first. Either way the
order is exact, whatever the file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from truthlag.show.columns import Columns, require
from truthlag.show.errors import LogError
from truthlag.show.events import Events, column, join_events, last_key
from truthlag.show.label_pool import LabelPool
from truthlag.show.log_file import LogFile, open_log
from truthlag.show.merge import merge_streams
from truthlag.show.order import look
from truthlag.show.rows import RowReader
from truthlag.show.spill import sort_on_disk
from truthlag.show.times import latest_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truthlag.show.bad_rows import BadRows
    from truthlag.show.progress import Progress

_RENAME = "name other columns with the options that `truthlag replay --help` lists"


class Timeline:
    """The events of one log: a file of predictions with their labels, or two files.

    Raises `LogError` when a file cannot be read or lacks a column. A score column that is missing under its default
    name is taken as a log without scores.
    """

    def __init__(
        self, predictions: str, labels: str | None, columns: Columns, bad_rows: BadRows, progress: Progress
    ) -> None:
        self._progress = progress
        self._latest = latest_time()
        self._predictions = open_log(predictions)
        self._labels = None if labels is None else open_log(labels)
        found = self._predictions.names
        if columns.score == Columns().score and columns.score not in found:
            columns = replace(columns, score=None)
        self.columns = columns
        if self._labels is None:
            require(predictions, columns.of_predictions(), found, _RENAME)
            hint = f"give the file that has the labels with `--labels`, or {_RENAME}"
            require(predictions, columns.of_both(), found, hint)
        else:
            require(predictions, columns.of_predictions(), found, _RENAME)
            require(self._labels.path, columns.of_labels(), self._labels.names, _RENAME)
        logs = (self._predictions, self._labels)
        self._readers = [RowReader(log, columns, bad_rows, self._latest) for log in logs if log is not None]
        self.sorted_on_disk = False
        """Whether the log had to be sorted; known once `events` has begun."""

    @property
    def undated_labels(self) -> int:
        """Labels read so far that have no time, and so never arrived."""
        return sum(reader.undated_labels for reader in self._readers)

    def events(self) -> Iterator[Events]:
        """All good events in order, in batches; to be called once."""
        ordered, rows = self._look()
        self.sorted_on_disk = not ordered
        if not ordered:
            self._progress.start("sorting by time", rows)
            events = sort_on_disk(self._unordered())
            first = next(events)
            self._progress.start("replaying", None)
            yield first
            yield from events
            return
        self._progress.start("replaying", rows)
        if self._labels is None:
            yield from self._streamed(self._readers[0])
        else:
            predictions, labels = self._readers
            yield from merge_streams(
                [
                    _still_ordered(predictions.log, self._prediction_stream(predictions)),
                    _still_ordered(labels.log, self._label_stream(labels)),
                ]
            )

    def _look(self) -> tuple[bool, int]:
        columns = self.columns
        label_time = columns.label_timestamp if self._labels is None else None
        self._progress.start("looking at the order", None)
        found = look(self._predictions, columns.timestamp, label_time, self._latest, self._progress)
        if self._labels is None:
            return found.ordered, found.rows
        other = look(self._labels, columns.label_timestamp, None, self._latest, self._progress)
        return found.ordered and other.ordered, found.rows + other.rows

    def _streamed(self, reader: RowReader) -> Iterator[Events]:
        pool = LabelPool()
        newest = 0
        for rows, predictions, labels in reader.read_both():
            self._progress.advance(rows)
            pool.add(labels)
            if predictions.num_rows:
                newest = _check_still_ordered(reader.log, predictions, newest)
                # Every later row, and so every later label, is at least this new.
                yield from merge_streams([iter([predictions]), iter([pool.take_before(newest)])])
        yield pool.take_all()

    def _prediction_stream(self, reader: RowReader) -> Iterator[Events]:
        for rows, predictions in reader.read_predictions():
            self._progress.advance(rows)
            yield predictions

    def _label_stream(self, reader: RowReader) -> Iterator[Events]:
        for rows, labels in reader.read_labels():
            self._progress.advance(rows)
            yield labels

    def _unordered(self) -> Iterator[Events]:
        if self._labels is None:
            for rows, predictions, labels in self._readers[0].read_both():
                self._progress.advance(rows)
                yield join_events([predictions, labels])
        else:
            yield from self._prediction_stream(self._readers[0])
            yield from self._label_stream(self._readers[1])


def _still_ordered(log: LogFile, stream: Iterator[Events]) -> Iterator[Events]:
    newest = 0
    for events in stream:
        newest = _check_still_ordered(log, events, newest)
        yield events


def _check_still_ordered(log: LogFile, events: Events, newest: int) -> int:
    """The newest time; an error if the file is no longer in the order that the first look found."""
    if events.num_rows == 0:
        return newest
    times = column(events, "time")
    if int(times[0]) < newest or bool((times[1:] < times[:-1]).any()):
        raise LogError(f"{log.path}: the file changed while it was read")
    return last_key(events)[0]
