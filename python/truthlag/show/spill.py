"""Sorting events that are in no order: sorted runs on disk, then a merge."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from truthlag.show.errors import LogError
from truthlag.show.events import EVENT_SCHEMA, Events, join_events, sort_events
from truthlag.show.merge import merge_streams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROWS_IN_RUN = 1_000_000
_ROWS_IN_READ = 16_384


def sort_on_disk(batches: Iterable[Events], rows_in_run: int = ROWS_IN_RUN) -> Iterator[Events]:
    """All events of `batches` in order. Memory holds one run while writing and a piece of each run while merging.

    The runs lie in a directory of their own under the system's temporary one (`TMPDIR` moves it) and are removed at the
    end. Raises `LogError` when they cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="truthlag-replay-") as directory:
        runs: list[Path] = []
        held: list[Events] = []
        count = 0
        for batch in batches:
            held.append(batch)
            count += batch.num_rows
            if count >= rows_in_run:
                runs.append(_write_run(Path(directory) / f"run-{len(runs)}", held))
                held, count = [], 0
        # What is left never needs the disk.
        rest = sort_events(join_events(held))
        yield from merge_streams([*map(_read_run, runs), iter([rest])])


def _write_run(path: Path, parts: list[Events]) -> Path:
    try:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, EVENT_SCHEMA) as writer:
            writer.write_table(sort_events(join_events(parts)), max_chunksize=_ROWS_IN_READ)
    except OSError as error:
        raise LogError(
            f"the rows are not in order of time and sorting them needs room in {path.parent}: {error}"
        ) from error
    return path


def _read_run(path: Path) -> Iterator[Events]:
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])
