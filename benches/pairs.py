"""One prediction and one label a request, call by call: the tracker against the baseline and the lean floor."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benches.answers import ROUNDED, answered, expected, require_counters
from benches.contenders import BASELINE, FLOOR, LOGGERS, TRACKER, Logger, new_tracker
from benches.figure import Bar, Figure, at_least, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, processor_seconds, ratios, scaled, seconds
from benches.streams import (
    Stream,
    copied_texts,
    copied_uuids,
    make_stream,
    shuffled,
    string_ids,
    uuid_objects,
    uuid_texts,
)

Ids = Sequence[Any]


class PairLoad:
    """Premade ids with the events that are logged under them, labels in another order if asked.

    With `label_ids`, equal to `ids`, labels come under objects of their own, as from another message: laid out in the
    order of their arrival, so that walking the list is not itself a walk over random lines of memory.
    """

    def __init__(self, ids: Ids, *, shuffle: bool, label_ids: Callable[[Ids], Ids] = lambda ids: ids) -> None:
        self.stream: Stream = make_stream(len(ids))
        self.ids = ids
        self.predictions: list[int] = self.stream.predictions.tolist()
        self.scores: list[float] = self.stream.scores.tolist()
        order = shuffled(len(ids)) if shuffle else np.arange(len(ids))
        self.labelled_ids = label_ids([ids[row] for row in order.tolist()])
        self.actuals: list[int] = self.stream.actuals[order].tolist()

    def log(self, logger: Logger) -> None:
        """Log every prediction, then every label, and leave nothing staged."""
        for request_id, prediction, score in zip(self.ids, self.predictions, self.scores, strict=True):
            logger.log_prediction(request_id, prediction, score)
        for request_id, actual in zip(self.labelled_ids, self.actuals, strict=True):
            logger.log_ground_truth(request_id, actual)
        logger.counters()

    def log_in_turn(self, logger: Logger) -> None:
        """Log each prediction with its label right behind it, and leave nothing staged."""
        events = zip(self.ids, self.predictions, self.scores, self.labelled_ids, self.actuals, strict=True)
        for request_id, prediction, score, labelled_id, actual in events:
            logger.log_prediction(request_id, prediction, score)
            logger.log_ground_truth(labelled_id, actual)
        logger.counters()

    def check(self, logger: Logger) -> None:
        """Raise AssertionError unless every event was joined and counted."""
        rows = len(self.stream)
        require_counters(logger.counters(), {"predictions": rows, "labels": rows})
        if hasattr(logger, "compute_metrics"):
            expected(self.stream).require(answered(logger.compute_metrics(24)), ROUNDED)


def measure(
    load: PairLoad,
    what: str,
    bars: tuple[Bar | None, Bar | None],
    sizes: Sizes,
    progress: Progress,
    *,
    in_turn: bool = False,
) -> Iterator[Figure]:
    """Yield the cost of a pair, the costs of the other two, both ratios, and what a pair costs all threads together."""
    work: Callable[[Logger], None] = load.log_in_turn if in_turn else load.log

    def timed(new: Callable[[], Logger]) -> Callable[[], float]:
        def run() -> float:
            logger = new()
            return seconds(lambda: work(logger))

        return run

    checked = new_tracker()
    work(checked)
    load.check(checked)
    del checked
    times = interleave({name: timed(new) for name, new in LOGGERS.items()}, sizes.repeats, progress.say)
    for name in LOGGERS:
        yield median_figure(f"{what}: {name}", scaled(times[name], 1e9 / sizes.pairs), "ns a pair")
    for name, bar in zip((BASELINE, FLOOR), bars, strict=True):
        yield median_figure(f"{what}: times faster than {name}", ratios(times[name], times[TRACKER]), "x", bar)

    def of_all_threads() -> float:
        logger = new_tracker()
        return processor_seconds(lambda: work(logger))

    busy = interleave({"truthlag, all threads": of_all_threads}, sizes.repeats, progress.say)
    for name, spent in busy.items():
        yield median_figure(f"{what}: processor time of {name}", scaled(spent, 1e9 / sizes.pairs), "ns a pair")


def string_pairs(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the figures of string ids with labels in order, in two passes and in turn."""
    load = PairLoad(string_ids(sizes.pairs), shuffle=False)
    bars = at_least(9), at_least(1.9)
    yield from measure(load, "string ids, labels in order", bars, sizes, progress)
    yield from measure(load, "string ids, each label behind its prediction", bars, sizes, progress, in_turn=True)


def uuid_pairs(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the figures of UUIDs with shuffled labels: as text, as objects, and as text whose objects are reused.

    In the last one every label is logged from a random line of memory, which costs as much as the rest of the call.
    """
    bars = at_least(10), at_least(3.5)
    load = PairLoad(uuid_texts(sizes.pairs), shuffle=True, label_ids=copied_texts)
    yield from measure(load, "UUID text, labels shuffled", bars, sizes, progress)
    load = PairLoad(uuid_objects(sizes.pairs), shuffle=True, label_ids=copied_uuids)
    yield from measure(load, "UUID objects, labels shuffled", (None, None), sizes, progress)
    load = PairLoad(uuid_texts(sizes.pairs), shuffle=True)
    what = "UUID text, labels shuffled under the same objects"
    yield from measure(load, what, (None, None), sizes, progress)
