"""Several arms as means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion


def named_means(name: str, arms: Any) -> dict[str, Mean]:
    """Arms by name; those of a sequence are called by their number, from 1 on.

    Raises:
        TypeError: They are no arms.
        ValueError: There are none, or values are not finite.
    """
    if isinstance(arms, Mapping):
        named = {str(one): arm for one, arm in arms.items()}
    elif isinstance(arms, Iterable) and not isinstance(arms, str | bytes):
        named = {str(place): arm for place, arm in enumerate(arms, 1)}
    else:
        raise TypeError(f"{name} must be arms by name, or a sequence of arms, got {described(arms)}")
    if not named:
        raise ValueError(f"{name} must hold at least one arm, got none")
    return {one: as_mean(f"{name}[{one!r}]", arm) for one, arm in named.items()}


def as_mean(name: str, arm: Any) -> Mean:
    """Raw values, a mean, or a proportion as the mean of its zeros and ones."""
    if isinstance(arm, Mean):
        return arm
    if isinstance(arm, Proportion):
        return Mean(arm.n, arm.k / arm.n, arm.k * (arm.n - arm.k) / arm.n) if arm.n else Mean(0, 0.0, 0.0)
    if isinstance(arm, str | bytes) or not (hasattr(arm, "__array__") or hasattr(arm, "__len__")):
        raise TypeError(f"{name} must be raw values, a Mean or a Proportion, got {described(arm)}")
    try:
        return Mean.of(arm)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from error
