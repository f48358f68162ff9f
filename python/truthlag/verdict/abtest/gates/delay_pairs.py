"""Rows of two arms in pairs that were predicted at about the same time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.gates.times import Times

Places = NDArray[np.intp]


def pairs_in_time(control: Times, treatment: Times) -> tuple[Places, Places]:
    """Places of rows of both arms that are paired, in the order in which the pairs are complete.

    In order of time, each row of the control is paired with the last row of the treatment before it that is not paired yet, as
    brackets are; so rows that come later never change a pair, and partners are near each other whatever the sizes of the arms.
    Whether arms drift alike then makes no difference. Both must be in order.

    Cost: two sorts.
    """
    moments = np.concatenate([treatment, control])
    closes = np.repeat([False, True], [len(treatment), len(control)])
    order = np.argsort(moments, kind="stable")
    closes = closes[order]
    height = np.cumsum(np.where(closes, -1, 1))
    floor = np.minimum.accumulate(np.minimum(height, 0))
    # A closing bracket that reaches a new floor has no partner.
    lone = closes & (floor < np.concatenate([[0], floor[:-1]]))
    level = height - floor + closes
    kept = np.flatnonzero(~lone)
    by_level = kept[np.argsort(level[kept], kind="stable")]
    # On a level brackets open and close by turns, and the last may stay open.
    opens = by_level[:-1]
    after = by_level[1:]
    matched = ~closes[opens] & closes[after] & (level[opens] == level[after])
    first, second = opens[matched], after[matched]
    turn: NDArray[Any] = np.argsort(second, kind="stable")
    return order[second[turn]] - len(treatment), order[first[turn]]
