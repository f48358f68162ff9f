"""Which of several values is no number that can be computed with, asked in a way that nothing can make fail."""

from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from truthlag.call.described import shown
from truthlag.verdict.values import plain

_REAL = "a real number"
_NOT_NAN = "a real number other than NaN"
_FINITE = "a finite number that a float can hold"


class Suspect(NamedTuple):
    """A value, and what an error calls it."""

    name: str
    value: Any


def entry_name(argument: str, key: Any) -> str:
    """What an error calls an entry of a mapping."""
    text = "None" if key is None else shown(plain(key))
    return f"an entry of {argument}" if text is None else f"{argument}[{text}]"


def culprit(suspects: list[Suspect]) -> tuple[Suspect, str] | None:
    """The one that is no number, or NaN, or infinite, and what it has to be; None where all are finite numbers."""
    for suspect in suspects:
        if not _is_real(suspect.value):
            return suspect, _REAL
    sizes = [_size(suspect.value) for suspect in suspects]
    # What is compared with comes last, and is at fault where both are infinite.
    for is_bad in (np.isnan, np.isinf):
        for suspect, size in zip(reversed(suspects), reversed(sizes), strict=True):
            if is_bad(size):
                return suspect, _FINITE
    return None


def faulty_element(argument: str, values: Any, *, last_of: int | None, is_finite: bool) -> tuple[Suspect, str] | None:
    """The first element that is no number, or else the first NaN, or else infinity, where elements can be looked at.

    Only lists, tuples and arrays are looked into: others may be used up by it, or be anybody's code.
    """
    place: tuple[int, ...] | None
    if type(values) is np.ndarray:
        place = _place_in_array(values, is_finite=is_finite)
    elif type(values) is list or type(values) is tuple:
        number = _place(values, is_finite=is_finite)
        place = None if number is None else (number,)
    else:
        place = None
    if place is None:
        return None
    value = values[place] if type(values) is np.ndarray else values[place[0]]
    first = 0 if last_of is None else last_of - len(values)
    name = f"{argument}[{', '.join(str(number) for number in (place[0] + first, *place[1:]))}]"
    if not _is_real(value):
        return Suspect(name, value), _REAL
    return Suspect(name, value), _FINITE if is_finite else _NOT_NAN


def _place(values: Any, *, is_finite: bool) -> int | None:
    for number, value in enumerate(values):
        if not _is_real(value):
            return number
    sizes = np.array([_size(value) for value in values])
    for is_bad in (np.isnan, np.isinf) if is_finite else (np.isnan,):
        places = np.flatnonzero(is_bad(sizes))
        if len(places):
            return int(places[0])
    return None


def _place_in_array(values: Any, *, is_finite: bool) -> tuple[int, ...] | None:
    if not values.ndim or not values.size:
        return None
    if values.dtype.kind == "O":
        flat = _place(values.ravel().tolist(), is_finite=is_finite)
    elif values.dtype.kind in "biuf":
        places = np.flatnonzero(~np.isfinite(values) if is_finite else np.isnan(values))
        flat = int(places[0]) if len(places) else None
    else:
        # None of them is a number, and a text of numpy's may hold characters that there are not.
        return None
    return None if flat is None else tuple(int(number) for number in np.unravel_index(flat, values.shape))


def _is_real(value: Any) -> bool:
    # The type is asked and not the value, which is anybody's.
    kind = type(value)
    if kind is np.ndarray:
        return value.size == 1 and value.dtype.kind in "biuf"
    return issubclass(kind, Real | Decimal | np.bool_) and not issubclass(kind, np.timedelta64)


def _size(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")
    except Exception:  # noqa: BLE001 - a signalling NaN, or a number of anybody's
        return float("nan")
