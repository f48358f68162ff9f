"""What is known of the outcome before a test: its level, and how far single units are spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.result.words import SCALES
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.detectors.parameters import choice, real

#: Its square is a float too.
_MOST = 1e100
VARIANCES = ("unpooled", "pooled", "arcsine", "baseline")


@dataclass(frozen=True, slots=True)
class Spread:
    """The distance between two arms, and the variance of a unit of each, at some effect."""

    distance: float
    control: float
    treatment: float
    #: The variances that the test's own standard error is of.
    tested_control: float
    tested_treatment: float

    def noncentrality(self, control_n: float, treatment_n: float) -> float:
        """The expected statistic, in true standard errors."""
        error = math.sqrt(self.control / control_n + self.treatment / treatment_n)
        return self.distance / error if error else math.copysign(math.inf, self.distance)

    def stretch(self, control_n: float, treatment_n: float) -> float:
        """The test's standard error over the true one."""
        true = self.control / control_n + self.treatment / treatment_n
        tested = self.tested_control / control_n + self.tested_treatment / treatment_n
        return math.sqrt(tested / true) if true else 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The control's level and the standard deviation of a unit; a rate has its own."""

    level: float
    standard_deviation: float | None
    scale: str
    variance: str

    @property
    def is_rate(self) -> bool:
        """Whether units are 0 or 1."""
        return self.standard_deviation is None

    def largest(self, sign: float) -> float:
        """The largest effect there can be in a direction."""
        if not self.is_rate:
            return math.inf
        room = 1 - self.level if sign > 0 else self.level
        return room / self.level if self.scale == "relative" else room

    def spread(self, effect: float, null: float, ratio: float) -> Spread:
        """That at an effect, held against a value.

        Args:
            effect: The true difference, relative where the scale is.
            null: What it is held against.
            ratio: Units of the treatment for each of the control.
        """
        is_relative = self.scale == "relative"
        other = self.level * (1 + math.copysign(effect, effect * self.level)) if is_relative else self.level + effect
        if self.standard_deviation is not None:
            before = now = self.standard_deviation**2
        else:
            other = min(1.0, max(0.0, other))
            before, now = self.level * (1 - self.level), other * (1 - other)
        if self.variance == "arcsine":
            distance = 2 * (math.asin(math.sqrt(other)) - math.asin(math.sqrt(min(1.0, max(0.0, self.level + null)))))
            return Spread(distance, 1.0, 1.0, 1.0, 1.0)
        if self.variance == "baseline":
            now = before
        if is_relative:
            # The delta method: the control's error counts as much more as the treatment is higher.
            before, now = before * (other / self.level) ** 2 / self.level**2, now / self.level**2
            return Spread(effect - null, before, now, before, now)
        if self.variance == "pooled":
            common = (self.level + ratio * other) / (1 + ratio)
            pooled = common * (1 - common)
            return Spread(effect - null, before, now, pooled, pooled)
        return Spread(effect - null, before, now, before, now)


def outcome(baseline: Any, standard_deviation: Any, scale: Any, variance: Any) -> Outcome:
    """What a caller knows of the outcome, checked."""
    choice("scale", scale, SCALES)
    choice("variance", variance, VARIANCES)
    if isinstance(baseline, Proportion | Mean | Ratio | MeanWithCovariate | Known):
        if standard_deviation is not None:
            raise ValueError("standard_deviation must be None where baseline is a statistic, which has its own")
        level, error = baseline.estimate, baseline.standard_error
        if level is None or error is None:
            raise ValueError(f"baseline must have an estimate and a standard error, got {baseline!r}")
        deviation = None if isinstance(baseline, Proportion) else error * math.sqrt(baseline.n)
    elif standard_deviation is None:
        level, deviation = real("baseline", baseline, 0, 1), None
    else:
        level = real("baseline", baseline, -_MOST, _MOST)
        deviation = real("standard_deviation", standard_deviation, 0, _MOST, above=True)
    if deviation is None and not 0 < level < 1:
        raise ValueError(f"baseline must be a rate between 0 and 1, both excluded, got {described(level)}")
    if deviation is not None and not 0 < deviation <= _MOST:
        raise ValueError(f"baseline must have some spread, and one of at most {_MOST:g}, got {baseline!r}")
    if deviation is not None and variance != "unpooled":
        raise ValueError(f"variance must be left out where baseline is no rate, got {variance!r}")
    if scale == "relative":
        if level == 0:
            raise ValueError("baseline must not be 0 on the relative scale, got 0")
        if variance in ("pooled", "arcsine"):
            raise ValueError(f"variance must be 'unpooled' or 'baseline' on the relative scale, got {variance!r}")
    return Outcome(level, deviation, scale, variance)
