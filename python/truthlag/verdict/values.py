"""Checks of the numbers that a verdict rests on, and plain Python values from numpy's."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = Sequence[float] | NDArray[Any]


def is_number(value: object) -> bool:
    """Whether a value is a real number: an int, float or bool of Python's or numpy's."""
    return isinstance(value, int | float | np.integer | np.floating | np.bool_)


def plain(value: Any) -> Any:
    """A Python number for a numpy scalar; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def number(argument: str, value: object) -> Any:
    """A real number that is not NaN.

    Raises:
        TypeError: The value is no real number.
        ValueError: The value is NaN.
    """
    if not is_number(value):
        raise TypeError(f"{argument} must be a number, got an object of type {type(value).__name__}")
    if value != value:
        raise ValueError(f"{argument} must be a number, got NaN")
    return value


def number_array(argument: str, values: object, *, least: int) -> NDArray[Any]:
    """The values as an array of one dimension of finite real numbers; an array that is one already is not copied.

    Raises:
        TypeError: The values are not numbers.
        ValueError: They are not finite, not of one dimension, or fewer than `least`.
    """
    allowed = "a list or an array of finite numbers"
    if isinstance(values, str | bytes | dict | set | frozenset) or not hasattr(values, "__len__"):
        raise TypeError(f"{argument} must be {allowed}, got an object of type {type(values).__name__}")
    try:
        array = np.asarray(values)
    except Exception as error:
        # A sequence may be anybody's code, and rows of unequal length are refused by numpy itself.
        raise ValueError(f"{argument} must be {allowed}: {error}") from error
    if array.ndim != 1:
        raise ValueError(f"{argument} must have one dimension, got {array.ndim}")
    if array.size < least:
        raise ValueError(f"{argument} must hold at least {least} values, got {array.size}")
    if array.size and array.dtype.kind not in "biuf":
        raise TypeError(f"{argument} must be {allowed}, got values of dtype {array.dtype}")
    finite = np.isfinite(array) if array.size else np.ones(0, dtype=bool)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f"{argument} must be {allowed}, got {array[row]} at position {row}")
    return array
