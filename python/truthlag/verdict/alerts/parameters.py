"""Checks of what a policy, a feed or a sink is given: each gives the value, or an error that names it."""

import math
import operator
from collections.abc import Sequence
from datetime import timedelta
from numbers import Real
from typing import Any

from truthlag.call.described import described

NOTHING = timedelta(0)
LONGEST_NAME = 200
_MOST = 1_000_000
_MOST_LABELS = 2**53


def _message(name: str, allowed: str, value: Any) -> str:
    return f"{name} must be {allowed}, got {described(value)}"


def count(name: str, value: Any, least: int, most: int = _MOST) -> int:
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
    return number


def labels_counted(value: Any) -> int:
    """A number of labels, given as `count`."""
    return count("count", value, 0, _MOST_LABELS)


def looks(name: str, value: Any) -> tuple[int, int]:
    """How many of the last how many: two ints, the first at most the second; one int means all of so many."""
    allowed = "an int, or two ints m and n with 1 <= m <= n <= 1000, for m of the last n looks"
    try:
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            least, of = (count(name, part, 1, 1_000) for part in value)
        else:
            least = of = count(name, value, 1, 1_000)
    except TypeError:
        raise TypeError(_message(name, allowed, value)) from None
    except ValueError:
        raise ValueError(_message(name, allowed, value)) from None
    if least > of:
        raise ValueError(f"{name} must be {allowed}, got {least} of {of}")
    return least, of


def duration(name: str, value: Any, *, above: bool = False) -> timedelta:
    """A timedelta of at least 0; above 0 where that is said."""
    allowed = f"a timedelta {'above' if above else 'of at least'} 0"
    if not isinstance(value, timedelta):
        raise TypeError(_message(name, allowed, value))
    if value < NOTHING or (above and not value):
        raise ValueError(_message(name, allowed, value))
    return timedelta(value.days, value.seconds, value.microseconds)


def optional_duration(name: str, value: Any) -> timedelta | None:
    """A timedelta above 0, or None."""
    return None if value is None else duration(name, value, above=True)


def choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """One of some words."""
    allowed = f"one of {', '.join(repr(one) for one in choices)}"
    if not isinstance(value, str):
        raise TypeError(_message(name, allowed, value))
    if value not in choices:
        raise ValueError(_message(name, allowed, value))
    return str(value)


def word(name: str, value: Any) -> str:
    """A text that names something."""
    allowed = f"a str of 1 to {LONGEST_NAME} characters"
    if not isinstance(value, str):
        raise TypeError(_message(name, allowed, value))
    if not 0 < len(value) <= LONGEST_NAME:
        raise ValueError(_message(name, allowed, value))
    return str(value)


def optional_word(name: str, value: Any) -> str | None:
    """The same, or None."""
    return None if value is None else word(name, value)


def finite(name: str, value: Any, allowed: str = "a finite number") -> float:
    """A finite real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(_message(name, allowed, value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(_message(name, allowed, value))
    return number


def between(name: str, value: Any, least: float, most: float, *, least_allowed: bool = False) -> float:
    """A number between two others, the greater one excluded, the smaller one too but where that is said."""
    allowed = f"a number {'from' if least_allowed else 'above'} {least:g} and below {most:g}"
    number = finite(name, value, allowed)
    if not least <= number < most or (number == least and not least_allowed):
        raise ValueError(_message(name, allowed, value))
    return number


def seconds(name: str, value: Any, *, above: bool = False) -> float:
    """A number of seconds from 0, or above it where that is said, to a day."""
    allowed = f"a number of seconds {'above' if above else 'from'} 0, at most 86400"
    number = finite(name, value, allowed)
    if not 0 <= number <= 86_400 or (above and number == 0):
        raise ValueError(_message(name, allowed, value))
    return number
