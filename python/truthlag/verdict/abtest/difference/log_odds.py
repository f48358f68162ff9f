"""Limits of a difference of two estimates inside their range, in closed form but for one root."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag.verdict.two_sample.estimate import Estimate

#: A quantile beyond it has a tail of nothing, however few degrees of freedom there are.
_FURTHEST = 1e3
#: Beyond it nothing changes, and not far from it the exponential is no float.
_LARGEST = 300.0
_STEPS = 200
#: After a step of Newton's that is no longer than this share the next one is rounding.
_NEAR = 1e-8


@dataclass(frozen=True, slots=True)
class LogOdds:
    """An estimate that is normal on the scale of its log odds."""

    value: float
    low: float
    width: float
    log_odds: float
    standard_error: float

    @classmethod
    def of(cls, estimate: Estimate) -> LogOdds | None:
        """That of an estimate; None at an end of its range, where there are none."""
        low, high = estimate.range
        width = high - low
        share = (estimate.value - low) / width
        if not 0 < share < 1:
            return None
        error = estimate.standard_error / (width * share * (1 - share))
        return cls(estimate.value, low, width, math.log(share / (1 - share)), error)

    def distance(self, quantile: float) -> float:
        """How far the limit is from the estimate, upwards where the quantile is positive."""
        odds = self.log_odds + quantile * self.standard_error
        return self.low + self.width / (1 + math.exp(min(-odds, _LARGEST))) - self.value

    def slope(self, distance: float) -> float:
        """How fast the limit moves with the quantile, where it is so far from the estimate."""
        share = (self.value + distance - self.low) / self.width
        return self.width * share * (1 - share) * self.standard_error


def reach(falling: LogOdds, rising: LogOdds, quantile: float) -> float:
    """How far a limit is from the difference: squared distances add up, that of one estimate downwards and of the other upwards."""
    return math.hypot(falling.distance(-quantile), rising.distance(quantile))


def quantile_of(falling: LogOdds, rising: LogOdds, distance: float) -> float:
    """The quantile, of at least 0, whose limit is so far from the difference; the furthest one where none is."""
    low, high = 0.0, _FURTHEST
    slope = math.hypot(falling.slope(0.0), rising.slope(0.0))
    at = distance / slope if slope else _FURTHEST
    for _ in range(_STEPS):
        # Newton's step; doubled or halved where it leaves what is known.
        at = at if low < at < high else min(2 * low, _FURTHEST) if high == _FURTHEST and low else (low + high) / 2
        down, up = falling.distance(-at), rising.distance(at)
        found = math.hypot(down, up)
        if found >= distance:
            high = at
        else:
            low = at
        if low == _FURTHEST:
            return _FURTHEST
        slope = (up * rising.slope(up) - down * falling.slope(down)) / found if found else 0.0
        after = at - (found - distance) / slope if slope > 0 else -1.0
        if abs(after - at) <= _NEAR * at or high - low <= _NEAR * high:
            return after if low <= after <= high else at
        at = after
    return at
