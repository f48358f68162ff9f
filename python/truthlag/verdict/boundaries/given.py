"""Numbers of anybody, one or many, as an array of floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.boundaries.near_zero import Floats

#: No power of it that is needed is too large for a float.
MOST = 1e100
_MOST_COUNT = 2.0**53


def numbers(name: str, values: Any, least: float = -MOST) -> Floats:
    """Numbers of any shape, from `least` to 1e100.

    Raises:
        TypeError: They are no numbers.
        ValueError: One of them is not allowed.
    """
    found = _floats(name, values, allowed := f"a number from {least:g} to {MOST:g}, or an array of such")
    _refuse(name, values, allowed, found, ~((found >= least) & (found <= MOST)))
    return found


def counts(name: str, values: Any) -> Floats:
    """Whole numbers of any shape, from 0 to 2^53.

    Raises:
        TypeError: They are no numbers.
        ValueError: One of them is not allowed.
    """
    found = _floats(name, values, allowed := "a whole number from 0 to 2^53, or an array of such")
    _refuse(name, values, allowed, found, ~((found >= 0) & (found <= _MOST_COUNT) & (found == np.floor(found))))
    return found


def _floats(name: str, values: Any, allowed: str) -> Floats:
    try:
        array = np.asarray(values)
    except Exception as error:
        raise TypeError(f"{name} must be {allowed}, got {described(values)}") from error
    if array.dtype.kind == "O" and all(_is_number(one) for one in array.flat):
        return np.array([_nearest(one) for one in array.flat], np.float64).reshape(array.shape)
    if array.dtype.kind not in "iuf" and array.size:
        raise TypeError(f"{name} must be {allowed}, got {described(values)}")
    # What is too large for a float is infinite, and refused as that.
    with np.errstate(over="ignore"):
        return array.astype(np.float64)


def _is_number(one: object) -> bool:
    """Of an array of objects, which numpy makes of whole numbers that none of its own types holds."""
    return isinstance(one, int | float | np.integer | np.floating) and not isinstance(one, bool)


def _nearest(one: Any) -> float:
    try:
        return float(one)
    except OverflowError:
        return math.inf if one > 0 else -math.inf


def _refuse(name: str, values: Any, allowed: str, found: Floats, wrong: np.ndarray[Any, Any]) -> None:
    """Raises for the first one that is wrong."""
    if not wrong.any():
        return
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    if not place:
        raise ValueError(f"{name} must be {allowed}, got {described(values)}")
    one = np.asarray(values)[place]
    # A whole number that no float holds is not shown as infinity.
    told = described(one) if isinstance(one, int) else f"{found[place]:g}"
    raise ValueError(f"{name} must be {allowed}, got {told} at {name}[{', '.join(map(str, place))}]")


def together(**given: Floats) -> tuple[tuple[int, ...], list[Floats]]:
    """The shape that arrays have together, by numpy's rules of broadcasting, and each of them in that shape and flat.

    Raises:
        ValueError: Their shapes do not broadcast.
    """
    try:
        spread = np.broadcast_arrays(*given.values())
    except ValueError:
        names, shapes = list(given), [str(array.shape) for array in given.values()]
        raise ValueError(
            f"{_listed(names)} must have shapes that broadcast as numpy's do, got shapes {_listed(shapes)}"
        ) from None
    return spread[0].shape, [array.ravel() for array in spread]


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def answer(found: np.ndarray[Any, Any], shape: tuple[int, ...]) -> Any:
    """A Python number where one was asked for, and otherwise an array of the shape."""
    return found.reshape(shape) if shape else found[0].item()
