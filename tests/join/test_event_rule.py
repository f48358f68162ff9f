"""Last writer wins, by the time of the event: every case of the rule, one at a time."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import pytest

from truthlag import ModelPerformanceTracker

NOW = datetime.datetime(2024, 5, 5, 12)
EARLY, MIDDLE, LATE = (NOW - datetime.timedelta(hours=hours) for hours in (3, 2, 1))


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", clock=lambda: NOW)


def totals(tracker: ModelPerformanceTracker) -> dict[str, int]:
    gauges = ("predictions", "labels", "matched", "pending", "orphan_labels")
    return {name: count for name, count in tracker.counters().items() if count and name not in gauges}


def gauges(tracker: ModelPerformanceTracker) -> tuple[int, ...]:
    counters = tracker.counters()
    assert counters["labels"] == counters["matched"] + counters["orphan_labels"]
    return counters["predictions"], counters["matched"], counters["pending"], counters["orphan_labels"]


def test_the_names_of_the_counters(tracker: ModelPerformanceTracker) -> None:
    names = "predictions labels matched pending orphan_labels replaced_predictions corrected_labels duplicate_events"
    names += " stale_events expired_labelled expired_unlabelled dropped_orphans late_labels rejected skipped"
    assert list(tracker.counters()) == names.split()
    assert all(type(count) is int and count == 0 for count in tracker.counters().values())


class TestPredictions:
    def test_a_later_one_replaces(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 0, 0.25, {"x": 1}, EARLY)
        tracker.log_ground_truth("a", 1, MIDDLE)
        tracker.log_prediction("a", 1, 0.75, None, LATE)
        entry = tracker.predictions["a"]
        assert (entry["prediction"], entry["score"], entry["features"], entry["timestamp"]) == (
            1,
            0.75,
            {},
            LATE.isoformat(),
        )
        assert tracker.ground_truths["a"]["actual"] == 1, "the label stays"
        assert totals(tracker) == {"replaced_predictions": 1}
        assert gauges(tracker) == (1, 1, 0, 0)

    def test_at_the_same_time_the_later_arrival_wins(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 0, 0.25, None, EARLY)
        tracker.log_prediction("a", 1, 0.25, None, EARLY)
        assert tracker.predictions["a"]["prediction"] == 1
        assert totals(tracker) == {"replaced_predictions": 1}

    def test_an_older_one_is_stale(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 0, 0.25, {"x": 1}, MIDDLE)
        before = tracker.predictions["a"]
        tracker.log_prediction("a", 1, 0.25, {"x": 1}, EARLY)
        assert tracker.predictions["a"] == before
        assert totals(tracker) == {"stale_events": 1}

    @pytest.mark.parametrize("time", [EARLY, MIDDLE, LATE])
    def test_the_same_again_is_a_duplicate(self, tracker: ModelPerformanceTracker, time: datetime.datetime) -> None:
        tracker.log_prediction("a", 0, 0.25, {"x": 1}, MIDDLE)
        tracker.log_prediction("a", 0, 0.25, {"x": 1}, time)
        assert tracker.predictions["a"]["timestamp"] == max(MIDDLE, time).isoformat()
        assert totals(tracker) == {"duplicate_events": 1}

    @pytest.mark.parametrize(
        "other",
        [
            (1, 0.25, {"x": 1}),
            (0, 0.5, {"x": 1}),
            (0, None, {"x": 1}),
            (0, 0.25, {"x": 2}),
            (0, 0.25, None),
            (0, 0.25, {}),
        ],
    )
    def test_any_difference_makes_another(self, tracker: ModelPerformanceTracker, other: tuple[int, Any, Any]) -> None:
        tracker.log_prediction("a", 0, 0.25, {"x": 1}, MIDDLE)
        tracker.log_prediction("a", *other, MIDDLE)
        assert totals(tracker) == {"replaced_predictions": 1}
        assert tracker.predictions["a"]["features"] == (other[2] or {})

    def test_no_features_and_empty_features_are_the_same(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 0, None, None, MIDDLE)
        tracker.log_prediction("a", 0, None, {}, MIDDLE)
        assert totals(tracker) == {"duplicate_events": 1}

    def test_a_replacement_moves_into_its_window(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 0, 0.25, None, EARLY)
        tracker.log_ground_truth("a", 0, EARLY)
        assert tracker.snapshot(start=LATE).sample_size == 0
        tracker.log_prediction("a", 1, 0.25, None, LATE)
        assert tracker.snapshot(start=LATE).counts.false_positives == 1
        assert tracker.snapshot(end=LATE).predictions == 0


class TestLabels:
    def test_a_later_one_corrects(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5, None, EARLY)
        tracker.log_ground_truth("a", 0, EARLY)
        tracker.log_ground_truth("a", 1, LATE)
        assert tracker.ground_truths["a"] == {"actual": 1, "timestamp": LATE.isoformat()}
        assert totals(tracker) == {"corrected_labels": 1}
        assert tracker.compute_metrics()["confusion_matrix"] == {"tp": 1, "fp": 0, "fn": 0, "tn": 0}

    def test_an_older_one_is_stale(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5, None, EARLY)
        tracker.log_ground_truth("a", 1, LATE)
        tracker.log_ground_truth("a", 0, EARLY)
        assert tracker.ground_truths["a"] == {"actual": 1, "timestamp": LATE.isoformat()}
        assert totals(tracker) == {"stale_events": 1}

    @pytest.mark.parametrize("time", [EARLY, MIDDLE, LATE])
    @pytest.mark.parametrize("has_prediction", [True, False])
    def test_the_same_again_is_a_duplicate(
        self, tracker: ModelPerformanceTracker, time: datetime.datetime, has_prediction: bool
    ) -> None:
        if has_prediction:
            tracker.log_prediction("a", 1, 0.5, None, EARLY)
        tracker.log_ground_truth("a", 1, MIDDLE)
        tracker.log_ground_truth("a", 1, time)
        assert tracker.ground_truths["a"]["timestamp"] == max(MIDDLE, time).isoformat()
        assert totals(tracker) == {"duplicate_events": 1}

    def test_before_the_prediction(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_ground_truth("a", 0, MIDDLE)
        assert gauges(tracker) == (0, 0, 0, 1)
        assert tracker.ground_truths["a"]["actual"] == 0
        tracker.log_ground_truth("a", 1, LATE)
        tracker.log_ground_truth("a", 0, EARLY)
        assert totals(tracker) == {"corrected_labels": 1, "stale_events": 1}
        tracker.log_prediction("a", 1, 0.5, None, EARLY)
        assert gauges(tracker) == (1, 1, 0, 0)
        assert tracker.ground_truths["a"] == {"actual": 1, "timestamp": LATE.isoformat()}
        assert tracker.compute_metrics()["confusion_matrix"]["tp"] == 1

    def test_every_order_of_three_labels(self) -> None:
        labels = [(0, EARLY), (1, MIDDLE), (0, LATE)]
        for order in itertools.permutations([*labels, None]):
            tracker = ModelPerformanceTracker("m", clock=lambda: NOW)
            for event in order:
                if event is None:
                    tracker.log_prediction("a", 1, 0.5, None, MIDDLE)
                else:
                    tracker.log_ground_truth("a", *event)
            assert tracker.ground_truths["a"] == {"actual": 0, "timestamp": LATE.isoformat()}
            assert tracker.compute_metrics()["confusion_matrix"] == {"tp": 0, "fp": 1, "fn": 0, "tn": 0}


class TestTakingBack:
    def test_retract(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5)
        assert tracker.retract_ground_truth("a") is False
        tracker.log_ground_truth("a", 1)
        assert tracker.retract_ground_truth("a") is True
        assert gauges(tracker) == (1, 0, 1, 0)
        assert "a" not in tracker.ground_truths
        assert tracker.retract_ground_truth("a") is False
        assert tracker.retract_ground_truth("nobody") is False
        assert totals(tracker) == {}
        # A label that comes after it is the first one, however old it says it is.
        tracker.log_ground_truth("a", 0, EARLY)
        assert tracker.ground_truths["a"] == {"actual": 0, "timestamp": EARLY.isoformat()}
        assert totals(tracker) == {}

    def test_retract_without_a_prediction(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_ground_truth("a", 1)
        assert tracker.retract_ground_truth("a") is True
        assert gauges(tracker) == (0, 0, 0, 0)
        tracker.log_prediction("a", 1, 0.5)
        assert gauges(tracker) == (1, 0, 1, 0)
        assert totals(tracker) == {}

    def test_forget(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_prediction("a", 1, 0.5, {"x": 1})
        tracker.log_ground_truth("a", 1)
        tracker.log_prediction("b", 0, 0.5)
        assert tracker.forget("a") is True
        assert tracker.forget("a") is False
        assert gauges(tracker) == (1, 0, 1, 0)
        assert list(tracker.predictions) == ["b"]
        assert tracker.compute_metrics()["status"] == "no_matched_data"
        assert totals(tracker) == {}
        # It comes back as if it had never been.
        tracker.log_ground_truth("a", 0, EARLY)
        assert gauges(tracker) == (1, 0, 1, 1)
        tracker.log_prediction("a", 0, None, None, EARLY)
        assert gauges(tracker) == (2, 1, 1, 0)
        assert tracker.predictions["a"]["features"] == {}
        assert totals(tracker) == {}

    def test_forget_a_label_without_a_prediction(self, tracker: ModelPerformanceTracker) -> None:
        tracker.log_ground_truth("a", 1)
        assert tracker.forget("a") is True
        assert tracker.forget("a") is False
        assert gauges(tracker) == (0, 0, 0, 0)
        assert totals(tracker) == {}

    @pytest.mark.parametrize("keep_ids", [True, False])
    def test_what_was_forgotten_is_not_in_the_bytes(self, keep_ids: bool) -> None:
        tracker = ModelPerformanceTracker("m", keep_ids=keep_ids)
        for request_id in ("a name that is told to nobody", "other"):
            tracker.log_prediction(request_id, 1, 0.5, {"secret": f"of {request_id}"})
        tracker.log_ground_truth("a name without a prediction", 1)
        tracker.forget("a name that is told to nobody")
        tracker.forget("a name without a prediction")
        data = tracker.to_bytes()
        assert b"of other" in data
        assert b"told to nobody" not in data
        assert b"without a prediction" not in data


class TestOrphanLimit:
    def test_the_oldest_arrival_goes_first(self) -> None:
        tracker = ModelPerformanceTracker("m", max_orphan_labels=3, clock=lambda: NOW)
        for number, time in enumerate((LATE, EARLY, MIDDLE)):
            tracker.log_ground_truth(number, 1, time)
        # A repeat and a correction keep the place.
        tracker.log_ground_truth(0, 1, NOW)
        tracker.log_ground_truth(1, 0, NOW)
        tracker.log_ground_truth(3, 1, EARLY)
        assert sorted(tracker.ground_truths) == [1, 2, 3]
        tracker.log_ground_truth(4, 1, EARLY)
        assert sorted(tracker.ground_truths) == [2, 3, 4]
        assert tracker.counters()["dropped_orphans"] == 2
        # One that finds its prediction makes room.
        tracker.log_prediction(2, 1, 0.5)
        tracker.log_ground_truth(5, 1)
        assert tracker.counters()["dropped_orphans"] == 2
        assert sorted(tracker.ground_truths) == [2, 3, 4, 5]
        assert gauges(tracker) == (1, 1, 0, 3)

    def test_none_at_all(self) -> None:
        tracker = ModelPerformanceTracker("m", max_orphan_labels=0)
        tracker.log_ground_truth("a", 1)
        assert gauges(tracker) == (0, 0, 0, 0)
        assert totals(tracker) == {"dropped_orphans": 1}
        tracker.log_prediction("a", 1, 0.5)
        tracker.log_ground_truth("a", 1)
        assert gauges(tracker) == (1, 1, 0, 0)

    def test_a_flood(self) -> None:
        tracker = ModelPerformanceTracker("m", max_orphan_labels=100)
        size = 20_000
        tracker.log_ground_truths(list(range(size)), [1] * size)
        assert sorted(tracker.ground_truths) == list(range(size - 100, size))
        assert tracker.counters()["dropped_orphans"] == size - 100
