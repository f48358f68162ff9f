"""Checks of a detector's parameters: each gives the number that the core takes, or an error that names it."""

import math
import operator
from numbers import Real
from typing import Any

from truthlag.call.described import described

MOST = 1_000_000
"""The most values or buckets that a detector may be asked to hold or wait for."""

DIRECTIONS = ("both", "up", "down")
"""The changes of a mean that may be looked for, in the core's order."""


def count(name: str, value: Any, least: int, most: int = MOST) -> float:
    """An int from `least` to `most`."""
    allowed = f"an int from {least} to {most}"
    if isinstance(value, bool):
        raise TypeError(_message(name, allowed, value))
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(_message(name, allowed, value)) from None
    if not least <= number <= most:
        raise ValueError(_message(name, allowed, value))
    return float(number)


def real(
    name: str,
    value: Any,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: bool = False,
    below: bool = False,
) -> float:
    """A finite number from `least` to `most`; above `least` or below `most` where that is said."""
    allowed = "a finite number"
    if least > -math.inf:
        allowed += f" {'above' if above else 'from'} {least:g}"
    if most < math.inf:
        allowed += f" {'and below' if below else 'and at most' if above else 'to'} {most:g}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(_message(name, allowed, value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    is_within = math.isfinite(number) and least <= number <= most
    if not is_within or (above and number == least) or (below and number == most):
        raise ValueError(_message(name, allowed, value))
    return number


def share(name: str, value: Any) -> float:
    """A number between 0 and 1, both excluded."""
    allowed = "a number between 0 and 1, both excluded"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(_message(name, allowed, value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not 0 < number < 1:
        raise ValueError(_message(name, allowed, value))
    return number


def share_or_none(name: str, value: Any) -> float:
    """A number from 0 to 1; -1 for None."""
    return -1.0 if value is None else real(name, value, 0, 1)


def flag(name: str, value: Any) -> float:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(_message(name, "True or False", value))
    return float(value)


def choice(name: str, value: Any, choices: tuple[str, ...]) -> int:
    """The place of one of the choices."""
    if isinstance(value, str) and value in choices:
        return choices.index(value)
    allowed = f"one of {', '.join(repr(one) for one in choices)}"
    raise (ValueError if isinstance(value, str) else TypeError)(_message(name, allowed, value))


def whole_choice(name: str, value: Any, choices: tuple[int, ...]) -> float:
    """One of some whole numbers."""
    allowed = f"one of {', '.join(str(one) for one in choices)}"
    if isinstance(value, bool):
        raise TypeError(_message(name, allowed, value))
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(_message(name, allowed, value)) from None
    if number not in choices:
        raise ValueError(_message(name, allowed, value))
    return float(number)


def _message(name: str, allowed: str, value: Any) -> str:
    return f"{name} must be {allowed}, got {described(value)}"
