from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from truthlag.show.errors import LogError
from truthlag.show.times import latest_time, parse_times

NOON = 1_456_747_200_000_000
"""2016-02-29 12:00 UTC in microseconds."""


def parse(column: Any) -> Any:
    return parse_times(column, "timestamp", latest_time())


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["2016-02-29T12:00:00Z"]),
        pa.array(["2016-02-29 12:00:00"]),
        pa.array(["2016-02-29 12:00"]),
        pa.array([" 2016-02-29T12:00:00.000000 "]),
        pa.array(["2016-02-29T14:00:00+02:00"]),
        pa.array(["2016-02-29T12:00:00.000000000Z"]),
        pa.array(["2016-02-29 12:00:00 UTC"]),
        pa.array(["1456747200"]),
        pa.array(["1456747200.0"]),
        pa.array(["1456747200000"]),
        pa.array(["2016-02-29T12:00:00Z"]).dictionary_encode(),
        pa.array(["2016-02-29T12:00:00Z"], type=pa.string_view()),
        pa.chunked_array([["2016-02-29T12:00:00Z"]]),
        pa.array([1_456_747_200]),
        pa.array([1_456_747_200], type=pa.uint32()),
        pa.array([1_456_747_200.0]),
        pa.array([1_456_747_200_000]),
        pa.array([NOON]),
        pa.array([NOON * 1_000]),
        pa.array([datetime(2016, 2, 29, 12)], type=pa.timestamp("s")),
        pa.array([datetime(2016, 2, 29, 12)], type=pa.timestamp("ns")),
        pa.array([datetime(2016, 2, 29, 12, tzinfo=UTC)], type=pa.timestamp("ms", "Europe/Paris")),
    ],
    ids=lambda column: f"{column.type} {column[0]}",
)
def test_every_spelling_of_a_time(column: Any) -> None:
    parsed = parse(column)
    assert parsed.values.tolist() == [NOON]
    assert not parsed.bad.any()
    assert not parsed.missing.any()


def test_dates_are_midnight() -> None:
    midnight = NOON - 12 * 3_600_000_000
    days = [pa.array([date(2016, 2, 29)]), pa.array(["2016-02-29"]), pa.array(["20160229", "2016-02-29"])]
    assert [parse(column).values[0] for column in days] == [midnight] * 3


def test_mixed_spellings_in_one_column() -> None:
    parsed = parse(pa.array(["2016-02-29T12:00:00Z", "2016-02-29 12:00", "1456747200", None, "", "NaT"]))
    assert parsed.values[:3].tolist() == [NOON] * 3
    assert parsed.missing.tolist() == [False, False, False, True, True, True]
    assert not parsed.bad.any()


@pytest.mark.parametrize(
    "word",
    ["yesterday", "2016-02-30", "2016-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2999-01-01", "-5", "1e999", "9" * 30],
)
def test_what_is_no_time_is_bad(word: str) -> None:
    parsed = parse(pa.array([word, "2016-02-29 12:00"]))
    assert parsed.bad.tolist() == [True, False]
    assert parsed.values[1] == NOON


def test_numbers_that_are_no_time_are_bad() -> None:
    parsed = parse(pa.array([np.inf, -1.0, 1e18 * 5, np.nan, None]))
    assert parsed.bad.tolist() == [True, True, True, False, False]
    assert parsed.missing.tolist() == [False, False, False, True, True]


def test_a_column_that_cannot_hold_times() -> None:
    with pytest.raises(LogError, match="`timestamp` holds bool"):
        parse(pa.array([True]))


def test_an_empty_column_is_missing() -> None:
    assert parse(pa.nulls(3)).missing.all()
