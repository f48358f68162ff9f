"""How much longer a running test must go on."""

from __future__ import annotations

import math
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N
from truthlag.verdict.abtest.planning.outlook import is_two_sided, judged, side
from truthlag.verdict.abtest.planning.rule import rule
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.detectors.parameters import real, share

_MOST = 1e15


def additional_units(
    comparison: Comparison, effect: float, *, power: float = 0.8, expected_n: int | None = None
) -> int | None:
    """How many more units a running test needs to find an effect, with the spread that it has seen.

    Not of the effect that was seen, which `Comparison.additional_n` is about: what was seen is noise for long.

    Args:
        comparison: The test so far, with mode `"fixed"` or `"confidence_sequence"`; of a plan of looks `outlook` tells the chances.
        effect: The true difference, positive or negative, on the scale of the comparison.
        power: The chance to find it at the look at the end; a confidence sequence that is looked at before finds it rather more often.
        expected_n: As in `compare`, of a confidence sequence.

    Returns:
        The units of both arms together, 0 where there are enough; None where the effect is not on the side that is looked at.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or the comparison has no difference.

    Cost: below a millisecond.

    Example:
        >>> from truthlag.abtest import Proportion, additional_units, compare
        >>> now = compare(Proportion(600, 5_000), Proportion(612, 5_000), mode="fixed")
        >>> additional_units(now, 0.015)
        4862
    """
    from scipy import optimize

    wanted, true = share("power", power), real("effect", effect)
    if comparison.mode == "group_sequential":
        raise ValueError("comparison must be of mode 'fixed' or 'confidence_sequence', got one of 'group_sequential'")
    tuned: Any = None
    if comparison.mode == "confidence_sequence":
        tuned = EXPECTED_N if expected_n is None else expected_n
    elif expected_n is not None:
        raise ValueError(f"expected_n must be None with mode 'fixed', got {described(expected_n)}")
    null, sign = side(comparison)
    if comparison.alternative != "two_sided":
        sign = 1.0 if comparison.alternative == "greater" else -1.0
        null = sign * (comparison.margin or 0.0)
    _, error = judged(comparison)
    n = comparison.control.n + comparison.treatment.n
    sides = 2 if is_two_sided(comparison) else 1
    looks = None if comparison.mode == "fixed" else 1
    looked = rule(
        comparison.mode, comparison.alpha, sides=sides, looks=looks, spending="obrien_fleming", expected_n=tuned
    )
    margin, is_equivalence = comparison.margin or 0.0, comparison.hypothesis == "equivalence"
    # A two-sided test finds what is worse as well.
    distance = (abs(true) - margin if sides == 2 else sign * (true - null)) / error
    width = 2 * margin / error if is_equivalence or sides == 2 else 0.0
    if distance <= 0 or (is_equivalence and distance >= width):
        return None

    def surplus(logarithm: float) -> float:
        units = math.exp(logarithm)
        root = math.sqrt(units / n)
        found = looked.found(distance * root, units, width=width * root, is_equivalence=is_equivalence)
        return found.power - wanted

    if surplus(math.log(n)) >= 0:
        return 0
    if surplus(math.log(_MOST)) < 0:
        return None
    return max(1, math.ceil(math.exp(optimize.brentq(surplus, math.log(n), math.log(_MOST), xtol=1e-13)) - n))
