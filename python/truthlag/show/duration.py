"""Durations as people write them: `7d`, `24h`, `90m`, `1d12h`."""

from __future__ import annotations

import re

SECOND = 1_000_000
"""Microseconds of a second; every duration and time of the replay is an integer of microseconds."""

UNITS = {"w": 604_800 * SECOND, "d": 86_400 * SECOND, "h": 3_600 * SECOND, "m": 60 * SECOND, "s": SECOND}
DAY = UNITS["d"]

_WORDS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
_LONGEST = 3_650 * DAY


def parse_duration(text: str) -> int:
    """Microseconds of a duration such as `7d`, `24h`, `90m`, `30s`, `2w` or `1d12h`; `0` needs no unit.

    Raises `ValueError` on anything else, and on more than ten years.

    >>> parse_duration("90m") == 90 * 60 * 1_000_000
    True
    """
    written = text.strip().lower()
    if written == "0":
        return 0
    parts = _PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise ValueError(f"`{text}` is not a duration: write for example `7d`, `24h`, `90m`, `30s` or `1d12h`")
    total = round(sum(float(number) * UNITS[unit] for number, unit in parts))
    if total > _LONGEST:
        raise ValueError(f"`{text}` is more than ten years")
    return total


def format_duration(microseconds: int) -> str:
    """The duration in the largest unit that divides it.

    >>> format_duration(7 * 86_400 * 1_000_000), format_duration(5_400_000_000), format_duration(0)
    ('7 days', '90 minutes', '0')
    """
    if microseconds == 0:
        return "0"
    # Weeks are understood but not written: `14 days` says more than `2 weeks` beside a baseline counted in days.
    for unit in "dhms":
        if microseconds % UNITS[unit] == 0:
            count = microseconds // UNITS[unit]
            return f"{count:,} {_WORDS[unit]}{'' if count == 1 else 's'}"
    return f"{microseconds / SECOND:g} seconds"
