"""CSV, plain or compressed with gzip, read in batches with the line number of every row.

The standard library's reader is used rather than a faster one, since it alone tells the line of a row after blank lines
and quoted line ends, and can go on after a broken row (see `csv_rows`).
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from truthlag.show.csv_rows import CsvRows
from truthlag.show.errors import LogError
from truthlag.show.log_file import ROWS_IN_BATCH, RawBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DELIMITERS = ",;\t|"


class CsvLog:
    """A CSV file with a header line. The delimiter is the one of `,` `;` tab `|` that splits the header most."""

    row_word = "line"

    def __init__(self, path: str, *, compressed: bool = False) -> None:
        self.path = path
        self._compressed = compressed
        with self._text() as text:
            header = text.readline()
            self._delimiter = max(DELIMITERS, key=header.count)
            text.seek(0)
            try:
                fields = next(csv.reader(text, delimiter=self._delimiter), [])
            except csv.Error as error:
                raise LogError(f"{path}, line 1: the header is not CSV ({error})") from error
        self.names = [name.strip() for name in fields]

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        """The file as text. Without byte order mark; bytes that are not UTF-8 survive until their row is read."""
        try:
            with (
                gzip.open(self.path) if self._compressed else Path(self.path).open("rb") as binary,
                io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
            ):
                yield text
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise LogError(f"{self.path}: the compressed file is damaged or cut short ({error})") from error
        except OSError as error:
            raise LogError(f"{self.path}: {error.strerror or error}") from error

    def batches(self, wanted: Sequence[str]) -> Iterator[RawBatch]:
        """The rows of the file; see `LogFile.batches`."""
        places = [self.names.index(name) for name in wanted]
        with self._text() as text:
            header = csv.reader(text, delimiter=self._delimiter)
            next(header, None)
            rows = CsvRows(text, self._delimiter, len(self.names), header.line_num + 1)
            while (found := rows.read(ROWS_IN_BATCH)) is not None:
                cells: dict[str, Any] = {}
                for name, place in zip(wanted, places, strict=True):
                    cells[name] = _text_array([row[place] for row in found.rows])
                yield RawBatch(np.array(found.numbers, dtype=np.int64), cells, found.broken)


def _text_array(values: list[str]) -> Any:
    """The values as an Arrow array; what is not UTF-8 becomes U+FFFD, which is refused where it matters."""
    try:
        return pa.array(values, type=pa.large_string())
    except UnicodeEncodeError:
        return pa.array([_readable(value) for value in values], type=pa.large_string())


def _readable(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
