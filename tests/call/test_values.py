"""Decisions and labels are 0 or 1; a score is a finite number or none; features are plain data."""

from __future__ import annotations

import collections
import decimal
import enum
import fractions
from typing import Any

import numpy as np
import pytest

from tests.call.naming import name
from truthlag import ModelPerformanceTracker


class Verdict(enum.IntEnum):
    NO = 0
    YES = 1


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m")


ZEROS: list[Any] = [0, False, 0.0, -0.0, Verdict.NO]
ONES: list[Any] = [1, True, 1.0, Verdict.YES]
NUMPY = [
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "bool",
]
ZEROS += [np.dtype(name).type(0) for name in NUMPY]
ONES += [np.dtype(name).type(1) for name in NUMPY]


@pytest.mark.parametrize(("value", "expected"), [(one, 0) for one in ZEROS] + [(one, 1) for one in ONES], ids=name)
def test_zero_and_one_in_every_type(tracker: ModelPerformanceTracker, value: Any, expected: int) -> None:
    tracker.log_prediction("a", value, 0.5)
    tracker.log_ground_truth("a", value)
    tracker.log_predictions(["b"], [value])
    tracker.log_ground_truths(["b"], [value])
    for request_id in ("a", "b"):
        for answer in (tracker.predictions[request_id]["prediction"], tracker.ground_truths[request_id]["actual"]):
            assert answer == expected
            assert type(answer) is int


WRONG_VALUES: list[Any] = [2, -1, 10**30, -(10**30), 0.5, 1.0000001, float("nan"), float("inf"), -float("inf")]
WRONG_VALUES += [np.int64(2), np.uint64(2**64 - 1), np.float32(0.5), np.float64("nan")]
WRONG_TYPES: list[Any] = [None, "1", "", b"1", 1j, [1], (1,), {1}, object(), decimal.Decimal(1), fractions.Fraction(1)]
WRONG_TYPES += [
    np.array(1),
    np.array([1]),
    np.str_("1"),
    np.complex128(1),
    np.datetime64(1, "ns"),
    np.timedelta64(1, "ns"),
]


@pytest.mark.parametrize(
    ("value", "error"),
    [(one, ValueError) for one in WRONG_VALUES] + [(one, TypeError) for one in WRONG_TYPES],
    ids=name,
)
def test_anything_else_is_refused(tracker: ModelPerformanceTracker, value: Any, error: type[Exception]) -> None:
    calls = {
        "prediction ": lambda: tracker.log_prediction("a", value, 0.5),
        "actual ": lambda: tracker.log_ground_truth("a", value),
        "predictions[2] ": lambda: tracker.log_predictions(["a", "b", "c"], [0, 1, value]),
    }
    is_missing = value is None or value != value
    if not is_missing:
        calls["actuals[2] "] = lambda: tracker.log_ground_truths(["a", "b", "c"], [0, 1, value])
    for start, call in calls.items():
        with pytest.raises(error, match="0 or 1") as caught:
            call()
        message = str(caught.value)
        assert message.startswith(start), message
        shown = repr(value)
        if type(value) in (int, float, str, bytes) and len(shown) < 50:
            assert shown in message
    assert not any(tracker.counters().values())


GOOD_SCORES: list[Any] = [0, 1, 0.5, -0.0, 5e-324, 65_536, -65_536, 65_536.0, -65_536.0, 1e-300]
GOOD_SCORES += [np.float16(0.5), np.float32(0.1), np.float64(0.1), np.int8(1), np.uint64(3), Verdict.YES, None]


@pytest.mark.parametrize("score", GOOD_SCORES, ids=name)
def test_scores(tracker: ModelPerformanceTracker, score: Any) -> None:
    tracker.log_prediction("a", 1, score)
    tracker.log_prediction("b", 1, score=score)
    tracker.log_predictions(["c", "d"], [1, 1], [score, score])
    for request_id in "abcd":
        kept = tracker.predictions[request_id]["score"]
        assert kept == score
        assert type(kept) is (float if score is not None else type(None))


def test_a_score_may_be_left_out(tracker: ModelPerformanceTracker) -> None:
    tracker.log_prediction("a", 1)
    tracker.log_predictions(["b"], [1])
    assert tracker.predictions["a"]["score"] is None
    assert tracker.predictions["b"]["score"] is None


