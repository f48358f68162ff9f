"""Watches: what each metric loses, alarms and who is told, families, bytes and back, errors."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from truthlag import Alarm, ModelPerformanceTracker
from truthlag.detectors import ADWIN, DDM, EDDM, HDDMA, EDetector, PageHinkley
from truthlag.metrics.counts import ConfusionCounts
from truthlag.verdict.watch.watched_loss import PROPORTIONS, WATCHED, watched_loss

START = 1_700_000_000
RNG = np.random.default_rng(11)
ROWS = 4_000
ACTUALS = RNG.random(ROWS) < 0.4
SCORES = np.clip(0.35 + 0.25 * ACTUALS + RNG.normal(0, 0.2, ROWS), 0, 1)
PREDICTIONS = SCORES > 0.5
REFERENCES: dict[str, Any] = {
    "accuracy": lambda: sklearn_metrics.accuracy_score(ACTUALS, PREDICTIONS),
    "precision": lambda: sklearn_metrics.precision_score(ACTUALS, PREDICTIONS),
    "recall": lambda: sklearn_metrics.recall_score(ACTUALS, PREDICTIONS),
    "specificity": lambda: sklearn_metrics.recall_score(~ACTUALS, ~PREDICTIONS),
    "negative_predictive_value": lambda: sklearn_metrics.precision_score(~ACTUALS, ~PREDICTIONS),
    "f1_score": lambda: sklearn_metrics.f1_score(ACTUALS, PREDICTIONS),
    "f_half_score": lambda: sklearn_metrics.fbeta_score(ACTUALS, PREDICTIONS, beta=0.5),
    "f2_score": lambda: sklearn_metrics.fbeta_score(ACTUALS, PREDICTIONS, beta=2),
    "brier_score": lambda: sklearn_metrics.brier_score_loss(ACTUALS, SCORES),
    "log_loss": lambda: sklearn_metrics.log_loss(ACTUALS, SCORES),
}


def filled(tracker: ModelPerformanceTracker | None = None) -> ModelPerformanceTracker:
    """A tracker with all rows, a minute apart, each labelled an hour later."""
    tracker = tracker or ModelPerformanceTracker("model", "v2", retention=None)
    times = START + 60 * np.arange(ROWS)
    tracker.log_predictions(np.arange(ROWS), PREDICTIONS, SCORES, timestamps=times)
    tracker.log_ground_truths(np.arange(ROWS), ACTUALS, timestamps=times + 3_600)
    return tracker


@pytest.mark.parametrize("name", WATCHED)
def test_the_mean_loss_is_at_the_reference_where_the_metric_is_at_its_baseline(name: str) -> None:
    value = REFERENCES[name]()
    bound = {"log_loss": 40.0, "brier_score": 1.0}.get(name)
    loss = watched_loss(name, value, bound)
    losses = loss.of_rows(PREDICTIONS.astype(np.uint8), ACTUALS.astype(np.uint8), SCORES)
    # Sums of some thousand numbers; a baseline of an accuracy is rounded to 15 digits. sklearn's log loss keeps another distance to 0.
    assert np.nanmean(losses) == pytest.approx(loss.baseline, rel=1e-9 if name == "log_loss" else 1e-12)
    tracker = ModelPerformanceTracker("model", "v2", retention=None)
    watch = tracker.watch(name, baseline=value, bound=bound, arl=1e15)
    filled(tracker)
    assert watch.detector.estimation == pytest.approx(np.nanmean(losses), rel=1e-12)
    assert watch.counters()["taken"] == np.count_nonzero(~np.isnan(losses))
    # The same by way of columns.
    by_arrival = ModelPerformanceTracker("model", "v2", retention=None)
    watch = by_arrival.watch(name, baseline=value, bound=bound, arl=1e15, order="arrival")
    filled(by_arrival)
    assert watch.detector.estimation == pytest.approx(np.nanmean(losses), rel=1e-12)


@pytest.mark.parametrize("name", WATCHED)
def test_baselines_of_counts_snapshots_and_values_agree(name: str) -> None:
    snapshot = filled().snapshot(exact=True)
    bound = {"log_loss": 40.0}.get(name)
    of_value = watched_loss(name, REFERENCES[name](), bound).baseline
    for baseline in [snapshot] if name in ("brier_score", "log_loss") else [snapshot, snapshot.counts]:
        told = watched_loss(name, baseline, bound).baseline
        share = told[0] / told[1] if isinstance(told, tuple) else told
        if name in PROPORTIONS:
            assert share == pytest.approx(of_value, rel=1e-9)
        else:
            # The upper limit of a measured mean, at 0.95 of some thousand rows.
            assert of_value < share < of_value + 0.1
    if name in ("accuracy", "recall"):
        assert watched_loss(name, (90, 100), None).baseline == (10, 100)


def test_without_a_baseline_what_is_held_is_counted_and_not_looked_at() -> None:
    tracker = filled()
    watch = tracker.watch("recall")
    hits = int((PREDICTIONS & ACTUALS).sum())
    assert watch.detector.parameters["baseline"] == [int(ACTUALS.sum()) - hits, int(ACTUALS.sum())]
    assert watch.counters()["taken"] == 0
    tracker.log_prediction("new", 0, timestamp=START + 10**6)
    tracker.log_ground_truth("new", 1, timestamp=START + 10**6 + 1)
    assert watch.counters()["taken"] == 1
    with pytest.raises(ValueError, match=r"^baseline of recall must be given where the tracker holds no labelled"):
        ModelPerformanceTracker("model").watch("recall")


def test_losses_of_ones_own() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    cost = tracker.watch({"false_negatives": 1.0, "false_positives": 0.1, "true_positives": 0.0}, baseline=0.5, arl=1e9)

    def surprise(predictions: Any, actuals: Any, scores: Any) -> Any:
        return np.where(predictions == 1, np.abs(scores - actuals), np.nan)

    own = tracker.watch(surprise, baseline=0.5, arl=1e9)
    filled(tracker)
    lost = np.where(ACTUALS, np.where(PREDICTIONS, 0.0, 1.0), 0.1)[ACTUALS | PREDICTIONS]
    assert cost.detector.estimation == pytest.approx(lost.mean(), rel=1e-12)
    assert own.detector.estimation == pytest.approx(np.abs(SCORES - ACTUALS)[PREDICTIONS].mean(), rel=1e-12)
    assert list(tracker.watches) == ["loss", "surprise"]
    assert own.counters()["left_out"] == np.count_nonzero(~PREDICTIONS)


def changing(tracker: ModelPerformanceTracker, first: int = 0, rows: int = 6_000) -> None:
    """Errors in 0.1 of 4 000 rows, then in 0.3."""
    wrong = np.random.default_rng(3).random(6_000) < np.repeat([0.1, 0.3], [4_000, 2_000])
    numbers = np.arange(first, first + rows)
    tracker.log_predictions(numbers, wrong[numbers], timestamps=START + numbers)
    tracker.log_ground_truths(numbers, np.zeros(rows), timestamps=START + numbers + 7_200)


def test_an_alarm_says_when_and_since_when() -> None:
    tracker = ModelPerformanceTracker("model", "v2", retention=None)
    told: list[Alarm] = []
    watch = tracker.watch("accuracy", baseline=(900, 1_000), on_alarm=told.append)
    changing(tracker)
    assert told == list(watch.alarms) and len(told) > 1
    alarm = told[0]
    assert (alarm.model, alarm.version, alarm.watch, alarm.detector) == ("model", "v2", "accuracy", "EDetector")
    assert 4_000 < alarm.position < 4_200
    assert alarm.time == datetime.fromtimestamp(START + alarm.position - 1, UTC)
    assert (
        alarm.change is not None
        and abs((alarm.change - datetime.fromtimestamp(START + 4_000, UTC)).total_seconds()) < 60
    )
    assert alarm.log_evidence is not None and alarm.log_evidence >= math.log(watch.detector.threshold)
    assert Alarm.from_dict(json.loads(json.dumps(alarm.to_dict()))) == alarm
    assert pickle.loads(pickle.dumps(alarm)) == alarm
    # The next one is counted from where this one began.
    assert told[1].change is not None and told[1].change > alarm.time


def test_one_call_after_the_other_raises_alarms_without_being_asked() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    told: list[Alarm] = []
    tracker.watch("accuracy", baseline=0.9, on_alarm=told.append)
    for number in range(6_000):
        tracker.log_prediction(number, 1)
        tracker.log_ground_truth(number, 0)
    assert told


def test_callbacks_may_do_as_they_like_and_what_they_raise_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    unraisable: list[Any] = []
    # Kept as what they are: an object of the interpreter's own is not to be held.
    monkeypatch.setattr(
        sys, "unraisablehook", lambda told: unraisable.append(SimpleNamespace(exc_value=told.exc_value))
    )
    tracker = ModelPerformanceTracker("model", retention=None)

    def greedy(alarm: Alarm) -> None:
        tracker.log_prediction(f"alarm {alarm.position}", 0)
        assert tracker.snapshot().sample_size and watch.alarms and tracker.to_bytes()
        raise LookupError("nobody is on call")

    watch = tracker.watch("accuracy", baseline=0.9, on_alarm=greedy, detector=None, arl=1_000)
    changing(tracker)
    assert unraisable and all(isinstance(one.exc_value, LookupError) for one in unraisable)
    assert len(unraisable) == len(watch.alarms)
    bad = tracker.watch(lambda predictions, actuals, scores: predictions * 2, baseline=0.5, name="bad")
    with pytest.raises(ValueError, match=r"^the loss must give numbers from 0 to 1, or NaN to leave a row out, got 2"):
        bad.look()


def test_what_a_callback_raises_is_reported_by_the_interpreter_itself() -> None:
    program = """
