"""New labels and the metrics after them, on a large store half of which is labelled: the tracker against DuckDB."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter, time

import numpy as np
from numpy.typing import NDArray

from benches.answers import ROUNDED, Answer, answered, expected
from benches.contenders import new_tracker
from benches.figure import Figure, at_least, at_most, median_figure
from benches.progress import Progress
from benches.rivals import BatchInput, ask_duckdb, duckdb_connection, library, load_tables
from benches.sizes import Sizes
from benches.stopwatch import ratios, scaled
from benches.streams import HOURS, integer_ids, make_stream, shuffled, spread_times

Rows = NDArray[np.intp]


class IncrementalLoad:
    """The same predictions, half labelled, in the tracker and in DuckDB; each then takes the same labels, step by step.

    All steps of the one come before those of the other: a service has its caches for itself.
    """

    def __init__(self, rows: int, labels: int) -> None:
        self.end = int(time())
        self.labels = labels
        self.stream = make_stream(rows)
        self.ids = integer_ids(rows)
        self.times = spread_times(rows, self.end)
        self.order = shuffled(rows)
        self.labelled = rows // 2

    def rows(self, number: int) -> Rows:
        """Return the rows that are labelled in a step."""
        start = self.labelled + number * self.labels
        return self.order[start : start + self.labels]

    def window(self, number: int) -> tuple[int, int]:
        """Return the hours and the end of the window that a step asks for, unlike those of the others."""
        return HOURS - 24 - number % 400, self.end - 3600 - number

    def right(self, number: int) -> Answer:
        """Return the answer after a step."""
        hours, now = self.window(number)
        inside = np.zeros(len(self.ids), dtype=np.bool_)
        inside[self.order[: self.labelled + (number + 1) * self.labels]] = True
        first, last = (now - hours * 3600) * 1_000_000, now * 1_000_000
        return expected(self.stream, inside & (self.times >= first) & (self.times <= last))

    def tracker_steps(self, steps: int) -> Iterator[float]:
        """Yield the seconds of the labels and the metrics of each step."""
        tracker, known = new_tracker(), self.order[: self.labelled]
        tracker.log_predictions(
            self.ids, self.stream.predictions, self.stream.scores, timestamps=self.times.astype("datetime64[us]")
        )
        tracker.log_ground_truths(self.ids[known], self.stream.actuals[known])
        tracker.counters()
        answers = []
        for number in range(steps):
            ids, actuals = self.ids[self.rows(number)], self.stream.actuals[self.rows(number)]
            hours, now = self.window(number)
            moment = datetime.fromtimestamp(now, UTC)
            start = perf_counter()
            tracker.log_ground_truths(ids, actuals)
            metrics = tracker.compute_metrics(hours, now=moment)
            took = perf_counter() - start
            answers.append(answered(metrics))
            yield took
        for number, answer in enumerate(answers):
            self.right(number).require(answer, ROUNDED)

    def duckdb_steps(self, steps: int) -> Iterator[float]:
        """Yield the seconds of the query of each step; its labels are given before."""
        pandas, connection, known = library("pandas"), duckdb_connection(), self.order[: self.labelled]
        load_tables(connection, BatchInput(self.ids, self.stream, self.ids[known], self.stream.actuals[known]))
        connection.register("arrays", pandas.DataFrame({"id": self.ids, "time": self.times}))
        connection.execute("CREATE OR REPLACE TABLE predictions AS SELECT * FROM predictions JOIN arrays USING (id)")
        connection.unregister("arrays")
        for number in range(steps):
            rows = self.rows(number)
            connection.register("arrays", pandas.DataFrame({"id": self.ids[rows], "actual": self.stream.actuals[rows]}))
            connection.execute("INSERT INTO labels SELECT * FROM arrays")
            connection.unregister("arrays")
            hours, now = self.window(number)
            inside = f"time BETWEEN {(now - hours * 3600) * 1_000_000} AND {now * 1_000_000}"
            start = perf_counter()
            recomputed = ask_duckdb(connection, inside)
            took = perf_counter() - start
            self.right(number).require(recomputed, 1e-9)
            yield took


def incremental(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of new labels and the metrics after them, and how DuckDB's recomputation compares."""
    load = IncrementalLoad(sizes.matched_large, sizes.incremental_labels)

    def warm(who: str, steps: Callable[[int], Iterator[float]]) -> list[float]:
        progress.say(f"{who}: building {sizes.matched_large:,} rows")
        times: list[float] = []
        for took in steps(sizes.repeats + 1):
            times.append(took)
            progress.say(f"{who}: step {len(times)} of {sizes.repeats + 1}")
        # The first step warms up.
        return times[1:]

    tracker, recomputed = warm("truthlag", load.tracker_steps), warm("DuckDB", load.duckdb_steps)
    what = f"{sizes.incremental_labels:,} labels against {sizes.matched_large:,} predictions, then metrics"
    yield median_figure(what, scaled(tracker, 1e3), "ms", at_most(12))
    yield median_figure(f"{what}: DuckDB recomputes", scaled(recomputed, 1e3), "ms")
    yield median_figure("times faster than DuckDB recomputes", ratios(recomputed, tracker), "x", at_least(60))
