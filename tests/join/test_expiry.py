"""Retention counts from the newest event; what has expired vanishes at once; a limit drops the oldest arrivals."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker

NOW = datetime.datetime(2024, 5, 5)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
MICROSECOND = datetime.timedelta(microseconds=1)


def new_tracker(retention: datetime.timedelta | None = DAY, **options: object) -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", retention=retention, clock=lambda: NOW, **options)  # type: ignore[arg-type]


def expired(tracker: ModelPerformanceTracker) -> tuple[int, int]:
    counters = tracker.counters()
    return counters["expired_labelled"], counters["expired_unlabelled"]


def test_the_default_is_a_hundred_and_twenty_days() -> None:
    tracker = ModelPerformanceTracker("m", clock=lambda: NOW)
    tracker.log_prediction("a", 1, 0.5, None, NOW - datetime.timedelta(days=119))
    tracker.log_prediction("b", 1, 0.5, None, NOW - datetime.timedelta(days=122))
    tracker.log_prediction("c", 1, 0.5)
    assert list(tracker.predictions) == ["a", "c"]


def test_what_expires_vanishes_everywhere() -> None:
    tracker = new_tracker()
    tracker.log_prediction("old", 1, 0.5, {"x": 1}, NOW - 30 * HOUR)
    tracker.log_prediction("older", 1, 0.5, None, NOW - 31 * HOUR)
    tracker.log_ground_truth("old", 1, NOW - 29 * HOUR)
    tracker.log_ground_truth("orphan", 1, NOW - 28 * HOUR)
    assert tracker.counters()["predictions"] == 2
    tracker.log_prediction("new", 0, 0.5, None, NOW)
    assert list(tracker.predictions) == ["new"]
    assert len(tracker.predictions) == 1
    assert "old" not in tracker.predictions
    assert list(tracker.ground_truths) == []
    assert tracker.snapshot().predictions == 1
    assert tracker.compute_metrics(1000)["status"] == "no_matched_data"
    assert expired(tracker) == (1, 1)
    assert tracker.counters()["dropped_orphans"] == 1
    assert not tracker.forget("old")
    assert not tracker.retract_ground_truth("old")


def test_a_label_advances_time_as_well() -> None:
    tracker = new_tracker()
    tracker.log_prediction("old", 1, 0.5, None, NOW - 30 * HOUR)
    tracker.log_ground_truth("nobody", 1, NOW)
    assert expired(tracker) == (0, 1)


def test_a_late_label_is_late_or_an_orphan() -> None:
    tracker = new_tracker()
    tracker.log_prediction("old", 1, 0.5, None, NOW - 30 * HOUR)
    tracker.log_prediction("new", 1, 0.5, None, NOW)
    tracker.log_ground_truth("old", 1, NOW)
    counters = tracker.counters()
    assert (counters["late_labels"], counters["orphan_labels"]) in ((1, 0), (0, 1))
    assert counters["matched"] == 0


def test_a_label_of_a_live_prediction_may_be_of_any_age() -> None:
    tracker = new_tracker()
    tracker.log_prediction("a", 1, 0.5, None, NOW)
    tracker.log_ground_truth("a", 1, NOW - 300 * DAY)
    assert tracker.counters()["matched"] == 1


def test_expired_on_arrival() -> None:
    tracker = new_tracker()
    tracker.log_prediction("new", 1, 0.5, None, NOW)
    tracker.log_prediction("old", 1, 0.5, None, NOW - 30 * HOUR)
    tracker.log_ground_truth("an old label", 1, NOW - 30 * HOUR)
    assert expired(tracker) == (0, 1)
    assert tracker.counters()["dropped_orphans"] == 1
    # The label that waited for it is used up.
    tracker.log_ground_truth("waited for", 1, NOW)
    tracker.log_prediction("waited for", 1, 0.5, None, NOW - 30 * HOUR)
    assert expired(tracker) == (1, 1)
    assert tracker.counters()["labels"] == 0
    assert list(tracker.predictions) == ["new"]


def test_an_id_comes_back_after_it_has_expired() -> None:
    tracker = new_tracker()
    tracker.log_prediction("a", 1, 0.5, {"x": 1}, NOW - 30 * HOUR)
    tracker.log_ground_truth("a", 1, NOW - 30 * HOUR)
    tracker.log_prediction("b", 1, 0.5, None, NOW)
    tracker.log_prediction("a", 0, 0.25, None, NOW)
    assert tracker.predictions["a"]["prediction"] == 0
    assert tracker.predictions["a"]["features"] == {}
    assert "a" not in tracker.ground_truths
    assert tracker.counters()["replaced_predictions"] == 0
    tracker.log_ground_truth("a", 1)
    assert tracker.counters()["matched"] == 1


def test_a_replacement_lives_on() -> None:
    tracker = new_tracker()
    tracker.log_prediction("a", 1, 0.5, None, NOW - 20 * HOUR)
    tracker.log_prediction("b", 1, 0.5, None, NOW - 20 * HOUR)
    tracker.log_prediction("a", 1, 0.5, None, NOW)  # the same again, later
    tracker.log_prediction("c", 1, 0.5, None, NOW + HOUR)
    tracker.log_prediction("d", 1, 0.5, None, NOW - 18 * HOUR)
    assert sorted(tracker.predictions) == ["a", "b", "c", "d"]
    tracker = ModelPerformanceTracker.from_bytes(tracker.to_bytes(), clock=lambda: NOW + 10 * HOUR)
    tracker.log_prediction("e", 1, 0.5, None, NOW + 9 * HOUR)
    assert sorted(tracker.predictions) == ["a", "c", "e"]


def test_far_ahead_of_the_clock_time_stands_still() -> None:
    tracker = new_tracker()
    tracker.log_prediction("a", 1, 0.5, None, NOW - 23 * HOUR)
    tracker.log_prediction("b", 1, 0.5, None, NOW + HOUR + MICROSECOND)
    tracker.log_prediction("c", 1, 0.5, None, NOW + 300 * DAY)
    assert len(tracker.predictions) == 3
    # At most an hour ahead, it moves.
    tracker.log_prediction("d", 1, 0.5, None, NOW + HOUR)
    tracker.log_prediction("e", 1, 0.5, None, NOW - 25 * HOUR)
    assert sorted(tracker.predictions) == ["a", "b", "c", "d"]


def test_time_alone_expires_nothing() -> None:
    clock = [NOW]
    tracker = ModelPerformanceTracker("m", retention=HOUR, clock=lambda: clock[0])
    tracker.log_prediction("a", 1, 0.5)
    clock[0] += 100 * DAY
    assert len(tracker.predictions) == 1
    tracker.compute_metrics(24)
    assert len(tracker.predictions) == 1
    tracker.log_ground_truth("a", 1, NOW)
    assert tracker.counters()["matched"] == 1


def test_the_cutoff_stands_on_a_grid() -> None:
    retention = datetime.timedelta(microseconds=6_400)
    start = datetime.datetime(1970, 1, 1)
    tracker = ModelPerformanceTracker("m", retention=retention, clock=lambda: NOW)
    for microseconds in range(0, 1_000, 50):
        tracker.log_prediction(microseconds, 1, 0.5, None, start + microseconds * MICROSECOND)
    for newest in (6_399, 6_400, 6_499, 6_500, 6_599, 6_600, 6_777):
        tracker.log_prediction("newest", 1, 0.5, None, start + newest * MICROSECOND)
        cutoff = (newest - 6_400) // 100 * 100
        kept = [one for one in tracker.predictions if one != "newest"]
        assert kept == [one for one in range(0, 1_000, 50) if one >= cutoff]


def test_without_retention_nothing_expires() -> None:
    tracker = new_tracker(None)
    tracker.log_prediction("a", 1, 0.5, None, datetime.datetime(1970, 1, 1))
    tracker.log_prediction("b", 1, 0.5, None, NOW)
    tracker.log_ground_truth("a", 1)
    assert tracker.counters()["matched"] == 1


def test_a_long_stream_gives_its_memory_back() -> None:
    """A week through a window of an hour: counts add up, and memory stays that of an hour."""
    tracker = new_tracker(HOUR)
    start = NOW - 10 * DAY
    usage = []
    for day in range(7):
        times = np.datetime64(start + day * DAY, "us") + np.arange(86_400) * np.timedelta64(1, "s")
        ids = np.arange(86_400) + day * 86_400
        tracker.log_predictions(ids, ids % 2, timestamps=times)
        tracker.log_ground_truths(ids[-1800:], ids[-1800:] % 2, timestamps=times[-1800:])
        usage.append(tracker.memory_usage()["total"])
    counters = tracker.counters()
    assert 3_600 <= counters["predictions"] <= 3_600 + 57
    assert counters["predictions"] + counters["expired_labelled"] + counters["expired_unlabelled"] == 7 * 86_400
    assert counters["matched"] == 1_800
    assert counters["expired_labelled"] == 6 * 1_800
    assert max(usage[2:]) < 2 * min(usage[2:])
    assert all(one in tracker.predictions for one in range(7 * 86_400 - 3_600, 7 * 86_400))


class TestLimit:
    @pytest.mark.parametrize("limit", [1, 2, 7, 8, 64, 1000])
    def test_the_newest_arrivals_survive(self, limit: int) -> None:
        tracker = new_tracker(None, max_predictions=limit)
        size = 3 * limit + 5
        for row in range(size):
            tracker.log_prediction(row, 1, 0.5, None, NOW - (row % 7) * HOUR)
            if row % 3 == 0:
                tracker.log_ground_truth(row, 1)
            if row % 50 == 0:
                assert tracker.counters()["predictions"] <= limit
        kept = list(tracker.predictions)
        assert len(kept) <= limit
        assert kept == list(range(size - len(kept), size))
        # An eighth of them leaves at a time, and no more than that is missing.
        assert len(kept) >= limit - max(1, limit // 8)
        assert expired(tracker) == tuple(
            sum(row % 3 == remainder for row in range(size - len(kept)) for remainder in remainders)
            for remainders in ((0,), (1, 2))
        )

    def test_in_batches(self) -> None:
        tracker = new_tracker(None, max_predictions=1_000)
        for first in range(0, 50_000, 5_000):
            tracker.log_predictions(np.arange(first, first + 5_000), np.ones(5_000))
            assert 875 <= len(tracker.predictions) <= 1_000
        kept = list(tracker.predictions)
        assert kept == list(range(50_000 - len(kept), 50_000))
        assert expired(tracker) == (0, 50_000 - len(kept))

    def test_forgotten_ones_make_room(self) -> None:
        tracker = new_tracker(None, max_predictions=4)
        for row in range(100):
            tracker.log_prediction(row, 1, 0.5)
            tracker.forget(row)
        tracker.log_prediction("a", 1, 0.5)
        assert list(tracker.predictions) == ["a"]
        assert expired(tracker) == (0, 0)

    def test_renewing_the_same_ids_drops_nothing(self) -> None:
        tracker = new_tracker(None, max_predictions=20)
        for number in range(500):
            tracker.log_prediction(number % 20, number // 20 % 2, 0.5, {"number": number}, NOW + number * MICROSECOND)
            tracker.log_ground_truth(number % 20, 1, NOW + number * MICROSECOND)
        assert len(tracker.predictions) >= 18
        assert tracker.counters()["predictions"] + sum(expired(tracker)) >= 20
        for request_id, entry in tracker.predictions.items():
            assert entry["features"]["number"] % 20 == request_id
            assert entry["features"]["number"] >= 480