from truthlag import ModelPerformanceTracker
tracker = ModelPerformanceTracker("model", retention=None)
def fail(alarm):
    raise LookupError("nobody is on call")
tracker.watch("accuracy", baseline=0.9, on_alarm=fail)
other = []
tracker.watch("precision", baseline=0.9, on_alarm=other.append)
tracker.log_predictions(list(range(200)), [1] * 200)
tracker.log_ground_truths(list(range(200)), [0] * 200)
print(tracker.snapshot().sample_size, len(other) > 0)
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.stdout == "200 True\n", found.stderr
    assert "LookupError: nobody is on call" in found.stderr


def test_labels_of_a_batch_are_taken_though_others_look_meanwhile() -> None:
    rows = 300_000
    tracker = ModelPerformanceTracker("model", retention=None, keep_ids=False)
    watch = tracker.watch("accuracy", baseline=0.9, arl=1e15, min_age=timedelta(seconds=100))
    order = np.random.default_rng(1).permutation(rows)
    times = START + np.arange(rows)
    tracker.log_predictions(np.arange(rows), np.ones(rows), timestamps=times)
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            watch.look()

    thread = threading.Thread(target=look)
    thread.start()
    tracker.log_ground_truths(order, np.ones(rows), timestamps=times[order] + 100)
    is_over.set()
    thread.join()
    assert watch.counters()["taken"] == rows


