"""A view equals a mapping that holds the same, whether its tracker keeps ids or not."""

from __future__ import annotations

import uuid
from types import MappingProxyType
from typing import Any

import pytest

from truthlag import ModelPerformanceTracker

UUID = uuid.UUID(int=5)
IDS = ["a", 1, b"a", -(2**80), UUID]
VIEWS = pytest.mark.parametrize("name", ["predictions", "ground_truths"])
KEEPING = pytest.mark.parametrize("keep_ids", [True, False])


def filled(ids: list[Any] = IDS, decision: int = 1, **options: Any) -> ModelPerformanceTracker:
    tracker = ModelPerformanceTracker("m", "v", **options)
    for one in ids:
        tracker.log_prediction(one, decision, 0.5, {"a": 1}, timestamp=5)
        tracker.log_ground_truth(one, decision, timestamp=6)
    return tracker


@VIEWS
@KEEPING
class TestMappings:
    def test_the_same(self, name: str, keep_ids: bool) -> None:
        view = getattr(filled(keep_ids=keep_ids), name)
        same = dict(getattr(filled(), name))
        assert view == same and same == view
        assert view == dict(reversed(same.items())), "in any order"
        assert view == MappingProxyType(same)
        assert (view != same) is False

    def test_an_empty_one(self, name: str, keep_ids: bool) -> None:
        assert getattr(filled([], keep_ids=keep_ids), name) == {}
        assert getattr(filled(keep_ids=keep_ids), name) != {}
        assert getattr(filled([], keep_ids=keep_ids), name) != {"a": {}}

    def test_others(self, name: str, keep_ids: bool) -> None:
        view = getattr(filled(keep_ids=keep_ids), name)
        same = dict(getattr(filled(), name))
        without = {key: entry for key, entry in same.items() if key != "a"}
        for other in (
            without,
            same | {"z": same["a"]},
            without | {"z": same["a"]},
            without | {"z": None},
            same | {"a": None},
            same | {"a": same["a"] | {"timestamp": "another"}},
            {key: entry for key, entry in same.items() if key != str(UUID)} | {UUID: same[str(UUID)]},
            without | {UUID: same["a"]},
            without | {(1, 2): same["a"]},
        ):
            assert view != other
            assert other != view

    def test_what_is_no_mapping(self, name: str, keep_ids: bool) -> None:
        view = getattr(filled(keep_ids=keep_ids), name)
        for other in (None, 5, "a", list(getattr(filled(), name)), object()):
            assert view != other

    def test_a_view_has_no_hash(self, name: str, keep_ids: bool) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            hash(getattr(filled(keep_ids=keep_ids), name))


@VIEWS
class TestViews:
    @pytest.mark.parametrize("keep_ids", [(True, True), (True, False), (False, True)])
    def test_of_two_trackers(self, name: str, keep_ids: tuple[bool, bool]) -> None:
        one, two = (getattr(filled(keep_ids=keep), name) for keep in keep_ids)
        assert one == two
        assert one != getattr(filled(IDS[1:], keep_ids=keep_ids[1]), name)
        assert one != getattr(filled([*IDS[1:], "z"], keep_ids=keep_ids[1]), name)
        assert one != getattr(filled(decision=0, keep_ids=keep_ids[1]), name)

    def test_of_one_tracker(self, name: str) -> None:
        tracker = filled(keep_ids=False)
        assert getattr(tracker, name) == getattr(tracker, name)
        assert tracker.predictions != dict(filled().ground_truths)

    def test_of_two_trackers_without_ids(self, name: str) -> None:
        one, two = (getattr(filled(keep_ids=False), name) for _ in range(2))
        with pytest.raises(TypeError, match="keep_ids"):
            assert one == two
        assert one != getattr(filled(IDS[1:], keep_ids=False), name), "their lengths say enough"


def test_the_version_is_that_of_the_tracker_now() -> None:
    tracker = filled()
    view = tracker.predictions
    tracker.model_version = "v2"
    assert view["a"]["model_version"] == tracker.predictions["a"]["model_version"] == "v2"
