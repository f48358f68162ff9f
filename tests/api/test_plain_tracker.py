"""The tracker replaces the plain class that it is named after: same calls, same keys, same numbers."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import truthlag
from tests.api import plain_tracker
from truthlag import ModelPerformanceTracker

#: The plain class asks the clock in a way that later versions of Python warn about.
pytestmark = pytest.mark.filterwarnings(r"ignore:datetime\.datetime\.utcnow:DeprecationWarning")

EXAMPLE = """
tracker = ModelPerformanceTracker("fraud-detector", "v2.3")
# Simulate logging predictions
for i in range(100):
    is_fraud = np.random.random() < 0.1 # 10% fraud rate
    score = np.random.beta(8, 2) if is_fraud else np.random.beta(2, 8)
    prediction = 1 if score > 0.5 else 0
    tracker.log_prediction(f"req-{i}", prediction, round(score, 3))
    tracker.log_ground_truth(f"req-{i}", int(is_fraud))
metrics = tracker.compute_metrics(window_hours=24)
print(json.dumps(metrics, indent=2))
"""

#: Digits that carry no information about the example: when it ran, and what is added to its keys.
OWN_KEYS = {"window_coverage"}


def run_example(module: ModuleType, seed: int, capsys: pytest.CaptureFixture[str]) -> tuple[Any, dict[str, Any]]:
    np.random.seed(seed)
    names = {"ModelPerformanceTracker": module.ModelPerformanceTracker, "np": np, "json": json}
    exec(compile(EXAMPLE, "example", "exec"), names)
    metrics = names["metrics"]
    assert capsys.readouterr().out == json.dumps(metrics, indent=2) + "\n"
    return names["tracker"], metrics


def assert_same_numbers(ours: Mapping[str, Any], theirs: Mapping[str, Any], exact: Mapping[str, float]) -> None:
    """`exact` holds the mean and deviation before they are rounded: an edge of the rounding may fall to either side,
    since the plain class adds floats in the order of its dictionary and the library adds integers in any order."""
    assert [key for key in ours if key not in OWN_KEYS] == list(theirs)
    for key, value in theirs.items():
        if key == "timestamp":
            continue
        if key in exact and ours[key] != value:
            edge = abs(exact[key] * 10_000 % 1 - 0.5)
            assert edge < 1e-8 and abs(ours[key] - value) < 1.001e-4, (key, ours[key], value, exact[key])
        else:
            assert ours[key] == value, key
            if isinstance(value, str):
                assert type(ours[key]) is str
        if isinstance(value, (float, np.floating)):
            # The plain class's empty sums are the integer 0.
            assert type(ours[key]) is float, key


@pytest.mark.parametrize("seed", range(20))
def test_the_example_runs_as_it_stands(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    tracker, ours = run_example(truthlag, seed, capsys)
    other, theirs = run_example(plain_tracker, seed, capsys)
    scores = [entry["score"] for entry in other.predictions.values()]
    assert_same_numbers(ours, theirs, {"mean_score": float(np.mean(scores)), "score_std": float(np.std(scores))})
    assert tracker.model_name == "fraud-detector"
    assert tracker.model_version == "v2.3"


def test_the_usage_of_the_plain_class_runs_as_it_stands() -> None:
    tracker = ModelPerformanceTracker("fraud-detector-v2")
    tracker.log_prediction("req-123", prediction=1, score=0.92, features={"amount": 500})
    tracker.log_ground_truth("req-123", actual=1)
    metrics = tracker.compute_metrics(window_hours=24)
    assert metrics["version"] == "latest"
    assert metrics["confusion_matrix"] == {"tp": 1, "fp": 0, "fn": 0, "tn": 0}
    assert metrics["accuracy"] == metrics["precision"] == metrics["recall"] == metrics["f1_score"] == 1.0
    assert (metrics["mean_score"], metrics["score_std"]) == (0.92, 0.0)


def fill(tracker: Any, seed: int, size: int, ago: datetime.timedelta) -> None:
    """Predictions of the past, half of them with a label, all by the arguments of the plain class."""
    generator = np.random.default_rng(seed)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    for row in range(size):
        time = now - ago + row * (ago / size)
        score = int(generator.integers(0, 65)) / 64
        tracker.log_prediction(f"req-{row}", int(score > 0.5), score, {"row": row} if row % 3 else None, time)
        if row % 2:
            tracker.log_ground_truth(
                f"req-{row}", int(generator.random() < score), time + datetime.timedelta(seconds=5)
            )
        if row % 7 == 0:
            tracker.log_ground_truth(f"nobody-{row}", 1, now)


@pytest.mark.parametrize("hours", [1, 24, 30, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_windows_are_those_of_the_plain_class(seed: int, hours: float) -> None:
    both = ModelPerformanceTracker("m", "v"), plain_tracker.ModelPerformanceTracker("m", "v")
    for tracker in both:
        # Both fill from a clock of their own; the first row of a window is minutes from its edge.
        fill(tracker, seed, 240, datetime.timedelta(hours=29, minutes=56))
    ours, theirs = (tracker.compute_metrics(window_hours=hours) for tracker in both)
    first = int(np.ceil(240 * (1 - hours / (29 + 56 / 60)))) if hours < 29 else 0
    scores = [both[1].predictions[f"req-{row}"]["score"] for row in range(max(0, first), 240) if row % 2]
    assert_same_numbers(ours, theirs, {"mean_score": float(np.mean(scores)), "score_std": float(np.std(scores))})


def test_without_matches_the_answer_is_that_of_the_plain_class() -> None:
    for fill_up in (lambda tracker: None, lambda tracker: tracker.log_prediction("a", 1, 0.5)):
        both = ModelPerformanceTracker("m"), plain_tracker.ModelPerformanceTracker("m")
        for tracker in both:
            fill_up(tracker)
        ours, theirs = (tracker.compute_metrics() for tracker in both)
        assert {key: value for key, value in ours.items() if key not in OWN_KEYS} == theirs
        assert type(ours["ground_truth_coverage"]) is float
        assert list(both[0].metrics_history) == []


@pytest.mark.parametrize(("decision", "actual"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_empty_sums_are_zero_as_in_the_plain_class(decision: int, actual: int) -> None:
    both = ModelPerformanceTracker("m"), plain_tracker.ModelPerformanceTracker("m")
    for tracker in both:
        tracker.log_prediction("a", decision, 0.25)
        tracker.log_ground_truth("a", actual)
    ours, theirs = (tracker.compute_metrics() for tracker in both)
    assert_same_numbers(ours, theirs, {})


class TestViews:
    """`predictions` and `ground_truths` behave like the plain class's dictionaries, for reading."""

    @pytest.fixture
    def both(self) -> tuple[Any, Any]:
        trackers = ModelPerformanceTracker("m", "v7"), plain_tracker.ModelPerformanceTracker("m", "v7")
        time = datetime.datetime(2024, 2, 29, 23, 59, 59, 123_456)
        for tracker in trackers:
            tracker.log_prediction("one", 1, 0.75, {"amount": 500, "names": ["x", None]}, time)
            tracker.log_prediction("two", 0, 0.25, timestamp=datetime.datetime(2024, 2, 29))
            tracker.log_ground_truth("two", 1, time)
            tracker.log_ground_truth("nobody", 0, time)
        return trackers

    @pytest.mark.parametrize("name", ["predictions", "ground_truths"])
    def test_they_are_equal_to_the_dictionaries(self, both: tuple[Any, Any], name: str) -> None:
        view, theirs = getattr(both[0], name), getattr(both[1], name)
        assert isinstance(view, Mapping)
        assert len(view) == len(theirs)
        assert dict(view) == theirs
        assert dict(view.items()) == theirs
        assert sorted(view) == sorted(view.keys()) == sorted(theirs)
        assert sorted(map(str, view.values())) == sorted(map(str, theirs.values()))
        for key, value in theirs.items():
            assert key in view
            assert view[key] == view.get(key) == value
            assert list(view[key]) == list(value), "the keys stand in the plain class's order"
        assert view == theirs
        json.dumps(dict(view))

    @pytest.mark.parametrize("name", ["predictions", "ground_truths"])
    def test_what_is_not_there(self, both: tuple[Any, Any], name: str) -> None:
        view = getattr(both[0], name)
        for key in ("three", b"one", 1, "One"):
            assert key not in view
            assert view.get(key) is None
            assert view.get(key, 5) == 5
            with pytest.raises(KeyError, match=re.escape(repr(key))):
                view[key]

    def test_a_view_is_alive(self, both: tuple[Any, Any]) -> None:
        tracker = both[0]
        view = tracker.predictions
        tracker.log_prediction("three", 1, 0.5, timestamp=datetime.datetime(2024, 3, 1))
        assert len(view) == 3 and "three" in view
        tracker.forget("three")
        assert len(view) == 2 and "three" not in view

    @pytest.mark.parametrize("name", ["predictions", "ground_truths"])
    def test_a_view_is_for_reading(self, both: tuple[Any, Any], name: str) -> None:
        view = getattr(both[0], name)
        with pytest.raises(TypeError):
            view["one"] = {}
        with pytest.raises(TypeError):
            del view["two"]
        with pytest.raises(AttributeError):
            setattr(both[0], name, {})
        # An entry is a copy: changing it changes nothing that is held.
        key = next(iter(view))
        view[key].clear()
        assert view[key]

    def test_features_come_back_as_they_went_in(self) -> None:
        tracker = ModelPerformanceTracker("m")
        features = {"amount": 1.5, "big": 2**60, "text": "é\u2028", "list": [1, [2]], "none": None, "flag": True}
        tracker.log_prediction("a", 1, 0.5, features)
        entry = tracker.predictions["a"]["features"]
        assert entry == features
        assert {key: type(value) for key, value in entry.items()} == {
            key: type(value) for key, value in features.items()
        }

    def test_iteration_needs_the_ids(self) -> None:
        tracker = ModelPerformanceTracker("m", keep_ids=False)
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_ground_truth("a", 1)
        for view in (tracker.predictions, tracker.ground_truths):
            assert "a" in view and len(view) == 1 and view["a"]
            with pytest.raises((TypeError, ValueError), match="keep_ids"):
                list(view)

    def test_typed_ids_come_back(self) -> None:
        tracker = ModelPerformanceTracker("m")
        ids = ["1", 1, b"1", -(2**80), 2**63, "é"]
        for one in ids:
            tracker.log_prediction(one, 1, 0.5)
            tracker.log_ground_truth(one, 1)
        for view in (tracker.predictions, tracker.ground_truths):
            assert sorted(map(repr, view)) == sorted(map(repr, ids))


