"""Batches through the Arrow PyCapsule interface: pyarrow, polars, pandas, and producers of one's own."""

from __future__ import annotations

import contextlib
import datetime
import subprocess
import sys
import threading
import uuid
from typing import Any

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker

pa = pytest.importorskip("pyarrow")

NOW = datetime.datetime(2024, 5, 5, 12)
TEXT = ["a", "bb", "a text that is longer than twelve bytes", "é\U0001f600"]


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", retention=None, clock=lambda: NOW)


def rows(tracker: ModelPerformanceTracker) -> list[tuple[Any, int, float | None]]:
    return [(key, entry["prediction"], entry["score"]) for key, entry in tracker.predictions.items()]


def labels(tracker: ModelPerformanceTracker) -> dict[Any, int]:
    return {key: entry["actual"] for key, entry in tracker.ground_truths.items()}


def whole(values: list[Any], kind: Any) -> Any:
    return pa.array(values, kind)


def sliced(values: list[Any], kind: Any) -> Any:
    """With an offset, and with values before and after."""
    edge = [values[0]] * 11
    return pa.array([*edge, *values, *edge], kind).slice(11, len(values))


def chunked(values: list[Any], kind: Any) -> Any:
    """In chunks, of which some are empty and one has an offset."""
    chunks = [[], values[:1], [], values[1:]]
    return pa.chunked_array([pa.array(chunk, kind) for chunk in chunks] + [pa.array(values, kind).slice(len(values))])


