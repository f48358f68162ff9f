"""Batches of lists, tuples and numpy arrays, in every type and layout: the same content as one call for each row."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from truthlag import IngestReport, ModelPerformanceTracker

NOW = datetime.datetime(2024, 5, 5, 12)


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", retention=None, clock=lambda: NOW)


def rows(tracker: ModelPerformanceTracker) -> list[tuple[Any, int, float | None]]:
    return [(key, entry["prediction"], entry["score"]) for key, entry in tracker.predictions.items()]


def labels(tracker: ModelPerformanceTracker) -> dict[Any, int]:
    return {key: entry["actual"] for key, entry in tracker.ground_truths.items()}


def objects(*values: Any) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def every_other(values: Any) -> np.ndarray[Any, Any]:
    """The values with others in between, as a view with strides."""
    array = np.asarray(values)
    wide = np.repeat(array, 2)
    # What lies in between must not be read.
    wide[1::2] = wide[-1]
    return wide[::2]


def read_only(values: Any) -> np.ndarray[Any, Any]:
    array = np.array(values)
    array.flags.writeable = False
    return array


def big_endian(values: Any) -> np.ndarray[Any, Any]:
    array = np.array(values)
    return array.astype(array.dtype.newbyteorder(">"))


def reversed_twice(values: Any) -> np.ndarray[Any, Any]:
    return np.array(values)[::-1].copy()[::-1]


def unaligned(values: Any) -> np.ndarray[Any, Any]:
    array = np.array(values)
    raw = bytearray(1 + array.nbytes)
    raw[1:] = array.tobytes()
    return np.frombuffer(raw, dtype=array.dtype, offset=1)


class Subclass(np.ndarray):  # type: ignore[type-arg]
    def __array_finalize__(self, other: Any) -> None:
        pass

    def tolist(self) -> Any:
        raise AssertionError("numpy's own methods are used")

    def __getitem__(self, key: Any) -> Any:
        raise AssertionError("the memory is read, not the items")


def subclass(values: Any) -> np.ndarray[Any, Any]:
    return np.array(values).view(Subclass)


LAYOUTS = [list, tuple, np.array, every_other, read_only, big_endian, reversed_twice, unaligned, subclass]
ID_KINDS: dict[str, list[Any]] = {
    "text": ["a", "bb", "ccc", "é\U0001f600"],
    "bytes": [b"a", b"bb", b"ccc", b"\xff"],
    "int64": [0, -1, 2**63 - 1, -(2**63)],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ID_KINDS)
def test_ids(tracker: ModelPerformanceTracker, kind: str, layout: Any) -> None:
    ids = ID_KINDS[kind]
    report = tracker.log_predictions(layout(ids), layout([1, 0, 1, 0]), layout([0.5, 0.25, 0.0, 1.0]))
    assert report == IngestReport(accepted=4, skipped=0, rejected=0, errors=())
    assert rows(tracker) == list(zip(ids, [1, 0, 1, 0], [0.5, 0.25, 0.0, 1.0], strict=True))
    tracker.log_ground_truths(layout(ids), layout([0, 0, 1, 1]))
    assert labels(tracker) == dict(zip(ids, [0, 0, 1, 1], strict=True))
    assert tracker.counters()["matched"] == 4
    # The same by one call for each row.
    for row, one in enumerate(ids):
        tracker.log_prediction(one, [1, 0, 1, 0][row], [0.5, 0.25, 0.0, 1.0][row])
        tracker.log_ground_truth(one, [0, 0, 1, 1][row])
    assert tracker.counters()["duplicate_events"] == 8


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_integer_ids_of_every_width_are_the_same_ids(tracker: ModelPerformanceTracker, kind: str) -> None:
    tracker.log_predictions(
        np.array([1, 2, 127], dtype=kind), np.array([1, 0, 1], dtype=kind), np.array([1, 0, 1], dtype=kind)
    )
    assert rows(tracker) == [(1, 1, 1.0), (2, 0, 0.0), (127, 1, 1.0)]


def test_large_unsigned_ids(tracker: ModelPerformanceTracker) -> None:
    ids = [2**63 - 1, 2**63, 2**64 - 1]
    tracker.log_predictions(np.array(ids, dtype=np.uint64), [1, 0, 1])
    assert list(tracker.predictions) == ids
    tracker.log_predictions(ids, [1, 0, 1])
    assert tracker.counters()["duplicate_events"] == 3


def test_fixed_width_text_ends_where_numpy_says(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(np.array(["a", "long enough to pad", "a\0b"]), [1, 0, 1])
    assert list(tracker.predictions) == ["a", "long enough to pad", "a\0b"]


def test_variable_width_text(tracker: ModelPerformanceTracker) -> None:
    kind = getattr(np.dtypes, "StringDType", None)
    if kind is None:
        pytest.skip("numpy before 2.0 has no strings of variable width")
    tracker.log_predictions(np.array(["a", "é"], dtype=kind()), [1, 0])
    assert list(tracker.predictions) == ["a", "é"]


def test_objects(tracker: ModelPerformanceTracker) -> None:
    ids = ["a", 1, b"a", 2**70]
    tracker.log_predictions(objects(*ids), objects(1, True, 0.0, np.int8(0)), objects(0.5, None, 1, np.float32(0.25)))
    assert rows(tracker) == list(zip(ids, [1, 1, 0, 0], [0.5, None, 1.0, 0.25], strict=True))
    tracker.log_ground_truths(objects(*ids), objects(1, None, float("nan"), np.float64("nan")))
    assert labels(tracker) == {"a": 1}
    assert tracker.counters()["skipped"] == 3


BINARY_KINDS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", BINARY_KINDS)
def test_decisions_and_labels(tracker: ModelPerformanceTracker, kind: str, layout: Any) -> None:
    values = layout(np.array([1, 0, 0, 1, 1], dtype=kind))
    tracker.log_predictions(list("abcde"), values)
    tracker.log_ground_truths(list("abcde"), values)
    assert [row[1] for row in rows(tracker)] == [1, 0, 0, 1, 1]
    assert labels(tracker) == {"a": 1, "b": 0, "c": 0, "d": 1, "e": 1}


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f4", ">f8"])
def test_labels_that_are_nan_are_skipped(tracker: ModelPerformanceTracker, kind: str) -> None:
    report = tracker.log_ground_truths(list("abcd"), np.array([1, np.nan, 0, np.nan], dtype=kind))
    assert report == IngestReport(accepted=2, skipped=2, rejected=0, errors=())
    assert labels(tracker) == {"a": 1, "c": 0}
    assert tracker.counters()["skipped"] == 2
    with pytest.raises(ValueError, match=r"predictions\[1\].*0 or 1.*(nan|NaN)"):
        tracker.log_predictions(list("abcd"), np.array([1, np.nan, 0, np.nan], dtype=kind))


@pytest.mark.parametrize("kind", ["i1", "u1", "i8", "u8", "f4", "f8", ">i4", ">f8"])
@pytest.mark.parametrize("value", [2, 100])
def test_other_numbers_are_refused(tracker: ModelPerformanceTracker, kind: str, value: int) -> None:
    values = np.array([1, 0, value], dtype=kind)
    with pytest.raises(ValueError, match=rf"predictions\[2\] must be 0 or 1.*{value}"):
        tracker.log_predictions(list("abc"), values)
    with pytest.raises(ValueError, match=rf"actuals\[2\] must be 0 or 1.*{value}"):
        tracker.log_ground_truths(list("abc"), values)
    assert not any(tracker.counters().values())


@pytest.mark.parametrize("value", [-1, -128])
def test_negative_numbers_are_shown_as_they_are(tracker: ModelPerformanceTracker, value: int) -> None:
    with pytest.raises(ValueError, match=rf"predictions\[1\].*{value}"):
        tracker.log_predictions(list("ab"), np.array([1, value], dtype=np.int8))


def test_integers_that_a_float_rounds_to_zero_or_one(tracker: ModelPerformanceTracker) -> None:
    with pytest.raises(ValueError, match=r"predictions\[0\]"):
        tracker.log_predictions(["a"], np.array([2**64 - 1], dtype=np.uint64))
    with pytest.raises(ValueError, match=r"predictions\[0\]"):
        tracker.log_predictions(["a"], np.array([1 + 1e-9]))


def test_bytes_of_a_bool_array_that_are_neither(tracker: ModelPerformanceTracker) -> None:
    """A boolean array made of foreign memory may hold any byte; numpy takes all but zero for true."""
    values = np.frombuffer(b"\x00\x01\xff", dtype=bool)
    try:
        tracker.log_predictions(list("abc"), values)
    except ValueError:
        assert not any(tracker.counters().values())
    else:
        assert [row[1] for row in rows(tracker)] == [0, 1, 1]


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i1", "u8", ">f8", ">i2"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_scores(tracker: ModelPerformanceTracker, kind: str, layout: Any) -> None:
    values = np.array([0, 1, 0.5, 3], dtype=kind)
    tracker.log_predictions(list("abcd"), [1] * 4, layout(values))
    assert [row[2] for row in rows(tracker)] == [float(value) for value in values]


def test_scores_in_lists_may_be_null(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(list("abc"), [1] * 3, [0.5, None, 0.25])
    assert [row[2] for row in rows(tracker)] == [0.5, None, 0.25]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 65_537.0, -65_537.0])
@pytest.mark.parametrize("kind", ["f4", "f8", ">f8"])
def test_bad_scores_in_arrays(tracker: ModelPerformanceTracker, kind: str, bad: float) -> None:
    scores = np.array([0.5, bad, 0.25], dtype=kind)
    with pytest.raises(ValueError, match=r"scores\[1\] .*-65536 to 65536"):
        tracker.log_predictions(list("abc"), [1] * 3, scores)
    assert not any(tracker.counters().values())


def test_mixed_spellings_of_the_columns(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(
        np.array(["a", "b"]),
        (1, False),
        np.array([0.5, 0.25], dtype=np.float32),
        features=({"x": 1}, None),
        timestamps=np.array([NOW, NOW], dtype="datetime64[ms]"),
    )
    assert dict(tracker.predictions) == {
        "a": {
            "prediction": 1,
            "score": 0.5,
            "features": {"x": 1},
            "timestamp": NOW.isoformat(),
            "model_version": "latest",
        },
        "b": {"prediction": 0, "score": 0.25, "features": {}, "timestamp": NOW.isoformat(), "model_version": "latest"},
    }


@pytest.mark.parametrize("empty", [[], (), range(0), *(np.array([], dtype=kind) for kind in "dlO?UScmM")], ids=repr)
def test_nothing_at_all(tracker: ModelPerformanceTracker, empty: Any) -> None:
    """The type of no rows says nothing: an empty float array is what numpy makes of an empty list."""
    nothing = IngestReport(accepted=0, skipped=0, rejected=0, errors=())
    assert tracker.log_predictions(empty, empty) == nothing
    assert tracker.log_predictions(empty, empty, empty, features=empty, timestamps=empty) == nothing
    assert tracker.log_ground_truths(empty, empty) == nothing
    assert tracker.log_ground_truths(empty, empty, timestamps=empty) == nothing
    assert not any(tracker.counters().values())


def test_a_range(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(range(5, 8), [1] * 3, range(3), timestamps=range(3))
    assert rows(tracker) == [(5, 1, 0.0), (6, 1, 1.0), (7, 1, 2.0)]
    assert tracker.predictions[7]["timestamp"] == "1970-01-01T00:00:02"
    tracker.log_ground_truths(range(2**70, 2**70 + 2), range(2))
    assert labels(tracker) == {2**70: 0, 2**70 + 1: 1}


class ArrayLike:
    """An object of another library that numpy can make an array of."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self._values


