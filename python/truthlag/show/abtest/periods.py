"""When the rows of a file are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from truthlag.show.abtest.collected import Collected
from truthlag.show.abtest.read import Reader
from truthlag.show.abtest.request import AbTestRequest
from truthlag.show.duration import DAY
from truthlag.show.errors import LogError
from truthlag.show.times import to_datetime

#: More looks are a mistake in --every.
MOST_LOOKS = 1_000


@dataclass(frozen=True)
class Period:
    """A look: the rows of the steps before `until`."""

    until: int
    at: Any
    """What the look is called: a day, or a time."""


def periods_of(request: AbTestRequest, reader: Reader, collected: Collected) -> list[Period]:
    """The looks: one after each period of `--every` that has rows."""
    steps = collected.periods()
    if not steps:
        return []
    per_period = request.every // reader.step
    if request.every % reader.step:
        raise LogError("--every must be a whole number of days, or at most one day")
    first = steps[0]
    looks = sorted({(step - first) // per_period for step in steps})
    if len(looks) > MOST_LOOKS:
        raise LogError(f"--every makes {len(looks):,} looks, and at most {MOST_LOOKS:,} are taken: choose a longer one")
    return [
        # The last period may not be over.
        Period(until, _called(request, reader, min(until, steps[-1] + 1)))
        for until in (first + (look + 1) * per_period for look in looks)
    ]


def _called(request: AbTestRequest, reader: Reader, until: int) -> date | datetime:
    """The last day of a look, or its end where looks are within a day."""
    # Of rows that are waited for, the last one is old enough so much later.
    end = until * reader.step + request.min_age
    return to_datetime(end - 1).date() if in_days(request) else to_datetime(end)


def in_days(request: AbTestRequest) -> bool:
    """Whether looks are called by days."""
    return request.every % DAY == 0 and request.min_age % DAY == 0
