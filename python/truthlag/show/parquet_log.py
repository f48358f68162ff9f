"""Parquet, read in batches; only the columns of the log are touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from truthlag.show.errors import LogError
from truthlag.show.log_file import ROWS_IN_BATCH, RawBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Column chunks are read through a small buffer: by default a whole row group would be held.
_BUFFER_BYTES = 1 << 20


class ParquetLog:
    """A Parquet file. Its rows have no lines; they are numbered from 1."""

    row_word = "row"

    def __init__(self, path: str) -> None:
        self.path = path
        with self._open() as file:
            self.names = list(file.schema_arrow.names)

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise LogError(f"{self.path}: not readable as Parquet ({error})") from error

    def batches(self, wanted: Sequence[str]) -> Iterator[RawBatch]:
        """The rows of the file; see `LogFile.batches`."""
        first = 1
        with self._open() as file:
            try:
                for batch in file.iter_batches(batch_size=ROWS_IN_BATCH, columns=list(dict.fromkeys(wanted))):
                    numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
                    first += batch.num_rows
                    yield RawBatch(numbers, {name: batch.column(name) for name in wanted})
            except (pa.ArrowException, OSError) as error:
                raise LogError(f"{self.path}: damaged after row {first - 1:,} ({error})") from error
