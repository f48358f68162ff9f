"""The labels that have come to a tracker, whatever became of them, and a tracker that is restored or made anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from truthlag import AlertPolicy, ModelPerformanceTracker

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return START + hours * HOUR


def tracker_of(**options: Any) -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", clock=lambda: at(0), **options)


def label(tracker: ModelPerformanceTracker, ids: range, hours: float = 0) -> None:
    for one in ids:
        tracker.log_ground_truth(one, 1, timestamp=at(hours))


def counts(policy: AlertPolicy) -> list[int]:
    """What the feed was told, by period."""
    (feed,) = policy.to_dict()["state"]["feeds"]
    return [labels for _, labels in feed[1]["known"]]


def test_labels_count_whatever_became_of_them() -> None:
    policy = AlertPolicy()
    tracker = tracker_of(retention=timedelta(hours=100), max_orphan_labels=20, max_predictions=200)
    label(tracker, range(1_000, 1_005))
    assert policy.observe_labels_of(tracker, at(0)) == ()
    came = []
    for hour in range(1, 60):
        ids = range(10 * hour, 10 * hour + 10)
        for one in ids:
            tracker.log_prediction(one, 1, timestamp=at(5 * hour))
        # Of this hour; of predictions long gone; of none; and one of them again, and corrected.
        label(tracker, ids[:6], 5 * hour + 1)
        label(tracker, range(10 * (hour - 21) + 8, 10 * (hour - 21) + 10) if hour > 22 else range(0), 5 * hour)
        label(tracker, range(10_000 + 7 * hour, 10_000 + 7 * hour + 3), 5 * hour)
        tracker.log_ground_truth(ids[0], 1, timestamp=at(5 * hour + 2))
        tracker.log_ground_truth(ids[1], 0, timestamp=at(5 * hour + 2))
        came.append(6 + (2 if hour > 22 else 0) + 3)
        policy.observe_labels_of(tracker, at(hour))
    assert counts(policy) == came
    counters = tracker.counters()
    assert all(counters[name] for name in ("labels", "expired_labelled", "dropped_orphans", "late_labels"))


def test_labels_that_are_taken_back_have_not_come() -> None:
    policy, tracker = AlertPolicy(), tracker_of()
    label(tracker, range(10))
    policy.observe_labels_of(tracker, at(0))
    for one in range(4):
        tracker.retract_ground_truth(one)
    policy.observe_labels_of(tracker, at(1))
    label(tracker, range(20, 23))
    policy.observe_labels_of(tracker, at(2))
    assert counts(policy) == [0, 3]


def test_a_restart_loses_no_label() -> None:
    policy, tracker = AlertPolicy(), tracker_of()
    label(tracker, range(10))
    policy.observe_labels_of(tracker, at(0))
    label(tracker, range(10, 14))
    policy = AlertPolicy.from_bytes(policy.to_bytes())
    tracker = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
    label(tracker, range(20, 22))
    policy.observe_labels_of(tracker, at(1))
    # One that begins anew: all that have come to it came since.
    fresh = tracker_of()
    label(fresh, range(5))
    policy.observe_labels_of(fresh, at(2))
    label(fresh, range(5, 8))
    policy.observe_labels_of(fresh, at(3))
    assert counts(policy) == [6, 5, 3]


def test_what_is_left_out_counts_in_the_next_period() -> None:
    policy, tracker = AlertPolicy(clock=lambda: at(1)), tracker_of()
    policy.observe_labels_of(tracker, at(0))
    label(tracker, range(3))
    policy.observe_labels_of(tracker, at(1))
    label(tracker, range(3, 7))
    for when in (at(1), at(0)):
        policy.observe_labels_of(tracker, when)
    with pytest.raises(ValueError, match=r"^at must be at most 1 day ahead"):
        policy.observe_labels_of(tracker, at(100))
    policy.observe_labels_of(tracker, at(2))
    assert counts(policy) == [3, 4]
    assert (policy.counters()["repeated"], policy.counters()["late"]) == (1, 1)


def test_each_model_has_a_total_of_its_own_and_there_are_not_too_many() -> None:
    policy, tracker = AlertPolicy(metric_limit=3), tracker_of()
    for hour in range(10):
        for number in range(10):
            policy.observe_labels_of(tracker, at(hour), model=f"m{number}")
    assert len(policy.to_dict()["state"]["label_totals"]) <= 3
    assert policy.counters()["metrics"] <= 3


def test_bad_calls_change_nothing() -> None:
    policy = AlertPolicy()
    before = policy.to_dict()
    for given, settings, message in (
        (3, {}, r"^tracker must be a ModelPerformanceTracker, got 3"),
        (tracker_of(), {"model": 3}, r"^model must be a str"),
        (tracker_of(), {"at": "now"}, r"^at must be a datetime"),
    ):
        with pytest.raises(TypeError, match=message):
            policy.observe_labels_of(given, **settings)  # type: ignore[arg-type]
    assert policy.to_dict() == before