def test_what_becomes_an_array(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(
        ArrayLike(["a", "b"]), ArrayLike([1, 0]), ArrayLike([0.5, 0.25]), timestamps=ArrayLike([0, 1])
    )
    assert rows(tracker) == [("a", 1, 0.5), ("b", 0, 0.25)]
    with pytest.raises(ValueError, match="request_ids must have one dimension, got 2"):
        tracker.log_predictions(ArrayLike([["a"], ["b"]]), [1, 0])


def test_what_fails_to_become_an_array(tracker: ModelPerformanceTracker) -> None:
    class Failing:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("lost it")

    with pytest.raises(TypeError, match="request_ids") as caught:
        tracker.log_predictions(Failing(), [1, 0])
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("size", [3, 30_000])
@pytest.mark.parametrize("layout", [np.array, every_other, big_endian, unaligned, read_only])
def test_long_arrays_are_as_short_ones(tracker: ModelPerformanceTracker, layout: Any, size: int) -> None:
    """Long columns are checked without the interpreter."""
    generator = np.random.default_rng(size)
    ids = generator.permutation(size).astype(np.uint64)
    decisions, scores, times = (
        generator.integers(0, 2, size),
        generator.random(size),
        generator.integers(0, 10**9, size),
    )
    columns: list[Any] = [layout(ids), layout(decisions), layout(scores)]
    tracker.log_predictions(*columns, timestamps=layout(times))
    assert rows(tracker) == list(zip(ids.tolist(), decisions.tolist(), scores.tolist(), strict=True))
    last = tracker.predictions[int(ids[-1])]["timestamp"]
    assert last == str(np.datetime64(int(times[-1]), "s"))


@pytest.mark.parametrize("size", [3, 30_000])
@pytest.mark.parametrize("argument", ["predictions", "scores", "timestamps"])
def test_a_bad_row_of_a_long_array(tracker: ModelPerformanceTracker, argument: str, size: int) -> None:
    for bad in (-70_000, 70_000) if argument != "timestamps" else (-1, 10**12):
        column = np.ones(size)
        column[-1] = bad
        arguments = {"request_ids": np.arange(size), "predictions": np.ones(size)} | {argument: column}
        with pytest.raises(ValueError, match=rf"{argument}\[{size - 1}\] must"):
            tracker.log_predictions(**arguments)
        report = tracker.log_predictions(**arguments, on_error="skip")
        assert (report.accepted, report.rejected, report.errors[0][0]) == (size - 1, 1, size - 1)


NOT_COLUMNS: list[Any] = [
    None,
    5,
    "abc",
    b"abc",
    {"a": 1},
    {"a"},
    iter(["a"]),
    object(),
    np.array(5),
    memoryview(b"abc"),
]


@pytest.mark.parametrize("column", NOT_COLUMNS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("argument", ["request_ids", "predictions", "actuals", "scores", "features", "timestamps"])
def test_what_is_no_column(tracker: ModelPerformanceTracker, argument: str, column: Any) -> None:
    if column is None and argument in ("scores", "features", "timestamps"):
        return
    arguments: dict[str, Any] = {"request_ids": ["a", "b", "c"], "predictions": [1, 0, 1]}
    log = tracker.log_predictions
    if argument == "actuals":
        arguments, log = {"request_ids": ["a", "b", "c"], "actuals": [1, 0, 1]}, tracker.log_ground_truths
    error = ValueError if isinstance(column, np.ndarray) else TypeError
    error = (TypeError, ValueError) if argument == "features" else error
    with pytest.raises(error, match=argument):
        log(**arguments | {argument: column})
    assert not any(tracker.counters().values())


@pytest.mark.parametrize("shape", [(3, 1), (1, 3), (3, 3), ()])
def test_arrays_have_one_dimension(tracker: ModelPerformanceTracker, shape: tuple[int, ...]) -> None:
    for argument in ("predictions", "scores", "timestamps", "request_ids"):
        arguments: dict[str, Any] = {"request_ids": ["a", "b", "c"], "predictions": [1, 0, 1]}
        with pytest.raises((ValueError, TypeError), match=rf"{argument} must have one dimension"):
            tracker.log_predictions(**arguments | {argument: np.zeros(shape, dtype=int)})


@pytest.mark.parametrize("kind", ["c16", "V4", "m8[s]", "i4,f4"])
@pytest.mark.parametrize("argument", ["request_ids", "predictions", "scores", "timestamps"])
def test_kinds_of_arrays_that_say_nothing(tracker: ModelPerformanceTracker, argument: str, kind: str) -> None:
    arguments: dict[str, Any] = {"request_ids": ["a", "b", "c"], "predictions": [1, 0, 1]}
    with pytest.raises(TypeError, match=rf"{argument}.*dtype"):
        tracker.log_predictions(**arguments | {argument: np.zeros(3, dtype=kind)})


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        ("request_ids", "f8"),
        ("request_ids", "?"),
        ("request_ids", "M8[s]"),
        ("predictions", "M8[s]"),
        ("scores", "?"),
        ("scores", "M8[s]"),
        ("timestamps", "?"),
    ],
)
def test_kinds_of_arrays_that_say_something_else(tracker: ModelPerformanceTracker, argument: str, kind: str) -> None:
    arguments: dict[str, Any] = {"request_ids": ["a", "b", "c"], "predictions": [1, 0, 1]}
    with pytest.raises(TypeError, match=argument):
        tracker.log_predictions(**arguments | {argument: np.zeros(3, dtype=kind)})
    assert not any(tracker.counters().values())