class Array:
    """The smallest producer of an array."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self._values.__arrow_c_array__(requested_schema)


class Stream:
    def __init__(self, values: Any) -> None:
        self._values = values

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._values.__arrow_c_stream__(requested_schema)


def produced(values: list[Any], kind: Any) -> Any:
    return Array(pa.array(values, kind))


def streamed(values: list[Any], kind: Any) -> Any:
    return Stream(chunked(values, kind))


WAYS = [whole, sliced, chunked, produced, streamed]
TEXT_KINDS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
TEXT_KINDS += [pa.dictionary(pa.int32(), pa.large_string()), pa.dictionary(pa.uint16(), pa.string())]
BYTES_KINDS = [pa.binary(), pa.large_binary(), pa.binary_view(), pa.dictionary(pa.int8(), pa.binary())]
INTEGER_KINDS = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", TEXT_KINDS, ids=str)
def test_text_ids(tracker: ModelPerformanceTracker, kind: Any, way: Any) -> None:
    tracker.log_predictions(way(TEXT, kind), [1, 0, 1, 0])
    assert rows(tracker) == list(zip(TEXT, [1, 0, 1, 0], [None] * 4, strict=True))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", BYTES_KINDS, ids=str)
def test_bytes_ids(tracker: ModelPerformanceTracker, kind: Any, way: Any) -> None:
    ids = [b"a", b"\xff\x00", b"more than twelve bytes of it", b"a text"]
    tracker.log_predictions(way(ids, kind), [1, 0, 1, 0])
    assert list(tracker.predictions) == ids


def test_bytes_of_fixed_width(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(pa.array([b"ab", b"cd"], pa.binary(2)), [1, 0])
    assert list(tracker.predictions) == [b"ab", b"cd"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [*INTEGER_KINDS, pa.dictionary(pa.int8(), pa.int64())], ids=str)
def test_integer_ids(tracker: ModelPerformanceTracker, kind: Any, way: Any) -> None:
    tracker.log_predictions(way([5, 0, 127, 1], kind), [1, 0, 1, 0])
    assert list(tracker.predictions) == [5, 0, 127, 1]


def test_large_unsigned_ids(tracker: ModelPerformanceTracker) -> None:
    ids = [2**63, 2**64 - 1, 1]
    tracker.log_predictions(pa.array(ids, pa.uint64()), [1, 0, 1])
    assert list(tracker.predictions) == ids


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.int64(), pa.uint64(), pa.binary()], ids=str
)
def test_a_null_id_is_bad(tracker: ModelPerformanceTracker, kind: Any) -> None:
    values: list[Any] = [1, None, 2] if kind in INTEGER_KINDS else ["a", None, "b"]
    with pytest.raises((TypeError, ValueError), match=r"request_ids\[1\].*null"):
        tracker.log_predictions(pa.array(values, kind), [1, 1, 1])
    assert not any(tracker.counters().values())
    report = tracker.log_predictions(pa.array(values, kind), [1, 1, 1], on_error="skip")
    assert (report.accepted, report.rejected, report.errors[0][0]) == (2, 1, 1)


def test_a_null_id_in_a_dictionary_is_bad(tracker: ModelPerformanceTracker) -> None:
    by_key = pa.array(["a", None, "b"]).dictionary_encode()
    by_value = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int8()), pa.array(["a", None, "b"]))
    for ids in (by_key, by_value):
        with pytest.raises((TypeError, ValueError), match=r"request_ids\[1\]"):
            tracker.log_predictions(ids, [1, 1, 1])
    assert not any(tracker.counters().values())


@pytest.mark.parametrize("bad", ["", "x" * 1025])
@pytest.mark.parametrize("kind", TEXT_KINDS, ids=str)
def test_bad_ids(tracker: ModelPerformanceTracker, kind: Any, bad: str) -> None:
    with pytest.raises(ValueError, match=r"request_ids\[2\].*(empty|1024)"):
        tracker.log_predictions(pa.array(["a", "b", bad], kind), [1, 1, 1])
    assert not any(tracker.counters().values())


BINARY_KINDS = [pa.bool_(), *INTEGER_KINDS, pa.float32(), pa.float64(), pa.dictionary(pa.int8(), pa.int64())]


def as_kind(values: list[Any], kind: Any) -> list[Any]:
    return [None if one is None else bool(one) if kind == pa.bool_() else one for one in values]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", BINARY_KINDS, ids=str)
def test_decisions_and_labels(tracker: ModelPerformanceTracker, kind: Any, way: Any) -> None:
    tracker.log_predictions(["a", "b", "c", "d", "e"], way(as_kind([1, 0, 0, 1, 1], kind), kind))
    report = tracker.log_ground_truths(["a", "b", "c", "d", "e"], way(as_kind([1, None, 0, None, 1], kind), kind))
    assert [row[1] for row in rows(tracker)] == [1, 0, 0, 1, 1]
    assert labels(tracker) == {"a": 1, "c": 0, "e": 1}
    assert (report.accepted, report.skipped) == (3, 2)
    assert tracker.counters()["skipped"] == 2


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
def test_labels_that_are_nan_are_skipped(tracker: ModelPerformanceTracker, kind: Any) -> None:
    report = tracker.log_ground_truths(["a", "b", "c"], pa.array([1.0, float("nan"), None], kind))
    assert (report.accepted, report.skipped) == (1, 2)


def test_labels_that_are_all_null(tracker: ModelPerformanceTracker) -> None:
    assert tracker.log_ground_truths(["a", "b"], pa.nulls(2)).skipped == 2
    assert tracker.log_ground_truths(["a", "b"], pa.nulls(2, pa.int64())).skipped == 2


@pytest.mark.parametrize("kind", [one for one in BINARY_KINDS if one != pa.bool_()], ids=str)
def test_bad_decisions(tracker: ModelPerformanceTracker, kind: Any) -> None:
    for bad in (2, None):
        with pytest.raises((ValueError, TypeError), match=r"predictions\[1\] must be 0 or 1.*(2|null|None)"):
            tracker.log_predictions(["a", "b"], pa.array([1, bad], kind))
    with pytest.raises(ValueError, match=r"actuals\[1\] must be 0 or 1.*2"):
        tracker.log_ground_truths(["a", "b"], pa.array([1, 2], kind))
    assert not any(tracker.counters().values())


def test_large_integers_do_not_pass_for_zero_or_one(tracker: ModelPerformanceTracker) -> None:
    for value, kind in (
        (2**63, pa.uint64()),
        (2**62, pa.int64()),
        (-(2**63), pa.int64()),
        (256, pa.int16()),
        (257, pa.int32()),
    ):
        with pytest.raises(ValueError, match=r"actuals\[0\]"):
            tracker.log_ground_truths(["a"], pa.array([value], kind))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64(), *INTEGER_KINDS], ids=str)
def test_scores(tracker: ModelPerformanceTracker, kind: Any, way: Any) -> None:
    values: list[Any] = [np.float16(one) for one in (1, 0, 3)] if kind == pa.float16() else [1, 0, 3]
    tracker.log_predictions(["a", "b", "c", "d"], [1] * 4, way([*values, None], kind))
    assert [row[2] for row in rows(tracker)] == [1.0, 0.0, 3.0, None]


def test_scores_that_are_all_null(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(["a", "b"], [1, 1], pa.nulls(2))
    assert [row[2] for row in rows(tracker)] == [None, None]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 70_000.0])
def test_bad_scores(tracker: ModelPerformanceTracker, bad: float) -> None:
    with pytest.raises(ValueError, match=r"scores\[2\]"):
        tracker.log_predictions(["a", "b", "c"], [1] * 3, pa.array([0.5, None, bad]))
    assert not any(tracker.counters().values())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "+05:30"])
def test_times(tracker: ModelPerformanceTracker, zone: str | None, unit: str, way: Any) -> None:
    # The stored numbers count from the epoch in UTC, whatever the zone.
    seconds = [0, 1_700_000_000, 1_709_168_523]
    numbers = [second * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit] for second in seconds]
    tracker.log_predictions(["a", "b", "c"], [1] * 3, timestamps=way(numbers, pa.timestamp(unit, zone)))
    expected = [str(np.datetime64(second, "s")) for second in seconds]
    assert [entry["timestamp"] for entry in tracker.predictions.values()] == expected


def test_dates(tracker: ModelPerformanceTracker) -> None:
    days = [datetime.date(2024, 2, 29), datetime.date(1970, 1, 1)]
    for kind in (pa.date32(), pa.date64()):
        tracker.log_predictions(["a", "b"], [1, 0], timestamps=pa.array(days, kind))
        assert [entry["timestamp"] for entry in tracker.predictions.values()] == [
            "2024-02-29T00:00:00",
            "1970-01-01T00:00:00",
        ]


def test_seconds(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(["a", "b"], [1, 0], timestamps=pa.array([0, 1_700_000_000]))
    tracker.log_predictions(["c", "d"], [1, 0], timestamps=pa.array([0.25, 1_700_000_000.5]))
    stamps = [entry["timestamp"] for entry in tracker.predictions.values()]
    assert stamps == [
        "1970-01-01T00:00:00",
        "2023-11-14T22:13:20",
        "1970-01-01T00:00:00.250000",
        "2023-11-14T22:13:20.500000",
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_out_of_range(tracker: ModelPerformanceTracker, unit: str) -> None:
    for number in (-(2**63), -(2**62), -1, 2**62, 2**63 - 1):
        if unit == "ns" and number == -1:
            continue  # less than a microsecond before 1970, which may be cut off
        with pytest.raises((ValueError, TypeError), match=r"timestamps\[1\]"):
            tracker.log_predictions(["a", "b"], [1, 0], timestamps=pa.array([0, number], pa.timestamp(unit)))
    with pytest.raises((ValueError, TypeError), match=r"timestamps\[1\].*null"):
        tracker.log_predictions(["a", "b"], [1, 0], timestamps=pa.array([0, None], pa.timestamp(unit)))
    assert not any(tracker.counters().values())


UNSUITED = [
    ("request_ids", pa.array([0.5, 1.5])),
    ("request_ids", pa.array([True, False])),
    ("request_ids", pa.array([[1], [2]])),
    ("request_ids", pa.array([{"a": 1, "b": 1}, {"a": 2, "b": 2}])),
    ("request_ids", pa.array([datetime.datetime(2024, 1, 1)] * 2)),
    ("predictions", pa.array(["0", "1"])),
    ("predictions", pa.array([[1], [0]])),
    ("predictions", pa.array([datetime.date(2024, 1, 1)] * 2)),
    ("scores", pa.array(["0.5", "0.5"])),
    ("scores", pa.array([True, False])),
    ("scores", pa.array([b"a", b"b"])),
    ("timestamps", pa.array(["2024-01-01"] * 2)),
    ("timestamps", pa.array([True, False])),
    ("timestamps", pa.array([datetime.timedelta(1)] * 2)),
    ("timestamps", pa.array([datetime.time()] * 2)),
]


@pytest.mark.parametrize(("argument", "column"), UNSUITED, ids=lambda one: str(getattr(one, "type", one)))
def test_unsuited_types(tracker: ModelPerformanceTracker, argument: str, column: Any) -> None:
    arguments: dict[str, Any] = {"request_ids": ["a", "b"], "predictions": [1, 0]}
    with pytest.raises(TypeError, match=argument) as caught:
        tracker.log_predictions(**arguments | {argument: column})
    assert "Arrow" in str(caught.value)
    assert not any(tracker.counters().values())


def test_a_table_of_several_columns_is_no_column(tracker: ModelPerformanceTracker) -> None:
    table = pa.table({"id": ["a", "b"], "decision": [1, 0]})
    for thing in (table, table.to_batches()[0]):
        with pytest.raises(TypeError, match=r"request_ids .*2 columns.*choose a column"):
            tracker.log_predictions(thing, [1, 0])
    tracker.log_predictions(table["id"], table["decision"])
    assert rows(tracker) == [("a", 1, None), ("b", 0, None)]


def test_a_table_of_one_column(tracker: ModelPerformanceTracker) -> None:
    table = pa.table({"id": ["x", "a", "b"], "decision": [7, 1, 0]})
    tracker.log_predictions(table.select(["id"]).slice(1), table.select(["decision"]).slice(1))
    tracker.log_predictions(table.select(["id"]).to_batches()[0].slice(1), table.select(["decision"]).slice(1))
    assert rows(tracker) == [("a", 1, None), ("b", 0, None)]
    assert tracker.counters()["duplicate_events"] == 2
    with pytest.raises(TypeError, match="nested"):
        tracker.log_predictions(pa.table({"id": [[1], [2]]}), [1, 0])


def test_a_row_that_is_null_as_a_whole(tracker: ModelPerformanceTracker) -> None:
    actuals = pa.array([None, {"label": 1}, None, {"label": None}, {"label": 0}]).slice(1)
    report = tracker.log_ground_truths(["a", "b", "c", "d"], actuals)
    assert (report.accepted, report.skipped) == (2, 2)
    assert labels(tracker) == {"a": 1, "d": 0}


UUIDS = [uuid.UUID(int=number) for number in (0, 1, 2**128 - 1, 0x0123456789ABCDEF0123456789ABCDEF)]


@pytest.mark.skipif(not hasattr(pa, "uuid"), reason="pyarrow before 18 has no type of UUIDs")
@pytest.mark.parametrize("wrap", [lambda one: one, Array, lambda one: pa.table({"id": one})])
def test_uuids_are_their_text(tracker: ModelPerformanceTracker, wrap: Any) -> None:
    tracker.log_predictions(wrap(pa.array([one.bytes for one in UUIDS], pa.uuid())), [1, 0, 1, 0])
    assert list(tracker.predictions) == [str(one) for one in UUIDS]
    tracker.log_ground_truths(UUIDS, [1, 0, 1, 0])
    assert tracker.counters()["matched"] == 4
    tracker.log_predictions(pa.array([one.bytes for one in UUIDS], pa.binary(16)), [1, 0, 1, 0])
    assert tracker.counters()["predictions"] == 8, "bytes are bytes"
    with pytest.raises(TypeError, match=r"request_ids\[1\].*null"):
        tracker.log_predictions(wrap(pa.array([UUIDS[0].bytes, None], pa.uuid())), [1, 0])


@pytest.mark.parametrize("length", [1, 2, 5, 6])
@pytest.mark.parametrize("start", [0, 1, 3])
def test_runs(tracker: ModelPerformanceTracker, start: int, length: int) -> None:
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3, 7, 9], pa.int32()), pa.array(["a", "b", "c", "d"]))
    ids = list("aabccccdd")[start : start + length]
    tracker.log_predictions(runs.slice(start, length), [1] * length)
    assert list(tracker.predictions) == sorted(set(ids))
    assert tracker.counters()["duplicate_events"] == length - len(set(ids))
    nulls = pa.RunEndEncodedArray.from_arrays(pa.array([1, 9], pa.int16()), pa.array([1, None]))
    assert tracker.log_ground_truths([str(row) for row in range(9)], nulls).skipped == 8


@pytest.mark.parametrize("kind", [*TEXT_KINDS, *BYTES_KINDS, pa.int64(), pa.uint64()], ids=str)
@pytest.mark.parametrize("start", [0, 1, 12_345])
def test_long_columns_are_as_short_ones(tracker: ModelPerformanceTracker, kind: Any, start: int) -> None:
    """Long columns are checked without the interpreter."""
    size = 30_000
    generator = np.random.default_rng(start)
    # The keys of some dictionaries have eight bits.
    numbers = generator.integers(0, 100 if pa.types.is_dictionary(kind) else 10**9, size)
    values: Any = pa.array(numbers)
    if kind not in INTEGER_KINDS:
        values = pa.array([f"{'long' * (number % 5)}{number}" for number in numbers.tolist()])
    decisions = pa.array([bool(number % 2) for number in numbers.tolist()])
    scores = pa.array(numbers / 10**9, mask=numbers % 3 == 0)
    times = pa.array(numbers, pa.timestamp("s"))
    if pa.types.is_dictionary(kind):
        # pyarrow has no cast from text to every dictionary.
        values = pa.DictionaryArray.from_arrays(
            values.dictionary_encode().indices.cast(kind.index_type),
            values.dictionary_encode().dictionary.cast(kind.value_type),
        )
    else:
        values = values.cast(kind)
    tracker.log_predictions(
        values.slice(start), decisions.slice(start), scores.slice(start), timestamps=times.slice(start)
    )
    # The newest time of an id wins, and an id has one time.
    expected = dict(zip(values.to_pylist()[start:], numbers.tolist()[start:], strict=True))
    assert dict(rows_by_id(tracker)) == {
        key: (number % 2, None if number % 3 == 0 else number / 10**9) for key, number in expected.items()
    }
    nulls = pa.array([None, 1], pa.int8()).take(pa.array(np.arange(size) % 2))
    report = tracker.log_ground_truths(values.slice(start), nulls.slice(start))
    assert report.skipped == (size - start + 1) // 2 if start % 2 == 0 else (size - start) // 2


def rows_by_id(tracker: ModelPerformanceTracker) -> list[tuple[Any, tuple[int, float | None]]]:
    return [(key, (decision, score)) for key, decision, score in rows(tracker)]


LONG = 100_000
LONG_COLUMNS: list[tuple[Any, Any]] = [
    (np.arange(LONG), np.r_[np.ones(LONG - 1), 2]),
    (np.arange(LONG, dtype=np.uint64), np.r_[np.ones(LONG - 1, dtype=np.int8), np.int8(2)]),
    (pa.array([f"request {row}" for row in range(LONG)]), pa.array(np.r_[np.ones(LONG - 1), 2])),
    (pa.array(np.arange(LONG)), pa.array(np.r_[np.ones(LONG - 1, dtype=np.int8), np.int8(2)])),
]


@pytest.mark.parametrize(("ids", "decisions"), LONG_COLUMNS)
def test_other_threads_go_on_while_a_long_batch_is_checked(
    tracker: ModelPerformanceTracker, ids: Any, decisions: Any
) -> None:
    gate, finished = threading.Lock(), threading.Event()
    gate.acquire()

    def wait() -> None:
        with gate:
            finished.set()

    def check() -> None:
        with pytest.raises(ValueError, match="predictions"):
            tracker.log_predictions(ids, decisions)

    # What is made at the first call gives the interpreter away, too.
    check()
    waiter = threading.Thread(target=wait)
    before = sys.getswitchinterval()
    # From here on a thread gets the interpreter only where it is given away: the waiter runs until it waits at the gate.
    sys.setswitchinterval(1000)
    try:
        waiter.start()
        gate.release()
        for _ in range(1000):
            check()
            if finished.is_set():
                break
        went_on = finished.is_set()
    finally:
        sys.setswitchinterval(before)
        waiter.join()
    assert went_on


def test_memory_that_is_written_to_meanwhile(tracker: ModelPerformanceTracker) -> None:
    """Offsets that change while a column is read lead to an error or to other ids, never out of the memory."""
    size, width = 50_000, 10
    offsets = np.arange(0, (size + 1) * width, width, dtype=np.int32)
    text = np.frombuffer(bytearray(b"x" * size * width), dtype=np.uint8)
    column = pa.StringArray.from_buffers(size, pa.py_buffer(offsets), pa.py_buffer(text))
    finished = threading.Event()

    def write() -> None:
        generator = np.random.default_rng(0)
        good = offsets.copy()
        while not finished.is_set():
            offsets[1:-1] = generator.integers(-(2**31), 2**31, size - 1)
            text[:] = generator.integers(0, 256)
            offsets[:] = good
            text[:] = 120

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            with contextlib.suppress(TypeError, ValueError):
                tracker.log_predictions(column, np.ones(size), on_error="skip")
    finally:
        finished.set()
        writer.join()
    assert all(isinstance(key, str) and 0 < len(key.encode()) <= 1024 for key in tracker.predictions)


def test_unequal_lengths(tracker: ModelPerformanceTracker) -> None:
    with pytest.raises(ValueError, match=r"predictions .*1.*2"):
        tracker.log_predictions(pa.array(["a", "b"]), pa.array([1]))
    with pytest.raises(ValueError, match=r"timestamps .*1.*2"):
        tracker.log_predictions(pa.array(["a", "b"]), pa.array([1, 1]), timestamps=pa.array([1]))


@pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.null()], ids=str)
def test_nothing_at_all(tracker: ModelPerformanceTracker, kind: Any) -> None:
    empty = pa.array([], kind)
    nothing = pa.chunked_array([], kind)
    for column in (empty, nothing):
        if kind not in (pa.string(), pa.int64()):
            assert tracker.log_ground_truths([], column).accepted == 0
        if kind in (pa.string(), pa.int64()):
            assert tracker.log_predictions(column, []).accepted == 0


def test_a_producer_is_asked_once(tracker: ModelPerformanceTracker) -> None:
    asked = []

    class Once(Array):
        def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
            asked.append(requested_schema)
            return super().__arrow_c_array__(requested_schema)

    tracker.log_predictions(Once(pa.array(["a"])), Once(pa.array([1])))
    assert len(asked) == 2


def test_a_producer_that_fails(tracker: ModelPerformanceTracker) -> None:
    class Failing:
        def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
            raise RuntimeError("lost it")

    with pytest.raises((TypeError, RuntimeError)) as caught:
        tracker.log_predictions(["a"], Failing())
    assert isinstance(caught.value.__cause__ or caught.value, RuntimeError)
    assert not any(tracker.counters().values())


def test_memory_is_given_back() -> None:
    """What a producer lends is released: pyarrow counts what it has lent."""
    before = pa.total_allocated_bytes()
    tracker = ModelPerformanceTracker("m")
    size = 100_000
    columns = (pa.array(range(size)), pa.array([1] * size, pa.float64()))
    tracker.log_predictions(*columns)
    tracker.log_ground_truths(*columns)
    with pytest.raises(TypeError):
        tracker.log_predictions(columns[0], columns[0].cast(pa.string()))
    del columns
    assert pa.total_allocated_bytes() == before
    assert tracker.counters()["matched"] == size


def test_many_chunks(tracker: ModelPerformanceTracker) -> None:
    size, parts = 20_000, 37
    ids = pa.chunked_array([pa.array(part) for part in np.array_split(np.arange(size), parts)])
    decisions = pa.chunked_array([pa.array(part) for part in np.array_split(np.arange(size) % 2, parts + 4)])
    tracker.log_predictions(ids, decisions)
    assert list(tracker.predictions) == list(range(size))
    assert [entry["prediction"] for entry in tracker.predictions.values()] == [row % 2 for row in range(size)]


def test_polars(tracker: ModelPerformanceTracker) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "id": TEXT,
            "decision": [1, 0, 1, 0],
            "flag": [True, False, True, False],
            "score": [0.5, None, 0.25, 1.0],
            "label": [1, None, 0, 1],
            "at": [NOW, datetime.datetime(1970, 1, 1), NOW, NOW],
        }
    )
    tracker.log_predictions(frame["id"], frame["decision"], frame["score"], timestamps=frame["at"])
    assert rows(tracker) == list(zip(TEXT, [1, 0, 1, 0], [0.5, None, 0.25, 1.0], strict=True))
    assert tracker.predictions["bb"]["timestamp"] == "1970-01-01T00:00:00"
    report = tracker.log_ground_truths(frame["id"].cast(polars.Categorical), frame["label"])
    assert (report.accepted, report.skipped) == (3, 1)
    tracker.log_predictions(
        frame["id"].slice(2, 2), frame["flag"].slice(2, 2), frame["score"].slice(2, 2), timestamps=frame["at"][2:]
    )
    assert tracker.counters()["duplicate_events"] == 2
    tracker.log_predictions(frame[["id"]], frame[["decision"]], frame[["score"]], timestamps=frame[["at"]])
    assert tracker.counters()["duplicate_events"] == 6
    zoned = frame["at"].dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Kolkata")
    tracker.log_predictions(frame["id"], frame["decision"], frame["score"], timestamps=zoned)
    assert tracker.counters()["duplicate_events"] == 10


def test_objects_of_polars_are_what_they_are(tracker: ModelPerformanceTracker) -> None:
    polars = pytest.importorskip("polars")
    ids = [uuid.uuid4(), uuid.uuid4()]
    tracker.log_predictions(polars.Series(ids, dtype=polars.Object), [1, 0])
    tracker.log_ground_truth(ids[0], 1)
    assert list(tracker.predictions) == [str(one) for one in ids]
    assert tracker.counters()["matched"] == 1
    with pytest.raises(TypeError, match=r"request_ids\[0\] must be"):
        tracker.log_predictions(polars.Series([object()], dtype=polars.Object), [1])


def test_nanoseconds_before_1970_are_before_1970(tracker: ModelPerformanceTracker) -> None:
    for early in (-1, -999, -1_000_001):
        with pytest.raises(ValueError, match="1970"):
            tracker.log_predictions(["a"], [1], timestamps=pa.array([early], pa.timestamp("ns")))
    report = tracker.log_predictions(
        ["a", "b"], [1, 1], timestamps=pa.array([None, 1_999], pa.timestamp("ns")), on_error="skip"
    )
    assert (report.accepted, report.rejected) == (1, 1)
    assert tracker.predictions["b"]["timestamp"] == "1970-01-01T00:00:00.000001"


def test_pandas(tracker: ModelPerformanceTracker) -> None:
    pandas = pytest.importorskip("pandas", minversion="3")
    frame = pandas.DataFrame(
        {
            "id": TEXT,
            "decision": [1, 0, 1, 0],
            "flag": pandas.array([True, False, True, False], dtype="boolean"),
            "score": [0.5, 0.75, 0.25, 1.0],
            "label": pandas.array([1, None, 0, 1], dtype="Int64"),
            "plain label": [1.0, float("nan"), 0.0, 1.0],
            "at": pandas.to_datetime([NOW] * 4),
        }
    )
    tracker.log_predictions(frame["id"], frame["decision"], frame["score"], timestamps=frame["at"])
    assert rows(tracker) == list(zip(TEXT, [1, 0, 1, 0], [0.5, 0.75, 0.25, 1.0], strict=True))
    for column in ("label", "plain label"):
        report = tracker.log_ground_truths(frame["id"], frame[column])
        assert (report.accepted, report.skipped) == (3, 1)
    tracker.log_predictions(frame["id"], frame["flag"], frame["score"], timestamps=frame["at"].dt.tz_localize("UTC"))
    tracker.log_predictions(frame["id"].iloc[::-1], frame["decision"].iloc[::-1], frame["score"].iloc[::-1])
    assert tracker.counters()["duplicate_events"] == 3 + 8
    tracker.log_predictions(frame["id"].astype("category"), frame["decision"], frame["score"])
    tracker.log_predictions(frame["id"].astype(object), frame["decision"], frame["score"])
    assert tracker.counters()["duplicate_events"] == 3 + 16
    tracker.log_predictions(frame["id"].to_numpy(), frame["decision"].to_numpy(), frame["score"].to_numpy())
    tracker.log_predictions(frame.index.to_numpy(), frame["decision"])
    assert tracker.counters()["predictions"] == 8


def test_pandas_objects(tracker: ModelPerformanceTracker) -> None:
    pandas = pytest.importorskip("pandas")
    ids: list[Any] = ["a", 1, b"a", 2**70]
    tracker.log_predictions(pandas.Series(ids), pandas.Series([1, True, 0.0, 0], dtype=object))
    assert list(tracker.predictions) == ids
    tracker.log_predictions(pandas.Series(["t", b"t"]), [1, 0])
    assert list(tracker.predictions) == [*ids, "t", b"t"], "text is not made bytes"
    tracker.log_predictions(pandas.Series(UUIDS), [1] * 4)
    tracker.log_ground_truths([str(one) for one in UUIDS], [1] * 4)
    assert tracker.counters()["matched"] == 4
    with pytest.raises(TypeError, match=r"request_ids\[1\].*1\.5"):
        tracker.log_predictions(pandas.Series(["a", 1.5]), [1, 0])


def test_pandas_indexes(tracker: ModelPerformanceTracker) -> None:
    pandas = pytest.importorskip("pandas")
    days = pandas.DatetimeIndex(["2024-01-01", "2024-01-02"])
    tracker.log_predictions(pandas.Index(["a", "b"]), pandas.Index([1, 0]), pandas.Index([0.5, 0.25]), timestamps=days)
    tracker.log_predictions(pandas.RangeIndex(2), pandas.RangeIndex(2), timestamps=days.tz_localize("Asia/Kolkata"))
    assert rows(tracker) == [("a", 1, 0.5), ("b", 0, 0.25), (0, 0, None), (1, 1, None)]
    assert tracker.predictions["b"]["timestamp"] == "2024-01-02T00:00:00"
    assert tracker.predictions[1]["timestamp"] == "2024-01-01T18:30:00"


def test_pandas_frames(tracker: ModelPerformanceTracker) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": ["a", "b"], "decision": [1, 0]})
    tracker.log_predictions(frame[["id"]], frame[["decision"]])
    assert rows(tracker) == [("a", 1, None), ("b", 0, None)]
    with pytest.raises(TypeError, match="choose a column"):
        tracker.log_predictions(frame, [1, 0])


def test_pandas_without_rows(tracker: ModelPerformanceTracker) -> None:
    pandas = pytest.importorskip("pandas")
    for nothing in (pandas.Series([]), pandas.Series([], dtype=float), pandas.Series([], dtype="datetime64[ns]")):
        assert tracker.log_predictions(nothing, nothing, nothing, features=nothing, timestamps=nothing).accepted == 0
        assert tracker.log_ground_truths(nothing, nothing, timestamps=nothing).accepted == 0


def test_pandas_marks_of_no_value(tracker: ModelPerformanceTracker) -> None:
    pandas = pytest.importorskip("pandas")
    tracker.log_predictions(["a", "b", "c"], [1] * 3, [0.5, pandas.NA, None])
    assert [row[2] for row in rows(tracker)] == [0.5, None, None]
    times = [NOW, pandas.NaT, None, pandas.NA]
    labels_given = [1, pandas.NA, pandas.NaT, None]
    for given, when in ((labels_given, times), (pandas.Series([1.0] + [None] * 3), pandas.Series([NOW] + [None] * 3))):
        report = tracker.log_ground_truths(["a", "b", None, ""], given, timestamps=when)
        assert (report.accepted, report.skipped) == (1, 3)
    for no_time in (pandas.NaT, np.datetime64("NaT")):
        with pytest.raises(ValueError, match=r"timestamp must be .* got NaT, which is no time"):
            tracker.log_prediction("d", 1, timestamp=no_time)
        with pytest.raises(ValueError, match=r"timestamps\[0\] must be .* got NaT, which is no time"):
            tracker.log_predictions(["d"], [1], timestamps=[no_time])


def test_columns_without_any_value(tracker: ModelPerformanceTracker) -> None:
    nulls = pa.nulls(2)
    assert tracker.log_ground_truths(nulls, nulls, timestamps=nulls).skipped == 2
    for arguments in ({"request_ids": nulls}, {"timestamps": nulls}):
        with pytest.raises((TypeError, ValueError), match=r"\[0\] must be .* got null"):
            tracker.log_predictions(**{"request_ids": ["a", "b"], "predictions": [1, 0]} | arguments)


def test_duckdb(tracker: ModelPerformanceTracker) -> None:
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.sql("select 'r' || i as id, i % 2 as decision from range(5000) t(i)")
    table = relation.arrow()
    table = table if isinstance(table, pa.Table) else table.read_all()
    tracker.log_predictions(table["id"], table["decision"])
    assert tracker.counters()["predictions"] == 5000
    tracker.log_predictions(relation.select("id"), relation.select("decision"))
    assert tracker.counters()["duplicate_events"] == 5000
    with pytest.raises(TypeError, match=r"2 columns.*choose a column"):
        tracker.log_predictions(relation, [1] * 5000)


def test_no_producer_is_imported() -> None:
    """Arrow data is read without an import of any library that makes it."""
    code = """
import sys, truthlag
tracker = truthlag.ModelPerformanceTracker("m")
tracker.log_predictions(["a"], [1], [0.5])
tracker.log_ground_truths(["a"], [1])
tracker.compute_metrics()
tracker.snapshot()
tracker.to_bytes()
print(sorted({"pyarrow", "polars", "pandas", "duckdb", "scipy"} & set(sys.modules)))
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"
