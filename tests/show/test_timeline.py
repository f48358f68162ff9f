"""The order of events: whatever the files, it is that of sorting all of them in memory."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag.show.bad_rows import BadRows
from truthlag.show.columns import Columns
from truthlag.show.errors import LogError
from truthlag.show.events import FIRST_LABEL
from truthlag.show.progress import NoProgress
from truthlag.show.spill import sort_on_disk
from truthlag.show.timeline import Timeline

SECOND = 1_000_000


@dataclass(frozen=True)
class Row:
    time: int
    label_time: int | None


ROWS = st.lists(st.builds(Row, st.integers(0, 40), st.none() | st.integers(0, 80)), max_size=60)


def write(path: Path, rows: list[Row], *, separate: Path | None = None, label_order: list[int] | None = None) -> None:
    columns: dict[str, Any] = {
        "request_id": [f"r{place}" for place in range(len(rows))],
        "timestamp": pa.array([row.time for row in rows], pa.int64()),
        "prediction": pa.array([1] * len(rows), pa.int8()),
        "score": pa.array([0.5] * len(rows), pa.float64()),
    }
    labels = {
        "label": pa.array([None if row.label_time is None else 1 for row in rows], pa.int8()),
        "label_timestamp": pa.array([row.label_time for row in rows], pa.int64()),
    }
    if separate is None:
        pq.write_table(pa.table(columns | labels), path)
        return
    pq.write_table(pa.table(columns), path)
    table = pa.table({"request_id": columns["request_id"]} | labels)
    pq.write_table(table.take(pa.array(label_order or [], pa.int64())), separate)


def keys(timeline: Timeline) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    # Small batches and runs, so that every seam is crossed.
    with patch("truthlag.show.parquet_log.ROWS_IN_BATCH", 5), patch("truthlag.show.timeline.sort_on_disk", _small_sort):
        for events in timeline.events():
            columns = (events[name].to_pylist() for name in ("time", "sequence", "id"))
            found += zip(*columns, strict=True)
    return found


def _small_sort(batches: Any) -> Any:
    return sort_on_disk(batches, rows_in_run=11)


def timeline(predictions: Path, labels: Path | None = None, columns: Columns | None = None) -> Timeline:
    bad_rows = BadRows(pytest.fail, strict=True)
    name = None if labels is None else str(labels)
    return Timeline(str(predictions), name, columns or Columns(), bad_rows, NoProgress())


def expected(rows: list[Row], label_order: list[int]) -> list[tuple[int, int, str]]:
    events = [(row.time * SECOND, place + 1, f"r{place}") for place, row in enumerate(rows)]
    for number, place in enumerate(label_order):
        label_time = rows[place].label_time
        if label_time is not None:
            events.append((label_time * SECOND, FIRST_LABEL + number + 1, f"r{place}"))
    return sorted(events)


@given(ROWS)
def test_one_file_in_any_order(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        write(path, rows)
        assert keys(timeline(path)) == expected(rows, list(range(len(rows))))


@given(ROWS)
def test_one_file_in_order_is_streamed(rows: list[Row]) -> None:
    rows = sorted(
        (Row(row.time, None if row.label_time is None else row.time + row.label_time) for row in rows),
        key=lambda row: row.time,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        write(path, rows)
        log = timeline(path)
        assert keys(log) == expected(rows, list(range(len(rows))))
        assert not log.sorted_on_disk


@given(ROWS, st.booleans(), st.randoms(use_true_random=False))
def test_two_files(rows: list[Row], in_order: bool, random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    if in_order:
        rows = sorted(rows, key=lambda row: row.time)
        order.sort(key=lambda place: rows[place].label_time or 0)
    with tempfile.TemporaryDirectory() as folder:
        path, labels = Path(folder) / "log.parquet", Path(folder) / "labels.parquet"
        write(path, rows, separate=labels, label_order=order)
        log = timeline(path, labels)
        assert keys(log) == expected(rows, order)
        assert not (in_order and log.sorted_on_disk)


def test_a_label_older_than_its_prediction_is_put_where_it_belongs(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    write(path, [Row(5, 9), Row(8, 2)])
    log = timeline(path)
    assert [identity for _, _, identity in keys(log)] == ["r1", "r0", "r1", "r0"]
    assert log.sorted_on_disk


def test_temporary_runs_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "log.parquet"
    write(path, [Row(50 - place, None) for place in range(50)])
    keys(timeline(path))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_no_room_for_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.parquet"
    write(path, [Row(50 - place, None) for place in range(50)])

    def full(*_: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(pa, "OSFile", full)
    with pytest.raises(LogError, match="no space left"):
        keys(timeline(path))


def test_a_file_that_changes_between_the_two_readings(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    write(path, [Row(place, None) for place in range(20)])
    log = timeline(path)
    with patch.object(log, "_look", return_value=(True, 20)):
        write(path, [Row(20 - place, None) for place in range(20)])
        with pytest.raises(LogError, match="changed while it was read"):
            keys(log)


def test_missing_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(
        pa.table({"id": ["a"], "timestamp": [1], "prediction": [1], "label": [1], "label_timestamp": [2]}), path
    )
    with pytest.raises(LogError, match=r"column `request_id` is missing\nthe file has `id`, `timestamp`"):
        timeline(path)
    assert timeline(path, columns=Columns(request_id="id")).columns.score is None
    with pytest.raises(LogError, match="column `probability` is missing"):
        timeline(path, columns=Columns(request_id="id", score="probability"))


def test_a_log_without_labels_is_told_about_the_option(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"request_id": ["a"], "timestamp": [1], "prediction": [1]}), path)
    with pytest.raises(LogError, match=r"columns `label`, `label_timestamp` are missing\n.*\n.*--labels"):
        timeline(path)
