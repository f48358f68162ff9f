"""How long a test takes: traffic, and the labels' delay."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.planning.test_plan import TestPlan
from truthlag.verdict.detectors.parameters import count, real

_MOST_DAYS = 36_525


@dataclass(frozen=True, slots=True)
class Duration:
    """How many days a test takes.

    Example:
        >>> from truthlag.abtest import duration
        >>> found = duration(20_000, [3_000, 3_000, 3_000, 3_000, 3_000, 500, 500], label_share={30: 0.8, 60: 0.95})
        >>> print(found)
        40 days: 10 of traffic, 25,000 units, and 30 until 80% of their labels are there
        >>> found.to_dict()["label_age"], found.days, found.traffic_days, found.units, found.label_share
        (30.0, 40.0, 10, 25000, 0.8)
    """

    days: float
    """From the first unit to the verdict."""
    traffic_days: int
    """On how many of them units enter."""
    label_age: float
    """How old, in days, the last unit is by then: the age at which all are compared."""
    label_share: float
    """The share of units that has a label at that age."""
    units: int
    """How many units must enter, so that as many as are needed have labels."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import duration
            >>> duration(1_000, 100).to_dict()["traffic_days"]
            10
        """
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        traffic = f"{self.days:,.4g} days: {self.traffic_days:,} of traffic, {self.units:,} units"
        if not self.label_age and self.label_share == 1:
            return traffic
        return f"{traffic}, and {self.label_age:g} until {100 * self.label_share:.3g}% of their labels are there"


def duration(
    plan: TestPlan | int,
    per_day: float | Sequence[float],
    *,
    label_share: float | Mapping[float, float] = 1.0,
    label_age: float | None = None,
    share_in_test: float = 1.0,
    is_mean: bool = False,
) -> Duration:
    """How long it takes until a test has its units, with labels.

    Arms are compared at one age of their units, so each unit is waited for alike: the last unit that enters must come of that age.
    A lower age needs more units, since fewer of them have labels; where several ages are given the soonest is taken.

    Args:
        plan: A plan, or the number of units with labels that are needed, in all arms together.
        per_day: The units a day; or those of each day of a period, such as a week, that repeats.
        label_share: The share of units that ever has a label in time; or that by age in days, for several ages.
        label_age: The age in days at which units are compared, where `label_share` is a number; 0 by default.
        share_in_test: The share of the traffic that is in the test.
        is_mean: Whether for the units at which the plan ends on average, with the difference that is to be found, in place of
            those at which it ends at last.

    Returns:
        The days, and what they are made of.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or it would take more than a century.

    Cost: some microseconds for each day of the period and each age.

    Example:
        >>> from truthlag.abtest import duration, sample_size
        >>> duration(sample_size(0.12, 0.015), 1_000).days
        16.0
        >>> duration(sample_size(0.12, 0.015, mode="group_sequential", looks=5), 1_000, is_mean=True).days
        13.0
    """
    if isinstance(plan, TestPlan):
        needed = math.ceil(plan.mean_n) if is_mean else plan.planned_n
    else:
        if is_mean:
            raise ValueError("is_mean must be False where plan is a number of units")
        needed = int(count("plan", plan, 1, 2**53))
    inside = real("share_in_test", share_in_test, 0, 1, above=True)
    period = [one * inside for one in _period(per_day)]
    found = []
    for age, labelled in _ages(label_share, label_age):
        units = math.ceil(needed / labelled - 1e-9)
        days = _days(units, period)
        if days is not None:
            found.append(Duration(days + age, days, age, labelled, units))
    if not found:
        raise ValueError(f"per_day must bring {needed:,} units within {_MOST_DAYS:,} days, got {described(per_day)}")
    return min(found, key=lambda one: one.days)


def _period(per_day: Any) -> list[float]:
    allowed = "units a day, or those of each day of a period"
    if isinstance(per_day, str | bytes):
        raise TypeError(f"per_day must be {allowed}, got {described(per_day)}")
    if not isinstance(per_day, Sequence):
        return [real("per_day", per_day, 0, above=True)]
    period = [real(f"per_day[{place}]", one, 0) for place, one in enumerate(per_day)]
    if not sum(period) > 0:
        raise ValueError(f"per_day must be {allowed}, some above 0, got {described(per_day)}")
    return period


def _ages(label_share: Any, label_age: Any) -> list[tuple[float, float]]:
    if not isinstance(label_share, Mapping):
        age = 0.0 if label_age is None else real("label_age", label_age, 0)
        return [(age, real("label_share", label_share, 0, 1, above=True))]
    if label_age is not None:
        raise ValueError("label_age must be None where label_share has shares by age")
    if not label_share:
        raise ValueError("label_share must have at least one age, got none")
    return [
        (real("label_share's ages", age, 0), real(f"label_share[{age!r}]", one, 0, 1, above=True))
        for age, one in label_share.items()
    ]


def _days(units: int, period: list[float]) -> int | None:
    """The days until so many units have entered; None for more than a century."""
    whole = sum(period)
    periods = max(0, math.floor(units / whole) - 1)
    days, left = periods * len(period), units - periods * whole
    if days > _MOST_DAYS:
        return None
    for place in range(3 * len(period)):
        if left <= 1e-9 * units:
            break
        left -= period[place % len(period)]
        days += 1
    return days if days <= _MOST_DAYS else None
