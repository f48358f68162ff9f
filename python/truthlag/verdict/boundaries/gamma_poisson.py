"""The gamma-Poisson mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truthlag.verdict.boundaries.near_zero import Floats, less_one_less_self, relative_entropy, stirling_rest
from truthlag.verdict.boundaries.scaled import ScaledMixtureBoundary


@dataclass(frozen=True)
class GammaPoissonBoundary(ScaledMixtureBoundary):
    """A boundary for sub-Poisson sums: counts of events less what was expected, or values with a variance and a largest step.

    S and V must have exp(lambda S - psi(lambda) V) a mean of at most 1 that does not grow, with psi(lambda) =
    (exp(c lambda) - 1 - c lambda) / c² and c the scale, for all lambda above 0 (side `"upper"`), below 0 (`"lower"`), or both. So it
    is, on all sides, of a count less its expected number, with V that number and c = 1 (the rate may change, as long as the
    expected number is told before); and, of the upper side, of values that exceed their mean by c at most, with V the sum of
    their variances (Bennett). Howard, Ramdas, McAuliffe and Sekhon (2021), proposition 10.

    Some 20 microseconds for an e-value and 200 for a limit where there are many, some milliseconds for a single one; to some 1e-12
    of it, at intrinsic times of 1e12 and beyond too.

    Args:
        tuned_at: The intrinsic time at which the boundary is to be narrow, from 1e-60 to 1e60. It must not depend on the data.
        alpha: The probability with which S ever crosses, between 0 and 1. Default 0.05.
        side: `"upper"` (the default), `"lower"` or `"both"`.
        scale: The scale c, from 1e-30 to 1e30. Default 1: counts.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.boundaries import GammaPoissonBoundary
        >>> boundary = GammaPoissonBoundary(tuned_at=20)
        >>> expected, incidents = 12.5, 31
        >>> boundary.crossed(incidents - expected, expected), round(boundary.e_value(incidents - expected, expected))
        (True, 2402)
    """

    def _exponent(self, w: Floats, s: Floats, v: Floats) -> Floats:
        # w = c lambda.
        return w * self._slope(s) - self._curvature(v) * less_one_less_self(w)

    def _log_line(self, s: Floats, v: Floats) -> Floats:
        a = self._curvature(v)
        # At least what the weights are worth: of a sum that reaches as far as it can, rounding may leave less than no events.
        b = np.maximum(a + self._slope(s), self.rho / self.scale**2)
        # The divergence is taken of s / a and not of b, in which the digits of s are lost.
        found: Floats = a * relative_entropy(self._slope(s) / a) + np.log(2 * math.pi / b) / 2 + stirling_rest(b)
        return found
