"""How much longer a running test must go on."""

from __future__ import annotations

import math
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N
from truthlag.verdict.abtest.inference.group_sequential_plan import GroupSequentialPlan
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.planning.outlook import is_two_sided, judged, looks_to_come, side, size_of
from truthlag.verdict.abtest.planning.rule import Rule, rule
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.detectors.parameters import real, share

_MOST = 1e15


def additional_units(
    comparison: Comparison,
    effect: float,
    *,
    power: float = 0.8,
    expected_n: int | None = None,
    looks: Any = None,
    planned_n: int | None = None,
    spending: Spending = "obrien_fleming",
) -> int | None:
    """How many more units a running test needs to find an effect, with the spread that it has seen.

    Not of the effect that was seen, which `Comparison.additional_n` is about: what was seen is noise for long.

    Args:
        comparison: The test so far.
        effect: The true difference, positive or negative, on the scale of the comparison; of equivalence one within the margins.
        power: The chance to find it at the look at the end; a test that is looked at before finds it rather more often.
        expected_n: As in `compare`, of a confidence sequence.
        looks: With `mode` `"group_sequential"`, and then alone, the plan, whose last look this is, or the looks as `compare` takes them.
        planned_n: The units of both arms together at the end, where `looks` is no plan.
        spending: As in `compare`, where `looks` is no plan.

    Returns:
        The units of both arms together, 0 where there are enough; None where the effect is not on the side that is looked at. Of a plan
        of looks, those to a last look with the bound of the planned one: if they are more than are still to come, the plan is too small.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or the comparison has no difference.

    Cost: below a millisecond; some tens with a plan of looks.

    Example:
        >>> from truthlag.abtest import GroupSequentialPlan, Proportion, additional_units, compare
        >>> now = compare(Proportion(600, 5_000), Proportion(612, 5_000), mode="fixed")
        >>> additional_units(now, 0.015)
        4862
        >>> plan = GroupSequentialPlan(20_000, looks=4)
        >>> now = compare(Proportion(600, 5_000), Proportion(612, 5_000), mode="group_sequential", looks=plan)
        >>> additional_units(now, 0.015, looks=plan)
        5442
    """
    from scipy import optimize

    wanted, true = share("power", power), real("effect", effect)
    is_planned = comparison.mode == "group_sequential"
    if not is_planned and (looks is not None or planned_n is not None):
        name, value = ("looks", looks) if looks is not None else ("planned_n", planned_n)
        raise ValueError(f"{name} must be None with mode {comparison.mode!r}, got {described(value)}")
    if comparison.mode != "confidence_sequence" and expected_n is not None:
        raise ValueError(f"expected_n must be None with mode {comparison.mode!r}, got {described(expected_n)}")
    null, sign = side(comparison)
    if comparison.alternative != "two_sided":
        sign = 1.0 if comparison.alternative == "greater" else -1.0
        null = sign * (comparison.margin or 0.0)
    _, error = judged(comparison)
    n = comparison.control.n + comparison.treatment.n
    sides = 2 if is_two_sided(comparison) else 1
    if is_planned:
        bound = _last_bound(comparison, n, size_of(planned_n, looks), looks, spending)
        looked = Rule(comparison.mode, comparison.alpha, sides, (1.0,), known_bounds=(bound,))
    else:
        tuned: Any = None
        if comparison.mode == "confidence_sequence":
            tuned = EXPECTED_N if expected_n is None else expected_n
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


def _last_bound(comparison: Comparison, n: int, size: int, looks: Any, spending: Spending) -> float:
    """The bound at the last look of a plan."""
    is_over = isinstance(looks, GroupSequentialPlan) and looks.is_over
    ahead = [] if is_over or n >= size else looks_to_come(comparison, n, size, looks, spending, None)
    if not ahead:
        raise ValueError(f"looks must have one that is still to come after {n} units, got {described(looks)}")
    return ahead[-1][1]
