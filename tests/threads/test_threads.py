"""Many threads that log and one that asks: the same counts as one thread, and every read sees what came before it."""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker

START = datetime.datetime(2024, 5, 5)
NOW = START + datetime.timedelta(hours=6)
THREADS = 6
#: Enough for the stage to fill many times over.
EVENTS = 8_000


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    """Threads take turns after microseconds rather than milliseconds, so that they meet in more places."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def new_tracker(**options: Any) -> ModelPerformanceTracker:
    return ModelPerformanceTracker("m", clock=lambda: NOW, **options)


def run(*works: Callable[[], Any]) -> list[Any]:
    """Runs all at once; an error in any of them is raised here."""
    barrier = threading.Barrier(len(works))

    def start(work: Callable[[], Any]) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(start, work) for work in works]]


def events(seed: int, size: int = EVENTS) -> list[tuple[bool, int, int, float, datetime.datetime]]:
    """Predictions, labels, corrections and repeats with distinct times, so that any order of them gives the same."""
    generator = np.random.default_rng(seed)
    ids, values = generator.integers(0, size // 3, size), generator.integers(0, 2, size)
    is_label, scores = generator.random(size) < 0.5, generator.integers(0, 1025, size) / 1024
    times = generator.permutation(size)
    second = datetime.timedelta(seconds=1)
    rows = zip(is_label.tolist(), ids.tolist(), values.tolist(), scores.tolist(), times.tolist(), strict=True)
    return [(label, one, value, score, START + time * second) for label, one, value, score, time in rows]


def log_each(tracker: ModelPerformanceTracker, part: list[Any]) -> None:
    for is_label, request_id, value, score, time in part:
        if is_label:
            tracker.log_ground_truth(request_id, value, time)
        else:
            tracker.log_prediction(request_id, value, score, None, time)


def log_in_batches(tracker: ModelPerformanceTracker, part: list[Any], size: int = 97) -> None:
    for label in (False, True):
        some = [event for event in part if event[0] == label]
        for first in range(0, len(some), size):
            _, ids, values, scores, times = zip(*some[first : first + size], strict=True)
            stamps = np.array(times, dtype="datetime64[us]")
            if label:
                tracker.log_ground_truths(ids, values, timestamps=stamps)
            else:
                tracker.log_predictions(ids, values, np.array(scores), timestamps=stamps)


GAUGES = ("predictions", "labels", "matched", "pending", "orphan_labels")


def answers(tracker: ModelPerformanceTracker) -> Any:
    counters = tracker.counters()
    windows: list[dict[str, Any]] = [{}, {"exact": True}, {"threshold": 0.5}]
    windows += [
        {"start": START + datetime.timedelta(hours=hour), "end": START + datetime.timedelta(hours=hour + 1)}
        for hour in range(3)
    ]
    return (
        {name: counters[name] for name in GAUGES},
        sorted((key, sorted(entry.items(), key=repr)) for key, entry in tracker.predictions.items()),
        sorted((key, sorted(entry.items())) for key, entry in tracker.ground_truths.items()),
        [repr(tracker.snapshot(**window).to_dict()) for window in windows],
        tracker.compute_metrics(24)["confusion_matrix"],
    )


@pytest.mark.parametrize("how", ["each", "batches", "both"])
def test_many_threads_are_as_one(how: str) -> None:
    all_events = events(1)
    alone = new_tracker()
    log_each(alone, all_events)
    together = new_tracker()
    parts = [all_events[number::THREADS] for number in range(THREADS)]

    def work(number: int) -> Callable[[], None]:
        log = log_each if how == "each" or (how == "both" and number % 2) else log_in_batches
        return lambda: log(together, parts[number])

    done = threading.Event()

    def ask() -> None:
        before = together.counters()
        while not done.is_set():
            counters = together.counters()
            assert counters["predictions"] == counters["matched"] + counters["pending"]
            assert counters["labels"] == counters["matched"] + counters["orphan_labels"]
            for name in (
                "predictions",
                "labels",
                "matched",
                "duplicate_events",
                "stale_events",
                "replaced_predictions",
            ):
                assert counters[name] >= before[name], name
            before = counters
            metrics = together.compute_metrics(24)
            if "status" not in metrics:
                assert metrics["sample_size"] == sum(metrics["confusion_matrix"].values())
                assert metrics["sample_size"] >= counters["matched"]
            together.snapshot(datetime.timedelta(hours=3), now=START + datetime.timedelta(hours=2))
            assert len(together.predictions) >= counters["predictions"]
            ModelPerformanceTracker.from_bytes(together.to_bytes())

    def log_all() -> None:
        try:
            run(*(work(number) for number in range(THREADS)))
        finally:
            done.set()

    run(log_all, ask)
    assert answers(together) == answers(alone)
    # Nothing is counted twice or lost: every event is one of these.
    counters = together.counters()
    applied = sum(
        counters[name] for name in ("replaced_predictions", "corrected_labels", "duplicate_events", "stale_events")
    )
    assert applied + counters["predictions"] + counters["labels"] == len(all_events)


def test_counters_of_separate_ids_are_exact() -> None:
    """When no two threads share an id, every counter is that of one thread."""
    together, alone = new_tracker(), new_tracker()
    parts = [
        [(label, one * THREADS + number, *rest) for label, one, *rest in events(number, EVENTS // 2)]
        for number in range(THREADS)
    ]
    for part in parts:
        log_each(alone, part)
    run(*(lambda part=part: log_each(together, part) for part in parts))
    assert together.counters() == alone.counters()
    assert answers(together) == answers(alone)


def test_every_read_sees_every_call_that_returned_before_it() -> None:
    tracker = new_tracker()

    def work(number: int) -> None:
        for row in range(400):
            request_id = f"{number}-{row}"
            tracker.log_prediction(request_id, 1, 0.5)
            assert request_id in tracker.predictions
            tracker.log_ground_truth(request_id, 1)
            assert tracker.ground_truths[request_id]["actual"] == 1
            if row % 50 == 0:
                assert tracker.counters()["matched"] >= row + 1 - (row + 2) // 3
            if row % 3 == 0:
                assert tracker.retract_ground_truth(request_id)
                assert request_id not in tracker.ground_truths
                assert tracker.forget(request_id)
                assert not tracker.forget(request_id)
                assert request_id not in tracker.predictions

    run(*(lambda number=number: work(number) for number in range(THREADS)))
    kept = THREADS * sum(row % 3 != 0 for row in range(400))
    counters = tracker.counters()
    assert (counters["predictions"], counters["matched"]) == (kept, kept)


def test_expiry_under_many_threads() -> None:
    """Time moves on while all log: each event is held, expired or dropped, and counted once."""
    tracker = ModelPerformanceTracker(
        "m",
        retention=datetime.timedelta(seconds=500),
        max_orphan_labels=100,
        clock=lambda: START + datetime.timedelta(days=1),
    )
    rows = 4_000

    def work(number: int) -> None:
        for row in range(rows):
            time = START + datetime.timedelta(seconds=row)
            tracker.log_prediction((number * rows + row), 1, 0.5, None, time)
            if row % 2:
                tracker.log_ground_truth(number * rows + row, 1, time)
            if row % 5 == 0:
                tracker.log_ground_truth(f"nobody-{number}-{row}", 1, time)

    run(*(lambda number=number: work(number) for number in range(4)))
    counters = tracker.counters()
    expired = counters["expired_labelled"] + counters["expired_unlabelled"]
    assert counters["predictions"] + expired == 4 * rows
    assert counters["orphan_labels"] <= 100
    labels = counters["matched"] + counters["expired_labelled"] + counters["late_labels"]
    assert labels + counters["orphan_labels"] + counters["dropped_orphans"] == 4 * (rows // 2 + rows // 5)


def test_limits_under_many_threads() -> None:
    tracker = new_tracker(max_predictions=500)

    def work(number: int) -> None:
        for row in range(3_000):
            tracker.log_prediction(number * 3_000 + row, 1, 0.5)
            if row % 200 == 0:
                assert tracker.counters()["predictions"] <= 500

    run(*(lambda number=number: work(number) for number in range(4)))
    counters = tracker.counters()
    assert counters["predictions"] <= 500
    assert counters["predictions"] + counters["expired_unlabelled"] == 12_000


def test_one_stamp_after_the_other() -> None:
    """Stamps of many threads never run backwards, though the clock does."""
    generator = np.random.default_rng(5)
    steps = iter(generator.integers(-50, 60, 100_000).tolist())
    tracker = ModelPerformanceTracker("m", clock=lambda: START + datetime.timedelta(seconds=next(steps)))

    def work(number: int) -> None:
        for row in range(500):
            tracker.log_prediction(f"{number}-{row}", 1, 0.5)

    run(*(lambda number=number: work(number) for number in range(4)))
    for number in range(4):
        stamps = [tracker.predictions[f"{number}-{row}"]["timestamp"] for row in range(500)]
        assert stamps == sorted(stamps)


def test_views_while_others_log() -> None:
    tracker = new_tracker()
    tracker.log_predictions(np.arange(9_000), np.ones(9_000))
    done = threading.Event()

    def log() -> None:
        for row in range(9_000, 14_000):
            tracker.log_prediction(row, 1, 0.5)
            tracker.log_ground_truth(row - 5_000, 1)
        done.set()

    def read() -> None:
        while not done.is_set():
            seen = list(tracker.predictions)
            assert set(seen) >= set(range(9_000))
            assert all(entry["actual"] == 1 for entry in list(tracker.ground_truths.values())[:100])

    run(log, read, read)
    assert sorted(tracker.predictions) == list(range(14_000))
    assert sorted(tracker.ground_truths) == list(range(4_000, 9_000))


def test_a_clock_that_uses_the_tracker() -> None:
    """Foreign code is never called while a lock is held."""
    trackers: list[ModelPerformanceTracker] = []

    def clock() -> datetime.datetime:
        if trackers:
            trackers[0].counters()
            "a" in trackers[0].predictions  # noqa: B015 - asked for the asking
        return NOW

    tracker = ModelPerformanceTracker("m", clock=clock)
    trackers.append(tracker)

    def work() -> None:
        for row in range(300):
            tracker.log_prediction(row, 1, 0.5)
            tracker.log_ground_truths([row], [1])
            tracker.compute_metrics()

    run(*[work] * 3)
    assert tracker.counters()["matched"] == 300


def test_saving_while_others_log() -> None:
    tracker = new_tracker()
    done = threading.Event()
    written: list[bytes] = []

    def log() -> None:
        for row in range(5_000):
            tracker.log_prediction(row, 1, 0.5, {"row": row})
            tracker.log_ground_truth(row, 1)
        done.set()

    def save() -> None:
        while not done.is_set():
            written.append(tracker.to_bytes())

    run(log, save)
    before = 0
    for data in written:
        counters = ModelPerformanceTracker.from_bytes(data).counters()
        # Each is a moment: a prefix of the events, later ones further on.
        assert counters["predictions"] - counters["matched"] in (0, 1)
        assert counters["orphan_labels"] == 0
        assert counters["predictions"] >= before
        before = counters["predictions"]
    assert ModelPerformanceTracker.from_bytes(tracker.to_bytes()).counters()["matched"] == 5_000


def test_trackers_come_and_go() -> None:
    """Making and dropping trackers in many threads, while others log to theirs."""

    def work() -> int:
        total = 0
        for _ in range(150):
            tracker = new_tracker()
            tracker.log_predictions([1, 2, 3], [1, 0, 1])
            total += tracker.counters()["predictions"]
        return total

    assert run(*[work] * 4) == [450] * 4


def test_batches_of_shared_columns() -> None:
    """Columns that another thread changes meanwhile: every row that is taken is one that was there."""
    tracker = new_tracker()
    ids = [f"r{row}" for row in range(500)]
    values: list[Any] = [1] * 500
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            values[:] = [0] * 500
            values.pop()
            values.append(1)
            ids.reverse()

    def log() -> None:
        for _ in range(200):
            try:
                tracker.log_predictions(ids, values)
            except ValueError as error:
                if "as long as" not in str(error):
                    raise
        done.set()

    run(change, log)
    assert set(tracker.predictions) <= set(ids)
