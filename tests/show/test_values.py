from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from truthlag.show.errors import LogError
from truthlag.show.values import parse_binary, parse_ids, parse_scores


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["0", "1", None]),
        pa.array([" 0", "1.0", ""]),
        pa.array(["False", "TRUE", "nan"]),
        pa.array([False, True, None]),
        pa.array([0, 1, None], type=pa.uint8()),
        pa.array([0.0, 1.0, float("nan")]),
        pa.array([Decimal(0), Decimal(1), None]),
        pa.array(["0", "1", None]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_zero_one_and_nothing(column: Any) -> None:
    parsed = parse_binary(column, "label")
    assert parsed.values[:2].tolist() == [0, 1]
    assert parsed.missing.tolist() == [False, False, True]
    assert not parsed.bad.any()


@pytest.mark.parametrize(
    "column", [pa.array(["2"]), pa.array(["yes"]), pa.array([0.5]), pa.array([-1]), pa.array(["-0"])]
)
def test_anything_else_is_bad(column: Any) -> None:
    assert parse_binary(column, "label").bad.tolist() == [True]


def test_scores() -> None:
    parsed = parse_scores(pa.array(["0.25", " 1e-3 ", "-7", "", "NA", None]), "score")
    assert parsed.values[:3].tolist() == [0.25, 0.001, -7.0]
    assert parsed.missing.tolist() == [False, False, False, True, True, True]
    assert not parsed.bad.any()


@pytest.mark.parametrize("word", ["high", "nan", "inf", "-inf", "65537", "0,5"])
def test_a_bad_score_spoils_no_other(word: str) -> None:
    parsed = parse_scores(pa.array(["0.25", word]), "score")
    assert parsed.bad.tolist() == [False, True]
    assert parsed.values[0] == 0.25


def test_nan_in_a_column_of_floats_is_bad_and_null_is_missing() -> None:
    parsed = parse_scores(pa.array([float("nan"), None, 0.5]), "score")
    assert parsed.bad.tolist() == [True, False, False]
    assert parsed.missing.tolist() == [False, True, False]


def test_ids_of_all_types_are_compared_as_text() -> None:
    columns = [
        pa.array(["17"]),
        pa.array([17]),
        pa.array([17.0, None]),
        pa.array([b"17"]),
        pa.array(["17"]).dictionary_encode(),
    ]
    assert [parse_ids(column, "request_id").values[0].as_py() for column in columns] == ["17"] * 5


def test_floats_are_ids_where_they_are_whole_and_tell_one_from_the_next() -> None:
    parsed = parse_ids(pa.array([2.0**53 - 1, 2.0**53, 0.5, float("inf"), float("nan"), None, -3.0]), "request_id")
    assert parsed.bad.tolist() == [False, True, True, True, False, False, False]
    assert parsed.missing.tolist() == [False, False, False, False, True, True, False]
    assert (parsed.values[0].as_py(), parsed.values[6].as_py()) == ("9007199254740991", "-3")


def test_a_uuid_is_its_text() -> None:
    one = uuid.UUID("4e5eb482-8224-574d-8834-f888cec5b777")
    assert parse_ids(pa.array([one.bytes], type=pa.binary(16)), "request_id").values[0].as_py() == str(one)


def test_bad_and_missing_ids() -> None:
    parsed = parse_ids(pa.array(["", None, "x" * 1_024, "x" * 1_025, "é" * 513, "a\ufffdb"]), "request_id")
    assert parsed.bad.tolist() == [True, False, False, True, True, True]
    assert parsed.missing.tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize("parse", [parse_ids, parse_binary, parse_scores])
def test_a_column_of_the_wrong_type_is_an_error_that_names_it(parse: Any) -> None:
    with pytest.raises(LogError, match="`column` holds list"):
        parse(pa.array([[1]]), "column")