BAD_SCORES: list[Any] = [float("nan"), float("inf"), -float("inf"), 65_536.001, -65_536.001, 1e308, 10**400, -(10**400)]
BAD_SCORES += [np.float64("nan"), np.float32("inf"), np.nextafter(65_536.0, 1e9)]
BAD_SCORE_TYPES: list[Any] = [
    "0.5",
    b"0.5",
    1j,
    [0.5],
    (0.5,),
    object(),
    decimal.Decimal("0.5"),
    np.array([0.5]),
    np.array(0.5),
]
BAD_SCORE_TYPES += [np.complex128(1), np.str_("0.5"), np.datetime64(1, "ns"), np.timedelta64(1, "ns"), True, np.True_]


@pytest.mark.parametrize(
    ("score", "error"),
    [(one, ValueError) for one in BAD_SCORES] + [(one, TypeError) for one in BAD_SCORE_TYPES],
    ids=name,
)
def test_other_scores_are_refused(tracker: ModelPerformanceTracker, score: Any, error: type[Exception]) -> None:
    calls = {
        "score ": lambda: tracker.log_prediction("a", 1, score),
        "scores[1] ": lambda: tracker.log_predictions(["a", "b"], [1, 1], [0.5, score]),
    }
    for start, call in calls.items():
        with pytest.raises(error, match="finite number from -65536 to 65536") as caught:
            call()
        assert str(caught.value).startswith(start), str(caught.value)
    assert not any(tracker.counters().values())


def test_an_extended_float_is_taken_or_refused(tracker: ModelPerformanceTracker) -> None:
    """numpy's long double has no Python type of its own."""
    for value, good in ((np.longdouble(1), True), (np.longdouble("1e4000"), False), (np.clongdouble(1), False)):
        try:
            tracker.log_prediction("a", 1, value)
        except (TypeError, ValueError):
            continue
        assert good
        assert tracker.predictions["a"]["score"] == 1.0


