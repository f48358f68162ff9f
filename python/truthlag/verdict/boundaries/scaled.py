"""What the gamma mixtures share: a scale, by which S and V become pure numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from truthlag.verdict.boundaries.mixture import MixtureBoundary
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.detectors.parameters import real

#: Weights that are worth less are of a time before anything could have happened.
_LEAST_WORTH = 1e-3


@dataclass(frozen=True)
class ScaledMixtureBoundary(MixtureBoundary):
    """A mixture of a family with a scale c, of which S cannot fall below -V / c."""

    scale: float = field(default=1.0, kw_only=True)
    """The scale c of the family, in the units of S."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "scale", real("scale", self.scale, 1e-30, 1e30))

    @property
    def rho(self) -> float:
        """How much intrinsic time the weights of the mixture are worth, by `tuned_at`; a thousandth of the squared scale at least.

        Example:
            >>> from truthlag.boundaries import GammaExponentialBoundary
            >>> round(GammaExponentialBoundary(tuned_at=100).rho, 2), GammaExponentialBoundary(tuned_at=1e-9).rho
            (15.8, 0.001)
        """
        return max(super().rho, _LEAST_WORTH * self.scale**2)

    def _reach(self, sign: int) -> float | None:
        return None if sign > 0 else 1 / self.scale

    def _slope(self, s: Floats) -> Floats:
        return s / self.scale

    def _curvature(self, v: Floats) -> Floats:
        return (v + self.rho) / self.scale**2
