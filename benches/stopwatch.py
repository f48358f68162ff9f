"""Time that is comparable on a machine that is never quiet: contenders take turns, ratios pair neighbours."""

import gc
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, process_time

Timed = Callable[[], float]
"""Does its work once and returns the seconds of the part that counts."""


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that one call of `work` takes; the garbage collector stays on, as in a server."""
    gc.collect()
    start = perf_counter()
    work()
    return perf_counter() - start


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the seconds that one call of `work` keeps processors busy, those of all threads added."""
    gc.collect()
    start = process_time()
    work()
    return process_time() - start


def interleave(
    contenders: Mapping[str, Timed], repeats: int, say: Callable[[str], None] = lambda text: None
) -> dict[str, list[float]]:
    """Run every contender `repeats` times in turn, each round starting with another one.

    A burst of noise then meets all of them alike, and the n-th times of two contenders are neighbours.
    """
    names = list(contenders)
    times: dict[str, list[float]] = {name: [] for name in names}
    for round_number in range(repeats):
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            say(f"round {round_number + 1} of {repeats}: {name}")
            times[name].append(contenders[name]())
    return times


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return how many times `above` is `below`, round by round."""
    return [one / other for one, other in zip(above, below, strict=True)]


def scaled(values: Sequence[float], factor: float) -> list[float]:
    """Return `values` in another unit."""
    return [value * factor for value in values]
