"""The betting confidence sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import count
from truthlag.verdict.detectors.value_array import value_array
from truthlag.verdict.sequences.confidence_sequence import ConfidenceSequence, checked_bounds

MOST_MEANS = 100_000


class BettingSequence(ConfidenceSequence):
    """A confidence sequence for the mean of bounded values: hedged capital, the narrowest of the three.

    That of Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting", JRSSB 86, theorem 3, with
    their predictable plug-in bets: for each mean of a grid somebody bets on each next value that the mean is larger, and
    somebody that it is smaller; a mean at which one of them has multiplied the stake by `2 / alpha` (for one side alone `1 / alpha`)
    is excluded.

    What who bet on a larger mean have falls with the mean they bet against, so a limit lies between the last mean of the grid that
    is excluded and the next one; the former is given. The interval is never narrower than the exact one, and wider by less than
    a step of the grid at each end. A grid of g means has steps of `1.6 / g` times the range in the middle and finer ones towards
    the bounds, in proportion to the standard error of a rate there: with g = 1000, .0016 at 0.5 and .0003 at 0.01.

    An update costs time in proportion to the grid (about a nanosecond for each mean and side), whatever the number of values; with
    the running intersection, to the part of it that is left. Memory: 48 bytes for each mean.

    Where the mean moves, who won against the later mean before keeps that for long: the interval says what the mean was, and may
    leave out the mean of all values.

    Args:
        alpha: The probability with which the mean is ever outside, between 0 and 1.
        side: "both" limits; "lower" or "upper" for one, while the other is a bound.
        bounds: The least and the largest value that there can be.
        grid: How many means the grid has, from 1 to 100000; or the means themselves, within the bounds: then limits are
            among them, and `e_value` is exact at each.
        running_intersection: Whether a limit never moves back: the interval is the intersection of all so far. It is a little
            narrower, and means that are excluded cost no time any more; values whose mean moves leave it empty.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.detectors import BettingSequence
        >>> sequence = BettingSequence(bounds=(0, 10))
        >>> sequence.update_many([2.0, 2.5, 3.0, 2.5] * 200)
        >>> [round(limit, 2) for limit in sequence.interval]
        [2.45, 2.59]
        >>> sequence.excludes(2.6)
        True
    """

    KIND = "BettingSequence"

    def __init__(
        self,
        alpha: float = 0.05,
        *,
        side: str = "both",
        bounds: tuple[float, float] = (0.0, 1.0),
        grid: int | Sequence[float] | np.ndarray[Any, Any] = 1000,
        running_intersection: bool = False,
    ) -> None:
        low, high = checked_bounds(bounds)
        given, means = _checked_grid(grid, low, high)
        own = {"bounds": (low, high), "grid": given}
        self._begin(alpha, side, running_intersection, (low, high), own, means)


def _checked_grid(grid: Any, low: float, high: float) -> tuple[int | tuple[float, ...], list[float]]:
    """The grid as a user may give it again, and its means from 0 to 1."""
    if isinstance(grid, list | tuple | np.ndarray):
        means = np.unique(value_array("grid", grid))
        if not 1 <= means.size <= MOST_MEANS:
            raise ValueError(f"grid must have from 1 to {MOST_MEANS} means, got {means.size}")
        outside = means[~((means >= low) & (means <= high))]
        if outside.size:
            raise ValueError(f"grid must have means from {low:g} to {high:g}, got {described(float(outside[0]))}")
        return tuple(means.tolist()), ((means - low) / (high - low)).tolist()
    number = int(count("grid", grid, 1, MOST_MEANS))
    return number, _core.betting_grid(number)