def test_a_bad_model_costs_little_more_than_a_good_one() -> None:
    rows = 100_000
    tracker = ModelPerformanceTracker("model", retention=None, keep_ids=False)
    watch = tracker.watch("accuracy", baseline=0.9)
    tracker.log_predictions(np.arange(rows), np.ones(rows), timestamps=START + np.arange(rows))
    tracker.log_ground_truths(np.arange(rows), np.zeros(rows), timestamps=START + np.arange(rows))
    # Looked at in one pass: with one pass for each of so many alarms this would not end.
    assert watch.counters()["alarms"] > 10_000 and watch.counters()["taken"] == rows


def test_a_function_is_taken_over_by_the_watch_that_was_saved_without_it() -> None:
    def loss(predictions: Any, actuals: Any, scores: Any) -> Any:
        return np.abs(predictions - actuals)

    tracker = ModelPerformanceTracker("model", retention=None)
    tracker.watch(loss, baseline=0.1, name="own")
    changing(tracker, 0, 3_000)
    again = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
    told: list[Alarm] = []
    assert again.watches["own"].counters()["taken"] == 3_000
    watch = again.watch(loss, name="own", on_alarm=told.append)
    changing(again, 3_000, 3_000)
    changing(tracker, 3_000, 3_000)
    assert watch.counters() == tracker.watches["own"].counters() and told
    assert watch.detector.to_bytes() == tracker.watches["own"].detector.to_bytes()