def test_masked_labels_are_null_or_refused(tracker: ModelPerformanceTracker) -> None:
    """What a mask hides is not data."""
    masked = np.ma.masked_array([1, 0, 1], mask=[False, True, False])
    try:
        report = tracker.log_ground_truths(list("abc"), masked)
    except TypeError:
        assert not any(tracker.counters().values())
    else:
        assert (report.accepted, report.skipped) == (2, 1)
        assert labels(tracker) == {"a": 1, "c": 1}


@pytest.mark.parametrize("argument", ["predictions", "scores", "features", "timestamps"])
@pytest.mark.parametrize("length", [0, 2, 4])
def test_unequal_lengths(tracker: ModelPerformanceTracker, argument: str, length: int) -> None:
    column: list[Any] = {"features": [{}], "timestamps": [NOW]}.get(argument, [1]) * length
    arguments: dict[str, Any] = {"request_ids": ["a", "b", "c"], "predictions": [1, 0, 1]}
    for on_error in ("raise", "skip"):
        with pytest.raises(ValueError, match=rf"{argument} .*{length}.*3"):
            tracker.log_predictions(**arguments | {argument: column}, on_error=on_error)
        with pytest.raises(ValueError, match=r"actuals .*2.*3"):
            tracker.log_ground_truths(["a", "b", "c"], [1, 0], on_error=on_error)
    assert not any(tracker.counters().values())


