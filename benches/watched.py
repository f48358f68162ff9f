"""What a watch adds to the join of a label: the same labels into a tracker with and without one, in turn."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from time import time
from typing import Any

import numpy as np

from benches.contenders import new_tracker
from benches.figure import Figure, at_most, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, processor_seconds, ratios, scaled, seconds
from benches.streams import integer_ids, make_stream, spread_times
from truthlag import ModelPerformanceTracker
from truthlag.detectors import EDetector

ACCURACY, LOSS, ARL = 0.65, 0.35, 1e12
DELAY = timedelta(hours=1)
AGES = {"each behind all before": None, "min_age": DELAY}
PLAIN, WATCHED = "not watched", "watched"

Clock = Callable[[Callable[[], object]], float]


class WatchedLoad:
    """Predictions over 30 days whose labels come an hour after each, in order."""

    def __init__(self, rows: int) -> None:
        self.stream = make_stream(rows)
        self.ids = integer_ids(rows)
        self.times = spread_times(rows, int(time()) - 7_200)
        self.label_times = self.times + DELAY // timedelta(microseconds=1)
        self.losses = (self.stream.predictions != self.stream.actuals).astype(np.float64)
        # As lists, for the calls.
        self.events = list(
            zip(
                self.ids.tolist(),
                self.stream.actuals.tolist(),
                (self.label_times / 1e6).tolist(),
                strict=True,
            )
        )

    def predicted(self) -> ModelPerformanceTracker:
        """Return a tracker that holds the predictions, nothing staged."""
        tracker = new_tracker()
        tracker.log_predictions(
            self.ids, self.stream.predictions, self.stream.scores, timestamps=self.times.astype("datetime64[us]")
        )
        tracker.counters()
        return tracker

    def log_batches(self, tracker: ModelPerformanceTracker, size: int) -> None:
        """Log the labels in batches."""
        moments = self.label_times.astype("datetime64[us]")
        for first in range(0, len(self.ids), size):
            part = slice(first, first + size)
            tracker.log_ground_truths(self.ids[part], self.stream.actuals[part], timestamps=moments[part])

    def log_calls(self, tracker: ModelPerformanceTracker) -> None:
        """Log the labels one by one."""
        log = tracker.log_ground_truth
        for request_id, actual, moment in self.events:
            log(request_id, actual, moment)

    def joined(self, log: Callable[[ModelPerformanceTracker], None], clock: Clock) -> float:
        """Return the seconds of the labels, nothing left staged."""
        tracker = self.predicted()

        def work() -> None:
            log(tracker)
            tracker.counters()

        return clock(work)

    def watched(self, log: Callable[[ModelPerformanceTracker], None], min_age: timedelta | None, clock: Clock) -> float:
        """Return the seconds of the labels and of all looks; every row must have been taken."""
        tracker = self.predicted()
        watch = tracker.watch("accuracy", baseline=ACCURACY, arl=ARL, min_age=min_age)

        def work() -> None:
            log(tracker)
            watch.look()
            tracker.counters()

        took = clock(work)
        self.check(watch)
        return took

    def check(self, watch: Any) -> None:
        """Raise AssertionError unless the detector has taken every row, and is as one that was fed directly."""
        rows = len(self.ids)
        counters = watch.counters()
        if counters != {"taken": rows, "left_out": 0, "passed_over": 0, "alarms": 0, "lost": 0}:
            raise AssertionError(f"wrong rows: expected {rows}, got {counters}")
        direct = EDetector(LOSS, arl=ARL)
        direct.update_many(self.losses)
        if watch.detector.to_bytes() != direct.to_bytes():
            raise AssertionError(f"wrong state: expected {direct.statistics}, got {watch.detector.statistics}")


def compared(
    load: WatchedLoad, log: Callable[[ModelPerformanceTracker], None], what: str, sizes: Sizes, progress: Progress
) -> Iterator[Figure]:
    """Yield the cost of a label without a watch, and what a watch of either kind adds in time and in processor time."""
    scale = 1e9 / sizes.watched_rows
    for clock, unit, bar in ((seconds, "", at_most(25)), (processor_seconds, ", processor time", None)):
        contenders = {PLAIN: lambda clock=clock: load.joined(log, clock)}
        for name, min_age in AGES.items():
            contenders[name] = lambda clock=clock, min_age=min_age: load.watched(log, min_age, clock)
        times = interleave(contenders, sizes.repeats, progress.say)
        yield median_figure(f"{what}: {PLAIN}{unit}", scaled(times[PLAIN], scale), "ns a label")
        for name in AGES:
            added = [100 * (ratio - 1) for ratio in ratios(times[name], times[PLAIN])]
            yield median_figure(f"{what}: a watch adds ({name}){unit}", added, "%", bar)


def watched_batches(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield what a watch adds to labels that come in batches."""
    load = WatchedLoad(sizes.watched_rows)
    for size in sizes.watched_batches:
        what = f"labels in batches of {size:,}"
        yield from compared(load, lambda tracker, size=size: load.log_batches(tracker, size), what, sizes, progress)


def watched_calls(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield what a watch adds to labels that come one by one."""
    load = WatchedLoad(sizes.watched_rows)
    yield from compared(load, load.log_calls, "labels one by one", sizes, progress)
