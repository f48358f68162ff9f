from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from truthlag.show.errors import LogError
from truthlag.show.log_file import open_log

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_are_numbered_from_one_across_batches_and_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "log"
    pq.write_table(pa.table({"a": range(10), "b": [str(number) for number in range(10)]}), path, row_group_size=4)
    log = open_log(str(path))
    assert log.names == ["a", "b"]
    assert log.row_word == "row"
    with patch("truthlag.show.parquet_log.ROWS_IN_BATCH", 3):
        batches = list(log.batches(["b"]))
    assert [number for batch in batches for number in batch.numbers] == list(range(1, 11))
    assert [cell for batch in batches for cell in batch.cells["b"].to_pylist()] == [str(number) for number in range(10)]
    assert all(list(batch.cells) == ["b"] for batch in batches)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"a": range(10)}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LogError, match=r"log\.parquet: not readable as Parquet"):
        open_log(str(path))
