"""Numbers of anybody, one or many, as an array of floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.boundaries.near_zero import Floats


def numbers(name: str, values: Any, least: float | None = None, *, above: bool = False) -> Floats:
    """Finite numbers of any shape, of at least `least`, or above it where that is said.

    Raises:
        TypeError: They are no numbers.
        ValueError: One of them is not allowed.
    """
    bound = "" if least is None else f" {'above' if above else 'of at least'} {least:g}"
    allowed = f"a finite number{bound}, or an array of such"
    try:
        array = np.asarray(values)
    except Exception as error:
        raise TypeError(f"{name} must be {allowed}, got {described(values)}") from error
    if array.dtype.kind not in "iuf" and array.size:
        raise TypeError(f"{name} must be {allowed}, got {described(values)}")
    found = array.astype(np.float64)
    wrong = ~np.isfinite(found)
    if least is not None:
        wrong |= found <= least if above else found < least
    if wrong.any():
        place = tuple(int(index) for index in np.argwhere(wrong)[0])
        if not place:
            raise ValueError(f"{name} must be {allowed}, got {described(values)}")
        shown = ", ".join(map(str, place))
        raise ValueError(f"{name} must be {allowed}, got {found[place]:g} at {name}[{shown}]")
    return found


def together(**given: Floats) -> tuple[tuple[int, ...], list[Floats]]:
    """The shape that arrays have together, and each of them in that shape and flat.

    Raises:
        ValueError: They do not go together.
    """
    try:
        spread = np.broadcast_arrays(*given.values())
    except ValueError:
        (first, *others), shapes = given, [str(array.shape) for array in given.values()]
        raise ValueError(
            f"{first} must be one number, or of the shape of {' and '.join(others)}, got shapes {' and '.join(shapes)}"
        ) from None
    return spread[0].shape, [array.ravel() for array in spread]


def answer(found: np.ndarray[Any, Any], shape: tuple[int, ...]) -> Any:
    """A Python number where one was asked for, and otherwise an array of the shape."""
    return found.reshape(shape) if shape else found[0].item()
