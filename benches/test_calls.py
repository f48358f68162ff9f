"""One call, over many live rows, and the worst of many."""

from typing import Any

from benches.answers import require_counters
from benches.calls import CallLoad, worst_call, worst_pause
from benches.contenders import new_tracker
from benches.fixture import BenchmarkFixture
from benches.sizes import QUICK


def test_log_prediction(benchmark: BenchmarkFixture) -> None:
    load = CallLoad(QUICK.live_rows, QUICK.calls)
    trackers: list[Any] = []

    def filled() -> tuple[tuple[Any], dict[str, Any]]:
        trackers.append(load.filled())
        return (trackers[-1],), {}

    benchmark.pedantic(load.log, setup=filled, rounds=3)
    for tracker in trackers:
        load.check(tracker)


def test_empty_loop(benchmark: BenchmarkFixture) -> None:
    load = CallLoad(0, QUICK.calls)
    benchmark(load.empty)
    assert len(list(load.events())) == QUICK.calls


def test_worst_call(benchmark: BenchmarkFixture) -> None:
    tracker = new_tracker()
    worst = benchmark.pedantic(worst_call, (tracker.log_prediction, QUICK.inserts))
    assert worst > 0
    require_counters(tracker.counters(), {"predictions": QUICK.inserts, "pending": QUICK.inserts})


def test_worst_pause(benchmark: BenchmarkFixture) -> None:
    assert benchmark.pedantic(worst_pause, (QUICK.inserts,)) > 0
