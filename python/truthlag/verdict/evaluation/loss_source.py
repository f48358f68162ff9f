"""Where the values of a scenario come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import real
from truthlag.verdict.detectors.value_array import value_array
from truthlag.verdict.evaluation.block_bootstrap import chosen_block_length, resampled

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Draw: TypeAlias = Callable[[np.random.Generator, int], Floats]
LossSource: TypeAlias = float | Sequence[float] | np.ndarray[Any, Any] | Draw
"""A rate of errors; losses to be resampled; or a function of a numpy Generator and a number of values that draws so many."""


def draw_from(name: str, source: Any, block_length: float | None) -> Draw:
    """How to draw values from a source."""
    if callable(source):
        return lambda rng, n: _drawn(name, source(rng, n), n)
    if isinstance(source, list | tuple | np.ndarray):
        losses = finite_values(name, source, least=2)
        length = chosen_block_length(losses) if block_length is None else block_length
        return lambda rng, n: resampled(losses, length, n, rng)
    rate = real(name, source, 0, 1)
    return lambda rng, n: (rng.random(n) < rate).astype(np.float64)


def finite_values(name: str, values: Any, least: int) -> Floats:
    """Given values as a new array: finite, and so many at least."""
    array = value_array(name, values).copy()
    if array.size < least:
        raise ValueError(f"{name} must have at least {least} values, got {array.size}")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        place = int(bad[0])
        raise ValueError(f"{name}[{place}] must be a finite number, got {array[place]:g}")
    return array


def _drawn(name: str, values: Any, n: int) -> Floats:
    """What a function drew, checked."""
    array = value_array(f"what {name} draws", values)
    if array.size != n:
        raise ValueError(f"what {name} draws must be {n} values, got {described(array.size)}")
    return array
