"""One check of a tracker against a baseline that is a window of another one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter, time
from typing import Any

import numpy as np

from benches.contenders import new_tracker
from benches.figure import Figure, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, scaled
from benches.streams import HOURS, integer_ids, make_stream, spread_times
from truthlag import DegradationDetector, ModelPerformanceTracker

NAMED = ("accuracy", "recall", "roc_auc")
CHECKS: dict[str, tuple[str, ...] | None] = {"the known metrics": None, "three named metrics": NAMED}


class CheckLoad:
    """A tracker whose rows are all labelled, over 30 days, and baselines of its first half."""

    def __init__(self, rows: int) -> None:
        end = int(time()) - 60
        self.stream = make_stream(rows)
        self.times = spread_times(rows, end)
        ids = integer_ids(rows)
        self.tracker: ModelPerformanceTracker = new_tracker()
        self.tracker.log_predictions(
            ids, self.stream.predictions, self.stream.scores, timestamps=self.times.astype("datetime64[us]")
        )
        self.tracker.log_ground_truths(ids, self.stream.actuals)
        self.tracker.counters()
        self.end = datetime.fromtimestamp(end, UTC)
        self.baseline = self.tracker.snapshot(timedelta(hours=HOURS // 2), now=self.end - timedelta(hours=HOURS // 2))

    def check(self, metrics: tuple[str, ...] | None, number: int) -> tuple[float, Any]:
        """Return the seconds of a check of a window unlike the last, and its report."""
        detector = DegradationDetector(self.baseline, metrics=metrics)
        now = self.end - timedelta(seconds=977 * number)
        start = perf_counter()
        report = detector.check(self.tracker, window=timedelta(hours=HOURS // 4), now=now)
        took = perf_counter() - start
        self.require(report, now)
        return took, report

    def require(self, report: Any, now: datetime) -> None:
        """Raise AssertionError unless the accuracy is that of the window's rows, and nothing is said to be lost."""
        last = round(now.timestamp() * 1e6)
        inside = (self.times >= last - HOURS // 4 * 3_600_000_000) & (self.times <= last)
        right = float(np.mean(self.stream.predictions[inside] == self.stream.actuals[inside]))
        accuracy = report["accuracy"]
        if abs(accuracy.current.value - right) > 1e-12:
            raise AssertionError(f"wrong accuracy: expected {right}, got {accuracy.current.value}")
        lost = [verdict.name for verdict in report.verdicts.values() if verdict.verdict == "critical"]
        if lost:
            raise AssertionError(f"wrong verdicts: {lost} are lost where nothing changed")


def checks(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of a check with the metrics that it knows and with some, beside that of its snapshot."""
    progress.say(f"building {sizes.checked_rows:,} rows")
    load = CheckLoad(sizes.checked_rows)
    number = 0

    def timed(metrics: tuple[str, ...] | None) -> float:
        nonlocal number
        number += 1
        return load.check(metrics, number)[0]

    def snapshot() -> float:
        nonlocal number
        number += 1
        start = perf_counter()
        load.tracker.snapshot(timedelta(hours=HOURS // 4), now=load.end - timedelta(seconds=977 * number))
        return perf_counter() - start

    contenders = {name: (lambda metrics=metrics: timed(metrics)) for name, metrics in CHECKS.items()}
    # The first check loads scipy.
    for name, run in contenders.items():
        progress.say(f"warming up {name}")
        run()
    times = interleave(contenders | {"a snapshot": snapshot}, sizes.checks, progress.say)
    what = f"of a window of {sizes.checked_rows:,} rows"
    for name, metrics in CHECKS.items():
        count = len(load.check(metrics, 0)[1].verdicts)
        yield median_figure(f"check {what}, {name} ({count})", scaled(times[name], 1e3), "ms")
    yield median_figure(f"snapshot {what}", scaled(times["a snapshot"], 1e3), "ms")
