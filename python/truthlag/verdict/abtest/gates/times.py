"""Columns of times as microseconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag import _core
from truthlag.call.described import described

Times: TypeAlias = NDArray[np.int64]

#: The time of what has not happened; that of NaT in numpy as well.
NEVER = np.iinfo(np.int64).min
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_SECONDS = 9.2e12


def times(name: str, values: Any, *, may_lack: bool = False) -> Times:
    """Datetimes, numpy datetimes or seconds since the epoch, of one dimension; with `may_lack`, None, NaN and NaT are `NEVER`.

    Raises:
        TypeError: They are no times.
        ValueError: They have not one dimension, one of them is missing, or one is beyond what 64 bits hold.
    """
    allowed = "a sequence or an array of one dimension, of datetimes, numpy datetimes or seconds since the epoch"
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise TypeError(f"{name} must be {allowed}, got {described(values)}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must be {allowed}, got {array.ndim} dimensions")
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.dtype.kind == "M":
        result = array.astype("datetime64[us]").astype(np.int64)
    elif array.dtype.kind in "iuf":
        result = _of_seconds(name, array.astype(np.float64))
    elif array.dtype == object:
        result = np.fromiter((_of_one(f"{name}[{place}]", one) for place, one in enumerate(array)), np.int64)
    else:
        raise TypeError(f"{name} must be {allowed}, got values of dtype {array.dtype}")
    if not may_lack and (result == NEVER).any():
        place = int(np.flatnonzero(result == NEVER)[0])
        raise ValueError(f"{name}[{place}] must be a time, got none")
    return result


def moment(name: str, value: Any) -> int:
    """One time in microseconds since the epoch."""
    return _core.microseconds(name, value)


def duration(name: str, value: Any) -> int:
    """A timedelta of at least 0, in microseconds."""
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} must be a timedelta, got {described(value)}")
    if value < timedelta(0):
        raise ValueError(f"{name} must be a timedelta of at least 0, got {described(value)}")
    return value // _MICROSECOND


def days(microseconds: int) -> str:
    """A duration in a sentence."""
    return f"{microseconds / 86_400_000_000:.4g} days"


def _of_seconds(name: str, seconds: NDArray[np.float64]) -> Times:
    lacking = np.isnan(seconds)
    beyond = ~lacking & ~(np.abs(seconds) < _MOST_SECONDS)
    if beyond.any():
        place = int(np.flatnonzero(beyond)[0])
        raise ValueError(f"{name}[{place}] must be seconds since the epoch, got {described(float(seconds[place]))}")
    result = np.round(np.where(lacking, 0.0, seconds) * 1e6).astype(np.int64)
    return np.where(lacking, NEVER, result)


def _of_one(name: str, value: Any) -> int:
    if value is None or value != value:  # NaN and NaT do not equal themselves.
        return NEVER
    return _core.microseconds(name, value)
