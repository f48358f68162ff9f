"""One file of a log, whatever its format: its columns, and its rows in bounded batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from truthlag.show.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

ROWS_IN_BATCH = 32_768


@dataclass(frozen=True)
class RawBatch:
    """Some consecutive rows as the file has them: text from CSV, typed values from Parquet."""

    numbers: npt.NDArray[np.int64]
    """Where each row stands in the file, counted from 1: its line in CSV, its row in Parquet."""
    cells: Mapping[str, Any]
    """An Arrow array a column, as long as `numbers`."""
    broken: Sequence[tuple[int, str]] = ()
    """Rows whose cells could not even be told apart: number and reason."""


class LogFile(Protocol):
    """What the replay asks of a file, in any format."""

    path: str
    row_word: str
    """What a row's number is called in messages: `line` or `row`."""
    names: list[str]
    """The columns that the file has."""

    def batches(self, wanted: Sequence[str]) -> Iterator[RawBatch]:
        """The rows from the first on, with the wanted columns; each call reads the file anew."""
        ...


def open_log(path: str) -> LogFile:
    """Open a log by what it holds, not by what it is called: Parquet, CSV, or CSV compressed with gzip.

    Raises `LogError` when the file cannot be read or is of another kind.
    """
    # Imported here since the two formats import RawBatch from this module.
    from truthlag.show.csv_log import CsvLog
    from truthlag.show.parquet_log import ParquetLog

    if not Path(path).exists():
        raise LogError(f"{path}: no such file")
    if not Path(path).is_file():
        raise LogError(f"{path}: not a regular file (a log is read twice: first its times, then its rows)")
    try:
        with Path(path).open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise LogError(f"{path}: {error.strerror}") from error
    if head == b"PAR1":
        return ParquetLog(path)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise LogError(f"{path}: the text is UTF-16; save it as UTF-8")
    if head in (b"\x28\xb5\x2f\xfd", b"PK\x03\x04") or head[:3] == b"BZh":
        raise LogError(f"{path}: compressed in a way that is not read; the formats are Parquet, CSV and CSV.gz")
    return CsvLog(path, compressed=head[:2] == b"\x1f\x8b")
