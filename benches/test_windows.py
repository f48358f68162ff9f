"""Queries: each checks its answer against numpy."""

import pytest

from benches.fixture import BenchmarkFixture
from benches.progress import Progress
from benches.ranking import snapshot
from benches.sizes import QUICK
from benches.windows import WindowLoad, baseline_query


@pytest.mark.parametrize("shuffle", [False, True], ids=["time order", "shuffled times"])
def test_compute_metrics(benchmark: BenchmarkFixture, shuffle: bool) -> None:
    load = WindowLoad(QUICK.matched, shuffle=shuffle)
    assert benchmark.pedantic(load.query, rounds=QUICK.queries) > 0
    load.check()
    assert len(load.tracker.metrics_history) >= 1


@pytest.mark.parametrize("shuffle", [False, True], ids=["time order", "shuffled times"])
def test_snapshot(benchmark: BenchmarkFixture, shuffle: bool) -> None:
    load = WindowLoad(QUICK.matched_large, shuffle=shuffle)
    assert benchmark.pedantic(snapshot, (load,), {"check": True}, rounds=QUICK.snapshots) > 0


def test_baseline_query(progress: Progress) -> None:
    assert len(list(baseline_query(QUICK, progress))) == 1
