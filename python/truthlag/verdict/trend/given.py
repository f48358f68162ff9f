"""What a caller may give as periods, made a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.trend.columns import column, count_columns, distinct_times
from truthlag.verdict.trend.line import Floats
from truthlag.verdict.trend.series import Series

__all__ = ["Given", "from_columns"]

_LEAST_ERROR = 1e-30
_WIDEST = 1e6


@dataclass(frozen=True, slots=True)
class Given:
    """The periods that can be judged, and what became of the others."""

    series: Series
    places: NDArray[np.int64]
    """Where each period of the series was among those given."""
    moments: tuple[Any, ...]
    """What the caller calls the time of each period of the series."""
    skipped: dict[str, int]
    """Periods left out, by reason."""


def from_columns(
    periods: Any, *, trials: Any, standard_errors: Any, second_moments: Any, sizes: Any, times: Any
) -> Given:
    """Counts, means or plain values in columns; periods without a trial or a row are left out.

    Raises:
        TypeError: A column is none, or columns are given that do not belong together.
        ValueError: A number is not allowed, or columns have different lengths.
    """
    extra = {"standard_errors": standard_errors, "second_moments": second_moments, "sizes": sizes}
    if trials is not None:
        for name, values in extra.items():
            if values is not None:
                raise TypeError(f"{name} must be None where trials are given, got {described(values)}")
        good, total = count_columns(periods, trials, name="periods")
        kept, days, moments = _ordered(times, total > 0)
        return _given(Series.rates(days, good[kept], total[kept]), kept, moments, len(good))
    values = column("periods", periods)
    if second_moments is not None and (sizes is None or standard_errors is not None):
        raise TypeError("second_moments must come with sizes, and without standard_errors")
    rows = None if sizes is None else _rows(sizes, len(values))
    kept, days, moments = _ordered(times, np.ones(len(values), dtype=bool) if rows is None else rows > 0)
    squares, errors = _spreads(values, rows, standard_errors, second_moments)
    series = Series.means(
        days, values[kept], *(None if each is None else each[kept] for each in (rows, squares, errors))
    )
    return _given(series, kept, moments, len(values))


def _given(series: Series, kept: NDArray[np.int64], moments: Sequence[Any], length: int) -> Given:
    skipped = {"no_data": length - len(kept)} if length > len(kept) else {}
    return Given(series, kept, tuple(moments[place] for place in kept), skipped)


def _spreads(
    values: Floats, rows: Floats | None, standard_errors: Any, second_moments: Any
) -> tuple[Floats | None, Floats | None]:
    """The sums of squares of rows about their mean, or else the standard errors."""
    if second_moments is not None and rows is not None:
        moments = column("second_moments", second_moments, len(values))
        spread = moments - values**2
        # The difference of two numbers of that size is not known better.
        allowed = (spread >= -1e-9 * np.maximum(moments, values**2)) | (rows == 0)
        _check("second_moments", moments, allowed, "a mean of squares, at least the square of the mean")
        return rows * np.maximum(spread, 0), None
    if standard_errors is None:
        return None, None
    errors = column("standard_errors", standard_errors, len(values))
    if rows is None:
        # Weights beyond that would be those of one period alone.
        least = max(_LEAST_ERROR, float(errors.max(initial=0)) / _WIDEST)
        _check(
            "standard_errors",
            errors,
            errors >= least,
            f"at least {least:g}, a millionth of the largest, unless sizes are given",
        )
        return None, errors
    _check("standard_errors", errors, errors >= 0, "at least 0")
    return np.maximum(rows - 1, 0) * rows * errors**2, None


def _rows(sizes: Any, length: int) -> Floats:
    rows = column("sizes", sizes, length)
    _check("sizes", rows, (rows == 0) | (rows >= 1), "0, or at least 1")
    return rows


def _check(argument: str, numbers: Floats, allowed: NDArray[np.bool_], told: str) -> None:
    wrong = np.flatnonzero(~allowed)
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(f"{argument}[{at}] must be {told}, got {numbers[at]:g}")


def _ordered(times: Any, usable: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats, Sequence[Any]]:
    """The places of usable periods in the order of time, their days, and the time of every period as it was given."""
    days = distinct_times(times, len(usable))
    order = np.argsort(days, kind="stable")
    kept = order[usable[order]]
    named: Sequence[Any] = [float(day) for day in days] if times is None else _as_given(times)
    return kept, days[kept], named


def _as_given(times: Any) -> list[Any]:
    array = times if isinstance(times, np.ndarray) else None
    if array is not None and array.dtype.kind == "M":
        return [moment.item() for moment in array.astype("datetime64[us]")]
    return [moment.item() if isinstance(moment, np.generic) else moment for moment in times]
