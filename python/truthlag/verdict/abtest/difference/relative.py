"""The difference over the size of the control's value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag import _core
from truthlag.verdict.abtest.difference.effect import Baseline, Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.proportion import Proportion

RELATIVE_METHODS = ("delta", "log", "log_adjusted", "fieller", "score")


def relative_effect(
    control: float, control_error: float, difference: float, treatment_error: float, freedom: float, method: str
) -> Effect:
    """The relative difference of two independent estimates; its sign is that of the difference, since it is over |control|.

    Args:
        control: The control's value.
        control_error: Its standard error.
        difference: Treatment less control.
        treatment_error: The standard error of the treatment's value.
        freedom: The degrees of freedom of the difference.
        method: `"delta"`: normal on its own scale. `"log"`: normal on that of the logarithm of the ratio, for values of one
            sign. `"fieller"`: Fieller's (1954), exact for normal values, and unbounded where the control may be 0.

    Raises:
        Undefined: The control is 0, or the two have different signs for `"log"`.
    """
    found = (
        _core.delta_effect(control, control_error, difference, treatment_error, freedom) if method == "delta" else None
    )
    if found is not None:
        return found
    if control == 0:
        raise Undefined("the control is 0, so that there is no relative difference.")
    size = abs(control)
    treatment = control + difference
    if not math.isfinite(difference / size):
        raise Undefined("the control is next to 0, so that there is no relative difference.")
    if treatment_error == 0 and (control_error == 0 or treatment == 0):
        raise Undefined("the arms show no spread on the relative scale, so that there is no relative difference.")
    if method == "delta":
        # Underflow made it 0, which no chance has, or no float holds it.
        is_far = math.hypot(treatment_error / size, treatment / size * (control_error / size)) == 0
        raise Undefined(
            "the control is too far from 0 for a relative difference in floats."
            if is_far
            else "the control is too near 0 for a relative difference."
        )
    if method == "fieller":
        return FiellerEffect(control, control_error, treatment, treatment_error, freedom)
    if treatment * control <= 0:
        raise Undefined("the ratio of the arms is not positive, so that it has no logarithm.")
    error = math.hypot(treatment_error / treatment, control_error / control)
    return LogRatioEffect(treatment / control, error, math.copysign(1.0, control), freedom)


def relative_to_baseline(effect: Effect, baseline: Baseline, method: str) -> Effect:
    """The relative difference of adjusted arms, by the delta method.

    Raises:
        Undefined: The control is 0 or next to it, or another method is asked for.
    """
    if method != "delta":
        raise Undefined("after an adjustment the relative difference is known by the delta method alone.")
    size = abs(baseline.value)
    if size == 0 or not math.isfinite(effect.estimate / size):
        raise Undefined("the control is next to 0, so that there is no relative difference.")
    relative = effect.estimate / size
    # d / |c|: its slopes are 1 / |c| along d, and -d / (c |c|) along c.
    first, second = effect.standard_error / size, relative / baseline.value * baseline.standard_error
    variance = first**2 + second**2 - 2 * (relative / baseline.value) * (baseline.covariance / size)
    return NormalEffect(relative, math.sqrt(max(0.0, variance)), effect.degrees_of_freedom, "delta method")


def adjusted_log_ratio(control: Proportion, treatment: Proportion) -> LogRatioEffect:
    """The relative difference of two proportions with half a success more in each arm: Walter (1975)."""
    before, now = control.k + 0.5, treatment.k + 0.5
    n, m = control.n + 0.5, treatment.n + 0.5
    error = math.sqrt(max(0.0, 1 / before - 1 / n + 1 / now - 1 / m))
    return LogRatioEffect(now / m / (before / n), error, 1.0, math.inf)


_MOST_EXPONENT = 700.0


@dataclass(frozen=True, slots=True)
class LogRatioEffect:
    """The relative difference from the logarithm of the ratio."""

    ratio: float
    log_error: float
    sign: float
    degrees_of_freedom: float

    @property
    def method(self) -> str:
        """See `Effect`."""
        return "log ratio"

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self.sign * (self.ratio - 1)

    @property
    def standard_error(self) -> float:
        """See `Effect`."""
        return self.ratio * self.log_error

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        other = 1 + self.sign * null
        if other <= 0:
            return self.sign * math.inf
        return self.sign * math.log(self.ratio / other) / self.log_error

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        reach = quantile * self.log_error
        # Beyond that there are no floats.
        factors = (math.exp(side * reach) if side * reach < _MOST_EXPONENT else math.inf for side in (-1, 1))
        low, high = (self.sign * (self.ratio * factor - 1) for factor in factors)
        return (low, high) if self.sign > 0 else (high, low)


@dataclass(frozen=True, slots=True)
class FiellerEffect:
    """The relative difference by Fieller's theorem: the values at which treatment less (1 + value) control is next to 0."""

    control: float
    control_error: float
    treatment: float
    treatment_error: float
    degrees_of_freedom: float

    @property
    def method(self) -> str:
        """See `Effect`."""
        return "Fieller's interval"

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return (self.treatment - self.control) / abs(self.control)

    @property
    def standard_error(self) -> float:
        """See `Effect`; that of the delta method."""
        size = abs(self.control)
        return math.hypot(self.treatment_error / size, self.treatment / size * (self.control_error / size))

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        ratio = 1 + math.copysign(null, null * self.control)
        error = math.hypot(self.treatment_error, ratio * self.control_error)
        # The control's part is control + null |control|, whatever its sign.
        distance = self.treatment - ratio * self.control
        if distance == 0:
            return 0.0
        return distance / error if error else math.copysign(math.inf, distance)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; both infinite where the control is within so many standard errors of 0, or no float holds them."""
        share = quantile * self.control_error / abs(self.control)
        if share >= 1:
            return -math.inf, math.inf
        g = share * share
        ratio = self.treatment / self.control
        root = math.hypot(math.sqrt(1 - g) * self.treatment_error, ratio * self.control_error)
        reach = quantile / abs(self.control) * root / (1 - g)
        middle, sign = ratio / (1 - g) - 1, math.copysign(1.0, self.control)
        if not (math.isfinite(middle) and math.isfinite(reach)):
            # Limits that no float holds.
            return -math.inf, math.inf
        return sign * middle - reach, sign * middle + reach
