"""Sizes, effects and chances: two of them give the third."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.group_sequential import MOST_UNITS
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.planning.outcome import Outcome, outcome
from truthlag.verdict.abtest.planning.rule import Found, Rule, rule
from truthlag.verdict.abtest.planning.test_plan import TestPlan
from truthlag.verdict.abtest.result.words import ALTERNATIVES, DIRECTIONS, Alternative, Direction, Mode, Scale
from truthlag.verdict.detectors.parameters import choice, count, real, share

_MOST_SIZE = 1e15
_T_UNTIL = 10_000.0


class Design(TypedDict, total=False):
    """What all three take by name."""

    standard_deviation: float | None
    scale: Scale
    variance: str
    alpha: float
    ratio: float
    treatments: int
    alternative: Alternative
    margin: float | None
    hypothesis: str
    direction: Direction
    mode: Mode
    looks: Any
    spending: Spending
    expected_n: int | None


def sample_size(
    baseline: Any, effect: float | None = None, *, power: float = 0.8, **design: Unpack[Design]
) -> TestPlan:
    """How many units a test needs to find a difference.

    Args:
        baseline: What is known of the control: a rate from 0 to 1, or a mean with `standard_deviation`; or a statistic of the past
            (`Proportion`, `Mean`, `Ratio`, `MeanWithCovariate`, `Known`), whose spread is taken for that to come.
        effect: The difference that is to be found, positive or negative; of the control's level with `scale` `"relative"`. For
            non-inferiority, the true difference: 0 where it is left out.
        power: The chance to find it.
        design: The rest, by name. `standard_deviation` of a unit. `scale`: `"absolute"` or `"relative"`. `variance` of rates:
            `"unpooled"` as the true one, `"pooled"` for a test that pools, `"arcsine"`, or `"baseline"` for both arms alike. `alpha`,
            0.05. `ratio`: units of a treatment for each of the control, 1.0. `treatments`: how many arms there are beside the
            control, each compared with it alone, 1. `alternative`: `"two_sided"` looks both ways; `"greater"` and `"less"` in the
            direction of the effect. `hypothesis` `"non_inferiority"` with `margin`, one-sided; `direction` says
            which values are better. `mode`, `"fixed"`, or
            `"group_sequential"` with `looks` and `spending`, or `"confidence_sequence"`, with `looks` (20) and `expected_n` (the size
            that comes out): `looks` is their number, or their shares of the size.

    Returns:
        The plan, with units rounded up.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed, or no size finds the effect.

    Cost: below a millisecond for a single look, some tens otherwise.

    Source: Fleiss, Levin and Paik (2003) for rates; Jennison and Turnbull (2000) for group sequential tests.

    Example:
        >>> from truthlag.abtest import sample_size
        >>> sample_size(0.02, 0.005).control_n
        13807
        >>> sample_size(50.0, 0.05, scale="relative", standard_deviation=80.0).planned_n
        33798
    """
    asked = _asked(baseline, design)
    wanted = share("power", power)
    true = asked.effect(effect)
    if asked.sided(asked.spread(true).distance) <= 0:
        raise ValueError(f"effect must be better than what it is held against ({asked.null:g}), got {described(true)}")

    def surplus(logarithm: float) -> float:
        return asked.found(true, math.exp(logarithm)).power - wanted

    if asked.rule.mode == "fixed" and asked.outcome.is_rate and design.get("variance") != "arcsine":
        size = _closed(asked, true, wanted)
    elif not asked.rule.depends_on_size and asked.rule.mode != "fixed":
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
    asked = _asked(baseline, design)
    size = int(count("n", n, 1 + asked.treatments, MOST_UNITS))
    return asked.plan(asked.effect(effect), float(size), is_given=True)


def minimum_detectable_effect(baseline: Any, n: int, *, power: float = 0.8, **design: Unpack[Design]) -> TestPlan:
    """The least difference that a test of a size finds.

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
    """
    asked = _asked(baseline, design)
    size = int(count("n", n, 1 + asked.treatments, MOST_UNITS))
    wanted = share("power", power)
    if asked.margin is not None:
        raise ValueError("margin must be None: the least difference beyond it is that from it")
    sign = asked.sign
    largest = asked.outcome.largest(sign)
    if math.isinf(largest):
        # So many standard errors are always found.
        unit = asked.spread(0.0)
        largest = 100 * math.sqrt(unit.control / asked.control_n(size) + unit.treatment / asked.treatment_n(size))

    def surplus(effect: float) -> float:
        return asked.found(sign * effect, float(size)).power - wanted

    found = _root(surplus, 0.0, largest * (1 - 1e-12), "n", n)
    return asked.plan(sign * found, float(size), is_given=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A test, but for its size and effect."""

    outcome: Outcome
    rule: Rule
    ratio: float
    treatments: int
    margin: float | None
    direction: str

    @property
    def least_size(self) -> float:
        """Two units an arm."""
        return 2 * (1 + self.treatments * self.ratio) * max(1.0, 1 / self.ratio)

    def control_n(self, size: float) -> float:
        """The control's part of a size."""
        return size / (1 + self.treatments * self.ratio)

    def treatment_n(self, size: float) -> float:
        """Each treatment's part."""
        return self.control_n(size) * self.ratio

    def effect(self, given: Any) -> float:
        """The true difference, checked."""
        if given is None:
            if self.margin is None:
                raise TypeError("effect must be a finite number, got None")
            return 0.0
        effect = real("effect", given, -1e100, 1e100)
        if abs(effect) > self.outcome.largest(effect):
            raise ValueError(f"effect must leave a rate from 0 to 1 of {self.outcome.level:g}, got {described(given)}")
        return effect

    @property
    def null(self) -> float:
        """What the difference is held against: 0, or the margin for worse."""
        return 0.0 if self.margin is None else -self.sign * self.margin

    @property
    def sign(self) -> float:
        """Which differences are better."""
        return 1.0 if self.direction == "higher" else -1.0

    def spread(self, effect: float) -> Any:
        """Distance and variances at an effect."""
        return self.outcome.spread(effect, self.null, self.ratio)

    def sided(self, noncentrality: float) -> float:
        """Positive where the effect is on the side that is looked at."""
        return abs(noncentrality) if self.margin is None else self.sign * noncentrality

    def found(self, effect: float, size: float) -> Found:
        """What a test of a size finds of an effect."""
        spread = self.spread(effect)
        control, treatment = self.control_n(size), self.treatment_n(size)
        noncentrality = self.sided(spread.noncentrality(control, treatment))
        # The z of a rate; t as long as it makes a difference.
        freedom = control + treatment - 2
        is_t = not self.outcome.is_rate and self.rule.mode == "fixed" and 0 < freedom < _T_UNTIL
        return self.rule.found(
            noncentrality,
            control + treatment,
            stretch=spread.stretch(control, treatment),
            freedom=freedom if is_t else math.inf,
        )

    def plan(self, effect: float, size: float, *, is_given: bool = False) -> TestPlan:
        """The plan of a size, whose arms are rounded up, unless it was given."""
        if is_given:
            control = round(self.control_n(size))
            treatment = round((size - control) / self.treatments)
        else:
            control, treatment = (math.ceil(one - 1e-9) for one in (self.control_n(size), self.treatment_n(size)))
        found = self.found(effect, size)
        both = self.control_n(size) + self.treatment_n(size)
        without = self.rule.found(0.0, both)
        total = int(size) if is_given else control + self.treatments * treatment
        return TestPlan(
            total,
            control,
            treatment,
            size,
            self.outcome.level,
            effect,
            self.outcome.scale == "relative",
            found.power,
            self.rule.alpha,
            self.rule.sides,
            self.rule.mode,
            tuple(math.ceil(one * total - 1e-6) for one in self.rule.shares),
            self.rule.bounds(both),
            found.mean_share * size,
            without.mean_share * size,
        )


