"""What one call costs: over an empty loop on average, and at its worst among millions."""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter, perf_counter_ns

from benches.answers import require_counters
from benches.contenders import new_tracker
from benches.figure import Figure, at_most, median_figure
from benches.progress import Progress
from benches.sizes import Sizes
from benches.stopwatch import interleave, scaled, seconds
from benches.streams import make_stream, string_ids
from truthlag import ModelPerformanceTracker


class Nothing:
    """The floor of a call: a Python method that does nothing."""

    def log_prediction(self, request_id: str, prediction: int, score: float) -> None:
        """Do nothing."""


class CallLoad:
    """New predictions for a tracker that already holds many."""

    def __init__(self, live_rows: int, calls: int) -> None:
        stream = make_stream(live_rows + calls)
        ids = string_ids(live_rows + calls)
        self.live = ids[:live_rows], stream.predictions[:live_rows], stream.scores[:live_rows]
        self.ids = ids[live_rows:]
        self.predictions: list[int] = stream.predictions[live_rows:].tolist()
        self.scores: list[float] = stream.scores[live_rows:].tolist()

    def filled(self) -> ModelPerformanceTracker:
        """Return a tracker that holds the live rows, nothing staged."""
        tracker = new_tracker()
        tracker.log_predictions(*self.live)
        tracker.counters()
        return tracker

    def events(self) -> Iterable[tuple[str, int, float]]:
        """Walk the new predictions; one tuple is used over and over, so that the loop costs the collector nothing."""
        return zip(self.ids, self.predictions, self.scores, strict=True)

    def log(self, tracker: ModelPerformanceTracker) -> None:
        """Log every call positionally, and leave nothing staged."""
        for request_id, prediction, score in self.events():
            tracker.log_prediction(request_id, prediction, score)
        tracker.counters()

    def empty(self) -> None:
        """Walk the same events without a call."""
        for _request_id, _prediction, _score in self.events():
            pass

    def python_method(self) -> None:
        """Call an empty Python method with the same arguments."""
        nothing = Nothing()
        for request_id, prediction, score in self.events():
            nothing.log_prediction(request_id, prediction, score)

    def compiled_method(self) -> None:
        """Call a compiled method that does next to nothing."""
        for request_id, _prediction, _score in self.events():
            request_id.isascii()

    def check(self, tracker: ModelPerformanceTracker) -> None:
        """Raise AssertionError unless every call made a row."""
        require_counters(
            tracker.counters(), {"predictions": len(self.live[0]) + len(self.ids), "replaced_predictions": 0}
        )


def call_cost(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the cost of a call over the empty loop, beside the floors of any call."""
    load = CallLoad(sizes.live_rows, sizes.calls)

    def tracked() -> float:
        tracker = load.filled()
        took = seconds(lambda: load.log(tracker))
        load.check(tracker)
        return took

    times = interleave(
        {
            "log_prediction": tracked,
            "empty loop": lambda: seconds(load.empty),
            "an empty Python method": lambda: seconds(load.python_method),
            "a compiled method without arguments": lambda: seconds(load.compiled_method),
        },
        sizes.repeats,
        progress.say,
    )
    empty = times.pop("empty loop")
    for name, bar in (("log_prediction", at_most(120)), *((name, None) for name in list(times)[1:])):
        over = [one - other for one, other in zip(times[name], empty, strict=True)]
        yield median_figure(f"{name}, over the empty loop", scaled(over, 1e9 / sizes.calls), "ns", bar)


def worst_call(log: Callable[[str, int, float], None], inserts: int) -> int:
    """Return the nanoseconds of the slowest of `inserts` calls; the ids are made between the readings."""
    worst = 0
    for number in range(inserts):
        request_id = f"request-{number:08d}"
        start = perf_counter_ns()
        log(request_id, 1, 0.5)
        took = perf_counter_ns() - start
        if took > worst:
            worst = took
    return worst


def worst_pause(inserts: int) -> int:
    """Return the nanoseconds of the longest pause that the machine makes in the same loop without a call."""
    worst = 0
    for number in range(inserts):
        _request_id = f"request-{number:08d}"
        start = perf_counter_ns()
        took = perf_counter_ns() - start
        if took > worst:
            worst = took
    return worst


def worst_calls(sizes: Sizes, progress: Progress) -> Iterator[Figure]:
    """Yield the worst single call over the inserts, above the worst pause of an empty loop."""
    calls: list[float] = []
    pauses: list[float] = []
    for round_number in range(sizes.insert_rounds):
        progress.say(f"round {round_number + 1} of {sizes.insert_rounds}: {sizes.inserts:,} inserts, one by one")
        started = perf_counter()
        tracker = new_tracker()
        calls.append(worst_call(tracker.log_prediction, sizes.inserts) / 1e6)
        require_counters(tracker.counters(), {"predictions": sizes.inserts})
        del tracker
        # The empty loop is repeated for as long as the inserts took: a longer wait meets longer pauses.
        inserting = perf_counter() - started
        started = perf_counter()
        pause = worst_pause(sizes.inserts)
        while perf_counter() - started < inserting:
            pause = max(pause, worst_pause(sizes.inserts // 10))
        pauses.append(pause / 1e6)
    above = [call - pause for call, pause in zip(calls, pauses, strict=True)]
    yield median_figure(f"worst of {sizes.inserts:,} inserts, above the empty loop's worst", above, "ms", at_most(2))
    yield median_figure("worst insert", calls, "ms")
    yield median_figure("worst pause of the empty loop", pauses, "ms")