def test_a_detector_is_at_work_in_one_watch_and_keeps_its_family() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    detector = EDetector(0.1, arl=100, family=20)
    watch = tracker.watch("accuracy", detector=detector)
    assert detector.threshold == 2_000
    with pytest.raises(ValueError, match=r"^detector must be one of its own for each watch"):
        tracker.watch("recall", detector=detector)
    watch.close()
    tracker.watch("recall", detector=detector)
    tracker.watch("precision", baseline=0.9)
    assert detector.threshold == 4_000 and detector.parameters["family"] == 20


def test_a_label_that_never_comes_holds_rows_up_until_it_is_about_to_leave() -> None:
    tracker = ModelPerformanceTracker("model", retention=timedelta(days=10), clock=lambda: datetime(2026, 6, 1))
    watch = tracker.watch("accuracy", baseline=0.9, arl=1e12)
    first = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    for hour in range(24 * 40):
        numbers = np.arange(hour * 20, (hour + 1) * 20)
        times = first + 3_600 * hour + 180 * np.arange(20)
        tracker.log_predictions(numbers, np.ones(20), timestamps=times)
        tracker.log_ground_truths(numbers[1:], np.ones(19), timestamps=times[1:] + 60)
        if hour == 24 * 5:
            assert watch.counters()["taken"] == 0
    # What was logged thirty days ago and before.
    assert watch.counters()["taken"] >= 19 * 24 * 29


def test_several_watches_ask_for_more_evidence_each() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    first = tracker.watch("accuracy", baseline=0.9, arl=1_000)
    assert first.detector.threshold == 1_000
    second = tracker.watch("recall", baseline=0.9, arl=500)
    tracker.watch("precision", detector=DDM())
    assert (first.detector.threshold, second.detector.threshold) == (3_000, 1_500)
    second.close()
    assert first.detector.threshold == 2_000
    assert list(tracker.watches) == ["accuracy", "precision"]


@pytest.mark.parametrize("stop", [0, 1, 3_000, 4_050, 5_999])
def test_goes_on_from_bytes_at_any_point(stop: int) -> None:
    def new() -> ModelPerformanceTracker:
        tracker = ModelPerformanceTracker("model", retention=None)
        tracker.watch("accuracy", baseline=(900, 1_000), min_age=timedelta(hours=2))
        tracker.watch("recall", detector=ADWIN(clock=1), name="found")
        tracker.watch("f2_score", baseline=0.4, order="arrival")
        return tracker

    whole, parted = new(), new()
    for tracker in (whole, parted):
        changing(tracker, 0, stop)
    parted = ModelPerformanceTracker.from_bytes(parted.to_bytes()) if stop % 2 else pickle.loads(pickle.dumps(parted))
    for tracker in (whole, parted):
        changing(tracker, stop, 6_000 - stop)
    assert list(parted.watches) == ["accuracy", "found", "f2_score"]
    for name, watch in whole.watches.items():
        other = parted.watches[name]
        assert other.detector.to_bytes() == watch.detector.to_bytes()
        assert other.counters() == watch.counters()
        assert [alarm.position for alarm in other.alarms] == [alarm.position for alarm in watch.alarms]
        for ours, theirs in zip(other.alarms, watch.alarms, strict=True):
            # Before the bytes, times of single values are known within 1 in 256.
            if ours.change is not None and theirs.change is not None:
                assert abs((ours.change - theirs.change).total_seconds()) <= 6_000 / 255 + 1
    assert whole.watches["accuracy"].alarms and parted.watches["accuracy"].min_age == timedelta(hours=2)