def _asked(baseline: Any, design: Design) -> _Asked:
    given: dict[str, Any] = dict(design)
    known = outcome(
        baseline,
        given.pop("standard_deviation", None),
        given.pop("scale", "absolute"),
        given.pop("variance", "unpooled"),
    )
    alternative = given.pop("alternative", "two_sided")
    choice("alternative", alternative, ALTERNATIVES)
    hypothesis = given.pop("hypothesis", "superiority")
    choice("hypothesis", hypothesis, ("superiority", "non_inferiority"))
    margin = given.pop("margin", None)
    if (hypothesis == "non_inferiority") != (margin is not None):
        raise ValueError("margin must be given for non-inferiority, and for that alone")
    direction = given.pop("direction", "higher")
    choice("direction", direction, DIRECTIONS)
    found_margin = None if margin is None else real("margin", margin, 0, above=True)
    sides = 2 if alternative == "two_sided" and margin is None else 1
    looked = rule(
        given.pop("mode", "fixed"),
        given.pop("alpha", 0.05),
        sides=sides,
        looks=given.pop("looks", None),
        spending=given.pop("spending", "obrien_fleming"),
        expected_n=given.pop("expected_n", None),
    )
    ratio = real("ratio", given.pop("ratio", 1.0), 1e-6, 1e6)
    treatments = int(count("treatments", given.pop("treatments", 1), 1, 1000))
    if given:
        allowed = ", ".join(Design.__annotations__)
        raise TypeError(f"design must be of {allowed}, got {described(next(iter(given)))}")
    return _Asked(known, looked, ratio, treatments, found_margin, direction)


def _closed(asked: _Asked, effect: float, wanted: float) -> float:
    """The size of a test of rates with one look, of which the wrong side is left out, as it is in textbooks."""
    from scipy import special

    one = asked.spread(effect)
    control, treatment = asked.control_n(1.0), asked.treatment_n(1.0)
    quantile = asked.rule.bounds(1.0)[0] * one.stretch(control, treatment) + float(special.ndtri(wanted))
    needed: float = max(0.0, quantile) / one.noncentrality(control, treatment)
    return max(asked.least_size, needed * needed)


def _by_noncentrality(asked: _Asked, effect: float, wanted: float) -> float:
    """The size at which the statistic is expected to be as large as is needed: bounds are the same at every size."""
    one = asked.spread(effect)
    control, treatment = asked.control_n(1.0), asked.treatment_n(1.0)
    stretch, toward = one.stretch(control, treatment), asked.sided(one.noncentrality(control, treatment))

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
