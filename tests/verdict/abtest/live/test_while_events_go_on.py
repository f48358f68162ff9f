"""A look, a copy and a fork take what there is, whole, while other threads go on logging."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import ModelABTest
from truthlag.verdict.abtest.live.evaluate import evaluate
from truthlag.verdict.abtest.live.shard import Columns, Shard
from truthlag.verdict.abtest.live.unit_hash import unit_digest


def events(shard: Shard, seed: int, count: int) -> None:
    """Exposures of new and known units, earlier and later ones, in several arms, and outcomes."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        digest = unit_digest(b"salt\0", int(random.integers(60)))
        time = int(random.integers(1_000))
        if random.random() < 0.6:
            segment = (None, "ios", "web")[random.integers(3)]
            shard.expose(digest, int(random.random() < 0.1), time, segment, [float(random.integers(5)), 2.0])
        else:
            shard.outcome(digest, ("bought", "seen")[random.integers(2)], float(random.integers(9)), time, 0)


def plain(columns: Columns) -> list[Any]:
    values = (getattr(columns, name) for name in Columns.__slots__)
    return [repr(one.tolist()) if isinstance(one, np.ndarray) else one for one in values]


@pytest.mark.parametrize("seed", range(20))
def test_a_copy_is_of_the_moment_at_which_it_began(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truthlag.verdict.abtest.live.shard._PIECE", 7)
    shard, same = Shard(2), Shard(2)
    for one in (shard, same):
        events(one, seed, 80)
    copy = shard.begin_copy()
    events(shard, 100 + seed, 40)
    copy.fill()
    events(shard, 200 + seed, 40)
    found = copy.columns(shard.end_copy())
    assert plain(found) == plain(same.columns())
    for number in (100, 200):
        events(same, number + seed, 40)
    # What came meanwhile is in the next one.
    assert plain(shard.columns()) == plain(same.columns()) != plain(found)


def test_bytes_that_are_taken_while_threads_log_are_earlier_states() -> None:
    test = ModelABTest(
        "ranker", ["v1", "v2"], metrics={"bought": "any"}, assignment="external", source="server", max_outcomes=20_000
    )
    stop = threading.Event()

    def log(first: int) -> None:
        number = first
        while not stop.is_set():
            # Units come again, with earlier exposures, so that what is held of them changes.
            test.log_exposure(number % 5_000, "v1", timestamp=1e6 - number)
            test.log_outcome(number % 5_000, "bought", timestamp=2e6)
            number += 3

    threads = [threading.Thread(target=log, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    try:
        states = [ModelABTest.from_bytes(test.to_bytes()) for _ in range(8)]
        for _ in range(8):
            assert test.report(now=3e6).units["v2"] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    merged = test
    for state in states:
        # It raises if one of them is no earlier state of the process.
        merged = merged.merge(state)
    assert merged.report(now=4e6).units == test.report(now=4e6).units


def test_a_ramp_does_not_wait_for_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"})
    waits = []

    def slow(asked: Any) -> Any:
        thread = threading.Thread(target=lambda: test.ramp(0.0, at=10.0), daemon=True)
        thread.start()
        thread.join(10)
        waits.append(thread.is_alive())
        return evaluate(asked)

    monkeypatch.setattr("truthlag.verdict.abtest.live.model_ab_test.evaluate", slow)
    test.report(now=5.0)
    assert waits == [False]
    assert test.share == 0.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_of_a_process_whose_threads_log_has_whole_events() -> None:
    test = ModelABTest("ranker", ["v1", "v2"], metrics={"bought": "any"}, max_outcomes=5_000)
    # So that no child has to import what a look needs.
    test.report(now=0.0)
    stop = threading.Event()

    def log(first: int) -> None:
        number = first
        while not stop.is_set():
            test.log_exposure(number % 3_000, timestamp=0.0)
            test.log_outcome(number % 3_000, "bought", timestamp=1.0)
            number += 2

    threads = [threading.Thread(target=log, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    failed = []
    try:
        for _ in range(10):
            child = os.fork()
            if not child:
                found = 1
                try:
                    test.ramp(0.5, at=10.0)
                    test.log_exposure("of the child", timestamp=0.0)
                    # A child's first event waits for nothing that grows with what the parent saw.
                    held = bool(test._inherited) and not test._others
                    units = sum(test.report(now=5.0).units.values())
                    found = 0 if held and 0 < units <= 3_001 and ModelABTest.from_bytes(test.to_bytes()) else 2
                finally:
                    os._exit(found)
            failed.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == [0] * 10
