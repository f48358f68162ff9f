"""Each labelled row is taken once, in order of prediction time, when its time has come: against a model that is obviously right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truthlag import ModelPerformanceTracker

START = 1_700_000_000


class Recorder:
    """A detector that keeps what it is given."""

    drift_detected = False

    def __init__(self) -> None:
        self.values: list[float] = []

    def update(self, value: float) -> None:
        self.values.append(value)


class Naive:
    """Predictions and labels in dictionaries, looked through whole at each look."""

    def __init__(self, min_age: int | None) -> None:
        self.min_age = min_age
        self.times: dict[int, int] = {}
        self.labels: set[int] = set()
        self.newest_label: int | None = None
        self.taken: list[int] = []
        self.frontier = (0, 0)

    def look(self) -> None:
        first, done = self.frontier
        if self.min_age is None:
            pending = [time for number, time in self.times.items() if number not in self.labels and time >= first]
            last = min(pending, default=10**12) - 1
        elif self.newest_label is None:
            return
        else:
            last = self.newest_label - self.min_age
        if last < first:
            return
        # A stable sort: rows of one time stay in order of arrival.
        rows = sorted(
            (n for n, time in self.times.items() if n in self.labels and first <= time <= last),
            key=self.times.__getitem__,
        )
        done = min(done, sum(self.times[number] == first for number in rows))
        new = rows[done:]
        self.taken += new
        if self.min_age is not None:
            self.frontier = (last + 1, 0)
        elif new:
            time = self.times[new[-1]]
            self.frontier = (
                time,
                sum(self.times[number] == time for number in new) + (self.frontier[1] if time == first else 0),
            )


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["predict", "predict", "label", "label", "look"]), st.integers(0, 12), st.integers(0, 30)
    ),
    max_size=60,
)


@given(EVENTS, st.sampled_from([None, 0, 3, 10]), st.booleans())
def test_each_row_is_taken_once_when_its_time_has_come(
    events: list[tuple[str, int, int]], min_age: int | None, saves: bool
) -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    naive, recorder = Naive(min_age), Recorder()
    age = None if min_age is None else timedelta(seconds=min_age)

    def losses(predictions: Any, actuals: Any, scores: Any) -> Any:
        return scores / 1_000

    watch = tracker.watch(losses, detector=recorder, min_age=age)
    for kind, number, time in events:
        if kind == "predict" and number not in naive.times:
            tracker.log_prediction(number, 1, number, timestamp=START + time)
            naive.times[number] = START + time
        elif kind == "label" and number in naive.times and number not in naive.labels:
            tracker.log_ground_truth(number, 1, timestamp=START + time)
            naive.labels.add(number)
            naive.newest_label = max(naive.newest_label or 0, START + time)
        elif kind == "look":
            watch.look()
            naive.look()
            assert [round(value * 1_000) for value in recorder.values] == naive.taken
            assert watch.counters()["taken"] == len(naive.taken)
    naive.look()
    watch.look()
    assert [round(value * 1_000) for value in recorder.values] == naive.taken


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_many_rows_in_parts_are_those_of_one_look(is_shuffled: bool) -> None:
    """More rows than are taken in one go, and several of each time."""
    rng = np.random.default_rng(5)
    rows = 600_000
    times = START + np.arange(rows) // 3
    wrong = rng.random(rows) < 0.1
    order = rng.permutation(rows) if is_shuffled else np.arange(rows)
    tracker = ModelPerformanceTracker("model", retention=None, keep_ids=False)
    watch = tracker.watch("accuracy", baseline=0.9, arl=1e12)
    tracker.log_predictions(order, wrong[order], timestamps=times[order])
    tracker.log_ground_truths(order, np.zeros(rows), timestamps=times[order] + 86_400)
    assert watch.counters()["taken"] == rows
    direct = type(watch.detector)(0.1, arl=1e12)
    # Rows of one time come in order of arrival.
    ranked = order[np.argsort(times[order], kind="stable")]
    direct.update_many(wrong[ranked])
    assert watch.detector.to_bytes() == direct.to_bytes()


def test_what_comes_too_late_is_passed_over() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    watch = tracker.watch("accuracy", baseline=0.9, min_age=timedelta(seconds=10))
    for number, (predicted, labelled) in enumerate([(0, 5), (1, 100), (2, 4), (90, 95)]):
        tracker.log_prediction(number, 1, timestamp=START + predicted)
        if number != 1:
            tracker.log_ground_truth(number, 1, timestamp=START + labelled)
    assert watch.counters()["taken"] == 2
    tracker.log_ground_truth(1, 0, timestamp=START + 100)
    # Its label is among the metrics, and came too late for the watch.
    assert tracker.snapshot().sample_size == 4
    assert watch.counters()["taken"] == 3
    assert watch.judged_until is not None and watch.judged_until.timestamp() == pytest.approx(START + 90, abs=1e-5)


def test_corrections_change_the_metrics_and_not_the_past_of_a_detector() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    watch = tracker.watch("accuracy", baseline=0.9)
    tracker.log_prediction(1, 1, timestamp=START)
    tracker.log_ground_truth(1, 0, timestamp=START + 1)
    assert watch.detector.estimation == 1.0
    tracker.log_ground_truth(1, 1, timestamp=START + 2)
    assert tracker.snapshot().accuracy == 1.0
    assert (watch.detector.estimation, watch.counters()["taken"]) == (1.0, 1)


def test_order_of_arrival_alarms_on_nothing_and_order_of_prediction_does_not() -> None:
    """A model as good as its baseline, whose positives are known after 5 days and whose negatives after 30."""
    alarmed = {"prediction": 0, "arrival": 0}
    runs = 40
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        rows = 3_000
        actuals = rng.random(rows) < 0.3
        # Positives are missed in 3 of 10, negatives flagged in 1 of 10: an error in 0.16 of all.
        wrong = rng.random(rows) < np.where(actuals, 0.3, 0.1)
        days = np.arange(rows) / 50
        labelled = START + 86_400 * (days + np.where(actuals, 5, 30))
        tracker = ModelPerformanceTracker("model", retention=None)
        watches = {
            name: tracker.watch("accuracy", baseline=0.84, arl=1_000_000, order=name, name=name) for name in alarmed
        }
        tracker.log_predictions(np.arange(rows), actuals ^ wrong, timestamps=START + 86_400 * days)
        order = np.argsort(labelled, kind="stable")
        for part in np.array_split(order, 60):
            tracker.log_ground_truths(part, actuals[part], timestamps=labelled[part])
        for name, watch in watches.items():
            alarmed[name] += bool(watch.alarms)
            assert all(alarm.is_guaranteed == (name == "prediction") for alarm in watch.alarms)
            assert watch.counters()["taken"] == rows
    # In order of arrival the first labels are all positive, with twice the errors.
    assert alarmed["arrival"] >= runs - 2
    # 3 000 rows of a million.
    assert alarmed["prediction"] <= 1
