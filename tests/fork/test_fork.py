"""Fork: the child goes on with a copy of its own, whatever the other threads of the parent were doing."""

from __future__ import annotations

import contextlib
import datetime
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.fork.busy import Busy
from truthlag import ModelPerformanceTracker

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

#: Seconds after which a child that hangs is taken for a deadlock.
PATIENCE = 60
ITERATIONS = 150


@contextlib.contextmanager
def threads_are_meant() -> Iterator[None]:
    """Python 3.12 warns of a fork beside threads, which is what these tests are about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
        yield


def in_child(work: Callable[[], Any]) -> Any:
    """What the work returns in a forked child; an error or a hang there fails here."""
    reader, writer = os.pipe()
    with threads_are_meant():
        child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reader)
            # A child that hangs ends itself, also when the parent is gone.
            signal.alarm(PATIENCE)
            try:
                answer = True, work()
            except BaseException:  # noqa: BLE001 - raised again in the parent
                answer = False, traceback.format_exc()
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(pickle.dumps(answer))
            code = 0
        finally:
            # Nothing of the test run is the child's to finish.
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    assert data, f"the child ended without an answer, status {status}: a signal of {signal.SIGALRM} is a deadlock"
    went_well, answer = pickle.loads(data)
    assert went_well, answer
    return answer


def log_and_ask(tracker: ModelPerformanceTracker, rows: int = 50) -> dict[str, int]:
    """A child's work: all kinds of calls, and the counters after them."""
    before = tracker.counters()
    for row in range(rows):
        tracker.log_prediction(f"child-{row}", 1, 0.5, {"row": row})
        tracker.log_ground_truth(f"child-{row}", row % 2)
    tracker.log_predictions([f"batch-{row}" for row in range(rows)], np.ones(rows), np.full(rows, 0.25))
    tracker.log_ground_truths([f"batch-{row}" for row in range(rows)], np.ones(rows))
    counters = tracker.counters()
    assert counters["predictions"] == before["predictions"] + 2 * rows
    assert counters["matched"] == before["matched"] + 2 * rows
    assert all(tracker.ground_truths[f"child-{row}"]["actual"] == row % 2 for row in range(rows))
    metrics = tracker.compute_metrics(24)
    assert metrics["sample_size"] == counters["matched"]
    assert tracker.snapshot(exact=True).to_dict()
    assert tracker.forget("child-1")
    assert tracker.retract_ground_truth("child-2")
    assert ModelPerformanceTracker.from_bytes(tracker.to_bytes()).counters() == tracker.counters()
    assert len(list(tracker.predictions)) == counters["predictions"] - 1
    return counters


def test_a_child_has_a_copy_of_its_own() -> None:
    tracker = ModelPerformanceTracker("m")
    tracker.log_prediction("a", 1, 0.5)
    tracker.log_ground_truth("a", 1)
    before = tracker.counters()
    assert in_child(lambda: log_and_ask(tracker))["predictions"] == 101
    assert tracker.counters() == before
    assert list(tracker.predictions) == ["a"]
    assert log_and_ask(tracker)["predictions"] == 101


def test_what_was_logged_before_the_fork_is_in_the_child() -> None:
    """Also what has only been staged."""
    for rows in (1, 10, 1_000, 5_000):
        tracker = ModelPerformanceTracker("m")
        for row in range(rows):
            tracker.log_prediction(row, 1, 0.5)
        assert in_child(lambda tracker=tracker: tracker.counters()["predictions"]) == rows


def test_a_grandchild() -> None:
    tracker = ModelPerformanceTracker("m")
    tracker.log_prediction("a", 1, 0.5)

    def child() -> int:
        tracker.log_prediction("b", 1, 0.5)
        return in_child(lambda: log_and_ask(tracker)["predictions"])

    assert in_child(child) == 102
    assert tracker.counters()["predictions"] == 1


def test_a_tracker_made_in_the_child() -> None:
    def child() -> int:
        return log_and_ask(ModelPerformanceTracker("m"))["predictions"]

    assert in_child(child) == 100
    tracker = ModelPerformanceTracker("m")
    assert in_child(child) == 100
    assert tracker.counters()["predictions"] == 0