class TestHistory:
    def test_it_holds_what_compute_metrics_returned(self) -> None:
        tracker = ModelPerformanceTracker("m")
        assert list(tracker.metrics_history) == []
        tracker.compute_metrics()
        assert list(tracker.metrics_history) == [], "an answer without matches is not kept, as in the plain class"
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_ground_truth("a", 1)
        answers = [tracker.compute_metrics(hours) for hours in (24, 1, 48)]
        assert tracker.metrics_history == answers
        assert isinstance(tracker.metrics_history, list)
        assert [one["window_hours"] for one in tracker.metrics_history] == [24, 1, 48]

    def test_it_is_bounded(self) -> None:
        tracker = ModelPerformanceTracker("m", history_limit=3)
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_ground_truth("a", 1)
        answers = [tracker.compute_metrics(hours) for hours in range(1, 8)]
        assert list(tracker.metrics_history) == answers[-3:]


def test_every_answer_is_json(tmp_path: Path) -> None:
    tracker = ModelPerformanceTracker("m")
    json.dumps(tracker.compute_metrics())
    json.dumps(tracker.snapshot().to_dict())
    fill(tracker, 1, 100, datetime.timedelta(hours=3))
    json.dumps(tracker.compute_metrics(24))
    json.dumps(tracker.compute_metrics(24, now=datetime.datetime.now(datetime.UTC)))
    json.dumps(tracker.metrics_history)
    json.dumps(tracker.counters())
    json.dumps(tracker.memory_usage())
    json.dumps(dict(tracker.predictions))
    json.dumps(dict(tracker.ground_truths))
    json.dumps(truthlag.build_info())
    for exact in (False, True):
        json.dumps(tracker.snapshot(exact=exact).to_dict(), allow_nan=False)
        json.dumps(tracker.snapshot(threshold=0.25, exact=exact).to_dict(), allow_nan=False)


def test_memory_usage_adds_up() -> None:
    tracker = ModelPerformanceTracker("m")
    fill(tracker, 1, 1000, datetime.timedelta(hours=3))
    usage = tracker.memory_usage()
    assert set(usage) >= {"rows", "index", "ids", "features", "orphans", "total"}
    assert all(type(value) is int and value > 0 for value in usage.values())
    assert usage["total"] == sum(value for key, value in usage.items() if key != "total")
