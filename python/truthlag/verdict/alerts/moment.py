"""Moments of alerts: datetimes in UTC, as ISO 8601 text in a saved state."""

from datetime import UTC, datetime, timedelta
from typing import Any

from truthlag.call.described import described


def moment(name: str, value: Any) -> datetime:
    """An aware datetime in UTC; a naive one is taken as UTC.

    Raises:
        TypeError: The value is no datetime.
        ValueError: It lies outside the years that UTC can hold.
    """
    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be a datetime, got {described(value)}")
    try:
        # Plain, whatever subclass came: pandas' timestamps have nanoseconds, which the state does not keep.
        return datetime.combine(value.date(), value.time(), value.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{name} must be a datetime that UTC can hold, got {described(value)}") from error


def optional_moment(name: str, value: Any) -> datetime | None:
    """The same, or None."""
    return None if value is None else moment(name, value)


def written(value: datetime | None) -> str | None:
    """The moment as ISO 8601 text, exact to the microsecond."""
    return None if value is None else value.isoformat()


def read(value: Any) -> datetime:
    """The moment that `written` gave; TypeError or ValueError where it is none."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    return found.astimezone(UTC)


def read_optional(value: Any) -> datetime | None:
    """The same, or None."""
    return None if value is None else read(value)


def short(value: datetime | None) -> str:
    """For people: to the minute, or the second where there are seconds."""
    if value is None:
        return "-"
    return f"{value:%Y-%m-%d %H:%M:%S}" if value.second else f"{value:%Y-%m-%d %H:%M}"


def lasted(value: timedelta) -> str:
    """A duration for people, in its two largest units.

    >>> lasted(timedelta(days=3, hours=4, minutes=5)), lasted(timedelta(minutes=90)), lasted(timedelta(seconds=5))
    ('3 d 4 h', '1 h 30 min', '5 s')
    """
    seconds = int(value.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"
