"""Boundaries that a sum without drift hardly ever crosses, however often one looks: for whoever has a martingale of their own.

A count of incidents beside how many were expected, a sum of differences of costs, waiting times in a queue: S, beside its intrinsic
time V, which tells how much S may have varied by now. `NormalMixtureBoundary`, `GammaExponentialBoundary`,
`GammaPoissonBoundary` and `BetaBinomialBoundary` are mixtures, with e-values, narrow where they are tuned; `StitchedBoundary` is in closed
form. Each says where S may be at which V (`at`, `limits`), whether it `crossed`, and its `p_value`, which is valid at any time.

By them: `PoissonRateSequence` is an interval for a rate of events, `PoissonRatioSequence` for the ratio of the rates of two arms, and
`bounded_mean_limits` for a mean after each value.
"""

from truthlag.verdict.boundaries import (
    BetaBinomialBoundary,
    Boundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    MixtureBoundary,
    NormalMixtureBoundary,
    PoissonRateSequence,
    PoissonRatioSequence,
    StitchedBoundary,
    bounded_mean_limits,
)

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
