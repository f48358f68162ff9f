"""Numbers and names of a test's file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truthlag.show.errors import LogError
from truthlag.show.parsed import Parsed, filled, nulls, plain, trimmed

#: The squares of larger ones, and their sums, are not floats.
LARGEST_NUMBER = 1e150
_TRUTHS = pa.array(["false", "true"], type=pa.large_string())


def parse_numbers(column: Any, name: str) -> Parsed:
    """Values of a metric as floats; true and false are 1 and 0.

    Missing is what is empty or NaN; bad what is no number, or one beyond 1e150.
    """
    column = plain(column)
    kind = column.type
    if pa.types.is_large_string(kind):
        return _numbers_of_text(column)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif not (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)
    ):
        raise LogError(f"column `{name}` holds {kind}, which is not a number")
    numbers = filled(column.cast(pa.float64(), safe=False), np.nan)
    return Parsed(numbers, np.isnan(numbers), np.abs(numbers) > LARGEST_NUMBER)


def _numbers_of_text(column: Any) -> Parsed:
    text = trimmed(column)
    missing = nulls(text)
    try:
        numbers = filled(pc.cast(text, pa.float64()), np.nan)
    except pa.ArrowInvalid:
        truths = pc.index_in(pc.utf8_lower(text), value_set=_TRUTHS)
        if truths.null_count == text.null_count:
            numbers = filled(truths.cast(pa.float64()), np.nan)
        else:
            numbers = np.array([_number(word) for word in text.to_pylist()])
    return Parsed(numbers, missing, ~(np.abs(numbers) <= LARGEST_NUMBER) & ~missing)


def _number(word: str | None) -> float:
    if word is None:
        return float("nan")
    lower = word.lower()
    if lower in {"true", "false"}:
        return float(lower == "true")
    try:
        return float(word)
    except ValueError:
        return float("inf")


def parse_names(column: Any, name: str) -> Parsed:
    """Arms and segments as text. Missing is what is empty; a name such as `none` is one."""
    column = plain(column)
    kind = column.type
    if pa.types.is_floating(kind):
        # pandas turns integers into floats when one is missing.
        numbers = filled(column.cast(pa.float64()), np.nan)
        words = [None if np.isnan(number) else f"{number:.15g}" for number in numbers]
        column = pa.array(words, type=pa.large_string())
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        column = column.cast(pa.large_string())
    elif not pa.types.is_large_string(kind):
        raise LogError(f"column `{name}` holds {kind}, which is no name: text, integers or truth values are")
    text = trimmed(column, ("",))
    return Parsed(text, nulls(text), filled(pc.match_substring(text, "\ufffd"), value=False))


class Codes:
    """Texts as numbers from 0 on, in order of first appearance."""

    def __init__(self) -> None:
        self._code_of: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """The texts by their numbers."""
        return list(self._code_of)

    def __len__(self) -> int:
        return len(self._code_of)

    def of(self, texts: Any) -> Any:
        """The number of each text; an Arrow array without nulls."""
        encoded = texts.dictionary_encode()
        codes = [self._code_of.setdefault(word, len(self._code_of)) for word in encoded.dictionary.to_pylist()]
        return np.array(codes, dtype=np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]
