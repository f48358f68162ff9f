"""How much of alpha may be spent by which share of the information."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Literal, TypeAlias

from truthlag.call.described import described

Spending: TypeAlias = Literal["obrien_fleming", "pocock"] | float
"""A spending function: one of the two of Lan and DeMets, or the exponent of the power family (2.0: the square of the share)."""

NAMES = ("obrien_fleming", "pocock")
_MOST_EXPONENT = 20.0


def checked_spending(value: Any) -> str | float:
    """A spending function that is allowed."""
    allowed = "'obrien_fleming', 'pocock', or the exponent of the power family, above 0 and at most 20"
    if isinstance(value, str):
        if value in NAMES:
            return value
        raise ValueError(f"spending must be {allowed}, got {value!r}")
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"spending must be {allowed}, got {described(value)}")
    exponent = float(value)
    if not 0 < exponent <= _MOST_EXPONENT:
        raise ValueError(f"spending must be {allowed}, got {described(value)}")
    return exponent


def spent(spending: str | float, alpha: float, share: float, *, sides: int) -> float:
    """What of alpha is spent at a share of the planned information.

    Each side of a two-sided test has a spending function of its own, of alpha / 2, as in ldbounds, gsDesign and rpact. It makes a
    difference for O'Brien and Fleming's alone: the others are in proportion to alpha.

    Source: Lan and DeMets (1983), "Discrete sequential boundaries for clinical trials", Biometrika 70; Kim and DeMets (1987) for the
    power family.
    """
    from scipy import special

    if share >= 1:
        return alpha
    if spending == "obrien_fleming":
        of_side = alpha / sides
        return sides * 2 * float(special.ndtr(special.ndtri(of_side / 2) / math.sqrt(share)))
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1) * share)
    raised: float = share ** float(spending)
    return alpha * raised