def test_a_saved_watch_tells_whoever_listens_then() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    tracker.watch("accuracy", baseline=0.9, on_alarm=lambda alarm: pytest.fail("of another tracker"))
    again = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
    told: list[Alarm] = []
    again.watches["accuracy"].on_alarm = told.append
    changing(again)
    assert told


def test_hostile_headers_are_errors() -> None:
    tracker = ModelPerformanceTracker("model")
    tracker.watch("accuracy", baseline=0.9)
    assert tracker._watches is not None
    good = tracker._watches.saved(tracker)[0]
    for change in [
        {"detector": "__builtins__"},
        {"detector": "WatchedDetector"},
        {"detector": ["EDetector"]},
        {"state": "AAAA"},
        {"state": 5},
        {"state": "é"},
        {"frontier": [1 << 63, 0]},
        {"frontier": [0]},
        {"frontier": None},
        {"loss": {"name": "x", "kind": "outcome", "numbers": [1]}},
        {"loss": {"name": "x", "kind": ["outcome"], "numbers": [1, 1, 1, 1]}},
        {"loss": 5},
        {"order": "sideways"},
        {"min_age": -1},
        {"min_age": 1e300},
        {"times": [[1]]},
        {"times": [["a", "b"]]},
        {"alarms": [{}]},
        {"count": True},
    ]:
        other = ModelPerformanceTracker("other")
        header = {"model_name": "m", "model_version": "v", "history_limit": 1, "metrics_history": []}
        data = other._to_bytes(json.dumps(header | {"watches": [good | change]}).encode())
        with pytest.raises(ValueError, match=r"^the saved tracker is inconsistent: a watch cannot be read"):
            ModelPerformanceTracker.from_bytes(data)
    data = ModelPerformanceTracker("other")._to_bytes(json.dumps(header | {"watches": {"a": 1}}).encode())
    with pytest.raises(ValueError, match=r"^the saved tracker is inconsistent: its watches are no list"):
        ModelPerformanceTracker.from_bytes(data)


class Rivers:
    """A detector of another library, by shape."""

    def __init__(self) -> None:
        self.seen = 0
        self.drift_detected = False

    def update(self, x: float) -> None:
        self.seen += 1
        self.drift_detected = self.seen % 100 == 0


def test_detectors_of_others_are_fed_and_not_saved() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    watch = tracker.watch("accuracy", detector=Rivers())
    filled(tracker)
    assert [alarm.position for alarm in watch.alarms] == list(range(100, ROWS + 1, 100))
    assert watch.alarms[0].change is None and "has become worse" in str(watch.alarms[0])
    with pytest.warns(RuntimeWarning, match=r"not saved: accuracy"):
        assert ModelPerformanceTracker.from_bytes(tracker.to_bytes()).watches == {}


def test_alarms_that_stand_are_told_once() -> None:
    for reset in ("manual", "never"):
        tracker = ModelPerformanceTracker("model", retention=None)
        watch = tracker.watch("accuracy", detector=EDetector(0.1, reset=reset))
        changing(tracker)
        assert watch.drift_detected
        # The evidence may fall below the threshold again, and rise.
        assert len(watch.alarms) == 1 if reset == "manual" else len(watch.alarms) < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
