"""Numbers of many tests, by name or in order, of which some may have none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from truthlag.call.described import described


def numbers_by_name(argument: str, values: Any, most: float = math.inf) -> dict[Any, float | None]:
    """The numbers from 0 to `most` by name, or by place where they have none; None is no test.

    Raises:
        TypeError: One is no number.
        ValueError: One is not in the range.
    """
    named = values.items() if isinstance(values, Mapping) else enumerate(values)
    return {name: None if value is None else _number(argument, name, value, most) for name, value in named}


def _number(argument: str, name: Any, value: Any, most: float) -> float:
    upto = "on" if math.isinf(most) else f"to {most:g}"
    allowed = f"{argument}[{name!r}] must be a number from 0 {upto}, or None, got {described(value)}"
    if isinstance(value, bool | str | bytes):
        raise TypeError(allowed)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(allowed) from None
    if not 0 <= number <= most:
        raise ValueError(allowed)
    return number
