"""The polynomial stitched boundary."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from truthlag.verdict.boundaries.boundary import Boundary
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.detectors.parameters import real


@dataclass(frozen=True)
class StitchedBoundary(Boundary):
    """A boundary in closed form, which grows as the law of the iterated logarithm: sqrt(V log log V).

    Intrinsic times are cut into epochs, each `growth` times as long as the one before, and a part of `alpha` is spent on each. Wider
    than a mixture where that is tuned, by a tenth or two, and in the long run the narrower: a mixture grows as sqrt(V log V). Howard,
    Ramdas, McAuliffe and Sekhon (2021), theorem 1 with h(k) = zeta(s) (k + 1)^s.

    S and V must have exp(lambda S - psi(lambda) V) a mean of at most 1 that does not grow, with psi(lambda) = lambda² / (2 (1 -
    c lambda)) and c the scale, for lambda from 0 to 1 / c. What is sub-Gaussian is so with c = 0, what is sub-exponential with the same c,
    and what is sub-Poisson with a third of it. The side `"both"` spends half of alpha on each of S and -S, for which it must both hold.

    Cost: some tens of nanoseconds for each number of an array.

    Args:
        start_at: The intrinsic time at which the first epoch begins, from 1e-60 to 1e60; before, the boundary is as there. Tightest from
            a few times that on. It must not depend on the data.
        alpha: The probability with which S ever crosses, between 0 and 1. Default 0.05.
        side: `"upper"` (the default), `"lower"` or `"both"`.
        scale: The scale c, from 0 to 1e30. Default 0: sub-Gaussian.
        power: s, above 1 and at most 100: how fast less is spent on later epochs. Default 1.4.
        growth: How many times as long each epoch is, above 1 and at most 1e6. Default 2.

    Raises:
        TypeError: A parameter has the wrong type.
        ValueError: A parameter is not allowed.

    Example:
        >>> from truthlag.boundaries import StitchedBoundary
        >>> boundary = StitchedBoundary(start_at=10, scale=3)
        >>> round(boundary.at(100), 3), round(boundary.p_value(70, 100), 4)
        (64.488, 0.025)
        >>> boundary.start_at, boundary.scale, boundary.power, boundary.growth
        (10.0, 3.0, 1.4, 2.0)
    """

    start_at: float
    """The intrinsic time at which the first epoch begins."""
    scale: float = field(default=0.0, kw_only=True)
    """The scale c, in the units of S."""
    power: float = field(default=1.4, kw_only=True)
    """How fast less is spent on later epochs."""
    growth: float = field(default=2.0, kw_only=True)
    """How many times as long each epoch is as the one before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "start_at", real("start_at", self.start_at, 1e-60, 1e60))
        object.__setattr__(self, "scale", real("scale", self.scale, 0, 1e30))
        object.__setattr__(self, "power", real("power", self.power, 1, 100, above=True))
        object.__setattr__(self, "growth", real("growth", self.growth, 1, 1e6, above=True))

    def _limit(self, v: Floats, sign: int) -> Floats:  # noqa: ARG002 - it is the same on both sides
        alpha = self.alpha / 2 if self.side == "both" else self.alpha
        used = np.maximum(v, self.start_at)
        level = self._spent(used) - math.log(alpha)
        root, skew = self._factors
        found: Floats = np.sqrt(root**2 * used * level + (skew * level) ** 2) + skew * level
        return found

    def _log_p_value(self, s: Floats, v: Floats) -> Floats:
        used = np.maximum(v, self.start_at)
        root, skew = self._factors
        size = np.abs(s) if self.side == "both" else np.maximum(0, s if self.side == "upper" else -s)
        # The level of which `_limit` is this size. A larger alpha is a lower level, so that it is also the least alpha crossed.
        level = size * (size / (root**2 * used + 2 * skew * size))
        return self._spent(used) - level + (math.log(2) if self.side == "both" else 0)

    @property
    def _factors(self) -> tuple[float, float]:
        """k1 of the theorem, and k2 times the scale."""
        root = (self.growth**0.25 + self.growth**-0.25) / math.sqrt(2)
        return root, (math.sqrt(self.growth) + 1) / 2 * self.scale

    def _spent(self, v: Floats) -> Floats:
        """How much the level has above log(1 / alpha) by the epoch of an intrinsic time."""
        from scipy import special

        length = math.log(self.growth)
        first = math.log(special.zeta(self.power)) - self.power * math.log(length)
        # log(growth) + log(v / start) is the logarithm of both, which no float may hold.
        found: Floats = self.power * np.log(length + np.log(v / self.start_at)) + first
        return found
