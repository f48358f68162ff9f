"""Where increasing functions reach 0, many of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from truthlag.verdict.boundaries.near_zero import Floats

Indices: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]
Functions: TypeAlias = Callable[[Floats, Indices], Floats]

_EPSILON = float(np.finfo(float).eps)
_MOST_STEPS = 200


def crossings(function: Functions, low: Floats, high: Floats) -> Floats:
    """The roots in brackets, to some units in the last place: Chandrupatla (1997), "A new hybrid quadratic/bisection algorithm".

    Args:
        function: Takes places and the indices of the functions that they are places of, and gives their values. Each is at
            most 0 at `low`, and at least 0 at `high`.
        low: The near ends of the brackets; not changed.
        high: The far ends, on whichever side.
    """
    everyone = np.arange(low.size)
    of_high, of_low = function(high, everyone), function(low, everyone)
    # By rounding an end that is a root may be on the wrong side of it.
    roots = np.where(of_low >= 0, low, high)
    open_ = everyone[(of_low < 0) & (of_high > 0)]
    best, of_best, other, of_other = high[open_], of_high[open_], low[open_], of_low[open_]
    third, of_third = other, of_other
    share = np.full(open_.size, 0.5)
    for _ in range(_MOST_STEPS if open_.size else 0):
        place = best + share * (other - best)
        value = function(place, open_)
        same = np.sign(value) == np.sign(of_best)
        third, of_third = np.where(same, best, other), np.where(same, of_best, of_other)
        other, of_other = np.where(same, other, best), np.where(same, of_other, of_best)
        best, of_best = place, value
        nearer = np.abs(of_best) < np.abs(of_other)
        root = np.where(nearer, best, other)
        roots[open_] = root
        width = np.abs(other - best)
        least = 2 * _EPSILON * np.abs(root) + np.finfo(float).tiny
        is_left = (width > 2 * least) & (np.where(nearer, of_best, of_other) != 0)
        if not is_left.any():
            break
        with np.errstate(all="ignore"):
            xi = (best - other) / (third - other)
            phi = (of_best - of_other) / (of_third - of_other)
            inverse = of_best / (of_other - of_best) * of_third / (of_other - of_third)
            inverse += (
                (third - best) / (other - best) * of_best / (of_third - of_best) * of_other / (of_third - of_other)
            )
            is_smooth = (phi * phi < xi) & ((1 - phi) ** 2 < 1 - xi) & np.isfinite(inverse)
            share = np.where(is_smooth, inverse, 0.5)
            # Half a step inwards at least, so that the bracket closes from both sides.
            margin = np.minimum(0.5, least / width)
        share = np.clip(share, margin, 1 - margin)[is_left]
        best, of_best, other, of_other = best[is_left], of_best[is_left], other[is_left], of_other[is_left]
        third, of_third, open_ = third[is_left], of_third[is_left], open_[is_left]
    return roots


def bracket(function: Functions, start: Floats, step: Floats) -> Floats:
    """Far ends of brackets that begin at `start`: the step is doubled until the function is at least 0 there."""
    found = start + step
    open_ = np.arange(start.size)
    while open_.size:
        short = function(found[open_], open_) < 0
        open_ = open_[short]
        step = step.copy()
        step[open_] *= 2
        found[open_] = start[open_] + step[open_]
    return found
