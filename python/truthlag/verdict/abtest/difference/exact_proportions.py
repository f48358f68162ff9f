"""The difference and the ratio of two proportions, held against values by evidence that is exact at any time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Identity

#: The statistic is the logarithm of the e-value above that of e^-100, which no e-value is below.
OFFSET = 100.0
#: A larger logarithm is no other answer.
MOST = 700.0
_GRID = 65
_REFINEMENTS = 3
_REACH = 8.0

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ExactDifference:
    """The difference by e-values that hold at any sample size.

    For rates p of the control and p + d of the treatment, the likelihood of each arm's counts, averaged over a beta
    distribution around its rate, over that at the rate is a martingale from 1 on (Robbins 1970; Howard and others 2021), and so is
    their product, in whichever order the units come to the arms. The e-value of d is the least of these products over all p:
    it exceeds 20 at some time with a probability of at most 1 in 20 if the difference is d, whatever the rates.
    """

    control: Proportion
    treatment: Proportion
    #: How tight the distributions around the rates are, in units.
    weight: float

    @property
    def method(self) -> str:
        """See `Effect`."""
        return "exact beta-binomial e-value"

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self.treatment.k / self.treatment.n - self.control.k / self.control.n

    @property
    def standard_error(self) -> float:
        """See `Effect`; the plain one, of which nothing else depends."""
        before, now = self.control.k / self.control.n, self.treatment.k / self.treatment.n
        return math.sqrt(before * (1 - before) / self.control.n + now * (1 - now) / self.treatment.n)

    def statistic(self, null: float) -> float:
        """See `Effect`; the logarithm of the e-value, which is above its offset on either side."""
        return _signed(self.estimate - null, self.log_e_value(null))

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        level = quantile - OFFSET
        return (
            _crossing(self.log_e_value, self.estimate, -1.0, level),
            _crossing(self.log_e_value, self.estimate, 1.0, level),
        )

    def log_e_value(self, null: float) -> float:
        """The logarithm of the evidence against a difference."""
        if abs(null) >= 1:
            low, high = (0.0, 0.0) if null > 0 else (1.0, 1.0)
            # One rate alone is possible then, and one pair of samples.
            fits = self.control.k == low * self.control.n and self.treatment.k == (1 - high) * self.treatment.n
            return 0.0 if fits and abs(null) == 1 else MOST
        lowest, highest = max(0.0, -null), min(1.0, 1.0 - null)
        pair = Pair(self.treatment.k, self.treatment.n, self.control.k, self.control.n)
        nearest = NullCurve(null, Identity()).restricted_estimate(pair)
        return _least(self, lambda p: (p, p + null), lowest, highest, nearest)


@dataclass(frozen=True, slots=True)
class ExactRatio:
    """The relative difference by the same e-values, for rates p and (1 + d) p."""

    difference: ExactDifference

    @property
    def method(self) -> str:
        """See `Effect`."""
        return self.difference.method

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self.difference.estimate / self._rate

    @property
    def standard_error(self) -> float:
        """See `Effect`; that of the delta method."""
        control, treatment = self.difference.control, self.difference.treatment
        before, now = self._rate, treatment.k / treatment.n
        return math.hypot(
            math.sqrt(now * (1 - now) / treatment.n) / before,
            now / before * math.sqrt((1 - before) / before / control.n),
        )

    @property
    def _rate(self) -> float:
        return self.difference.control.k / self.difference.control.n

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        return _signed(self.estimate - null, self.log_e_value(null))

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; the upper one is infinite where the control may be 0."""
        level = quantile - OFFSET
        high = 2 * self.estimate + 3
        while self.log_e_value(high) < level:
            high *= 2
            if high > 1e9:
                high = math.inf
                break
        if math.isfinite(high):
            high = _crossing(self.log_e_value, self.estimate, high, level)
        return _crossing(self.log_e_value, self.estimate, -1.0, level), high

    def log_e_value(self, null: float) -> float:
        """The logarithm of the evidence against a relative difference."""
        ratio = 1 + null
        if ratio < 0:
            return MOST
        highest = 1.0 if ratio <= 1 else 1 / ratio
        arms = self.difference
        expected = arms.control.n + ratio * arms.treatment.n
        nearest = min(highest, (arms.control.k + arms.treatment.k) / expected)
        return _least(arms, lambda p: (p, np.minimum(1.0, ratio * p)), 0.0, highest, nearest)


def _signed(distance: float, log_e_value: float) -> float:
    return math.copysign(min(MOST, log_e_value) + OFFSET, distance or 1.0)


def _least(
    arms: ExactDifference, rates: Callable[[Floats], tuple[Any, Any]], lowest: float, highest: float, nearest: float
) -> float:
    """The least logarithm of the two arms' product over all rates that the value leaves possible."""

    def logarithm(p: Floats) -> Floats:
        before, now = rates(p)
        return _log_mixture(arms.control, before, arms.weight) + _log_mixture(arms.treatment, now, arms.weight)

    # All rates, evenly on the arcsine scale, and those near the likeliest finely.
    ends = math.asin(math.sqrt(lowest)), math.asin(math.sqrt(min(1.0, highest)))
    middle = math.asin(math.sqrt(min(1.0, max(0.0, nearest))))
    reach = _REACH / math.sqrt(arms.control.n + arms.treatment.n)
    near = np.clip(np.linspace(middle - reach, middle + reach, _GRID), *ends)
    angles = np.unique(np.concatenate([np.linspace(*ends, _GRID), near]))
    found = math.inf
    for _ in range(_REFINEMENTS):
        values = logarithm(np.sin(angles) ** 2)
        place = int(np.argmin(values))
        found = min(found, float(values[place]))
        angles = np.linspace(angles[max(0, place - 1)], angles[min(len(angles) - 1, place + 1)], _GRID)
    return min(found, float(logarithm(np.sin(angles) ** 2).min()))


def _log_mixture(arm: Proportion, rate: Any, weight: float) -> Floats:
    """The likelihood averaged over rates around one, over that at it; infinite where the rate cannot be."""
    from scipy import special

    p = np.clip(np.asarray(rate, dtype=np.float64), 0.0, 1.0)
    is_inside = (p > 0) & (p < 1)
    q = np.where(is_inside, p, 0.5)
    k, rest = arm.k, arm.n - arm.k
    # Beta functions of small parameters are differences of large logarithms: their ratios are rising factorials.
    found = (
        special.gammaln(weight * q + k)
        - special.gammaln(weight * q)
        + special.gammaln(weight * (1 - q) + rest)
        - special.gammaln(weight * (1 - q))
        - special.gammaln(weight + arm.n)
        + special.gammaln(weight)
        - k * np.log(q)
        - rest * np.log1p(-q)
    )
    impossible = ((p <= 0) & (k > 0)) | ((p >= 1) & (rest > 0))
    outside = np.where(impossible, math.inf, 0.0)
    mixed: Floats = np.where(is_inside, found, outside)
    return mixed


def _crossing(function: Callable[[float], float], near: float, far: float, level: float) -> float:
    """Where the evidence reaches a level between the estimate and an end, or the end."""
    from scipy import optimize

    if function(far) <= level or near == far:
        return far
    return float(optimize.brentq(lambda value: min(MOST, function(value)) - level, near, far, xtol=1e-12, rtol=1e-10))
