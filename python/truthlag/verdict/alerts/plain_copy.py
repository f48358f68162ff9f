"""A bounded copy of anybody's evidence, of values that JSON can hold."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from numbers import Integral, Real
from typing import Any

from truthlag.call.described import described

_LONGEST = 1_000
_MOST_ENTRIES = 50
_DEEPEST = 5


def plain_copy(value: Any, depth: int = 0) -> Any:
    """The value as None, bool, int, float, str, list or dict; what is neither becomes a text that names its type.

    Texts are cut to 1 000 characters, containers to 50 entries and five levels: an alert must not be lost, nor memory, to
    what somebody attached to it. A float that is not finite becomes its name, which JSON has no number for.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value[:_LONGEST])
    if isinstance(value, Integral):
        number = int(value)
        return number if abs(number) < 2**63 else described(number)
    if isinstance(value, Real):
        real = float(value)
        return real if math.isfinite(real) else str(real)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if depth >= _DEEPEST:
        return described(value)
    return _container(value, depth)


def _container(value: Any, depth: int) -> Any:
    try:
        if isinstance(value, Mapping):
            entries = list(value.items())[:_MOST_ENTRIES]
            return {_key(name): plain_copy(entry, depth + 1) for name, entry in entries}
        if isinstance(value, list | tuple | set | frozenset):
            return _listed(value, depth)
        for way in ("to_dict", "tolist"):
            convert = getattr(value, way, None)
            if callable(convert):
                return plain_copy(convert(), depth + 1)
    except Exception:  # noqa: BLE001 - the value is anybody's code
        return described(value)
    return described(value)


def _listed(values: Iterable[Any], depth: int) -> list[Any]:
    return [plain_copy(entry, depth + 1) for entry in list(values)[:_MOST_ENTRIES]]


def _key(name: Any) -> str:
    return name[:_LONGEST] if isinstance(name, str) else described(name)
