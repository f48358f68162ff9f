"""Predictions and labels as one kind of event, in the order in which they happened.

In an event table `value` is the decision of a prediction or the truth of a label. The order is: by time; at the same
time predictions before labels; then as in the file. `sequence` carries the last two: it is the row's number, and for
labels 2**62 is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

Events = Any
"""A `pyarrow.Table` of `EVENT_SCHEMA`."""

EVENT_SCHEMA = pa.schema(
    [
        ("time", pa.int64()),
        ("sequence", pa.int64()),
        ("id", pa.large_string()),
        ("value", pa.int8()),
        ("score", pa.float64()),
    ]
)

FIRST_LABEL = 1 << 62
"""Sequence numbers from here on are labels."""

Key = tuple[int, int]
"""Time and sequence of an event: its place in the order."""


def column(events: Events, name: str) -> npt.NDArray[Any]:
    """A numeric column as numpy."""
    values: npt.NDArray[Any] = events.column(name).to_numpy()
    return values


def sort_events(events: Events) -> Events:
    """The events in their order."""
    return events.take(pa.array(np.lexsort((column(events, "sequence"), column(events, "time")))))


def join_events(parts: Sequence[Events]) -> Events:
    """The parts one after another, as one table."""
    kept = [part for part in parts if part.num_rows]
    if not kept:
        return EVENT_SCHEMA.empty_table()
    return kept[0] if len(kept) == 1 else pa.concat_tables(kept).combine_chunks()


def last_key(events: Events) -> Key:
    """The key of the last of some sorted events."""
    return events.column("time")[-1].as_py(), events.column("sequence")[-1].as_py()


def count_up_to(events: Events, key: Key) -> int:
    """How many of some sorted events come at or before `key`."""
    time, sequence = key
    times = column(events, "time")
    earlier = int(np.searchsorted(times, time, side="left"))
    until = int(np.searchsorted(times, time, side="right"))
    tied = column(events, "sequence")[earlier:until]
    return earlier + int(np.searchsorted(tied, sequence, side="right"))
