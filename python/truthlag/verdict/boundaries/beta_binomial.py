"""The beta-binomial mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truthlag.verdict.boundaries.mixture import MixtureBoundary
from truthlag.verdict.boundaries.near_zero import (
    Floats,
    less_log1p,
    less_one_less_self,
    relative_entropy,
    stirling_rest,
)
from truthlag.verdict.sequences.confidence_sequence import checked_bounds

#: What the weights are worth at least, in values.
_LEAST_SIZE = 1e-3


@dataclass(frozen=True)
class BetaBinomialBoundary(MixtureBoundary):
    """A boundary for sums of bounded values without drift, and exact for sums of 0 and 1 less their rate.

    Each value must, given those before it, lie between the bounds `(-g, h)` and have a mean of 0; V is `g h` times their number. The
    least favourable are those that are -g or h: successes of rate g / (g + h) less that rate. Howard, Ramdas, McAuliffe and
    Sekhon (2021), propositions 7 and 8. For an interval of a rate there is `truthlag.detectors.BetaBinomialSequence`, for one of a
    mean the narrower `BettingSequence`.

    Some 20 microseconds for an e-value and 200 for a limit where there are many, some milliseconds for a single one; to some 1e-12
    of it, at intrinsic times of 1e12 and beyond too.

    Args:
        tuned_at: The intrinsic time at which the boundary is to be narrow, from 1e-60 to 1e60. It must not depend on the data.
        alpha: The probability with which S ever crosses, between 0 and 1. Default 0.05.
        side: `"upper"` (the default), `"lower"` or `"both"`.
        bounds: The least and the largest value that there can be, `(-g, h)`: a number below 0 and one above it. Default (-0.5, 0.5).

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.boundaries import BetaBinomialBoundary
        >>> boundary = BetaBinomialBoundary(tuned_at=100 * 0.2 * 0.8, bounds=(-0.2, 0.8))     # rows less a rate of .2
        >>> rows, errors = 400, 118
        >>> boundary.crossed(errors - 0.2 * rows, 0.2 * 0.8 * rows), boundary.bounds
        (True, (-0.2, 0.8))
    """

    bounds: tuple[float, float] = field(default=(-0.5, 0.5), kw_only=True)
    """Between which each value lies."""

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = checked_bounds(self.bounds)
        if not low < 0 < high:
            raise ValueError(f"bounds must be a number below 0 and one above it, got {low:g} and {high:g}")
        object.__setattr__(self, "bounds", (low, high))

    @property
    def _p(self) -> float:
        """The rate of the least favourable values: how often they are at the upper bound."""
        low, high = self.bounds
        return -low / (high - low)

    def _values(self, v: Floats) -> Floats:
        """How many values there are."""
        low, high = self.bounds
        return v / (-low * high)

    @property
    def _worth(self) -> float:
        """How many values the weights are worth."""
        low, high = self.bounds
        return max(self.rho / (-low * high) - 1, _LEAST_SIZE)

    def _reach(self, sign: int) -> float | None:
        low, high = self.bounds
        return -1 / low if sign > 0 else 1 / high

    def _slope(self, s: Floats) -> Floats:
        low, high = self.bounds
        return s / (high - low)

    def _curvature(self, v: Floats) -> Floats:
        return (self._values(v) + self._worth) * self._p * (1 - self._p)

    def _exponent(self, w: Floats, s: Floats, v: Floats) -> Floats:
        # w = (g + h) lambda, by which the logarithm of the odds moves.
        return w * self._slope(s) - (self._values(v) + self._worth) * _log_mean(w, self._p)

    def _log_line(self, s: Floats, v: Floats) -> Floats:
        p, q = self._p, 1 - self._p
        values, worth, x = self._values(v), self._worth, self._slope(s)
        size = values + worth
        # Of a sum that reaches as far as it can, rounding may leave less than no successes.
        above, below = worth * p + np.maximum(0, values * p + x), worth * q + np.maximum(0, values * q - x)
        divergence = size * (p * relative_entropy(x / (size * p)) + q * relative_entropy(-x / (size * q)))
        rest = stirling_rest(above) + stirling_rest(below) - stirling_rest(size)
        found: Floats = divergence + (np.log(2 * math.pi / above) + np.log(size / below)) / 2 + rest
        return found


def _log_mean(w: Floats, p: float) -> Floats:
    """log(p exp(q w) + q exp(-p w)), q = 1 - p: the growth of a centred success."""
    if p > 0.5:
        # The difference below takes digits where p is near 1.
        return _log_mean(-w, 1 - p)
    near = np.where(np.abs(w) < 1, w, 0.0)
    small: np.ndarray[Any, Any] = p * less_one_less_self(near) - less_log1p(p * np.expm1(near))
    large = np.logaddexp(math.log(p) + (1 - p) * w, math.log1p(-p) - p * w)
    return np.where(np.abs(w) < 1, small, large)
