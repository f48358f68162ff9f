"""Checks of the fields of a statistic, which are numbers of anybody."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

from truthlag.call.described import described

#: By how much rounding may take a product of deviations beyond what their squares allow.
_ROUNDING = 1e-6
#: Squares below it have lost digits, as numbers next to the least float have.
_FEW_DIGITS = 1e-300


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


def listed(name: str, values: Any) -> list[Any]:
    """The numbers of a sequence."""
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise TypeError(f"{name} must be a tuple of numbers, got {described(values)}")
    return list(values)


def possible_product(name: str, product: float, squares: float, other_squares: float, root: str = "") -> float:
    """A product of deviations, which by Cauchy and Schwarz is at most the root of the product of their squares.

    Of squares that are next to the least float, and have lost digits, the root stands for what is a little beyond it.
    """
    # The roots one by one, since the product may be no float.
    most = math.sqrt(squares) * math.sqrt(other_squares)
    if abs(product) <= most * (1 + _ROUNDING):
        return product
    rounded = math.sqrt(max(squares, _FEW_DIGITS)) * math.sqrt(max(other_squares, _FEW_DIGITS))
    if min(squares, other_squares) >= _FEW_DIGITS or abs(product) > rounded:
        told = f"{root} ({most:g})" if root else f"{most:g}"
        raise ValueError(f"{name} must be at most {told} in size, got {described(product)}")
    return math.copysign(most, product)


def table(rows: Any, size: int, name: str = "comoments") -> tuple[tuple[float, ...], ...]:
    """A symmetric table whose diagonal are squares."""
    found = tuple(
        tuple(finite(f"{name}[{i}][{j}]", one) for j, one in enumerate(listed(f"{name}[{i}]", row)))
        for i, row in enumerate(listed(name, rows))
    )
    if len(found) != size or any(len(row) != size for row in found):
        raise ValueError(f"{name} must be a table of {size} rows of {size} numbers, got {[len(row) for row in found]}")
    for i, row in enumerate(found):
        if row[i] < 0:
            raise ValueError(f"{name}[{i}][{i}] must be at least 0, got {described(row[i])}")
    # Of both triangles alike, so that what is not alike still is not.
    held = tuple(
        tuple(
            one if i == j else possible_product(f"{name}[{i}][{j}]", one, found[i][i], found[j][j])
            for j, one in enumerate(row)
        )
        for i, row in enumerate(found)
    )
    for i, row in enumerate(held):
        for j, one in enumerate(row):
            if one != held[j][i]:
                raise ValueError(f"{name}[{i}][{j}] must be {name}[{j}][{i}] ({held[j][i]:g}), got {described(one)}")
    return held
