"""What the gamma mixtures share: a scale, by which S and V become pure numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from truthlag.verdict.boundaries.mixture import MixtureBoundary
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.detectors.parameters import real


@dataclass(frozen=True)
class ScaledMixtureBoundary(MixtureBoundary):
    """A mixture of a family with a scale c, of which S cannot fall below -V / c."""

    scale: float = field(default=1.0, kw_only=True)
    """The scale c of the family, in the units of S."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "scale", real("scale", self.scale, 0, 1e150, above=True))

    def _reach(self, sign: int) -> float | None:
        return None if sign > 0 else 1 / self.scale

    def _slope(self, s: Floats) -> Floats:
        return s / self.scale

    def _curvature(self, v: Floats) -> Floats:
        return (v + self.rho) / self.scale**2