# From Python 3.12 on a fork beside threads is warned of, and whoever runs the tests may have some.
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_goes_on_though_another_thread_was_looking() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    watch = tracker.watch("accuracy", baseline=0.9)
    held = threading.Event()
    go_on = threading.Event()

    def look() -> None:
        with watch._lock:
            held.set()
            go_on.wait()

    thread = threading.Thread(target=look)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        changing(tracker)
        os._exit(0 if watch.alarms else 1)
    status = os.waitpid(child, 0)[1]
    go_on.set()
    thread.join()
    assert status == 0


def test_a_loss_may_ask_the_tracker() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)

    def curious(predictions: Any, actuals: Any, scores: Any) -> Any:
        assert tracker.snapshot().sample_size == len(predictions)
        watch.look()
        return predictions != actuals

    watch = tracker.watch(curious, baseline=0.5)
    tracker.log_predictions([1, 2], [1, 0])
    tracker.log_ground_truths([1, 2], [1, 1])
    assert watch.counters()["taken"] == 2


BAD: list[tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (("roc_auc",), {}, ValueError, "metric_or_loss cannot be 'roc_auc': it ranks pairs of rows"),
    (("accurcy",), {}, ValueError, "metric_or_loss must be one of 'accuracy', 'precision',"),
    ((5,), {}, TypeError, "metric_or_loss must be one of 'accuracy', 'precision',"),
    (({},), {"baseline": 0.1}, ValueError, "metric_or_loss must have a loss for at least one of true_negatives,"),
    (
        ({"tp": 1},),
        {"baseline": 0.1},
        ValueError,
        "metric_or_loss must have keys among true_negatives, false_positives",
    ),
    (
        ({"true_positives": 2},),
        {"baseline": 0.1},
        ValueError,
        "metric_or_loss['true_positives'] must be a finite number",
    ),
    (({"true_positives": 1},), {}, TypeError, "baseline of loss must be given, or a detector that needs none"),
    (("log_loss",), {"baseline": 0.1}, TypeError, "bound must be given for log_loss"),
    (("log_loss",), {"baseline": 0.1, "bound": 0}, ValueError, "bound must be a finite number above 0"),
    (("accuracy",), {"bound": 1}, TypeError, "bound must be None for 'accuracy'"),
    (("accuracy",), {"baseline": 1.5}, ValueError, "baseline must be a finite number from 0 to 1, got 1.5"),
    (("accuracy",), {"baseline": (5, 4)}, ValueError, "baseline[0] must be an int from 0 to 4, got 5"),
    (
        ("f1_score",),
        {"baseline": (5, 9)},
        ValueError,
        "baseline of f1_score must be a value, ConfusionCounts or a snapshot",
    ),
    (("f2_score",), {}, TypeError, "baseline of f2_score must be given"),
    (("f2_score",), {"baseline": 1.0}, ValueError, "baseline of f2_score must lie between 0 and 1"),
    (("recall",), {"baseline": ConfusionCounts()}, ValueError, "baseline must hold labelled rows that recall counts"),
    (("accuracy",), {"baseline": 0.9, "min_age": 5}, TypeError, "min_age must be a timedelta or None, got 5"),
    (
        ("accuracy",),
        {"baseline": 0.9, "min_age": timedelta(-1)},
        ValueError,
        "min_age must be a timedelta from zero to",
    ),
    (
        ("accuracy",),
        {"baseline": 0.9, "min_age": timedelta(1), "order": "arrival"},
        ValueError,
        "min_age must be None in order of arrival",
    ),
    (
        ("accuracy",),
        {"baseline": 0.9, "min_age": timedelta(days=120)},
        ValueError,
        "min_age must be well below the retention of 120",
    ),
    (("accuracy",), {"since": "today", "baseline": 0.9}, TypeError, "since must be"),
    (("accuracy",), {"order": "label"}, ValueError, "order must be 'prediction' or 'arrival', got 'label'"),
    (("accuracy",), {"order": 1}, TypeError, "order must be 'prediction' or 'arrival', got 1"),
    (("accuracy",), {"baseline": 0.9, "on_alarm": "log"}, TypeError, "on_alarm must be a callable that takes an alarm"),
    (
        ("accuracy",),
        {"detector": EDetector},
        TypeError,
        "detector must be a detector and not its class: call EDetector(...)",
    ),
    (("accuracy",), {"detector": 5}, TypeError, "detector must be one of truthlag.detectors, or have update"),
    (("accuracy",), {"detector": DDM(), "arl": 5}, TypeError, "arl must be None where a detector is given, got 5"),
    (
        ("brier_score",),
        {"detector": EDDM()},
        ValueError,
        "detector must take losses between 0 and 1 for brier_score, got EDDM",
    ),
    (("accuracy",), {"baseline": 0.9, "name": 5}, TypeError, "name must be a str or None, got 5"),
    (("accuracy",), {"baseline": 0.9, "name": "there"}, ValueError, "name must be one that no other watch"),
]