class TestFeatures:
    GOOD = (
        {"amount": 500},
        {
            "a": None,
            "b": True,
            "c": False,
            "d": -1,
            "e": 2**70,
            "f": -(2**70),
            "g": 0.1,
            "h": "é\U0001f600",
            "i": b"\x00\xff",
        },
        {"list": [1, [2, [3, {"deep": {}}]]], "": ""},
        {"nan": float("inf"), "zero": -0.0},
        {"text": "x" * 60_000},
        {str(number): number for number in range(1000)},
    )

    @pytest.mark.parametrize("features", GOOD, ids=lambda one: str(one)[:30])
    def test_plain_data_comes_back(self, tracker: ModelPerformanceTracker, features: dict[str, Any]) -> None:
        tracker.log_prediction("a", 1, 0.5, features)
        tracker.log_predictions(["b", "c"], [1, 1], features=[features, None])
        tracker.log_predictions(("d",), (1,), features=({},))
        for request_id in "ab":
            entry = tracker.predictions[request_id]["features"]
            assert entry == features
            assert list(entry) == list(features)
            assert [type(one) for one in entry.values()] == [type(one) for one in features.values()]
        assert tracker.predictions["c"]["features"] == tracker.predictions["d"]["features"] == {}
        tracker = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
        assert tracker.predictions["b"]["features"] == features

    def test_a_nan_comes_back(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5, {"x": float("nan")})
        value = tracker.predictions["a"]["features"]["x"]
        assert value != value
        tracker.log_prediction("a", 1, 0.5, {"x": float("nan")})
        assert tracker.counters()["duplicate_events"] == 1

    def test_a_copy_is_kept(self, tracker: ModelPerformanceTracker) -> None:
        features = {"list": [1]}
        tracker.log_prediction("a", 1, 0.5, features)
        features["list"].append(2)
        tracker.predictions["a"]["features"]["list"].append(3)
        assert tracker.predictions["a"]["features"] == {"list": [1]}

    def test_numpy_scalars_become_plain(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5, {"a": np.float32(0.5), "b": np.int64(3), "c": np.True_, "d": np.str_("x")})
        assert tracker.predictions["a"]["features"] == {"a": 0.5, "b": 3, "c": True, "d": "x"}
        assert [type(one) for one in tracker.predictions["a"]["features"].values()] == [float, int, bool, str]

    def test_a_tuple_becomes_a_list(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5, {"pair": (1, 2)})
        assert tracker.predictions["a"]["features"] == {"pair": [1, 2]}

    def test_they_need_not_be_kept(self) -> None:
        tracker = ModelPerformanceTracker("m", keep_features=False)
        tracker.log_prediction("a", 1, 0.5, {"a": 1})
        tracker.log_prediction("a", 1, 0.5, {"a": 2})
        assert tracker.predictions["a"]["features"] == {}
        assert tracker.counters()["duplicate_events"] == 1
        assert tracker.memory_usage()["features"] == 0

    @pytest.mark.parametrize("features", [5, "abc", {"a": object()}, object(), {1: 2}], ids=repr)
    def test_those_that_are_not_kept_are_not_judged(self, features: Any) -> None:
        tracker = ModelPerformanceTracker("m", keep_features=False)
        for again in (tracker, ModelPerformanceTracker.from_bytes(tracker.to_bytes())):
            again.log_prediction("a", 1, 0.5, features)
            again.log_predictions(["b", "c"], [1, 1], features=features)
            again.log_predictions(["d"], [1], features=[features])
            assert again.counters()["predictions"] == 4

    @pytest.mark.parametrize("way", ["array", "series", "deque", "polars"])
    def test_a_column_is_any_sequence(self, tracker: ModelPerformanceTracker, way: str) -> None:
        values: list[Any] = [{"a": 1}, None, {"a": 2}]
        column: Any = collections.deque(values)
        if way == "array":
            column = np.array(values, dtype=object)
        elif way == "series":
            column = pytest.importorskip("pandas").Series(values, dtype=object)
        elif way == "polars":
            column = pytest.importorskip("polars").Series(values)
        tracker.log_predictions(["a", "b", "c"], [1, 1, 1], features=column)
        assert [entry["features"] for entry in tracker.predictions.values()] == [{"a": 1}, {}, {"a": 2}]

    @pytest.mark.parametrize("column", ["abc", b"abc", {"a": 1}, {"a"}, iter([{}]), 5, object()], ids=name)
    def test_what_is_no_column(self, tracker: ModelPerformanceTracker, column: Any) -> None:
        with pytest.raises(TypeError, match="features must be a list or another sequence of dicts"):
            tracker.log_predictions(["a"], [1], features=column)

    def test_a_column_that_fails(self, tracker: ModelPerformanceTracker) -> None:
        class Failing:
            def __len__(self) -> int:
                return 1

            def __iter__(self) -> Any:
                raise RuntimeError("lost it")

        with pytest.raises(TypeError, match="features") as caught:
            tracker.log_predictions(["a"], [1], features=Failing())
        assert isinstance(caught.value.__cause__, RuntimeError)

    BAD = (
        ([("a", 1)], TypeError, "dict"),
        ("a", TypeError, "dict"),
        (5, TypeError, "dict"),
        ({1: 2}, TypeError, "str keys"),
        ({b"a": 2}, TypeError, "str keys"),
        ({"a": object()}, TypeError, "object"),
        ({"a": {1, 2}}, TypeError, "set"),
        ({"a": 1j}, TypeError, "complex"),
        ({"a": "\ud800"}, ValueError, r"without lone surrogates, got '\\ud800' of type str"),
        ({"\ud800": 1}, ValueError, r"without lone surrogates, got '\\ud800' of type str"),
        ({"a": "x" * 65_536}, ValueError, "at most 65535 bytes when encoded, got 65552 or more"),
        ({"a": ["x" * 40_000] * 2}, ValueError, "65535"),
        ({"a": 1 << 10_000_000}, ValueError, "65535"),
    )

    @pytest.mark.parametrize(("features", "error", "words"), BAD, ids=lambda one: str(type(one)))
    def test_anything_else_is_refused(
        self, tracker: ModelPerformanceTracker, features: Any, error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=words) as caught:
            tracker.log_prediction("a", 1, 0.5, features)
        assert str(caught.value).startswith("features ")
        with pytest.raises(error, match=words) as caught:
            tracker.log_predictions(["a", "b"], [1, 1], features=[{}, features])
        assert str(caught.value).startswith("features[1] ")
        assert not any(tracker.counters().values())

    @pytest.mark.parametrize("shape", ["list", "dict"])
    def test_endless_and_deep_ones_are_refused(self, tracker: ModelPerformanceTracker, shape: str) -> None:
        endless: Any = [] if shape == "list" else {}
        if shape == "list":
            endless.append(endless)
        else:
            endless["self"] = endless
        deep: Any = 1
        for _ in range(50_000):
            deep = [deep] if shape == "list" else {"a": deep}
        for features in ({"a": endless}, {"a": deep}):
            shown = "got an object of type (list|dict) beyond that"
            with pytest.raises(ValueError, match=f"features must be nested at most 32 deep, {shown}"):
                tracker.log_prediction("a", 1, 0.5, features)
        assert not any(tracker.counters().values())
        while isinstance(deep, (list, dict)):
            # Taken apart by hand: the interpreter's own way is recursive.
            deep = deep.pop() if isinstance(deep, list) else deep.pop("a")
