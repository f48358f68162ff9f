"""The thread that stores what busy trackers stage: when it is there, when it is not, and that it changes no answer."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fork.test_fork import in_child
from truthlag import ModelPerformanceTracker
from truthlag._core import may_drain_beside

NAME = "truthlag-drain"
TASKS = Path("/proc/self/task")
#: Well over what is staged at most, in far less than the time in which as many must come.
BURST = 20_000
SECONDS = 20

linux = pytest.mark.skipif(not TASKS.exists(), reason="threads are counted in /proc")
allowed = pytest.mark.skipif(not may_drain_beside(), reason="one processor, or the thread was refused")


def drain_threads() -> list[Path]:
    found = []
    for task in TASKS.iterdir():
        try:
            if (task / "comm").read_text().strip() == NAME:
                found.append(task)
        except OSError:
            continue  # It ended meanwhile.
    return found


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def burst(tracker: ModelPerformanceTracker, first: int = 0) -> None:
    for number in range(first, first + BURST):
        tracker.log_prediction(number, number % 2, 0.5)
        tracker.log_ground_truth(number, 1)


def burst_until_there_is_a_thread() -> ModelPerformanceTracker:
    """A machine that pauses may make one burst a slow one."""
    for _ in range(50):
        tracker = ModelPerformanceTracker("m")
        burst(tracker)
        if drain_threads():
            return tracker
    pytest.fail("there is no thread under load")


def require_burst(tracker: ModelPerformanceTracker) -> None:
    assert tracker.compute_metrics()["confusion_matrix"] == {"tp": BURST // 2, "fp": 0, "fn": BURST // 2, "tn": 0}


@linux
@allowed
def test_it_is_there_under_load_and_goes_when_it_is_quiet() -> None:
    assert eventually(lambda: not drain_threads())
    tracker = burst_until_there_is_a_thread()
    others = [ModelPerformanceTracker("m") for _ in range(5)]
    for other in others:
        burst(other)
    assert len(drain_threads()) <= 1
    for one in [tracker, *others]:
        require_burst(one)
    assert eventually(lambda: not drain_threads())
    burst(tracker, BURST)
    assert tracker.counters()["matched"] == 2 * BURST


@linux
@allowed
def test_no_signal_is_delivered_to_it() -> None:
    burst_until_there_is_a_thread()
    tasks = drain_threads()
    assert tasks
    for task in tasks:
        status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        blocked = int(status["SigBlk"], 16)
        kept = {signal.SIGKILL, signal.SIGSTOP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
        kept |= {signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP}
        assert {number for number in range(1, 32) if not blocked >> (number - 1) & 1} == kept


@linux
@allowed
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_it_ends_before_a_fork_and_begins_again_on_both_sides() -> None:
    tracker = burst_until_there_is_a_thread()
    # One that has just been asked has a second to go.
    burst(tracker, BURST)
    before = drain_threads()
    took: list[float] = []
    watching = [True]

    def look() -> None:
        if watching[0]:
            start = time.monotonic()
            # The system may take a moment to forget a thread that has ended.
            while set(before) & set(drain_threads()):
                assert time.monotonic() < start + SECONDS
            took.append(time.monotonic() - start)

    # There is no taking it back.
    os.register_at_fork(after_in_parent=look)

    def child() -> int:
        burst_until_there_is_a_thread()
        burst(tracker, 2 * BURST)
        return tracker.counters()["matched"]

    assert before
    assert in_child(child) == 3 * BURST
    watching[0] = False
    # Far less than the second after which it would have ended by itself.
    assert len(took) == 1
    assert took[0] < 0.5
    assert tracker.counters()["matched"] == 2 * BURST
    burst_until_there_is_a_thread()


@linux
@pytest.mark.parametrize("setting", ["0", "1"])
def test_the_environment_decides_and_the_answers_are_the_same(setting: str) -> None:
    script = textwrap.dedent("""
        from tests.threads.test_drain_thread import *
        there = 0
        for _ in range(20):
            tracker = ModelPerformanceTracker("m")
            burst(tracker)
            there = max(there, len(drain_threads()))
            require_burst(tracker)
        print(there, int(may_drain_beside()))
    """)
    environment = {**os.environ, "TRUTHLAG_DRAIN_THREAD": setting}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    there, may = map(int, done.stdout.split())
    assert there == may
    assert setting == "1" or not may


@linux
def test_a_tracker_may_go_while_it_is_drained() -> None:
    for _ in range(30):
        tracker = ModelPerformanceTracker("m")
        burst(tracker)
        del tracker
    gc.collect()
    tracker = ModelPerformanceTracker("m")
    burst(tracker)
    require_burst(tracker)
