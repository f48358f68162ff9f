"""What parsing a column gives, and the steps that every kind of column shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]

NULL_WORDS = ("", "null", "none", "na", "n/a", "nan", "nat")
"""Texts, in lower case, that mean that a cell holds nothing."""


@dataclass(frozen=True)
class Parsed:
    """A column as values, with what is missing and what is bad; the values of those rows mean nothing."""

    values: Any
    missing: Mask
    bad: Mask


def plain(column: Any) -> Any:
    """The column as one Arrow array without dictionary, view or extension types."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    return column


def nulls(column: Any) -> Mask:
    """True where the column is null."""
    mask: Mask = column.is_null().to_numpy(zero_copy_only=False)
    return mask


def filled(column: Any, value: Any) -> Any:
    """The column as numpy, with `value` in place of nulls."""
    return pc.fill_null(column, value).to_numpy(zero_copy_only=False)


def trimmed(column: Any, null_words: tuple[str, ...] = NULL_WORDS) -> Any:
    """A text column without surrounding blanks, null where it says so in words."""
    text = pc.utf8_trim_whitespace(column)
    empty = pc.is_in(pc.utf8_lower(text), value_set=pa.array(null_words, type=pa.large_string()))
    return pc.if_else(empty, None, text)
