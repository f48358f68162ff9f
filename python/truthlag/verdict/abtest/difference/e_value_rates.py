"""The difference and the ratio of two rates by e-values: the statistic is the logarithm of one, and a limit is where it is enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from truthlag.verdict.abtest.difference.proportions import plain_error
from truthlag.verdict.abtest.statistics.proportion import Proportion

#: The statistic is the logarithm of the e-value above that of e^-100, which no e-value is below.
OFFSET = 100.0
#: A larger logarithm is no other answer.
MOST = 700.0
_FURTHEST_RATIO = 1e9
_PLACES = 64
_RANGE = (-1.0, 1.0)
#: So much evidence against an estimate is no chance: no rule is content with less.
_LITTLE = math.log(2)


class Against(NamedTuple):
    """The logarithms of the evidence against a value: that the truth is below it, that it is above, and which is the stronger.

    Where a rule takes both sides together the first two are the same.
    """

    down: float
    up: float
    is_up: bool


class Evidence(Protocol):
    """E-values against values of a difference, or of a relative one."""

    @property
    def method(self) -> str:
        """Test and interval, in a few words."""

    def against_difference(self, null: float) -> Against:
        """The evidence that the difference is another, between -1 and 1."""

    def against_ratio(self, null: float) -> Against:
        """The same of a relative difference, of at least -1."""


@dataclass(frozen=True, slots=True)
class EValueDifference:
    """The difference, held against values by e-values."""

    control: Proportion
    treatment: Proportion
    evidence: Evidence

    @property
    def method(self) -> str:
        """See `Effect`."""
        return self.evidence.method

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
        return plain_error(self.control, self.treatment)

    def statistic(self, null: float) -> float:
        """See `Effect`; the logarithm of the e-value, which is above its offset on either side."""
        found = self.against(null)
        if found.up == found.down and found.up >= _LITTLE:
            # The truth is on the side on which the interval is, whichever bets earned more.
            found = found._replace(is_up=_middle(lambda value: self.against(value).up, self.estimate, _RANGE) > null)
        return signed(found)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        return crossings(self.against, self.estimate, _RANGE, quantile - OFFSET)

    def against(self, null: float) -> Against:
        """The evidence against a difference."""
        if abs(null) >= 1:
            low, high = (0.0, 0.0) if null > 0 else (1.0, 1.0)
            # One rate alone is possible then, and one pair of samples.
            fits = self.control.k == low * self.control.n and self.treatment.k == (1 - high) * self.treatment.n
            value = 0.0 if fits and abs(null) == 1 else MOST
            return Against(value, value, null < 0)
        return self.evidence.against_difference(null)


@dataclass(frozen=True, slots=True)
class EValueRatio:
    """The relative difference by the same e-values, for rates p and (1 + d) p."""

    difference: EValueDifference

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
        found = self.against(null)
        if null == 0 and found.up == found.down and found.up >= _LITTLE:
            # Without a difference there is no relative one: the side is the same.
            found = found._replace(is_up=self.difference.statistic(0.0) > 0)
        return signed(found)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; the upper one is infinite where the control may be 0."""
        low, high = self._limits(quantile - OFFSET)
        none = self.difference.against(0.0)
        if none.up != none.down or none.up < quantile - OFFSET:
            return low, high
        # What rules out that there is no difference leaves one side of it, that of the difference itself.
        if self.difference.statistic(0.0) > 0:
            return max(0.0, low), high if high > 0 else math.inf
        return low if low < 0 else -1.0, min(0.0, high)

    def _limits(self, level: float) -> tuple[float, float]:
        high = 2 * self.estimate + 3
        while self.against(high).down < level:
            high *= 2
            if high > _FURTHEST_RATIO:
                low, _ = crossings(self.against, self.estimate, (-1.0, self.estimate), level)
                return low, math.inf
        return crossings(self.against, self.estimate, (-1.0, high), level)

    def against(self, null: float) -> Against:
        """The evidence against a relative difference."""
        return Against(MOST, MOST, True) if null < -1 else self.difference.evidence.against_ratio(null)  # noqa: FBT003


def signed(evidence: Against) -> float:
    """The statistic of an e-value."""
    value = evidence.up if evidence.is_up else evidence.down
    return math.copysign(min(MOST, value) + OFFSET, 1.0 if evidence.is_up else -1.0)


def crossings(
    against: Callable[[float], Against], estimate: float, ends: tuple[float, float], level: float
) -> tuple[float, float]:
    """Where the evidence reaches a level below and above the estimate, or the ends."""
    sides: tuple[Callable[[float], float], ...] = (lambda value: against(value).up, lambda value: against(value).down)
    found = []
    for end, side in zip(ends, sides, strict=True):
        near = _middle(side, estimate, ends)
        found.append(near if side(near) >= level else _crossing(side, near, end, level))
    return found[0], found[1]


def _middle(side: Callable[[float], float], estimate: float, ends: tuple[float, float]) -> float:
    """Where there is little evidence: the estimate, but where rows changed while they came, which may speak against that of all of them."""
    if side(estimate) < _LITTLE:
        return estimate
    low, high = ends
    places = [low + (high - low) * (place + 0.5) / _PLACES for place in range(_PLACES)]
    return min([estimate, *places], key=side)


def _crossing(function: Callable[[float], float], near: float, far: float, level: float) -> float:
    from scipy import optimize

    if near == far or function(far) <= level:
        return far
    return float(optimize.brentq(lambda value: min(MOST, function(value)) - level, near, far, xtol=1e-12, rtol=1e-10))
