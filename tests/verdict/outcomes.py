"""What a class answers to a call, and whether two answers are the same."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

PLAIN = {dict, list, str, int, float, bool, type(None)}


class Failed:
    """The call raised, or put NaN into its result."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def outcome(call: Callable[[], Any]) -> Any:
    """The result; `Failed` where there is none. numpy and scipy warn about some values, and the classes take them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - which one it is, is what is asked
            return Failed(error)
    return Failed() if any(map(_is_nan, _parts(result))) else result


def assert_same(mine: Any, theirs: Any) -> None:
    """The plain class's answer in plain values; its number of numpy's has to be the one that ours is turned into."""
    if isinstance(theirs, dict):
        assert list(mine) == [*theirs, *(["missing"] if "alerts" in theirs else [])]
        for key, value in theirs.items():
            assert_same(mine[key], value)
    elif isinstance(theirs, np.longdouble | Fraction | Decimal):
        assert mine == float(theirs)
        assert type(mine) is float
    elif isinstance(theirs, np.generic):
        assert type(theirs)(mine) == theirs
        assert type(mine) is type(theirs.item())
    else:
        assert mine == theirs


def check_same(
    ours: Callable[[], Any],
    plain: Callable[[], Any],
    compare: Callable[[Any, Any], None] = assert_same,
) -> Any:
    """Our answer, which has to be the document's; it may fail only where that fails, and only as is documented."""
    theirs = outcome(plain)
    mine = outcome(ours)
    if isinstance(mine, Failed):
        assert isinstance(theirs, Failed), f"the plain class answers {theirs}, and here is {mine.error!r}"
        assert isinstance(mine.error, TypeError | ValueError), f"NaN, or an error of the wrong type: {mine.error!r}"
        return mine
    assert {type(part) for part in _parts(mine)} <= PLAIN
    assert json.loads(json.dumps(mine)) == mine
    if not isinstance(theirs, Failed):
        compare(mine, theirs)
    return mine


def _parts(value: Any) -> Iterator[Any]:
    yield value
    if type(value) is dict:
        for key, one in value.items():
            yield key
            # A name is whatever the caller says, even a list that holds itself.
            yield from [one] if type(key) is str and key in ("metric", "name") else _parts(one)
    elif type(value) in (list, tuple):
        for one in value:
            yield from _parts(one)


def _is_nan(value: Any) -> bool:
    # The type is asked and not the value, which may be anything.
    return issubclass(type(value), float | np.floating) and bool(np.isnan(value))
