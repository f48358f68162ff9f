"""New labels and the metrics after them, on a large store half of which is labelled: the tracker against DuckDB."""

from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter, time

import numpy as np

from benches.answers import ROUNDED, answered, expected
from benches.contenders import new_tracker
from benches.figure import Figure, at_least, at_most, median_figure
from benches.progress import Progress
from benches.rivals import BatchInput, ask_duckdb, duckdb_connection, library, load_tables
from benches.sizes import Sizes
from benches.stopwatch import ratios, scaled
from benches.streams import HOURS, integer_ids, make_stream, shuffled, spread_times


class IncrementalLoad:
    """The same predictions, half labelled, in the tracker and in DuckDB."""

    def __init__(self, rows: int) -> None:
        self.end = int(time())
        self.stream = make_stream(rows)
        self.ids = integer_ids(rows)
        self.times = spread_times(rows, self.end)
        self.order = shuffled(rows)
        self.labelled = rows // 2
        known = self.order[: self.labelled]
        self.tracker = new_tracker()
        self.tracker.log_predictions(
            self.ids, self.stream.predictions, self.stream.scores, timestamps=self.times.astype("datetime64[us]")
        )
        self.tracker.log_ground_truths(self.ids[known], self.stream.actuals[known])
        self.tracker.counters()
        self.connection = duckdb_connection()
        load_tables(self.connection, BatchInput(self.ids, self.stream, self.ids[known], self.stream.actuals[known]))
        pandas = library("pandas")
        self.connection.register("arrays", pandas.DataFrame({"id": self.ids, "time": self.times}))
        self.connection.execute(
            "CREATE OR REPLACE TABLE predictions AS SELECT * FROM predictions JOIN arrays USING (id)"
        )
        self.connection.unregister("arrays")

    def step(self, labels: int, number: int) -> tuple[float, float]:
        """Give both the next labels and ask for another window: the seconds of the tracker and of DuckDB.

        DuckDB is timed for its query only, the tracker for the labels as well.
        """
        rows = self.order[self.labelled : self.labelled + labels]
        self.labelled += len(rows)
        ids, actuals = self.ids[rows], self.stream.actuals[rows]
        hours, now = HOURS - 24 - number % 400, self.end - 3600 - number
        moment = datetime.fromtimestamp(now, UTC)
        start = perf_counter()
        self.tracker.log_ground_truths(ids, actuals)
        metrics = self.tracker.compute_metrics(hours, now=moment)
        tracker_took = perf_counter() - start

        self.connection.register("arrays", library("pandas").DataFrame({"id": ids, "actual": actuals}))
        self.connection.execute("INSERT INTO labels SELECT * FROM arrays")
        self.connection.unregister("arrays")
        first, last = (now - hours * 3600) * 1_000_000, now * 1_000_000
        start = perf_counter()
        recomputed = ask_duckdb(self.connection, f"time BETWEEN {first} AND {last}")
        duckdb_took = perf_counter() - start

        inside = np.zeros(len(self.ids), dtype=np.bool_)
        inside[self.order[: self.labelled]] = True
        right = expected(self.stream, inside & (self.times >= first) & (self.times <= last))
        right.require(recomputed, 1e-9)
        right.require(answered(metrics), ROUNDED)
        return tracker_took, duckdb_took


def incremental(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of new labels and the metrics after them, and how DuckDB's recomputation compares."""
    progress.say(f"building {sizes.matched_large:,} rows for both")
    load = IncrementalLoad(sizes.matched_large)
    load.step(sizes.incremental_labels, 0)
    times: list[tuple[float, float]] = []
    for number in range(sizes.repeats):
        progress.say(f"round {number + 1} of {sizes.repeats}")
        times.append(load.step(sizes.incremental_labels, number + 1))
    tracker, recomputed = [one for one, _ in times], [other for _, other in times]
    what = f"{sizes.incremental_labels:,} labels against {sizes.matched_large:,} predictions, then metrics"
    yield median_figure(what, scaled(tracker, 1e3), "ms", at_most(12))
    yield median_figure(f"{what}: DuckDB recomputes", scaled(recomputed, 1e3), "ms")
    yield median_figure("times faster than DuckDB recomputes", ratios(recomputed, tracker), "x", at_least(60))
