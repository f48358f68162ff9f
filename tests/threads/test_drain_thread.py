"""The thread that stores what busy trackers stage: when it is there, when it is not, and that it changes no answer."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fork.test_fork import in_child
from truthlag import ModelPerformanceTracker

NAME = "truthlag-drain"
TASKS = Path("/proc/self/task")
#: Well over what is staged at most, in far less than the tenth of a second in which that must come.
BURST = 20_000
SECONDS = 20


def processors() -> int:
    """How many this process may use, by its affinity and the quota of its container."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    limit = Path("/sys/fs/cgroup/cpu.max")
    quota, period = limit.read_text().split() if limit.exists() else ("max", "1")
    allowed = len(os.sched_getaffinity(0))
    return allowed if quota == "max" else min(allowed, int(quota) // int(period))


linux = pytest.mark.skipif(not TASKS.exists(), reason="threads are counted in /proc")
several = pytest.mark.skipif(processors() < 2, reason="one processor: no thread")


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
@several
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
@several
def test_no_signal_is_delivered_to_it() -> None:
    burst_until_there_is_a_thread()
    for task in drain_threads():
        status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        blocked = int(status["SigBlk"], 16)
        # All but SIGKILL and SIGSTOP, and the two that the threads of C keep for themselves.
        assert all(blocked >> (number - 1) & 1 for number in range(1, 32) if number not in (9, 19))


@linux
@several
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_it_ends_before_a_fork_and_begins_again_on_both_sides() -> None:
    tracker = burst_until_there_is_a_thread()
    seen: list[int] = []
    watching = [True]

    def look() -> None:
        if watching[0]:
            seen.append(len(drain_threads()))

    # There is no taking it back.
    os.register_at_fork(after_in_parent=look)

    def child() -> tuple[int, int]:
        threads = len(drain_threads())
        burst(tracker, BURST)
        return threads, tracker.counters()["matched"]

    assert in_child(child) == (0, 2 * BURST)
    watching[0] = False
    # The system may take a moment to forget a thread that has ended.
    assert seen == [0] or eventually(lambda: not drain_threads())
    require_burst(tracker)
    burst_until_there_is_a_thread()


@linux
@pytest.mark.parametrize("setting", ["0", "1"])
def test_the_environment_decides_and_the_answers_are_the_same(setting: str) -> None:
    script = textwrap.dedent("""
        from tests.threads.test_drain_thread import *
        from truthlag import ModelPerformanceTracker
        there = 0
        for _ in range(20):
            tracker = ModelPerformanceTracker("m")
            burst(tracker)
            there = max(there, len(drain_threads()))
            require_burst(tracker)
        print(there)
    """)
    environment = {**os.environ, "TRUTHLAG_DRAIN_THREAD": setting}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == (0 if setting == "0" or processors() < 2 else 1)


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