@pytest.mark.parametrize(("given", "named", "error", "message"), BAD)
def test_bad_arguments(given: Any, named: dict[str, Any], error: type[Exception], message: str) -> None:
    tracker = ModelPerformanceTracker("model")
    tracker.watch("accuracy", baseline=0.9, name="there")
    with pytest.raises(error) as raised:
        tracker.watch(*given, **named)
    assert str(raised.value).startswith(message)
    assert list(tracker.watches) == ["there"]


def test_a_service_with_few_calls_is_told_at_once() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    told: list[Alarm] = []
    tracker.watch("accuracy", baseline=0.9, on_alarm=told.append)
    while not told and tracker.counters()["labels"] < 200:
        number = tracker.counters()["labels"]
        tracker.log_prediction(number, 1)
        tracker.log_ground_truth(number, 0)
        # Longer than looks are apart, whatever the counter of the processor.
        time.sleep(0.02)
    # The label after that of the alarm at the latest; every row is an error.
    assert told and told[0].position <= tracker.counters()["labels"] <= told[0].position + 1 < 50


def test_labels_that_come_when_their_turn_is_over_are_counted() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    times = [start + timedelta(minutes=number) for number in range(100)]
    watch = tracker.watch("accuracy", baseline=0.9, min_age=timedelta(hours=1), name="an hour")
    other = tracker.watch("accuracy", baseline=0.9, min_age=timedelta(days=2), name="two days")
    tracker.log_predictions(list(range(100)), [1] * 100, timestamps=times)
    tracker.log_ground_truths(list(range(90)), [1] * 90, timestamps=[start + timedelta(days=1)] * 90)
    assert (watch.counters()["taken"], watch.counters()["passed_over"]) == (90, 0)
    tracker.log_ground_truths(list(range(80, 96)), [0] * 16, timestamps=[start + timedelta(days=1)] * 16)
    tracker.log_prediction("late", 1, timestamp=start)
    tracker.log_ground_truth("late", 1, timestamp=start + timedelta(days=1))
    expected = {"taken": 90, "left_out": 0, "passed_over": 7, "alarms": 0, "lost": 0}
    assert watch.counters() == expected
    again = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
    again.log_ground_truth(99, 1, timestamp=start + timedelta(days=1))
    assert again.watches["an hour"].counters() == expected | {"passed_over": 8}
    tracker.log_ground_truth(99, 1, timestamp=start + timedelta(days=4))
    assert other.counters() == expected | {"taken": 98, "passed_over": 0, "alarms": 2}
    watch.close()
    assert watch.counters() == expected | {"passed_over": 8}


