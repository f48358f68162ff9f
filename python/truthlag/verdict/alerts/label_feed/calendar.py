"""The place of a period in the day and in the week, by the clock of a zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.alerts.label_feed.shortfall import Slots

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """One period, and how many labels came in it."""

    end: datetime
    labels: int
    start: int
    """In microseconds from a Monday's midnight by the clock of the feed's zone."""


class Calendar:
    """Where periods of one length begin in the cycles that labels follow."""

    def __init__(self, length: timedelta, zone: str | None) -> None:
        self._length = length
        self._zone = zone_of(zone)
        # A cycle that the period does not divide, or is not shorter than, has no slots.
        self._cycles = [cycle for cycle in (WEEK, DAY) if cycle > length and cycle % length == timedelta(0)]

    def period(self, end: datetime, labels: int) -> Period:
        """The period that ends then."""
        start = (end - self._length).astimezone(self._zone).replace(tzinfo=UTC) - _MONDAY
        return Period(end, labels, start // _MICROSECOND)

    def slots(self, starts: Slots) -> tuple[Slots, ...]:
        """For each cycle, the finest first, the slot of each period by its start."""
        length = self._length // _MICROSECOND
        slots = [starts % (cycle // _MICROSECOND) // length for cycle in self._cycles]
        # An hour is compared with the same hour, never with all of them.
        if self._length >= DAY or not slots:
            slots.append(np.zeros(len(starts), dtype=np.int64))
        return tuple(slots)


def zone_of(name: str | None) -> tzinfo:
    """The time zone of that name, UTC for None.

    Raises:
        ValueError: This system knows no such zone.
    """
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"zone must be a time zone that this system knows, got {described(name)}") from error
