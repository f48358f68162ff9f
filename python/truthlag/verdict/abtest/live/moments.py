"""Times that a live test takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.times import EPOCH, duration, moment

_MICROSECOND = timedelta(microseconds=1)
#: So that every age before and after them is a time that Python can tell.
EARLIEST = (datetime(1000, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
LATEST = (datetime(9000, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_LONGEST = timedelta(days=36_525)


def moment_of_test(name: str, value: Any) -> int:
    """Microseconds since the epoch.

    Raises:
        TypeError: It is no time.
        ValueError: It is not from the year 1000 to 9000.
    """
    found = moment(name, value)
    if not EARLIEST <= found <= LATEST:
        raise ValueError(f"{name} must be a time from the year 1000 to 9000, got {described(value)}")
    return found


def duration_of_test(name: str, value: Any) -> int:
    """A timedelta from 0 to a hundred years, in microseconds."""
    found = duration(name, value)
    if value > _LONGEST:
        raise ValueError(f"{name} must be a timedelta of at most 36,525 days, got {described(value)}")
    return found
