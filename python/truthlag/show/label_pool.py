"""The labels in flight: read with their prediction, due later."""

from __future__ import annotations

import numpy as np

from truthlag.show.events import Events, column, join_events, sort_events

# Below this many runs, asking each for what is due costs less than merging them.
_RUNS = 32


class LabelPool:
    """Holds labels until their time has come.

    The labels are kept in sorted runs, one for each batch read. Small runs are merged now and then, and a run of which
    more than half has left is copied, so that memory follows the labels in flight, not the rows that brought them.
    """

    def __init__(self) -> None:
        self._runs: list[Events] = []
        self._sizes: list[int] = []
        """The number of rows that each run's memory was made for."""

    def __len__(self) -> int:
        return sum(run.num_rows for run in self._runs)

    def add(self, labels: Events) -> None:
        """Take some labels in, in any order."""
        if labels.num_rows == 0:
            return
        self._runs.append(sort_events(labels))
        self._sizes.append(labels.num_rows)
        if len(self._runs) > _RUNS:
            self._merge_smaller_half()

    def take_before(self, time: int) -> Events:
        """Remove and return the labels due before `time`, in order."""
        due: list[Events] = []
        kept: list[Events] = []
        sizes: list[int] = []
        for run, size in zip(self._runs, self._sizes, strict=True):
            count = int(np.searchsorted(column(run, "time"), time, side="left"))
            due.append(run.slice(0, count))
            rest = run.num_rows - count
            if rest == 0:
                continue
            if rest * 2 < size:
                kept.append(run.take(np.arange(count, run.num_rows)))
                sizes.append(rest)
            else:
                kept.append(run.slice(count))
                sizes.append(size)
        self._runs, self._sizes = kept, sizes
        return sort_events(join_events(due))

    def take_all(self) -> Events:
        """Remove and return all labels, in order."""
        everything = sort_events(join_events(self._runs))
        self._runs, self._sizes = [], []
        return everything

    def _merge_smaller_half(self) -> None:
        by_size = sorted(self._runs, key=lambda run: run.num_rows)
        small, large = by_size[: _RUNS // 2], by_size[_RUNS // 2 :]
        merged = sort_events(join_events(small))
        self._runs = [*large, merged]
        self._sizes = [run.num_rows for run in self._runs]
