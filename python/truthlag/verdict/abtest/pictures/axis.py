"""Where an axis has its ticks, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
#: What is counted in by people: minutes, hours, days, weeks, and then years by and by.
_TIME_STEPS = tuple(
    [_MINUTE * count for count in (1, 5, 15, 30)]
    + [_HOUR * count for count in (1, 3, 6, 12)]
    + [_DAY * count for count in (1, 2, 7, 14, 28, 91, 182, 365, 730, 1_825, 3_650)]
)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place of an axis that is named."""

    place: float
    name: str


def number_ticks(low: float, high: float, most: int) -> tuple[Tick, ...]:
    """Round numbers within the limits, `most` of them at the most.

    >>> [tick.name for tick in number_ticks(-0.011, 0.043, 6)]
    ['-0.01', '0', '0.01', '0.02', '0.03', '0.04']
    >>> [tick.name for tick in number_ticks(0.0, 21_000.0, 5)]
    ['0', '5,000', '10,000', '15,000', '20,000']
    """
    step = _step(low, high, most)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    if digits > 6 or max(abs(low), abs(high)) >= 1e9:
        return tuple(Tick(place * step, f"{place * step:.4g}") for place in places)
    return tuple(Tick(place * step, "0" if not place else f"{place * step:,.{digits}f}") for place in places)


def percent_ticks(low: float, high: float, most: int) -> tuple[Tick, ...]:
    """The same of shares, with their sign.

    >>> [tick.name for tick in percent_ticks(-0.04, 0.11, 4)]
    ['0%', '+5%', '+10%']
    """
    ticks = number_ticks(100 * low, 100 * high, most)
    return tuple(Tick(tick.place / 100, f"{'+' if tick.place > 0 else ''}{tick.name}%") for tick in ticks)


def time_ticks(low: float, high: float, most: int) -> tuple[Tick, ...]:
    """Days, or parts of a day, from seconds since 1970.

    >>> first = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    >>> [tick.name for tick in time_ticks(first, first + 5 * 86_400, 4)]
    ['2026-03-01', '2026-03-03', '2026-03-05']
    >>> [tick.name for tick in time_ticks(first, first + 7_200, 4)]
    ['00:00', '01:00', '02:00']
    """
    step = next((one for one in _TIME_STEPS if (high - low) / one + 1 <= most), _TIME_STEPS[-1])
    # Days are counted from the first one that is seen, so that it has a name.
    first = math.ceil(low / min(step, _DAY)) * min(step, _DAY)
    if step < _DAY:
        first = math.ceil(low / step) * step
    count = max(0, math.floor((high - first) / step)) + 1
    whole = step >= _DAY
    places = [first + step * place for place in range(count) if first + step * place <= high]
    return tuple(Tick(place, _moment(place, whole=whole, span=high - low)) for place in places)


def _moment(seconds: float, *, whole: bool, span: float) -> str:
    moment = _EPOCH + timedelta(seconds=seconds)
    if whole:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%H:%M}" if span <= _DAY else f"{moment:%m-%d %H:%M}"


def name_ticks(names: Sequence[str], most: int) -> tuple[Tick, ...]:
    """Texts in their order, every second or third where they are many.

    >>> [tick.name for tick in name_ticks(["mon", "tue", "wed", "thu", "fri"], 3)]
    ['mon', 'wed', 'fri']
    """
    step = max(1, math.ceil(len(names) / most))
    return tuple(Tick(float(place), names[place]) for place in range(0, len(names), step))


def seconds(moment: Any) -> float:
    """A date or a time as seconds since 1970; without a zone it is UTC.

    >>> seconds(date(1970, 1, 2)), seconds(datetime(1970, 1, 1, 1))
    (86400.0, 3600.0)
    """
    if isinstance(moment, datetime):
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (aware - _EPOCH).total_seconds()
    return (datetime(moment.year, moment.month, moment.day, tzinfo=UTC) - _EPOCH).total_seconds()


def _step(low: float, high: float, most: int) -> float:
    """One, two or five times a power of ten."""
    rough = (high - low) / most
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough * (1 - 1e-9)), 10 * power)


__all__ = ["Tick", "date", "name_ticks", "number_ticks", "percent_ticks", "seconds", "time_ticks"]
