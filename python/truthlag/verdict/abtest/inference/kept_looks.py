"""What bytes say of the looks of a plan, held against what a plan can have said."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from truthlag.verdict.abtest.inference.group_sequential import MOST_UNITS, is_later
from truthlag.verdict.abtest.inference.look import Look
from truthlag.verdict.abtest.result.words import ALTERNATIVES, DIRECTIONS, HYPOTHESES, SCALES, VERDICTS

_CHOICES = {"hypothesis": HYPOTHESES, "direction": DIRECTIONS, "alternative": ALTERNATIVES, "scale": SCALES}


def kept_flag(value: Any) -> bool:
    """A flag.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, bool):
        raise TypeError("a flag")
    return value


def kept_question(value: Any) -> dict[str, Any] | None:
    """A question that `compare` can have asked, or None.

    Raises:
        TypeError: It is none.
    """
    if value is None:
        return None
    names = {"metric", "margin", *_CHOICES}
    if not isinstance(value, dict) or set(value) != names:
        raise TypeError("a question")
    if not all(value[name] in allowed for name, allowed in _CHOICES.items()):
        raise TypeError("a question")
    margin = value["margin"]
    if not (value["metric"] is None or isinstance(value["metric"], str)):
        raise TypeError("a metric")
    if margin is not None and not (_is_number(margin) and 0 < margin < math.inf):
        raise TypeError("a margin")
    return value


def kept_looks(value: Any, planned_n: int, alpha: float) -> tuple[Look, ...]:
    """The looks that were taken, in order.

    Raises:
        TypeError: They are none that a plan can have taken.
    """
    if not isinstance(value, list):
        raise TypeError("looks")
    looks = tuple(_look(one, planned_n, alpha) for one in value)
    for earlier, later in pairwise(looks):
        if not is_later(later.n, earlier.n) or earlier.is_final or earlier.n >= planned_n:
            raise TypeError("looks in order")
    return looks


def _look(fields: Any, planned_n: int, alpha: float) -> Look:
    if not isinstance(fields, dict):
        raise TypeError("a look")
    look = Look(**fields)
    if type(look.n) is not int or not 1 <= look.n <= MOST_UNITS or look.information != look.n / planned_n:
        raise TypeError("units")
    # What is spent may be off alpha by rounding.
    if not (_is_number(look.spent) and 0 <= look.spent <= alpha * (1 + 1e-9) and _is_number(look.bound)):
        raise TypeError("a bound")
    kept_flag(look.is_final)
    if not all(one is None or _is_number(one) for one in (look.estimate, look.standard_error, look.statistic)):
        raise TypeError("an estimate")
    if look.p_value is not None and not (_is_number(look.p_value) and 0 <= look.p_value <= 1):
        raise TypeError("a p-value")
    if look.standard_error is not None and look.standard_error < 0:
        raise TypeError("a standard error")
    if look.verdict not in VERDICTS:
        raise TypeError("a verdict")
    return look


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and not math.isnan(value)
