"""What a class answers to a call, and whether two answers are the same."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np


class Failed:
    """The call raised, or put NaN into its result."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def outcome(call: Callable[[], Any]) -> Any:
    """The result; `Failed` where there is none. scipy and numpy warn about values that the classes have to take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = call()
        except Exception as error:
            return Failed(error)
    return Failed() if _has_nan(result) else result


def check_same(ours: Callable[[], Any], documents: Callable[[], Any], *, p_tolerance: float = 0.0) -> Any:
    """Our answer, which has to be the document's: an error only where the document has one, and plain values."""
    theirs = outcome(documents)
    mine = outcome(ours)
    if isinstance(mine, Failed):
        assert isinstance(theirs, Failed), f"the document answers {theirs}, we raise {mine.error!r}"
        assert isinstance(mine.error, TypeError | ValueError), f"NaN, or an error of the wrong type: {mine.error!r}"
        return mine
    assert_plain(mine)
    if not isinstance(theirs, Failed):
        assert_same(mine, theirs, p_tolerance)
    return mine


def assert_plain(value: Any) -> None:
    """Python's own types and nothing else, which JSON gives back."""
    kinds: set[type] = set()
    _collect_types(value, kinds)
    assert kinds <= {dict, list, str, int, float, bool, type(None)}, kinds
    assert json.loads(json.dumps(value)) == value or not _has_text_keys(value)


def assert_same(mine: Any, theirs: Any, p_tolerance: float = 0.0) -> None:
    if isinstance(theirs, dict):
        assert list(mine) == [*theirs, *(["missing"] if "alerts" in theirs else [])]
        near = "p_value" in theirs and _in_doubt(mine["p_value"], theirs["p_value"], p_tolerance)
        for key, value in theirs.items():
            if near and key == "p_value":
                assert abs(mine[key] - float(value)) <= p_tolerance
            elif not (near and key in ("is_significant", "recommendation")):
                assert_same(mine[key], value)
    elif isinstance(theirs, np.floating | np.integer | np.bool_):
        assert type(theirs)(mine) == theirs, (mine, theirs)
        assert isinstance(mine, {"f": float, "b": bool}.get(theirs.dtype.kind, int))
    else:
        assert mine == theirs, (mine, theirs)


def _in_doubt(mine: float, theirs: Any, tolerance: float) -> bool:
    return mine != float(theirs) and tolerance > 0


def _has_nan(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_nan, value.values()))
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _has_text_keys(value: Any) -> bool:
    if not isinstance(value, dict):
        return True
    return all(type(key) is str and _has_text_keys(one) for key, one in value.items())


def _collect_types(value: Any, kinds: set[type]) -> None:
    kinds.add(type(value))
    if isinstance(value, dict):
        for key, one in value.items():
            kinds.add(type(key))
            _collect_types(one, kinds)
    elif isinstance(value, list):
        for one in value:
            _collect_types(one, kinds)


def is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)
