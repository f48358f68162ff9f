"""Ids, 0/1 values and scores of a log, checked as the tracker will check them."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truthlag.show.errors import LogError
from truthlag.show.parsed import NULL_WORDS, Parsed, filled, nulls, plain, trimmed

LARGEST_SCORE = 65_536.0
LONGEST_ID = 1_024

_BINARY_WORDS = ("0", "1", "0.0", "1.0", "false", "true")
# A score that says `nan` is a defect of the model, not an absent score.
_NO_SCORE = tuple(word for word in NULL_WORDS if word != "nan")


def parse_ids(column: Any, name: str) -> Parsed:
    """Ids as text, so that `17` in a CSV file and 17 in a Parquet file are the same request. None may be missing."""
    column = plain(column)
    kind = column.type
    if pa.types.is_floating(kind):
        # pandas turns integers into floats when one is missing; from 2^53 on several become one.
        numbers = filled(column.cast(pa.float64()), np.nan)
        whole = (numbers == np.rint(numbers)) & (np.abs(numbers) < 2.0**53)
        text = pa.array(np.where(whole, numbers, 0.0).astype(np.int64), mask=np.isnan(numbers)).cast(pa.large_string())
        return Parsed(text, np.isnan(numbers), ~whole & ~np.isnan(numbers))
    if pa.types.is_integer(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        text = column.cast(pa.large_string())
    elif pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        text = pa.array([_text_of_bytes(value) for value in column.to_pylist()], type=pa.large_string())
    else:
        raise LogError(f"column `{name}` holds {kind}, which cannot be an id: text, integers or UUIDs are")
    missing = nulls(text)
    length = filled(pc.binary_length(text), 0)
    bad = (length == 0) | (length > LONGEST_ID) | filled(pc.match_substring(text, "\ufffd"), value=False)
    return Parsed(text, missing, bad & ~missing)


def _text_of_bytes(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        return str(uuid.UUID(bytes=value)) if len(value) == 16 else value.hex()


def parse_binary(column: Any, name: str) -> Parsed:
    """Predictions or labels: 0, 1, 0.0, 1.0, true, false. NaN counts as missing."""
    column = plain(column)
    kind = column.type
    if pa.types.is_large_string(kind):
        return _parse_binary_text(column)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif not (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)
    ):
        raise LogError(f"column `{name}` holds {kind}, which is not 0 or 1")
    numbers = filled(column.cast(pa.float64()), np.nan)
    missing = np.isnan(numbers)
    bad = (numbers != 0.0) & (numbers != 1.0) & ~missing
    return Parsed((numbers == 1.0).astype(np.int8), missing, bad)


def _parse_binary_text(column: Any) -> Parsed:
    text = trimmed(column)
    missing = nulls(text)
    words = pa.array(_BINARY_WORDS, type=pa.large_string())
    found = filled(pc.index_in(pc.utf8_lower(text), value_set=words), -1)
    return Parsed((found % 2).astype(np.int8), missing, (found < 0) & ~missing)


def parse_scores(column: Any, name: str) -> Parsed:
    """Scores as floats. Bad is what is no number, not finite, or beyond 65 536 either way."""
    column = plain(column)
    kind = column.type
    if pa.types.is_large_string(kind):
        column = trimmed(column, _NO_SCORE)
        missing = nulls(column)
        try:
            numbers = filled(pc.cast(column, pa.float64()), 0.0)
        except pa.ArrowInvalid:
            numbers = np.array([0.0 if word is None else _number(word) for word in column.to_pylist()])
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        missing = nulls(column)
        numbers = filled(column.cast(pa.float64()), 0.0)
    else:
        raise LogError(f"column `{name}` holds {kind}, which is not a number")
    # NaN compares false, so it is bad too.
    bad = ~(np.abs(numbers) <= LARGEST_SCORE) & ~missing
    return Parsed(numbers, missing, bad)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
