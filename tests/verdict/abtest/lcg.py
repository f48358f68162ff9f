"""The streams of the vectors, from a linear congruential generator."""

from __future__ import annotations

import math
from collections.abc import Iterator


def uniforms(seed: int) -> Iterator[float]:
    """Numbers in [0, 1), as the vectors' `stream` says."""
    state = seed
    while True:
        state = (1_664_525 * state + 1_013_904_223) % 2**32
        yield state / 2**32


def latencies(seed: int, *means: float, count: int = 1_000) -> list[list[float]]:
    """One arm of `count` lognormal values after the other, from one stream."""
    stream = uniforms(seed)
    arms = []
    for mean in means:
        values = []
        for _ in range(count):
            total = 0.0
            for _ in range(12):
                total += next(stream)
            values.append(round(math.exp(mean + 0.6 * (total - 6)), 4))
        arms.append(values)
    return arms
