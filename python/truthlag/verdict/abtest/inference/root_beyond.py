"""Where a rising function is zero, when it is known about where."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

#: How much further than the secant says the root is looked for, so that it is between two places soon.
_OVERSHOOT = 1.5
#: Of a smooth function a secant's error is next to the product of the last two steps.
_NEAR = 1e-12
_MOST_BEYOND = 20
_STEPS = 100


class Place(NamedTuple):
    """A value of the function."""

    at: float
    value: float


def root_beyond(function: Callable[[float], float], begin: Place, guess: float, furthest: float) -> float:
    """The root between a place and the furthest one; that one where there is no root.

    By secants kept between places on both sides of the root, and by halving where they do not close in on it.

    Args:
        function: It rises.
        begin: A place, with the value there.
        guess: About where the root is.
        furthest: As far as it may be: above the place where the value there is negative, else below it.
    """
    if not begin.value:
        return begin.at
    ahead = math.copysign(1.0, furthest - begin.at)
    last, at = begin, guess
    for left in reversed(range(_MOST_BEYOND)):
        # Past the place before, and no further than the furthest.
        at = furthest if not left or (at - last.at) * ahead <= 0 or (at - furthest) * ahead > 0 else at
        here = Place(at, function(at))
        if (here.value > 0) != (begin.value > 0):
            return _between(function, last, here)
        if at == furthest:
            break
        step = _secant(last, here)
        last, at = here, furthest if step is None else at + _OVERSHOOT * step
    return furthest


def _between(function: Callable[[float], float], last: Place, here: Place) -> float:
    low, high = sorted((last, here))
    step = _secant(last, here)
    for _ in range(_STEPS):
        if step is not None and low.at < here.at + step < high.at:
            at, error = here.at + step, abs(step) * min(1.0, abs(here.at - last.at))
        else:
            at, error = (low.at + high.at) / 2, high.at - low.at
        if error <= _NEAR:
            return at
        last, here = here, Place(at, function(at))
        if not here.value:
            return at
        low, high = (low, here) if here.value > 0 else (here, high)
        step = _secant(last, here) if abs(here.value) <= abs(last.value) / 2 else None
    return here.at


def _secant(last: Place, here: Place) -> float | None:
    """How far it is from here to where the line through two places is zero; None where that is nowhere."""
    rise, run = here.value - last.value, here.at - last.at
    if not rise or not math.isfinite(run / rise):
        return None
    return -here.value * (run / rise)
