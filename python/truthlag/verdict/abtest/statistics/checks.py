"""Checks of the fields of a statistic, which are numbers of anybody."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

from truthlag.call.described import described


def count(name: str, value: Any, most: int | None = None, most_name: str = "") -> int:
    """An int of at least 0, and of at most `most`."""
    allowed = "an int of at least 0" if most is None else f"an int from 0 to {most_name} ({most})"
    if isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, got {described(value)}")
    try:
        number = operator.index(value)
    except TypeError:
        # A sum of many floats of 0 and 1 is a float.
        if not (isinstance(value, float) and value.is_integer()):
            kind = ValueError if isinstance(value, Real) else TypeError
            raise kind(f"{name} must be {allowed}, got {described(value)}") from None
        number = int(value)
    if number < 0 or (most is not None and number > most):
        raise ValueError(f"{name} must be {allowed}, got {described(value)}")
    return number


def finite(name: str, value: Any) -> float:
    """A finite number."""
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} must be a finite number, got {described(value)}")
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {described(value)}")
    number: float = value
    return number


def not_negative(name: str, value: Any) -> float:
    """A finite number of at least 0."""
    number = finite(name, value)
    if number < 0:
        raise ValueError(f"{name} must be a finite number of at least 0, got {described(value)}")
    return number
