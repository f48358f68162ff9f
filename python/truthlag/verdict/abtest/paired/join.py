"""Rows of two tables that are about the same thing: matched by the values of some columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.column import is_missing

Places: TypeAlias = NDArray[np.intp]

#: Up to here each whole number is a float of its own.
_EXACT = 2.0**53


def matched(
    control: Sequence[NDArray[Any]], treatment: Sequence[NDArray[Any]], names: Sequence[str]
) -> tuple[Places, Places]:
    """The places of the rows of both that have the same keys, in the order of the control.

    Args:
        control: The key columns of the control.
        treatment: Those of the treatment, in the same order.
        names: What the columns are called.

    Raises:
        ValueError: A key is there twice on one side, so that nothing tells which row belongs to which.

    Cost: a sort of each column.
    """
    # What has no key is nobody's partner.
    there = [np.flatnonzero(~np.any([missing(one) for one in side], axis=0)) for side in (control, treatment)]
    known = [[one[places] for one in side] for side, places in zip((control, treatment), there, strict=True)]
    n = len(there[0])
    keys = codes([_joined(first, second) for first, second in zip(*known, strict=True)])
    before, now = keys[:n], keys[n:]
    for side, own, columns in (("control", before, known[0]), ("treatment", now, known[1])):
        _refuse_twice(side, own, columns, names)
    _, first, second = np.intersect1d(before, now, assume_unique=True, return_indices=True)
    order = np.argsort(first, kind="stable")
    return there[0][first[order]], there[1][second[order]]


def missing(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column has no value: None, NaN, NaT or what data frames have in their place."""
    if column.dtype.kind == "f":
        return np.asarray(np.isnan(column))
    if column.dtype.kind in "Mm":
        return np.asarray(np.isnat(column))
    if column.dtype.kind == "O":
        return np.array([is_missing(one) for one in column.tolist()], dtype=bool)
    return np.zeros(len(column), dtype=bool)


def codes(columns: Sequence[NDArray[Any]]) -> Places:
    """A number for each row, the same where all columns are the same."""
    found = np.zeros(len(columns[0]), dtype=np.intp)
    for column in columns:
        own = _numbers(column)
        # The product is below the square of the rows, and made small again.
        _, found = np.unique(found * (int(own.max(initial=0)) + 1) + own, return_inverse=True)
    return found


def _numbers(column: NDArray[Any]) -> Places:
    if column.dtype.kind != "O":
        return np.asarray(np.unique(column, return_inverse=True)[1], dtype=np.intp)
    # Objects need not have an order; they have to hash.
    known: dict[Any, int] = {}
    return np.array([known.setdefault(one, len(known)) for one in column.tolist()], dtype=np.intp)


def _joined(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Both under each other; numbers and texts never equal, as in a dict, and no number made another one."""
    kinds = {first.dtype.kind, second.dtype.kind}
    if len(kinds) == 1 or (kinds <= set("biuf") and max(map(_largest, (first, second))) <= _EXACT):
        return np.concatenate([first, second])
    return np.concatenate([first.astype(object), second.astype(object)])


def _largest(column: NDArray[Any]) -> float:
    """The largest size of a number."""
    return max(abs(float(column.min())), abs(float(column.max()))) if len(column) else 0.0


def _refuse_twice(side: str, keys: Places, columns: Sequence[NDArray[Any]], names: Sequence[str]) -> None:
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    if not len(counts) or counts.max() == 1:
        return
    place = int(first[int(np.argmax(counts > 1))])
    values = ", ".join(f"{name}={described(column[place])}" for name, column in zip(names, columns, strict=True))
    raise ValueError(
        f"on must be columns that tell the rows of each side apart, got {list(names)}, of which {side} has {values} more than once"
    )
