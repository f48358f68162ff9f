"""Times of a log as integer microseconds since the epoch, UTC.

Understood are timestamps of any unit and zone, dates, ISO 8601 text with or without a zone, and numbers. What has no
zone is UTC. The unit of a number follows from its size: below 1e11 seconds, below 1e14 milliseconds, below 1e17
microseconds, above nanoseconds. For times after 1973 the four cannot be confused, and a wrong guess before that lands
outside the allowed range.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from truthlag.show.duration import DAY, SECOND
from truthlag.show.errors import LogError
from truthlag.show.parsed import Parsed, filled, nulls, plain, trimmed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# A little less than the ten years that the tracker allows, so that what passes here passes there.
_AHEAD = 3_650 * DAY
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_COMPACT_DATE = re.compile(r"\d{8}")


def to_datetime(microseconds: int) -> datetime:
    """The time as an aware datetime."""
    return EPOCH + timedelta(microseconds=microseconds)


def short_time(microseconds: int) -> str:
    """The time as short as it can be said: no seconds where they are 0, no time of day at midnight.

    >>> short_time(847_756_800_000_000), short_time(847_805_400_000_000), short_time(847_805_401_500_000)
    ('1996-11-12', '1996-11-12 13:30', '1996-11-12 13:30:01')
    """
    moment = to_datetime(microseconds).replace(tzinfo=None, microsecond=0)
    if microseconds % DAY == 0:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M}" if microseconds % (60 * SECOND) == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"


def latest_time() -> int:
    """The latest time a log may hold: ten years from now."""
    return (datetime.now(UTC) - EPOCH) // timedelta(microseconds=1) + _AHEAD


def parse_times(column: Any, name: str, latest: int) -> Parsed:
    """Parse a column of times. Bad is what is no time, lies before 1970 or after `latest`.

    Raises `LogError` when the type of the column cannot hold times.
    """
    column = plain(column)
    kind = column.type
    if pa.types.is_null(kind):
        absent = np.ones(len(column), dtype=bool)
        return Parsed(np.zeros(len(column), dtype=np.int64), absent, ~absent)
    if pa.types.is_large_string(kind):
        parsed = _parse_text(column)
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        parsed = _parse_stamps(column.cast(pa.timestamp("us", zone), safe=False))
    elif pa.types.is_integer(kind):
        values = filled(column, 0)
        parsed = Parsed(_scale_integers(values.astype(np.int64)), nulls(column), np.zeros(len(column), dtype=bool))
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        parsed = _parse_floats(filled(column.cast(pa.float64()), np.nan))
    else:
        raise LogError(f"column `{name}` holds {kind}, which is no time")
    outside = (parsed.values < 0) | (parsed.values > latest)
    return Parsed(parsed.values, parsed.missing, (parsed.bad | outside) & ~parsed.missing)


def _parse_stamps(column: Any) -> Parsed:
    values = filled(column.cast(pa.int64()), 0)
    return Parsed(values, nulls(column), np.zeros(len(values), dtype=bool))


def _parse_floats(values: npt.NDArray[np.float64]) -> Parsed:
    missing = np.isnan(values)
    bad = np.isinf(values)
    size = np.abs(values)
    factor = np.where(size < 1e11, 1e6, np.where(size < 1e14, 1e3, np.where(size < 1e17, 1.0, 1e-3)))
    scaled = np.where(missing | bad, 0.0, values) * factor
    # Beyond nanoseconds of the year 2262 nothing fits; such values are refused as too late.
    return Parsed(np.rint(np.clip(scaled, -9.2e18, 9.2e18)).astype(np.int64), missing, bad)


def _scale_integers(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    size = np.abs(values)
    seconds, milliseconds, microseconds = size < 10**11, size < 10**14, size < 10**17
    # np.where computes all branches: out of its own range a product may wrap, and is then not chosen.
    with np.errstate(over="ignore"):
        return np.where(
            seconds,
            values * SECOND,
            np.where(milliseconds, values * 1_000, np.where(microseconds, values, values // 1_000)),
        )


def _parse_text(column: Any) -> Parsed:
    text = trimmed(column)
    missing = nulls(text)
    no_bad = np.zeros(len(text), dtype=bool)
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
        try:
            return Parsed(filled(pc.cast(text, kind).cast(pa.int64()), 0), missing, no_bad)
        except pa.ArrowInvalid:
            continue
    # Mixed or rarer spellings: one at a time.
    values = np.zeros(len(text), dtype=np.int64)
    bad = no_bad.copy()
    for place, word in enumerate(text.to_pylist()):
        if word is not None:
            time = _parse_word(word)
            if time is None:
                bad[place] = True
            else:
                values[place] = time
    return Parsed(values, missing, bad)


def _parse_word(word: str) -> int | None:
    """Microseconds of one text, or None. Eight digits are a date (20150131), all other numbers count from the epoch."""
    if _NUMBER.fullmatch(word) and not _COMPACT_DATE.fullmatch(word):
        if word.lstrip("+-").isdigit():
            number = int(word)
            return int(_scale_integers(np.array([number]))[0]) if abs(number) < 2**63 else None
        parsed = _parse_floats(np.array([float(word)]))
        return None if parsed.bad[0] else int(parsed.values[0])
    try:
        moment = datetime.fromisoformat(word.removesuffix(" UTC"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)
