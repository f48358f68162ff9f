"""Columns of whatever holds a log: a dict of lists, a data frame, an Arrow table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.column import is_missing

ALLOWED = "a table: a dict of columns, or a data frame whose columns are had by name"


def has_column(table: Any, name: str) -> bool:
    """Whether a table has a column of this name."""
    names = getattr(table, "column_names", None)
    if names is None:
        names = getattr(table, "columns", None)
    return name in (table if names is None else list(names))


def is_table(value: Any) -> bool:
    """Whether columns may be had of it by name."""
    return hasattr(value, "keys") or hasattr(value, "columns") or hasattr(value, "column_names")


def column_of(side: str, table: Any, name: str) -> NDArray[Any]:
    """A column as an array of one dimension."""
    if not is_table(table):
        raise TypeError(f"{side} must be {ALLOWED}, got {described(table)}")
    if not has_column(table, name):
        raise ValueError(f"{side} must have the column {name!r}, got a table without it")
    column = np.asarray(table[name])
    if column.ndim != 1:
        raise ValueError(f"{side}[{name!r}] must have one dimension, got {column.ndim}")
    return column


def numbers(name: str, column: Any) -> NDArray[np.float64]:
    """Floats, with NaN where a value is missing."""
    array = np.asarray(column)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got {array.ndim}")
    if array.size == 0:
        return np.empty(0)
    if array.dtype.kind == "O":
        # None and the missing values of data frames, which are not equal to themselves or cannot tell.
        array = np.array([np.nan if is_missing(one) else one for one in array.tolist()])
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be numbers, got {described(array[0])}")
    return array.astype(np.float64)


def binary(name: str, column: Any, *, may_miss: bool) -> NDArray[np.float64]:
    """Zeros and ones, with NaN where a value is missing and may be."""
    array = numbers(name, column)
    fits = (array == 0) | (array == 1)
    if may_miss:
        fits |= np.isnan(array)
    if not fits.all():
        place = int(np.argmin(fits))
        allowed = "0 or 1, or missing" if may_miss else "0 or 1"
        raise ValueError(f"{name}[{place}] must be {allowed}, got {described(float(array[place]))}")
    return array


def moments(name: str, column: Any) -> NDArray[np.int64]:
    """Microseconds since the epoch: of datetimes, datetime64, ISO texts and seconds."""
    array = np.asarray(column)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got {array.ndim}")
    if array.dtype.kind == "M":
        if np.isnat(array).any():
            raise ValueError(f"{name}[{int(np.argmax(np.isnat(array)))}] must be a time, got NaT")
        return array.astype("datetime64[us]").astype(np.int64)
    if array.dtype.kind in "US":
        return _texts(name, array.astype(str))
    if array.dtype.kind == "O" and len(array) and isinstance(array[0], str):
        return _texts(name, array.astype(str))
    if array.dtype.kind in "iu":
        return array.astype(np.int64) * 1_000_000
    return np.array([_core.microseconds(name, one) for one in array.tolist()], dtype=np.int64)


def _texts(name: str, texts: NDArray[np.str_]) -> NDArray[np.int64]:
    # Mostly in UTC, as logs are written; those that say how far they are from it are read one by one.
    plain = np.char.replace(np.char.replace(texts, "+00:00", ""), "Z", "")
    try:
        if not _have_offsets(plain):
            return plain.astype("datetime64[us]").astype(np.int64)
    except ValueError:
        pass
    return np.array([_moment(name, place, one) for place, one in enumerate(texts.tolist())], dtype=np.int64)


def _have_offsets(texts: NDArray[np.str_]) -> bool:
    """Whether a time of the day is followed by a sign."""
    times = [one[10:] for one in texts.tolist()]
    return any("+" in one or "-" in one for one in times)


def _moment(name: str, place: int, text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"{name}[{place}] must be an ISO 8601 text, in UTC or with its offset, got {described(text)}"
        ) from error
    return int(_core.microseconds(name, when if when.tzinfo else when.replace(tzinfo=UTC)))
