"""Which requests are looked at, by the time of their prediction."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag import _core
from truthlag.call.described import described

_MICROSECOND = timedelta(microseconds=1)
_NAMES = {"start", "end", "min_age", "now"}


def bounds(window: dict[str, Any], clock: Any = None) -> tuple[int | None, int | None, int | None]:
    """The first moment, that at which it ends (None for no bound), and now, if anybody asks for it."""
    odd = sorted(set(window) - _NAMES)
    if odd:
        raise TypeError(f"window must have start, end, min_age and now only, got {', '.join(odd)}")
    start = _moment("start", window)
    end = _moment("end", window)
    now = _moment("now", window)
    min_age = window.get("min_age")
    if min_age is not None:
        if not isinstance(min_age, timedelta):
            raise TypeError(f"min_age must be a timedelta, got {described(min_age)}")
        if min_age < timedelta(0):
            raise ValueError(f"min_age must be a timedelta of at least 0, got {described(min_age)}")
        present = now
        if present is None:
            present = time.time_ns() // 1000 if clock is None else _core.microseconds("clock()", clock())
        oldest = present - min_age // _MICROSECOND + 1
        end = oldest if end is None else min(end, oldest)
    elif now is not None:
        end = now + 1 if end is None else min(end, now + 1)
    return start, end, now


def within(times: NDArray[np.int64], start: int | None, end: int | None) -> NDArray[np.bool_]:
    """Which of the times are in the window."""
    is_in = np.ones(len(times), dtype=bool)
    if start is not None:
        is_in &= times >= start
    if end is not None:
        is_in &= times < end
    return is_in


def _moment(name: str, window: dict[str, Any]) -> int | None:
    value = window.get(name)
    return None if value is None else int(_core.microseconds(name, value))
