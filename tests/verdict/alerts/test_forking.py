"""A lock beside a fork: never held by a thread that the child does not have."""

from __future__ import annotations

import os
import signal
import threading
import warnings

import pytest

from truthlag.verdict.alerts.forking import ForkSafeLock

PATIENCE = 30

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def forked(lock: ForkSafeLock) -> int:
    """Fork; in the child, take the lock in a thread of its own, which only a free lock allows. The child's pid, or 0."""
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads, which is what these tests are about.
        warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        taken = threading.Thread(target=lambda: lock.hold().__enter__())
        taken.start()
        taken.join()
    return child


def test_it_is_free_in_a_child_whatever_another_thread_does() -> None:
    lock = ForkSafeLock()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with lock.hold(), lock.hold():
                pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            child = forked(lock)
            if child == 0:
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_who_forks_while_it_holds_the_lock_leaves_it_in_both() -> None:
    lock = ForkSafeLock()
    child, code = -1, 1
    try:
        with lock.hold():
            child = forked(lock)
        code = 0
    finally:
        if child == 0:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    taken = threading.Thread(target=lambda: lock.hold().__enter__())
    taken.start()
    taken.join(PATIENCE)
    assert not taken.is_alive()
