"""Sizes, effects and chances: two of them give the third."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Unpack

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.group_sequential import MOST_UNITS
from truthlag.verdict.abtest.planning.asked import Asked, Design, asked_of
from truthlag.verdict.abtest.planning.test_plan import TestPlan
from truthlag.verdict.detectors.parameters import count, share

_MOST_SIZE = 1e15


def sample_size(
    baseline: Any, effect: float | None = None, *, power: float = 0.8, **design: Unpack[Design]
) -> TestPlan:
    """How many units a test needs to find a difference.

    Args:
        baseline: What is known of the control: a rate from 0 to 1, or a mean with `standard_deviation`; or a statistic of the past
            (`Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, `Known`), whose spread is taken for that to come.
        effect: The difference that is to be found, positive or negative; of the control's level with `scale` `"relative"`. For
            non-inferiority and equivalence, the true difference: 0 where it is left out.
        power: The chance to find it.
        design: The rest, by name. `standard_deviation` of a unit. `scale`: `"absolute"` or `"relative"`. `variance` of rates:
            `"unpooled"` as the true one, `"pooled"` for a test that pools, `"arcsine"`, or `"baseline"` for both arms alike. `alpha`,
            0.05. `ratio`: units of a treatment for each of the control, 1.0. `treatments`: how many arms there are beside the
            control, each compared with it alone, 1. `alternative`: `"two_sided"` looks both ways; `"greater"` and `"less"` in the
            direction of the effect. `hypothesis`: `"superiority"`, by more than a `margin` where there is one;
            `"non_inferiority"` with `margin`, one-sided; or `"equivalence"` with `margin`, by two one-sided tests of which each has
            alpha. `direction` says which values are better. `mode`, `"fixed"`, or
            `"group_sequential"` with `looks` and `spending`, or `"confidence_sequence"`, with `looks` (20) and `expected_n` (the size
            that comes out): `looks` is their number, or their shares of the size.

    Returns:
        The plan, with units rounded up.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or no size finds the effect.

    Cost: below a millisecond for a single look, some tens otherwise.

    Source: Fleiss, Levin and Paik (2003) for rates; Jennison and Turnbull (2000) for group sequential tests; Chow, Shao and Wang
    (2008), and Owen (1965) for means at a single look, for equivalence.

    Example:
        >>> from truthlag.abtest import sample_size
        >>> sample_size(0.02, 0.005).control_n
        13807
        >>> sample_size(50.0, 0.05, scale="relative", standard_deviation=80.0).planned_n
        33798
        >>> sample_size(0.12, 0, hypothesis="equivalence", margin=0.01).control_n
        18087
    """
    asked = asked_of(baseline, design)
    wanted = share("power", power)
    true = asked.effect(effect)
    if asked.is_equivalence and abs(true) >= (asked.margin or 0.0):
        raise ValueError(f"effect must be within the margin of {asked.margin:g}, got {described(true)}")
    if asked.sided(true, asked.spread(true).distance) <= 0:
        null = asked.null(true)
        raise ValueError(f"effect must be better than what it is held against ({null:g}), got {described(true)}")

    def surplus(logarithm: float) -> float:
        return asked.found(true, math.exp(logarithm)).power - wanted

    is_rate = asked.outcome.is_rate and design.get("variance") != "arcsine"
    if asked.rule.mode == "fixed" and is_rate and not asked.is_equivalence:
        size = _closed(asked, true, wanted)
    elif not asked.rule.depends_on_size and asked.rule.mode != "fixed" and not asked.has_two_margins:
        size = _by_noncentrality(asked, true, wanted)
    else:
        size = math.exp(_root(surplus, math.log(asked.least_size), math.log(_MOST_SIZE), "power", power))
    return asked.plan(true, size)


def power(baseline: Any, effect: float | None, n: int, **design: Unpack[Design]) -> TestPlan:
    """How likely a test of a size finds a difference.

    Args:
        baseline: As in `sample_size`.
        effect: As there.
        n: The units of all arms together.
        design: As there.

    Returns:
        The plan, with its `power`. For a two-sided test a difference of the wrong sign counts too, as is the custom.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Cost: below a millisecond for a single look, some otherwise.

    Example:
        >>> from truthlag.abtest import power
        >>> plan = power(0.12, 0.015, 20_000, mode="confidence_sequence", looks=19)
        >>> print(f"{plan.power:.2f} of {power(0.12, 0.015, 20_000).power:.2f}")
        0.63 of 0.89
    """
    asked = asked_of(baseline, design)
    size = int(count("n", n, 1 + asked.treatments, MOST_UNITS))
    return asked.plan(asked.effect(effect), float(size), is_given=True)


def minimum_detectable_effect(baseline: Any, n: int, *, power: float = 0.8, **design: Unpack[Design]) -> TestPlan:
    """The least difference that a test of a size finds.

    For equivalence it is the largest true difference that the test still shows to be within the margins with this chance, on the side where
    that is the smaller one, which the sign tells: any lesser difference, up or down, is shown to be equivalent at least as often.
    For non-inferiority that is the worst true difference which the test still shows not to be worse than the margin: below 0 (with
    `direction` `"higher"`) where the test is large enough for a treatment that is a little worse, above 0 where it is so small that only a
    better one passes.

    Args:
        baseline: As in `sample_size`.
        n: The units of all arms together.
        power: The chance to find it.
        design: As in `sample_size`; with `direction` `"lower"` the effect is a negative one.

    Returns:
        The plan, with its `effect`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or a test of this size finds no effect there can be.

    Cost: some milliseconds for a single look, some tens otherwise.

    Example:
        >>> from truthlag.abtest import minimum_detectable_effect
        >>> print(f"{minimum_detectable_effect(0.12, 20_000).effect:.4f}")
        0.0132
        >>> guarded = minimum_detectable_effect(0.12, 40_000, hypothesis="non_inferiority", margin=0.01)
        >>> print(f"{guarded.effect:.4f}")
        -0.0019
        >>> print(f"{minimum_detectable_effect(0.12, 80_000, hypothesis='equivalence', margin=0.01).effect:.4f}")
        0.0042
    """
    asked = asked_of(baseline, design)
    size = int(count("n", n, 1 + asked.treatments, MOST_UNITS))
    wanted = share("power", power)
    if asked.is_equivalence:
        return asked.plan(_largest_equivalent(asked, size, wanted, n), float(size), is_given=True)
    sign = asked.sign
    # Where the difference is what it is held against, for which a rate may have no room.
    least = max(sign * asked.null(sign), -asked.outcome.largest(-sign) * (1 - 1e-12))
    largest = asked.outcome.largest(sign)
    if math.isinf(largest):
        # So many standard errors are always found.
        unit = asked.spread(0.0)
        error = math.sqrt(unit.control / asked.control_n(size) + unit.treatment / asked.treatment_n(size))
        largest = least + 100 * error
    if least >= largest:
        raise ValueError(f"margin must leave room for an effect beyond it, got {described(asked.margin)}")

    def surplus(effect: float) -> float:
        return asked.found(sign * effect, float(size)).power - wanted

    found = _root(surplus, least, largest * (1 - 1e-12), "n", n)
    return asked.plan(sign * found, float(size), is_given=True)


def _largest_equivalent(asked: Asked, size: int, wanted: float, n: Any) -> float:
    """The difference, on the side where it is the smaller, that is just still shown to be within the margins."""
    found: list[tuple[float, float]] = []
    rooms: list[tuple[float, float]] = []
    for sign in (-1.0, 1.0):
        unit = asked.spread(0.0)
        error = math.sqrt(unit.control / asked.control_n(size) + unit.treatment / asked.treatment_n(size))
        beyond = (asked.margin or 0.0) + 100 * error
        largest = min(asked.outcome.largest(sign) * (1 - 1e-12), beyond)

        def shortage(effect: float, sign: float = sign) -> float:
            return wanted - asked.found(sign * effect, float(size)).power

        if shortage(0.0) > 0:
            raise ValueError(f"n must be what some test reaches, got {described(n)}")
        if shortage(largest) < 0:
            rooms.append((largest, sign))
        else:
            found.append((_root(shortage, 0.0, largest, "n", n), sign))
    if not found:
        # All there is, where a rate has no room for more on either side.
        effect, sign = max(rooms)
        return sign * effect
    effect, sign = found[-1]
    # Where both sides are alike but for rounding, it is the upper one.
    if len(found) == 2 and found[0][0] < effect * (1 - 1e-6):
        effect, sign = found[0]
    return sign * effect


def _closed(asked: Asked, effect: float, wanted: float) -> float:
    """The size of a test of rates with one look, of which the wrong side is left out, as it is in textbooks."""
    from scipy import special

    one = asked.spread(effect)
    control, treatment = asked.control_n(1.0), asked.treatment_n(1.0)
    quantile = asked.rule.bounds(1.0)[0] * one.stretch(control, treatment) + float(special.ndtri(wanted))
    needed: float = max(0.0, quantile) / one.noncentrality(control, treatment)
    return max(asked.least_size, needed * needed)


def _by_noncentrality(asked: Asked, effect: float, wanted: float) -> float:
    """The size at which the statistic is expected to be as large as is needed: bounds are the same at every size."""
    one = asked.spread(effect)
    control, treatment = asked.control_n(1.0), asked.treatment_n(1.0)
    stretch, toward = one.stretch(control, treatment), asked.sided(effect, one.noncentrality(control, treatment))

    def surplus(noncentrality: float) -> float:
        return asked.rule.found(noncentrality, 1.0, stretch=stretch).power - wanted

    needed = _root(surplus, 0.0, 50.0, "power", wanted)
    return max(asked.least_size, (needed / toward) ** 2)


def _root(function: Callable[[float], float], low: float, high: float, name: str, value: Any) -> float:
    from scipy import optimize

    if function(low) >= 0:
        return low
    if function(high) < 0:
        raise ValueError(f"{name} must be what some test reaches, got {described(value)}")
    return float(optimize.brentq(function, low, high, xtol=1e-13, rtol=1e-13))