def test_a_row_later_in_the_batch_wins(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(["a", "a", "a"], [0, 1, 1], [0.25, 0.5, 0.5])
    tracker.log_ground_truths(["a", "a"], [0, 1])
    assert rows(tracker) == [("a", 1, 0.5)]
    assert labels(tracker) == {"a": 1}
    counters = tracker.counters()
    assert (counters["replaced_predictions"], counters["duplicate_events"], counters["corrected_labels"]) == (1, 1, 1)


def test_many_rows(tracker: ModelPerformanceTracker) -> None:
    """More than one slice of a batch, and more than one page of a view."""
    size = 30_000
    generator = np.random.default_rng(7)
    ids = generator.permutation(size)
    decisions, actuals = generator.integers(0, 2, (2, size))
    tracker.log_predictions(ids, decisions, generator.random(size))
    tracker.log_ground_truths(ids[::-1], actuals[::-1].astype(float))
    assert list(tracker.predictions) == ids.tolist()
    assert [entry["prediction"] for entry in tracker.predictions.values()] == decisions.tolist()
    assert labels(tracker) == dict(zip(ids.tolist(), actuals.tolist(), strict=True))
    confusion = tracker.compute_metrics()["confusion_matrix"]
    assert confusion == {
        "tp": int((decisions & actuals).sum()),
        "fp": int((decisions & ~actuals & 1).sum()),
        "fn": int((~decisions & actuals & 1).sum()),
        "tn": int((~(decisions | actuals) & 1).sum()),
    }
