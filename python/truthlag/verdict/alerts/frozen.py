"""What results hold of anybody's evidence: values that nobody can change, so that a copy is never needed."""

from collections.abc import Mapping
from typing import Any, NoReturn

from truthlag.call.described import described

_DEEPEST = 10
"""Deeper than what `plain_copy` keeps; only what nobody made with it is cut."""


class FrozenDict(dict[str, Any]):
    """A dict that refuses to change. It compares with dicts, pickles, copies, and is JSON as they are.

    >>> FrozenDict(a=1) == {"a": 1}
    True
    """

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("the details of an evidence cannot be changed: take a copy with `to_dict`")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __copy__(self) -> "FrozenDict":
        return self

    def __deepcopy__(self, memo: Any) -> "FrozenDict":
        # All that is in it is frozen too.
        return self

    def __reduce__(self) -> Any:
        return FrozenDict, (dict(self),)


def frozen(value: Any, depth: int = 0) -> Any:
    """The same value with dicts that refuse to change, and tuples for lists."""
    if isinstance(value, FrozenDict):
        return value
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth >= _DEEPEST:
        return described(value)
    if isinstance(value, Mapping):
        return FrozenDict({name: frozen(entry, depth + 1) for name, entry in value.items()})
    return tuple(frozen(entry, depth + 1) for entry in value)


def thawed(value: Any) -> Any:
    """The same value with plain dicts and lists, which are the caller's own."""
    if isinstance(value, Mapping):
        return {name: thawed(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [thawed(entry) for entry in value]
    return value
