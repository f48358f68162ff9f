"""Moments and spans of time, checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from truthlag import _core
from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described

__all__ = ["EPOCH", "MICROSECOND", "checked_tracker", "earlier", "moment", "present", "span"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def moment(argument: str, time: Any) -> datetime:
    """A time as the tracker takes it, as a datetime in UTC.

    Raises:
        TypeError: It is no time.
        ValueError: It is none that can be held.
    """
    microseconds = _core.microseconds(argument, time)
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise ValueError(f"{argument} must be a time from the year 1 to 9999, got {described(time)}") from error


def earlier(time: datetime, by: timedelta) -> datetime:
    """So much before a time, but never before the epoch, where nothing is."""
    try:
        return max(time - by, EPOCH)
    except OverflowError:
        return EPOCH


def present(tracker: ModelPerformanceTracker | None) -> datetime:
    """The present time, by the clock of the tracker if it has one of its own."""
    clock = None if tracker is None else tracker._clock
    return datetime.now(UTC) if clock is None else moment("clock()", clock())


def span(argument: str, value: Any, *, positive: bool) -> timedelta:
    """A span of time.

    Raises:
        TypeError: It is no timedelta.
        ValueError: It is negative, or zero where it must be positive.
    """
    allowed = "a timedelta above zero" if positive else "a timedelta of at least zero"
    if not isinstance(value, timedelta):
        raise TypeError(f"{argument} must be {allowed}, got {described(value)}")
    if value < timedelta(0) or (positive and not value):
        raise ValueError(f"{argument} must be {allowed}, got {described(value)}")
    return value


def checked_tracker(argument: str, value: Any) -> ModelPerformanceTracker:
    """A tracker.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, ModelPerformanceTracker):
        raise TypeError(f"{argument} must be a ModelPerformanceTracker, got {described(value)}")
    return value
