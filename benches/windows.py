"""`compute_metrics` on many matched rows, in time order and not: each query after a new label, each window another."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from time import perf_counter, time

import numpy as np

from benches.answers import ROUNDED, Answer, answered, expected
from benches.baseline import PlainTracker
from benches.contenders import BASELINE, new_tracker
from benches.figure import Figure, at_most, median_figure, worst_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import ratios, scaled, seconds
from benches.streams import HOURS, integer_ids, make_stream, shuffled, spread_times

PENDING_STEP = 97
"""Every so many-th row waits for the label that comes before a query, so that new labels fall everywhere."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: the window, the row whose label came just before, and what was answered."""

    hours: int
    now: datetime
    labelled: int
    answer: Answer


class WindowLoad:
    """A tracker whose rows are all labelled but for a few, over 30 days, and its queries.

    The answers are checked when all are given: counting them anew with numpy takes the processor's caches, which a
    service has for itself.
    """

    def __init__(self, rows: int, *, shuffle: bool) -> None:
        self.end = int(time())
        self.stream = make_stream(rows)
        self.ids = integer_ids(rows)
        times = spread_times(rows, self.end)
        self.times = times[shuffled(rows)] if shuffle else times
        pending = np.arange(rows // 2 % PENDING_STEP, rows, PENDING_STEP)
        self.labelled = np.ones(rows, dtype=np.bool_)
        self.labelled[pending] = False
        self._waiting = iter(np.random.default_rng(5).permutation(pending).tolist())
        self._number = count()
        self._asked: list[Asked] = []
        self.tracker = new_tracker()
        self.tracker.log_predictions(
            self.ids, self.stream.predictions, self.stream.scores, timestamps=self.times.astype("datetime64[us]")
        )
        self.tracker.log_ground_truths(self.ids[self.labelled], self.stream.actuals[self.labelled])
        self.tracker.counters()

    def label_one(self) -> int:
        """Log the label of another pending row; return the row."""
        row = next(self._waiting)
        self.tracker.log_ground_truth(int(self.ids[row]), int(self.stream.actuals[row]))
        self.labelled[row] = True
        return row

    def next_window(self) -> tuple[int, datetime]:
        """Return the hours and the end of a window unlike the last: both edges cut through the rows."""
        number = next(self._number)
        hours = 24 + (number * 211) % (HOURS - 60)
        return hours, datetime.fromtimestamp(self.end - 60 - (number * 977) % 86_400, UTC)

    def inside(self, hours: int, now: datetime) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return which rows are labelled and in the window, by a plain comparison of their times."""
        last = int(now.timestamp()) * 1_000_000
        return self.labelled & (self.times >= last - hours * 3_600_000_000) & (self.times <= last)

    def query(self) -> float:
        """Log a label, then return the seconds of a query for another window."""
        row = self.label_one()
        hours, now = self.next_window()
        start = perf_counter()
        metrics = self.tracker.compute_metrics(hours, now=now)
        took = perf_counter() - start
        self._asked.append(Asked(hours, now, row, answered(metrics)))
        return took

    def check(self, each: int = 1) -> None:
        """Raise AssertionError unless every so many-th query was answered right by the labels of its moment."""
        later = self._asked[::-1]
        for number, asked in enumerate(later):
            if number % each == 0:
                expected(self.stream, self.inside(asked.hours, asked.now)).require(asked.answer, ROUNDED)
            # The label came just before: the earlier queries were without it.
            self.labelled[asked.labelled] = False
        self.labelled[[asked.labelled for asked in later]] = True
        self._asked.clear()


def in_time_order(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of a query in time order at two sizes, and how it grows."""
    progress.say(f"building {sizes.matched:,} and {sizes.matched_large:,} rows")
    small = WindowLoad(sizes.matched, shuffle=False)
    large = WindowLoad(sizes.matched_large, shuffle=False)
    small_times: list[float] = []
    large_times: list[float] = []
    for number in range(sizes.queries):
        progress.say(f"query {number + 1} of {sizes.queries}")
        small_times.append(small.query())
        large_times.append(large.query())
    progress.say("checking the answers")
    small.check()
    large.check(each=10)
    what = "compute_metrics, time order, {:,} matched rows"
    yield median_figure(what.format(sizes.matched), scaled(small_times, 1e6), "µs", at_most(100))
    yield median_figure(what.format(sizes.matched_large), scaled(large_times, 1e6), "µs", at_most(200))
    growth = ratios(large_times, small_times)
    yield median_figure(
        f"compute_metrics, {sizes.matched_large:,} over {sizes.matched:,} rows", growth, "x", at_most(2)
    )


def with_shuffled_times(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost a row of a query over rows whose times are in no order, at two sizes."""
    for rows in (sizes.matched, sizes.matched_large):
        progress.say(f"building {rows:,} rows with shuffled times")
        load = WindowLoad(rows, shuffle=True)
        times: list[float] = []
        for number in range(sizes.queries if rows == sizes.matched else sizes.snapshots):
            progress.say(f"{rows:,} rows with shuffled times: query {number + 1}")
            times.append(load.query())
        load.check()
        what = f"compute_metrics, shuffled times, {rows:,} matched rows"
        costs = scaled(times, 1e9 / rows)
        yield median_figure(what, costs, "ns a row", at_most(2))
        # The first looks at every row; some after it put them in buckets of time as well.
        yield median_figure(f"{what}: the first window", costs[:1], "ns a row")
        yield worst_figure(f"{what}: the dearest window", costs, "ns a row")


def baseline_query(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield what the same query costs the baseline, which walks every prediction."""
    progress.say(f"logging {sizes.matched:,} rows into {BASELINE}")
    stream = make_stream(sizes.matched)
    baseline = PlainTracker()
    end = datetime.now(UTC).replace(tzinfo=None)
    rows = zip(stream.predictions.tolist(), stream.scores.tolist(), stream.actuals.tolist(), strict=True)
    for number, (prediction, score, actual) in enumerate(rows):
        baseline.log_prediction(number, prediction, score, timestamp=end - timedelta(seconds=number % 86_000))
        baseline.log_ground_truth(number, actual)
    progress.say(f"querying {BASELINE}")
    times = [seconds(lambda: baseline.compute_metrics(48)) for _ in range(3)]
    expected(stream).require(answered(baseline.compute_metrics(48)), ROUNDED)
    yield median_figure(f"the same query, {BASELINE}, {sizes.matched:,} rows", scaled(times, 1e3), "ms")
