"""A test that is planned, but for its size and effect."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypedDict

from truthlag.call.described import described
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.planning.outcome import Outcome, outcome
from truthlag.verdict.abtest.planning.rule import Found, Rule, rule
from truthlag.verdict.abtest.planning.test_plan import TestPlan
from truthlag.verdict.abtest.result.words import (
    ALTERNATIVES,
    DIRECTIONS,
    HYPOTHESES,
    Alternative,
    Direction,
    Mode,
    Scale,
)
from truthlag.verdict.detectors.parameters import choice, count, real

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A test, but for its size and effect."""

    outcome: Outcome
    rule: Rule
    ratio: float
    treatments: int
    margin: float | None
    direction: str
    hypothesis: str = "superiority"

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
            if self.hypothesis == "superiority":
                raise TypeError("effect must be a finite number, got None")
            return 0.0
        effect = real("effect", given, -1e100, 1e100)
        if abs(effect) > self.outcome.largest(effect):
            raise ValueError(f"effect must leave a rate from 0 to 1 of {self.outcome.level:g}, got {described(given)}")
        return effect

    def null(self, effect: float) -> float:
        """What a difference is held against: 0, the margin on its side, that for worse, or of equivalence the lower one."""
        margin = self.margin or 0.0
        if self.hypothesis == "superiority":
            return math.copysign(margin, effect)
        return -margin if self.is_equivalence else -self.sign * margin

    @property
    def is_equivalence(self) -> bool:
        """Whether two one-sided tests are made."""
        return self.hypothesis == "equivalence"

    @property
    def has_two_margins(self) -> bool:
        """Whether both sides are looked at, each held against its own."""
        return self.margin is not None and (self.is_equivalence or self.rule.sides == 2)

    @property
    def sign(self) -> float:
        """Which differences are better."""
        return 1.0 if self.direction == "higher" else -1.0

    def spread(self, effect: float) -> Any:
        """Distance and variances at an effect."""
        return self.outcome.spread(effect, self.null(effect), self.ratio)

    def sided(self, effect: float, noncentrality: float) -> float:
        """Positive where the effect is on the side that is looked at."""
        if self.is_equivalence:
            return noncentrality
        return noncentrality * (math.copysign(1.0, effect) if self.hypothesis == "superiority" else self.sign)

    def width(self, effect: float, size: float) -> float:
        """How many true standard errors there are between the two margins."""
        if not self.has_two_margins:
            return 0.0
        arms = self.control_n(size), self.treatment_n(size)
        here, null = self.spread(effect), self.null(effect)
        there = self.outcome.spread(effect, -null, self.ratio)
        found: float = abs(here.noncentrality(*arms) - there.noncentrality(*arms))
        return found

    def found(self, effect: float, size: float) -> Found:
        """What a test of a size finds of an effect."""
        spread = self.spread(effect)
        control, treatment = self.control_n(size), self.treatment_n(size)
        noncentrality = self.sided(effect, spread.noncentrality(control, treatment))
        # The z of a rate; t as long as it makes a difference.
        freedom = control + treatment - 2
        is_t = not self.outcome.is_rate and self.rule.mode == "fixed" and 0 < freedom < _T_UNTIL
        return self.rule.found(
            noncentrality,
            control + treatment,
            stretch=spread.stretch(control, treatment),
            freedom=freedom if is_t else math.inf,
            width=self.width(effect, size),
            is_equivalence=self.is_equivalence,
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
        without = self.rule.found(0.0, both, width=self.width(effect, size), is_equivalence=self.is_equivalence)
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
            self.hypothesis,
            self.margin,
        )


def asked_of(baseline: Any, design: Design) -> Asked:
    """A test of which size and effect are open, its arguments checked."""
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
    choice("hypothesis", hypothesis, HYPOTHESES)
    margin = given.pop("margin", None)
    if hypothesis != "superiority" and margin is None:
        raise ValueError(f"margin must be given for {hypothesis}, got None")
    direction = given.pop("direction", "higher")
    choice("direction", direction, DIRECTIONS)
    found_margin = None if margin is None else real("margin", margin, 0, above=True)
    sides = 2 if alternative == "two_sided" and hypothesis == "superiority" else 1
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
    return Asked(known, looked, ratio, treatments, found_margin, direction, hypothesis)
