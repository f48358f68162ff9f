"""The gamma-exponential mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truthlag.verdict.boundaries.near_zero import Floats, less_log1p, less_one_less_self, stirling_rest
from truthlag.verdict.boundaries.scaled import ScaledMixtureBoundary

#: exp of it is a float.
_FURTHEST = 700.0


@dataclass(frozen=True)
class GammaExponentialBoundary(ScaledMixtureBoundary):
    """A boundary for sub-exponential sums: heavier than Gaussian above, such as waiting times, or estimated variances.

    S and V must have exp(lambda S - psi(lambda) V) a mean of at most 1 that does not grow, with psi(lambda) =
    (-log(1 - c lambda) - c lambda) / c² and c the scale, for all lambda from 0 to 1 / c (side `"upper"`), below 0 (`"lower"`), or
    both. So it is, on all sides, of exponential waiting times less their mean c, with V = c² a time; and, of the upper side, of values
    between 0 and c, less their mean, with V the sum of (value - a prediction from those before)²: the empirical Bernstein sequence
    (for the other side take c less the values). Howard, Ramdas, McAuliffe and Sekhon (2021), proposition 9 and theorem 4.

    Some 20 microseconds for an e-value and 200 for a limit where there are many, some milliseconds for a single one; to some 1e-12
    of it, at intrinsic times of 1e12 and beyond too.

    Args:
        tuned_at: The intrinsic time at which the boundary is to be narrow, from 1e-60 to 1e60. It must not depend on the data.
        alpha: The probability with which S ever crosses, between 0 and 1. Default 0.05.
        side: `"upper"` (the default), `"lower"` or `"both"`.
        scale: The scale c, from 1e-30 to 1e30. Default 1.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.boundaries import GammaExponentialBoundary
        >>> boundary = GammaExponentialBoundary(tuned_at=100, scale=0.5)
        >>> round(boundary.at(100), 3), boundary.scale
        (28.925, 0.5)
    """

    def _exponent(self, w: Floats, s: Floats, v: Floats) -> Floats:
        # w = -log(1 - c lambda). Further than that all is nothing, but infinity times nothing would not be.
        w = np.maximum(w, -_FURTHEST)
        return -np.expm1(-w) * self._slope(s) - self._curvature(v) * less_one_less_self(-w)

    def _log_line(self, s: Floats, v: Floats) -> Floats:
        a = self._curvature(v)
        found: Floats = a * less_log1p(self._slope(s) / a) + np.log(2 * math.pi / a) / 2 + stirling_rest(a)
        return found
