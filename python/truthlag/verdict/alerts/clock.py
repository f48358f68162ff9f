"""The time of a policy: what its clock says, and what a caller may say instead."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from truthlag.call.described import described
from truthlag.verdict.alerts.moment import moment, optional_moment

Clock = Callable[[], datetime]

FARTHEST_AHEAD = timedelta(days=1)
"""How far ahead of the clock what has been seen or done may be: a clock that is set wrong, or a zone that was left out."""
FARTHEST_PLANNED = timedelta(days=366)
"""How far ahead of it what is planned may begin."""


class PolicyClock:
    """Gives the time where a caller gives none, and holds what a caller gives against it.

    Args:
        clock: Gives the time; None for the system's.

    Raises:
        TypeError: The clock cannot be called.
    """

    def __init__(self, clock: Clock | None) -> None:
        if clock is not None and not callable(clock):
            raise TypeError(f"clock must be callable or None, got {described(clock)}")
        self._clock = now_of_system if clock is None else clock

    def now(self) -> datetime:
        """The time now, in UTC; TypeError where the clock gives none."""
        return moment("what clock gives", self._clock())

    def at(self, at: datetime | None) -> datetime:
        """When something was seen or done: now, or as long ago as is said, or a day ahead at most."""
        # One time far ahead would end and silence everything until then.
        return self._held(at, FARTHEST_AHEAD)

    def planned(self, at: datetime | None) -> datetime:
        """When something is to begin, which may lie further ahead."""
        return self._held(at, FARTHEST_PLANNED)

    def _held(self, at: datetime | None, farthest: timedelta) -> datetime:
        now = self.now()
        return now if at is None else not_ahead("at", moment("at", at), now, farthest)


def now_of_system() -> datetime:
    """The time now."""
    return datetime.now(UTC)


def not_ahead(name: str, value: datetime, now: datetime, farthest: timedelta = FARTHEST_AHEAD) -> datetime:
    """The moment, unless it is too far ahead.

    Raises:
        ValueError: It is further ahead of `now` than `farthest`.
    """
    # No sum, which could be more than a datetime holds.
    if value - now > farthest:
        days = f"{farthest.days} day{'' if farthest.days == 1 else 's'}"
        raise ValueError(
            f"{name} must be at most {days} ahead of the clock ({now.isoformat()}), got {value.isoformat()}"
        )
    return value


def end_of(until: datetime | None, at: datetime) -> datetime | None:
    """The end of what begins at a moment; None for none.

    Raises:
        TypeError: It is no datetime.
        ValueError: It is not after the beginning.
    """
    end = optional_moment("until", until)
    if end is not None and end <= at:
        raise ValueError(f"until must be after at ({at.isoformat()}), got {end.isoformat()}")
    return end
