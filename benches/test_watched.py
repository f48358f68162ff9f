"""A watch takes every label once, whichever way it comes; a check judges the window that it is asked for."""

from datetime import timedelta

import pytest

from benches.checks import CHECKS, CheckLoad
from benches.fixture import BenchmarkFixture
from benches.sizes import QUICK
from benches.stopwatch import seconds
from benches.watched import ACCURACY, AGES, WatchedLoad


@pytest.mark.parametrize("min_age", AGES.values(), ids=str)
@pytest.mark.parametrize("size", [0, *QUICK.watched_batches])
def test_watched_labels(benchmark: BenchmarkFixture, size: int, min_age: timedelta | None) -> None:
    load = WatchedLoad(QUICK.watched_rows)
    log = (lambda tracker: load.log_batches(tracker, size)) if size else load.log_calls
    # Checks the rows and the detector's state as it goes.
    assert benchmark.pedantic(load.watched, (log, min_age, seconds), rounds=2) > 0


def test_a_row_that_was_not_taken_is_noticed() -> None:
    load = WatchedLoad(2_000)
    tracker = load.predicted()
    watch = tracker.watch("accuracy", baseline=ACCURACY)
    tracker.log_ground_truths(load.ids[:-1], load.stream.actuals[:-1])
    with pytest.raises(AssertionError, match="wrong rows"):
        load.check(watch)


@pytest.mark.parametrize("metrics", CHECKS.values(), ids=str)
def test_check(benchmark: BenchmarkFixture, metrics: tuple[str, ...] | None) -> None:
    load = CheckLoad(QUICK.checked_rows)
    took, report = benchmark.pedantic(load.check, (metrics, 1), rounds=3)
    assert took > 0
    assert metrics is None or set(report.verdicts) == set(metrics)
