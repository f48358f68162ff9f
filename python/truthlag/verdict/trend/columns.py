"""Columns of numbers as a caller gives them, checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.faults import AtFault, judges, judging_numbers
from truthlag.verdict.trend.line import Floats

__all__ = ["MOST_PERIODS", "Times", "column", "count_columns", "distinct_times", "microseconds_or_none"]

Times: TypeAlias = Sequence[Any] | np.ndarray[Any, Any]
"""Days as numbers, or moments: datetimes (naive ones are UTC), dates, or numpy's datetime64."""

MOST_PERIODS = 2_000
"""The robust view looks at every pair of periods."""

_DAY = 86_400_000_000
# Squares of products of such numbers are floats, and every count up to the largest is one; what is smaller is 0.
_LARGEST = 1e15
_SMALLEST = 1e-100
_NUMBERS = "finite real numbers of one dimension"


@judges
def column(argument: str, values: Any, length: int | None = None) -> Floats:
    """A new array of finite floats.

    Args:
        argument: What an error calls the values.
        values: A sequence or an array of one dimension.
        length: How many there must be; None for any number.

    Raises:
        TypeError: They are no column of real numbers.
        ValueError: One is not finite, there are too many, or not as many as there must be.

    Example:
        >>> column("trials", [50, 40])
        array([50., 40.])
    """
    with judging_numbers(argument, values, _NUMBERS):
        array = np.asarray(values)
        if array.ndim != 1:
            raise AtFault(
                (ValueError if array.ndim else TypeError)(
                    f"{argument} must be {_NUMBERS}, got {described(values) if not array.ndim else array.shape}"
                )
            )
        if array.dtype.kind == "O":
            floats = np.array([_real(value) for value in array], dtype=np.float64)
        elif array.dtype.kind in "biuf":
            floats = array.astype(np.float64)
        else:
            raise TypeError("no real numbers")
        if not np.isfinite(floats).all():
            raise ValueError("not finite")
        wrong = np.flatnonzero(np.abs(floats) > _LARGEST)
        if len(wrong):
            at = int(wrong[0])
            raise AtFault(ValueError(f"{argument}[{at}] must be within {_LARGEST:g} of 0, got {floats[at]:g}"))
        floats[np.abs(floats) < _SMALLEST] = 0.0
    if len(floats) > MOST_PERIODS:
        raise ValueError(f"{argument} must be of at most {MOST_PERIODS} periods, got {len(floats)}")
    if length is not None and len(floats) != length:
        raise ValueError(f"{argument} must have one number for each of {length} periods, got {len(floats)}")
    return floats


def count_columns(successes: Any, trials: Any, *, name: str = "successes") -> tuple[Floats, Floats]:
    """Whole numbers of trials, and of successes among them.

    Raises:
        TypeError: An argument is no column of numbers.
        ValueError: A number is not whole, is below 0, or there are more successes than trials.

    Example:
        >>> count_columns([45, 38], [50, 40])
        (array([45., 38.]), array([50., 40.]))
    """
    good = column(name, successes)
    total = column("trials", trials, len(good))
    for argument, counts in ((name, good), ("trials", total)):
        wrong = np.flatnonzero((counts < 0) | (counts != np.rint(counts)))
        if len(wrong):
            at = int(wrong[0])
            raise ValueError(f"{argument}[{at}] must be a whole number of at least 0, got {counts[at]:g}")
    wrong = np.flatnonzero(good > total)
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(f"{name}[{at}] must be at most trials[{at}] ({total[at]:g}), got {good[at]:g}")
    return good, total


def distinct_times(times: Any, length: int) -> Floats:
    """Days, in the order given; 0, 1, 2 ... for None.

    Moments become days since the epoch.

    Raises:
        TypeError: They are neither days nor moments.
        ValueError: Two are the same, one is not finite, or there are not as many as periods.

    Example:
        >>> distinct_times(None, 3)
        array([0., 1., 2.])
        >>> distinct_times(np.array(["1970-01-02", "1970-01-03"], dtype="datetime64[D]"), 2)
        array([1., 2.])
    """
    if times is None:
        return np.arange(float(length))
    days = _days(times, length)
    ordered = np.sort(days)
    if len(days) > 1 and not np.diff(ordered).min() > 0:
        twice = ordered[:-1][np.diff(ordered) <= 0][0]
        raise ValueError(f"times must differ from period to period, got day {twice:g} more than once")
    if len(days) > 1 and not 1e-9 <= ordered[-1] - ordered[0] <= 1e9:
        raise ValueError(f"times must span between 1e-9 and 1e9 days, got {ordered[-1] - ordered[0]:g}")
    return days


def microseconds_or_none(argument: str, moment: Any) -> int | None:
    """A moment as the tracker counts it, None for None.

    Example:
        >>> microseconds_or_none("now", dt.datetime(1970, 1, 1, 0, 0, 1)), microseconds_or_none("now", None)
        (1000000, None)
    """
    return None if moment is None else _core.microseconds(argument, moment)


def _days(times: Any, length: int) -> Floats:
    moments = times
    if isinstance(times, np.ndarray) or hasattr(times, "__array__"):
        array = np.asarray(times)
        moments = list(array) if array.ndim == 1 and array.dtype.kind in "MO" else times
    if isinstance(moments, Sequence) and len(moments) and _is_moment(moments[0]):
        for at, moment in enumerate(moments):
            if not _is_moment(moment):
                raise TypeError(f"times[{at}] must be a moment, as times[0] is, got {described(moment)}")
        stamps = [_core.microseconds(f"times[{at}]", _at_midnight(moment)) for at, moment in enumerate(moments)]
        return column("times", [stamp / _DAY for stamp in stamps], length)
    return column("times", times, length)


def _is_moment(value: object) -> bool:
    return isinstance(value, dt.date | np.datetime64)


def _at_midnight(moment: Any) -> Any:
    is_date = isinstance(moment, dt.date) and not isinstance(moment, dt.datetime)
    return dt.datetime.combine(moment, dt.time()) if is_date else moment


def _real(value: Any) -> float:
    if not isinstance(value, Real | Decimal | np.bool_):
        raise TypeError("no real number")
    return float(value)
