"""How much periods differ beyond what the sampling of their rows explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truthlag.verdict.trend.line import Floats, fit_line

__all__ = ["Between", "between"]


@dataclass(frozen=True, slots=True)
class Between:
    """What `between` found."""

    dispersion: float | None
    """Pearson's chi-squared about the line over its degrees of freedom, at least 1; None for fewer than 3 periods."""
    variance: float
    """What each period's value varies by beside its sampling variance, at least 0."""


def between(times: Floats, values: Floats, variances: Floats) -> Between:
    """The dispersion about a weighted line, and the variance between periods that would explain it.

    The variance is that of moments: Q = sum (residual² / variance) has the mean k - 2 + trace * tau² (Williams 1982,
    Applied Statistics 31, 144-148; DerSimonian and Laird 1986 with a slope). With periods of one size the weights
    1 / (variance + tau²) do what a dispersion factor does; with unequal sizes they also keep one large period, which differs from
    the others as much as a small one does, from deciding everything.

    Args:
        times: When the periods were.
        values: Their rates or means.
        variances: The sampling variance of each.

    Cost: proportional to the number of periods.

    Example:
        >>> found = between(np.arange(4.0), np.array([0.9, 0.8, 0.9, 0.8]), np.full(4, 0.0009))
        >>> round(found.dispersion, 3), round(found.variance, 5)
        (4.444, 0.0031)
    """
    k = len(times)
    if k < 3:
        return Between(None, 0.0)
    weights = 1 / variances
    line = fit_line(times, values, weights)
    trace = line.weight - float(weights @ weights) / line.weight - float(weights**2 @ line.distances**2) / line.spread
    excess = line.squares - (k - 2)
    if excess <= 0 or trace <= 0:
        return Between(max(1.0, line.squares / (k - 2)), 0.0)
    return Between(line.squares / (k - 2), max(0.0, float(excess / np.float64(trace))))
