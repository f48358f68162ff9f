"""Names of a package that are loaded when they are first asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazily(package: dict[str, Any], places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package, so that who imports it does not wait for what is not used.

    Args:
        package: The globals of the package.
        places: The module of each name.

    Returns:
        Both functions.

    Cost: one import for the first name of a module.

    Example:
        >>> from truthlag.lazily import lazily
        >>> names = {"__name__": "mine"}
        >>> get, listed = lazily(names, {"timedelta": "datetime"})
        >>> get("timedelta").__name__, "timedelta" in names, "timedelta" in listed()
        ('timedelta', True, True)
    """

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        found = package[name] = getattr(import_module(places[name]), name)
        return found

    def listed() -> list[str]:
        return sorted({*package, *places})

    return get, listed
