"""What a request id may be: text, bytes, integers and UUIDs; each type of its own, any length up to a kilobyte."""

from __future__ import annotations

import enum
import uuid
from typing import Any

import numpy as np
import pytest

from tests.call.naming import name
from truthlag import ModelPerformanceTracker

ONE = uuid.UUID("12345678-1234-5678-1234-567812345678")


class Request(enum.StrEnum):
    FIRST = "first"


class Number(enum.IntEnum):
    SEVEN = 7


class Text(str):
    __slots__ = ()


class Integer(int):
    def __index__(self) -> int:
        raise AssertionError("the value of an int is its own")


class Bytes(bytes):
    __slots__ = ()


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m")


DISTINCT: list[Any] = [
    "1",
    1,
    b"1",
    "01",
    " 1",
    "a\0b",
    "a",
    "é",
    "e\u0301",
    "\U0001f600",
    b"\x00",
    b"\xff\xfe",
    0,
    -1,
    2**31,
    2**63 - 1,
    2**63,
    -(2**63),
    -(2**63) - 1,
    2**64,
    2**8000,
    ONE,
    (1).to_bytes(8, "little"),
    (2**63).to_bytes(9, "little"),
    "x" * 1024,
    b"x" * 1024,
    "é" * 512,
]


def test_ids_of_all_types_are_told_apart(tracker: ModelPerformanceTracker) -> None:
    for request_id in DISTINCT:
        tracker.log_prediction(request_id, 1, 0.5)
    assert tracker.counters()["predictions"] == len(DISTINCT)
    for number, request_id in enumerate(DISTINCT):
        tracker.log_ground_truth(request_id, number % 2)
    assert tracker.counters()["matched"] == len(DISTINCT)
    assert [tracker.ground_truths[one]["actual"] for one in DISTINCT] == [number % 2 for number in range(len(DISTINCT))]
    came_back = list(tracker.predictions)
    assert [(type(one), one) for one in came_back] == [
        (type(one), one) if one != ONE else (str, str(ONE)) for one in DISTINCT
    ]


def test_they_survive_bytes(tracker: ModelPerformanceTracker) -> None:
    tracker.log_predictions(DISTINCT, [1] * len(DISTINCT))
    other = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
    assert list(other.predictions) == list(tracker.predictions)
    assert all(one in other.predictions for one in DISTINCT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ONE, str(ONE)),
        (ONE, "12345678-1234-5678-1234-567812345678"),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.int64(5), 5),
        (Request.FIRST, "first"),
        (Number.SEVEN, 7),
        (Text("a"), "a"),
        (Integer(4), 4),
        (Integer(2**70), 2**70),
        (Bytes(b"a"), b"a"),
    ],
)
def test_the_same_id_in_two_spellings(tracker: ModelPerformanceTracker, one: Any, other: Any) -> None:
    tracker.log_prediction(one, 1, 0.5)
    tracker.log_ground_truth(other, 1)
    assert tracker.counters()["matched"] == 1
    assert one in tracker.predictions
    assert other in tracker.predictions
    assert list(tracker.predictions) == [other if not isinstance(other, uuid.UUID) else str(other)]
    tracker.log_predictions([other, one], [1, 1], [0.5, 0.5])
    assert tracker.counters()["duplicate_events"] == 2
    assert tracker.retract_ground_truth(one)
    assert tracker.forget(other)


def test_a_uuid_in_other_letters_is_another_text(tracker: ModelPerformanceTracker) -> None:
    tracker.log_prediction(ONE, 1, 0.5)
    assert str(ONE).upper() in tracker.predictions or str(ONE) == str(ONE).upper()
    assert ONE.hex not in tracker.predictions
    assert ONE.bytes not in tracker.predictions
    assert ONE.int not in tracker.predictions


WRONG_TYPES: list[Any] = [
    None,
    True,
    False,
    np.True_,
    1.0,
    np.float64(1),
    1j,
    ("a",),
    ["a"],
    {"a"},
    bytearray(b"a"),
    memoryview(b"a"),
    object(),
    np.array(["a"]),
    np.array("a"),
    np.datetime64(1, "ns"),
    np.timedelta64(1, "ns"),
    np.datetime64("2024-01-01"),
    np.void(b"ab"),
    np.longdouble(1),
]


def every_call(tracker: ModelPerformanceTracker, request_id: Any) -> dict[str, Any]:
    return {
        "request_id": [
            lambda: tracker.log_prediction(request_id, 1, 0.5),
            lambda: tracker.log_ground_truth(request_id, 1),
            lambda: tracker.forget(request_id),
            lambda: tracker.retract_ground_truth(request_id),
        ],
        "request_ids[1]": [
            lambda: tracker.log_predictions(["a", request_id, "b"], [1, 1, 1]),
            lambda: tracker.log_ground_truths(("a", request_id, "b"), [1, 1, 1]),
        ],
    }


@pytest.mark.parametrize("request_id", WRONG_TYPES, ids=name)
def test_other_types_are_refused(tracker: ModelPerformanceTracker, request_id: Any) -> None:
    for argument, calls in every_call(tracker, request_id).items():
        for call in calls:
            with pytest.raises(TypeError) as error:
                call()
            message = str(error.value)
            assert message.startswith(f"{argument} ")
            assert all(word in message for word in ("str", "bytes", "int", "UUID")), message
            if not isinstance(request_id, np.generic):
                # numpy's scalars may be shown as the Python objects that they stand for.
                assert type(request_id).__name__.removesuffix("Type") in message
    assert not any(tracker.counters().values())


@pytest.mark.parametrize(
    ("request_id", "words"),
    [
        ("", "empty"),
        (b"", "empty"),
        (np.str_(""), "empty"),
        ("x" * 1025, "1024"),
        ("é" * 513, "1024"),
        (b"x" * 1025, "1024"),
        (2**8192, "1024"),
        (-(2**8192), "1024"),
        (1 << 100_000, "1024"),
        ("\ud800", "surrogate"),
        ("a\udfffb", "surrogate"),
    ],
    ids=name,
)
def test_other_values_are_refused(tracker: ModelPerformanceTracker, request_id: Any, words: str) -> None:
    for argument, calls in every_call(tracker, request_id).items():
        for call in calls:
            with pytest.raises(ValueError, match=words) as error:
                call()
            assert str(error.value).startswith(f"{argument} ")
            assert len(str(error.value)) < 400, "a message is for a log line"
    assert not any(tracker.counters().values())


@pytest.mark.parametrize("keep_ids", [True, False])
def test_looking_for_what_no_id_can_be(keep_ids: bool) -> None:
    tracker = ModelPerformanceTracker("m", keep_ids=keep_ids)
    tracker.log_prediction("a", 1, 0.5)
    for view in (tracker.predictions, tracker.ground_truths):
        for odd in ("", b"", None, 1.5, True, "x" * 1025, ("a",)):
            # As a dict does for a key that it cannot have.
            assert odd not in view
            assert view.get(odd) is None
            with pytest.raises(KeyError):
                view[odd]
