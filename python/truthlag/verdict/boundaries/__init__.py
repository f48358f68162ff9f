"""Boundaries that a process without drift hardly ever crosses, however often one looks."""

from truthlag.verdict.boundaries.beta_binomial import BetaBinomialBoundary
from truthlag.verdict.boundaries.boundary import Boundary
from truthlag.verdict.boundaries.bounded_mean import bounded_mean_limits
from truthlag.verdict.boundaries.gamma_exponential import GammaExponentialBoundary
from truthlag.verdict.boundaries.gamma_poisson import GammaPoissonBoundary
from truthlag.verdict.boundaries.mixture import MixtureBoundary
from truthlag.verdict.boundaries.normal import NormalMixtureBoundary
from truthlag.verdict.boundaries.poisson_rate import PoissonRateSequence
from truthlag.verdict.boundaries.poisson_ratio import PoissonRatioSequence
from truthlag.verdict.boundaries.stitched import StitchedBoundary

__all__ = [
    "BetaBinomialBoundary",
    "Boundary",
    "GammaExponentialBoundary",
    "GammaPoissonBoundary",
    "MixtureBoundary",
    "NormalMixtureBoundary",
    "PoissonRateSequence",
    "PoissonRatioSequence",
    "StitchedBoundary",
    "bounded_mean_limits",
]
