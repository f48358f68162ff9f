"""The arms of a test and the shares of the units that each should get."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, not_negative

#: Counts beyond are no whole floats.
MOST_UNITS = 2**53
_ALLOWED = "numbers of at least 0 by arm, of which one is above 0"


def arm_weights(weights: Any, arms: tuple[str, ...] | None = None) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """The names of the arms, and shares that add up to 1.

    Arms of a sequence are called `"0"`, `"1"` and so on, unless their names are known.
    """
    if isinstance(weights, Mapping):
        names = tuple(weights)
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"weights must have arms of type str, got {described(name)}")
        given = list(weights.values())
        if arms is not None:
            if set(names) != set(arms):
                raise ValueError(f"weights must be of the arms {', '.join(arms)}, got {', '.join(names)}")
            names, given = arms, [weights[name] for name in arms]
    else:
        given = _numbers("weights", weights)
        names = arms if arms is not None else tuple(str(place) for place in range(len(given)))
        if len(names) != len(given):
            raise ValueError(f"weights must be {len(names)} numbers, one for each arm, got {len(given)}")
    if len(given) < 2:
        raise ValueError(f"weights must be of two arms or more, got {len(given)}")
    checked = [not_negative(f"weights[{name!r}]", one) for name, one in zip(names, given, strict=True)]
    # Divided by the largest first, so that no sum of large ones is infinite.
    largest = max(checked)
    if largest <= 0:
        raise ValueError(f"weights must be {_ALLOWED}, got none above 0")
    scaled = [one / largest for one in checked]
    total = sum(scaled)
    return names, tuple(one / total for one in scaled)


def arm_counts(name: str, counts: Any, arms: tuple[str, ...]) -> tuple[int, ...]:
    """A count for each arm, in the order of the arms; arms of a mapping that are not named have none."""
    if isinstance(counts, Mapping):
        unknown = [arm for arm in counts if arm not in arms]
        if unknown:
            raise ValueError(f"{name} must be of the arms {', '.join(arms)}, got {described(unknown[0])}")
        given = [counts.get(arm, 0) for arm in arms]
    else:
        given = _numbers(name, counts)
        if len(given) != len(arms):
            raise ValueError(f"{name} must be {len(arms)} counts, one for each arm, got {len(given)}")
    return tuple(count(f"{name}[{arm!r}]", one, MOST_UNITS, "2^53") for arm, one in zip(arms, given, strict=True))


def _numbers(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Real) or values is None:
        raise TypeError(f"{name} must be a number for each arm, by name or in order, got {described(values)}")
    try:
        return list(values)
    except TypeError:
        raise TypeError(f"{name} must be a number for each arm, by name or in order, got {described(values)}") from None
