"""A batch from arrays to metrics on one thread: the tracker against pandas, polars and DuckDB."""

from collections.abc import Callable, Iterator

from benches.answers import ROUNDED, Answer, answered, expected
from benches.contenders import new_tracker
from benches.figure import Bar, Figure, at_most, median_figure
from benches.progress import Progress
from benches.rivals import BatchInput, Rival, duckdb_frames_rival, duckdb_rival, pandas_rival, polars_rival
from benches.sizes import Sizes
from benches.stopwatch import interleave, ratios, seconds
from benches.streams import integer_ids, make_stream, shuffled

TRACKER = "truthlag"
RIVALS: dict[str, tuple[Callable[[BatchInput], Rival], Bar | None]] = {
    "pandas": (pandas_rival, at_most(1)),
    "polars": (polars_rival, at_most(1)),
    "DuckDB, its own tables": (duckdb_rival, at_most(1.5)),
    "DuckDB, data frames": (duckdb_frames_rival, None),
}


def batch_input(rows: int) -> BatchInput:
    """Return predictions under int64 ids, and their labels in random order."""
    stream = make_stream(rows)
    ids = integer_ids(rows)
    order = shuffled(rows)
    return BatchInput(ids, stream, ids[order], stream.actuals[order])


def tracked(data: BatchInput) -> Answer:
    """Log the predictions, then the labels, then ask for the metrics: all by the tracker, from nothing."""
    tracker = new_tracker()
    tracker.log_predictions(data.ids, data.stream.predictions, data.stream.scores)
    tracker.log_ground_truths(data.labelled_ids, data.actuals)
    return answered(tracker.compute_metrics(24))


def batch(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the seconds of everyone, and the tracker's over each other's."""
    progress.say(f"building {sizes.batch:,} rows for each")
    data = batch_input(sizes.batch)
    right = expected(data.stream)

    def timed(ask: Rival, tolerance: float) -> Callable[[], float]:
        answers: list[Answer] = []

        def run() -> float:
            answers.clear()
            took = seconds(lambda: answers.append(ask()))
            right.require(answers[0], tolerance)
            return took

        return run

    contenders = {TRACKER: timed(lambda: tracked(data), ROUNDED)}
    contenders |= {name: timed(rival(data), 1e-9) for name, (rival, _) in RIVALS.items()}
    for name, warm in contenders.items():
        progress.say(f"warming up {name}")
        warm()
    times = interleave(contenders, sizes.batch_rounds, progress.say)
    for name in contenders:
        yield median_figure(f"batch of {sizes.batch:,}, one thread: {name}", times[name], "s")
    for name, (_, bar) in RIVALS.items():
        yield median_figure(f"batch: time of {TRACKER} over {name}", ratios(times[TRACKER], times[name]), "x", bar)