def test_a_baseline_may_be_what_another_class_takes() -> None:
    tracker = filled()
    told = tracker.compute_metrics(window_hours=24 * 365 * 100, now=datetime.fromtimestamp(START + 60 * ROWS, UTC))
    assert told is not None and told["sample_size"] == ROWS
    for metric in ("accuracy", "recall", "f2_score"):
        losses = [watched_loss(metric, baseline, None) for baseline in (told, tracker.snapshot().counts)]
        assert losses[0] == losses[1] and losses[0].baseline is not None
    by_value = tracker.watch("accuracy", baseline={"accuracy": 0.9, "recall": 0.8}, name="by value")
    assert by_value.detector.reference == 0.1
    with pytest.raises(ValueError, match="baseline must hold recall, got a mapping without its value"):
        tracker.watch("recall", baseline={"accuracy": 0.9})
    with pytest.raises(ValueError, match=r"baseline\['confusion_matrix'\]\['tp'\] must be"):
        tracker.watch("recall", baseline={"confusion_matrix": {"tp": -1, "fp": 1, "fn": 1, "tn": 1}})


@pytest.mark.parametrize("rates", [(0.3, 0.05), (0.05, 0.3)])
@pytest.mark.parametrize("detector", [ADWIN, PageHinkley, lambda: HDDMA(two_sided_test=True)])
def test_an_alarm_says_whether_it_is_for_better_or_worse(rates: tuple[float, float], detector: Any) -> None:
    tracker = ModelPerformanceTracker("model", "v1", retention=None)
    watch = tracker.watch("accuracy", detector=detector())
    rng = np.random.default_rng(5)
    wrong = rng.random(4_000) < np.repeat(rates, 2_000)
    times = 1_767_225_600 + 60 * np.arange(4_000)
    tracker.log_predictions(np.arange(4_000), wrong, timestamps=times)
    tracker.log_ground_truths(np.arange(4_000), np.zeros(4_000, int), timestamps=times + 60)
    first = next(alarm for alarm in watch.alarms if alarm.position > 2_000)
    assert first.before is not None and first.after is not None
    # Within four standard errors of at least 30 rows after the change.
    assert abs(first.before - rates[0]) < 0.1
    assert first.is_gain is (rates[1] < rates[0]) is (first.after < first.before)
    assert ("better" in str(first)) is first.is_gain and ("worse" in str(first)) is not first.is_gain
    assert not first.is_guaranteed and not watch.is_guaranteed
    assert Alarm.from_dict(json.loads(json.dumps(first.to_dict()))) == first


def test_the_means_around_a_change_are_those_of_its_rows() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    watch = tracker.watch("accuracy", baseline=0.9)
    rng = np.random.default_rng(2)
    wrong = rng.random(6_000) < np.repeat([0.1, 0.25], 3_000)
    times = 1_767_225_600 + 60 * np.arange(6_000)
    for part in np.array_split(np.arange(6_000), 37):
        tracker.log_predictions(part, wrong[part], timestamps=times[part])
        tracker.log_ground_truths(part, np.zeros(part.size, int), timestamps=times[part] + 60)
    first, second, *_ = watch.alarms
    for alarm, begin in ((first, 0), (second, first.position)):
        assert alarm.change is not None
        change = int(np.searchsorted(times, alarm.change.timestamp()))
        # Sums of some thousand zeros and ones are exact; the rounding is that of a division.
        assert alarm.after == wrong[change : alarm.position].mean()
        assert alarm.before == (wrong[begin:change].mean() if change > begin else None)


@pytest.mark.parametrize(
    ("field", "value"), [("position", "1"), ("position", True), ("after", "x"), ("model", 3), ("time", 1)]
)
def test_fields_that_are_not_those_of_an_alarm_are_named(field: str, value: Any) -> None:
    alarm = Alarm("m", "v2", "recall", datetime(2026, 3, 4, tzinfo=UTC), 90, None, None, 0.1, None, "DDM", False)
    with pytest.raises(ValueError, match="fields must be those of an alarm"):
        Alarm.from_dict(alarm.to_dict() | {field: value})
