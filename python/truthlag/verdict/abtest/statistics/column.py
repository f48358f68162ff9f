"""Raw values of an arm as an array of floats, and their sums of squares."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described

Floats: TypeAlias = NDArray[np.float64]

ALLOWED = "a sequence or an array of one dimension, of finite numbers"


def column(name: str, values: Any, length: int | None = None) -> NDArray[Any]:
    """An array of one dimension of ints, bools or floats, as it was given where it is one.

    Whether they are finite is not looked at: their sums show it, and `blame` finds the one at fault.
    """
    try:
        array = np.asarray(values)
    except Exception as error:
        raise TypeError(f"{name} must be {ALLOWED}, got {described(values)}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must be {ALLOWED}, got {array.ndim} dimensions")
    if array.size == 0:
        array = np.empty(0)
    if array.dtype.kind == "O":
        array = _of_objects(name, array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be {ALLOWED}, got values of dtype {array.dtype}")
    if length is not None and len(array) != length:
        raise ValueError(f"{name} must have a value for each of the {length} rows, got {len(array)}")
    return array


def floats(array: NDArray[Any]) -> Floats:
    """As 64-bit floats; the same array where it is of them."""
    return array if array.dtype == np.float64 else array.astype(np.float64)


def blame(name: str, array: NDArray[Any]) -> ValueError:
    """The error of values whose sums are not finite."""
    with np.errstate(all="ignore"):
        faulty = np.flatnonzero(~np.isfinite(array))
    if len(faulty):
        place = int(faulty[0])
        return ValueError(f"{name}[{place}] must be a finite number, got {described(array[place].item())}")
    return ValueError(f"{name} must be values whose squared deviations have a sum within floats, got larger ones")


def moments(name: str, array: NDArray[Any]) -> tuple[float, float]:
    """The mean and the sum of squared deviations of an array that is not empty, in two passes.

    What the mean is off by rounding is taken out of the squares again (Chan, Golub and LeVeque 1983), and values that are all
    the same deviate by 0.
    """
    if array.dtype.kind == "b":
        k, n = int(np.count_nonzero(array)), len(array)
        return k / n, k * (n - k) / n
    values = floats(array)
    with np.errstate(all="ignore"):
        mean = float(values.mean())
        deviations = values - mean
        off = float(deviations.sum())
        squares = float(deviations @ deviations) - off * off / len(values)
    # Of a constant only the rounding of its mean is left.
    rounding = 4e-16 * mean
    if not squares > len(values) * rounding * rounding and values.min() == values.max() and np.isfinite(values[0]):
        return float(values[0]), 0.0
    if not (np.isfinite(mean) and np.isfinite(squares)):
        raise blame(name, array)
    return mean + off / len(values), max(0.0, squares)


def _of_objects(name: str, array: NDArray[Any]) -> NDArray[Any]:
    for place, value in enumerate(array):
        if value is None or isinstance(value, str | bytes):
            raise TypeError(f"{name}[{place}] must be a finite number, got {described(value)}")
    try:
        return array.astype(np.float64)
    except Exception as error:
        raise TypeError(f"{name} must be {ALLOWED}, got {described(array[0])}") from error


def is_missing(value: Any) -> bool:
    """Whether it is None, or one of the values that are not equal to themselves, or cannot tell."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return True
