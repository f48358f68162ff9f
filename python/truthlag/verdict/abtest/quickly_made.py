"""Frozen dataclasses that are made as quickly as others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, make_dataclass
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def quickly_made(frozen: Callable[Given, Made]) -> Callable[Given, Made]:
    """What makes instances of a frozen dataclass with slots, for where they are made by the thousand.

    Its own constructor sets each field by a call, which for twenty of them takes longer than all arithmetic of a comparison. This
    fills an object of a plain class with the same slots, which then changes its class, as Python allows where the layout is the same.
    What `__post_init__` checks must be known already: it is not called.

    Args:
        frozen: The class: it has no slots but its fields.

    Returns:
        What is called with the same arguments as the class.

    Cost: a microsecond for twenty fields, instead of three.

    Example:
        >>> from truthlag.abtest import ArmSummary
        >>> from truthlag.verdict.abtest.quickly_made import quickly_made
        >>> quickly_made(ArmSummary)(0.5, 10, 0.1) == ArmSummary(0.5, 10, 0.1)
        True
    """
    given: Any = frozen

    def freeze(made: Any) -> None:
        made.__class__ = given

    plain: Any = make_dataclass(
        given.__name__,
        [(one.name, one.type, one) for one in fields(given)],
        namespace={"__post_init__": freeze},
        slots=True,
    )
    make: Callable[Given, Made] = plain
    return make