@pytest.mark.parametrize(
    "works",
    [
        ("calls", "calls"),
        ("batches",),
        ("calls", "queries"),
        ("calls", "to_bytes"),
        ("calls", "batches", "queries", "to_bytes"),
    ],
    ids="-".join,
)
def test_forks_while_other_threads_are_busy(works: tuple[str, ...]) -> None:
    """Many forks at any moment of what the other threads do; no child hangs, none sees half an event."""
    trackers = [ModelPerformanceTracker("one"), ModelPerformanceTracker("two", retention=datetime.timedelta(days=1))]
    with Busy(trackers, *works) as busy:
        for number in range(ITERATIONS // 3 if "batches" in works else ITERATIONS):
            # At another moment each time.
            time.sleep(number % 7 * 3e-4)
            for counters in in_child(lambda: [log_and_ask(tracker, 5) for tracker in trackers]):
                assert counters["predictions"] == counters["matched"] + counters["pending"]
                # A thread may have been between the prediction and its label, and in the middle of a batch.
                assert "batches" in works or counters["pending"] <= len(works)
    for tracker in trackers:
        counters = tracker.counters()
        assert counters["pending"] == 0, "the parent is untouched"
        assert counters["predictions"] == busy.called + busy.batched
        assert not any(str(one).startswith(("child", "batch")) for one in tracker.predictions)


def test_forks_while_trackers_come_and_go() -> None:
    with Busy([], "make", "make"):
        for _ in range(ITERATIONS):
            assert in_child(lambda: log_and_ask(ModelPerformanceTracker("m"), 3)["predictions"]) == 6


def test_forks_of_several_threads_at_once() -> None:
    tracker = ModelPerformanceTracker("m")
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(ITERATIONS // 5):
                tracker.log_prediction("a", 1, 0.5)
                assert in_child(lambda: log_and_ask(tracker, 3)["predictions"]) == 7
        except BaseException as error:  # noqa: BLE001 - raised again where the test waits
            errors.append(error)

    # A warning filter is the whole process's; it is set once, before the threads.
    with threads_are_meant():
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors, errors
    assert tracker.counters()["predictions"] == 1


def test_a_child_with_threads_of_its_own() -> None:
    tracker = ModelPerformanceTracker("m")
    tracker.log_prediction("a", 1, 0.5)

    def child() -> int:
        def log(number: int) -> None:
            for row in range(2_000):
                tracker.log_prediction(f"{number}-{row}", 1, 0.5)

        threads = [threading.Thread(target=log, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return tracker.counters()["predictions"]

    assert in_child(child) == 8_001
    assert tracker.counters()["predictions"] == 1


def test_a_child_that_drops_the_tracker() -> None:
    trackers = [ModelPerformanceTracker("m") for _ in range(3)]
    for tracker in trackers:
        tracker.log_predictions(np.arange(10_000), np.ones(10_000))

    def child() -> int:
        trackers.clear()
        gc.collect()
        return log_and_ask(ModelPerformanceTracker("m"))["predictions"]

    assert in_child(child) == 100
    assert [tracker.counters()["predictions"] for tracker in trackers] == [10_000] * 3


def test_a_large_tracker_is_shared_until_it_changes() -> None:
    """Memory of rows is copied on write, private to each side."""
    size = 300_000
    tracker = ModelPerformanceTracker("m")
    tracker.log_predictions(np.arange(size), np.ones(size), np.full(size, 0.5))

    def child() -> dict[str, int]:
        tracker.log_ground_truths(np.arange(size), np.zeros(size))
        return tracker.compute_metrics(24)["confusion_matrix"]

    tracker.log_ground_truths(np.arange(0, size, 2), np.ones(size // 2))
    assert in_child(child) == {"tp": 0, "fp": size, "fn": 0, "tn": 0}
    assert tracker.compute_metrics(24)["confusion_matrix"] == {"tp": size // 2, "fp": 0, "fn": 0, "tn": 0}


# multiprocessing

_GLOBAL: ModelPerformanceTracker | None = None


def _take(tracker: ModelPerformanceTracker) -> None:
    global _GLOBAL
    _GLOBAL = tracker


def _log_rows(first: int) -> tuple[int, dict[str, int]]:
    assert _GLOBAL is not None
    for row in range(first, first + 100):
        _GLOBAL.log_prediction(row, 1, 0.5)
        _GLOBAL.log_ground_truth(row, 1)
    return os.getpid(), _GLOBAL.counters()


def _work(tracker: ModelPerformanceTracker, answers: Any) -> None:
    try:
        answers.put((log_and_ask(tracker), pickle.dumps(tracker)))
    except BaseException:  # noqa: BLE001 - raised again in the parent
        answers.put((traceback.format_exc(), b""))


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(method: str) -> None:
    """A tracker given to a process is a copy there, and can be sent back."""
    context = multiprocessing.get_context(method)
    tracker = ModelPerformanceTracker("m")
    tracker.log_prediction("parent", 1, 0.5)
    answers = context.Queue()
    process = context.Process(target=_work, args=(tracker, answers))
    with threads_are_meant():
        process.start()
    counters, data = answers.get(timeout=PATIENCE)
    process.join(PATIENCE)
    assert process.exitcode == 0
    assert isinstance(counters, dict), counters
    assert counters["predictions"] == 101
    assert "child-3" in pickle.loads(data).predictions
    assert list(tracker.predictions) == ["parent"]


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_a_pool(method: str) -> None:
    context = multiprocessing.get_context(method)
    tracker = ModelPerformanceTracker("m")
    tracker.log_prediction("parent", 1, 0.5)
    with threads_are_meant(), context.Pool(2, initializer=_take, initargs=(tracker,)) as pool:
        answers = pool.map_async(_log_rows, range(0, 2_000, 100), chunksize=1).get(timeout=PATIENCE)
    best: dict[int, int] = {}
    for process, counters in answers:
        best[process] = max(best.get(process, 0), counters["matched"])
    assert sum(best.values()) == 2_000
    assert tracker.counters()["predictions"] == 1


def test_subprocesses_are_started_beside_threads() -> None:
    """Programs are started by vfork or fork and exec: the handlers of the fork must not stand in their way."""
    with Busy([ModelPerformanceTracker("m")], "calls"):
        for close in (True, False):
            for _ in range(10):
                command = [sys.executable, "-S", "-c", "pass"]
                subprocess.run(command, check=True, timeout=PATIENCE, close_fds=close)
                # A function to run before the exec makes Python fork for it.
                with threads_are_meant():
                    subprocess.run(command, check=True, timeout=PATIENCE, preexec_fn=os.getpid)
