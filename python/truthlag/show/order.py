"""A first look at a log: how many rows, and are they in order of time?

The answer decides whether the log can be streamed as it is. It costs one pass over the time columns, and spares the
choice between a wrong replay and holding the file in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from truthlag.show.errors import about_file
from truthlag.show.times import parse_times

if TYPE_CHECKING:
    from truthlag.show.log_file import LogFile
    from truthlag.show.progress import Progress


@dataclass(frozen=True)
class Order:
    """What the first look found."""

    rows: int
    ordered: bool
    """The times of the rows never run backwards, and no label is older than the prediction on its row."""


def look(log: LogFile, time_column: str, label_time_column: str | None, latest: int, progress: Progress) -> Order:
    """Look at the times of a file; `label_time_column` is given when its labels stand on the rows of predictions."""
    wanted = [time_column] if label_time_column is None else [time_column, label_time_column]
    rows = 0
    newest = 0
    ordered = True
    for batch in log.batches(wanted):
        rows += len(batch.numbers) + len(batch.broken)
        progress.advance(len(batch.numbers))
        if not ordered:
            continue
        with about_file(log.path):
            parsed = parse_times(batch.cells[time_column], time_column, latest)
        usable = ~(parsed.missing | parsed.bad)
        times = parsed.values[usable]
        if label_time_column is not None:
            with about_file(log.path):
                labels = parse_times(batch.cells[label_time_column], label_time_column, latest)
            labelled = usable & ~(labels.missing | labels.bad)
            ordered = not bool(np.any(labels.values[labelled] < parsed.values[labelled]))
        if len(times):
            ordered = ordered and int(times[0]) >= newest and not bool(np.any(times[1:] < times[:-1]))
            newest = int(times[-1])
    return Order(rows, ordered)
