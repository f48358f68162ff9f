"""The normal mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truthlag.verdict.boundaries.mixture import MixtureBoundary
from truthlag.verdict.boundaries.near_zero import Floats


@dataclass(frozen=True)
class NormalMixtureBoundary(MixtureBoundary):
    """A boundary for sub-Gaussian sums: Robbins' normal mixture, of one side the half-normal one.

    S and V must have exp(lambda S - lambda² V / 2) a mean of at most 1 that does not grow. So it is where V adds up the variances of
    normal values, `width² / 4` for each value that lies between bounds so far apart (Hoeffding), or the squares of values that
    are symmetric around 0. Howard, Ramdas, McAuliffe and Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences",
    Annals of Statistics 49, propositions 5 and 6.

    Closed forms, some tenths of a microsecond each; but for the limit of one side, which is a root found to some 1e-14, in some 5.

    Args:
        tuned_at: The intrinsic time at which the boundary is to be narrow, from 1e-60 to 1e60. It must not depend on the data.
        alpha: The probability with which S ever crosses, between 0 and 1. Default 0.05.
        side: `"upper"` (the default), `"lower"` or `"both"`.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.boundaries import NormalMixtureBoundary
        >>> boundary = NormalMixtureBoundary(tuned_at=250 / 4, side="both")     # narrow at 250 values between 0 and 1
        >>> [round(float(limit), 3) for limit in boundary.limits(1_000 / 4)]
        [-49.444, 49.444]
        >>> boundary.alpha, boundary.side, boundary.tuned_at, round(boundary.rho, 2)
        (0.05, 'both', 62.5, 7.88)
    """

    def _limit(self, v: Floats, sign: int) -> Floats:
        # Of both sides the guess is the boundary.
        return self._guess(v) if self.side == "both" else super()._limit(v, sign)

    def _log_mass(self, s: Floats, v: Floats) -> Floats:
        from scipy import special

        if self.side == "both":
            return self._log_line(s, v)
        later = v + self.rho
        place = (s if self.side == "upper" else -s) / np.sqrt(2 * later)
        # exp(x²) erfc(-x) as it stands below 0, where its factors are too large and too small for floats.
        below = np.log(special.erfcx(-np.minimum(place, 0)))
        above = place * place + np.log1p(special.erf(np.maximum(place, 0)))
        half: Floats = np.where(place > 0, above, below) - np.log(2 * later / math.pi) / 2
        return half

    def _reach(self, sign: int) -> float | None:  # noqa: ARG002 - of others it is not the same
        return None

    def _slope(self, s: Floats) -> Floats:
        return s

    def _curvature(self, v: Floats) -> Floats:
        return v + self.rho

    def _exponent(self, w: Floats, s: Floats, v: Floats) -> Floats:
        return w * s - w * w / 2 * (v + self.rho)

    def _log_line(self, s: Floats, v: Floats) -> Floats:
        later = v + self.rho
        found: Floats = s * s / (2 * later) + np.log(2 * math.pi / later) / 2
        return found
