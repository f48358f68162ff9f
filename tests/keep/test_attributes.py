"""What subclasses and callers add to a tracker goes with its pickles and copies, and what they spoil is refused."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.keep.saved import CHECKSUM, MAGIC, Clock, everything, full_tracker, sealed
from truthlag import ModelPerformanceTracker


class Owned(ModelPerformanceTracker):
    """A subclass with attributes of its own, in the dictionary and in slots, one of them private and one never set."""

    __slots__ = ("__secret", "level", "unset")

    def __init__(self, *names: str, team: list[str], **options: Any) -> None:
        super().__init__(*names, **options)
        self.team = team
        self.level = 3
        self.__secret = "s"

    def secret(self) -> str:
        return self.__secret


COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda tracker: pickle.loads(pickle.dumps(tracker)),
    "oldest pickle": lambda tracker: pickle.loads(pickle.dumps(tracker, protocol=0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
every_copy = pytest.mark.parametrize("way", COPIES.values(), ids=COPIES)


@every_copy
def test_attributes_of_an_instance(way: Callable[[Any], Any]) -> None:
    tracker = full_tracker()
    tracker.note = "hi"
    other = way(tracker)
    assert other.note == "hi"
    assert everything(other) == everything(tracker)
    assert vars(other).keys() == vars(tracker).keys()


@every_copy
def test_attributes_of_a_subclass(way: Callable[[Any], Any]) -> None:
    tracker = Owned("m", "v", team=["a", "b"], clock=Clock())
    tracker.log_prediction("one", 1, 0.5)
    other = way(tracker)
    assert type(other) is Owned
    assert (other.team, other.level, other.secret()) == (["a", "b"], 3, "s")
    assert not hasattr(other, "unset")
    assert "one" in other.predictions
    # As Python copies any object: the history and the content are apart in each.
    assert (other.team is tracker.team) is (way is copy.copy)
    assert other.metrics_history is not tracker.metrics_history


def test_an_attribute_may_be_the_tracker_itself() -> None:
    tracker: Any = ModelPerformanceTracker("m")
    tracker.self = tracker
    for other in (pickle.loads(pickle.dumps(tracker)), copy.deepcopy(tracker)):
        assert other.self is other


def test_a_state_without_attributes_is_read() -> None:
    state = full_tracker().__getstate__()
    tracker = Owned.__new__(Owned)
    tracker.__setstate__({name: state[name] for name in ("data", "clock")})
    assert everything(tracker) == everything(full_tracker())


class TestWhatCannotBeSaved:
    @pytest.mark.parametrize("write", [ModelPerformanceTracker.to_bytes, pickle.dumps, copy.copy])
    @pytest.mark.parametrize("attribute", ["model_name", "model_version"])
    def test_a_name_that_is_no_text(self, attribute: str, write: Callable[[Any], Any]) -> None:
        tracker = full_tracker()
        setattr(tracker, attribute, 3)
        with pytest.raises(TypeError, match=f"^{attribute} must be a str, got 3 of type int$"):
            write(tracker)
        setattr(tracker, attribute, "3")
        write(tracker)

    @pytest.mark.parametrize(
        ("entry", "error", "told"),
        [
            ({"x": datetime.datetime(2026, 1, 1)}, TypeError, "datetime"),
            ({("a", "b"): 1}, TypeError, "tuple"),
            (object(), TypeError, "object"),
            (5, TypeError, "5 of type int at position 4"),
            (None, TypeError, "None at position 4"),
            ([["a", 1]], TypeError, "an object of type list at position 4"),
            ({"x": 10**5000}, ValueError, "digits"),
        ],
        ids=range(7),
    )
    def test_an_entry_of_the_history(self, entry: Any, error: type[Exception], told: str) -> None:
        tracker = full_tracker()
        tracker.metrics_history.append(entry)
        with pytest.raises(error, match=rf"^metrics_history must hold dicts of what JSON can hold .*{told}"):
            tracker.to_bytes()
        tracker.metrics_history.pop()
        other = ModelPerformanceTracker.from_bytes(tracker.to_bytes(), clock=Clock())
        assert everything(other) == everything(full_tracker())

    def test_an_entry_that_holds_itself_or_too_much(self) -> None:
        deep: dict[str, Any] = {}
        for _ in range(100_000):
            deep = {"x": deep}
        endless: dict[str, Any] = {}
        endless["x"] = endless
        for entry in (deep, endless):
            tracker = full_tracker()
            tracker.metrics_history.append(entry)
            with pytest.raises(ValueError, match=r"^metrics_history must hold dicts"):
                tracker.to_bytes()


GOOD = {"model_name": "m", "model_version": "v", "history_limit": 1, "metrics_history": []}


def with_header(header: Any) -> bytes:
    content = full_tracker().to_bytes()[:-CHECKSUM]
    (length,) = struct.unpack_from("<I", content, len(MAGIC) + 4)
    written = json.dumps(header).encode()
    rest = content[len(MAGIC) + 8 + length :]
    return sealed(content[: len(MAGIC) + 4] + struct.pack("<I", len(written)) + written + rest)


class TestHeaders:
    def test_a_good_one(self) -> None:
        tracker = ModelPerformanceTracker.from_bytes(with_header(GOOD))
        assert (tracker.model_name, tracker.model_version, tracker.metrics_history) == ("m", "v", [])

    @pytest.mark.parametrize(
        "change",
        [
            {"history_limit": -1},
            {"history_limit": True},
            {"history_limit": 1.0},
            {"history_limit": None},
            {"metrics_history": [5]},
            {"metrics_history": [{}, None]},
            {"metrics_history": {}},
            {"model_name": None},
            {"model_version": 3},
        ],
        ids=str,
    )
    def test_a_bad_part(self, change: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"^the saved tracker is inconsistent: its "):
            ModelPerformanceTracker.from_bytes(with_header(GOOD | change))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(data + data)[: len(data)]])
def test_bytes_of_any_kind(kind: Callable[[bytes], Any]) -> None:
    data = full_tracker().to_bytes()
    assert everything(ModelPerformanceTracker.from_bytes(kind(data), clock=Clock())) == everything(full_tracker())
    with pytest.raises(ValueError, match="saved tracker"):
        ModelPerformanceTracker.from_bytes(kind(data[:-1]))


@pytest.mark.parametrize("odd", [None, "text", 5, [1], object()], ids=lambda one: type(one).__name__)
def test_what_are_no_bytes(odd: Any) -> None:
    with pytest.raises(TypeError, match=r"^data must be bytes, a bytearray or a memoryview, got "):
        ModelPerformanceTracker.from_bytes(odd)
