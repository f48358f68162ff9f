"""A weighted straight line through the values of periods, and how far its slope may be off.

The variance of the slope is `scale / spread`: the variance of a value of weight 1 over the weighted spread of the times. Up
to three scales are set against each other, and the one that gives the largest p-value stands:

- known: what the sampling of rows alone makes of it, where sizes are given; normal quantiles;
- residual: the spread about the line, as if periods were independent; Student's t with k - 2 degrees of freedom;
- serial: the spread of slow waves about the line, which neighbouring periods that move together make larger; Student's t.

So errors that move together never shrink the error of the slope, nor does a lucky spread about the line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_FOR_SERIAL", "Floats", "Line", "Scale", "fit_line", "scales"]

Floats = NDArray[np.float64]

FEWEST_FOR_SERIAL = 14
"""Below so many periods nothing can be said of how neighbours move together."""


@dataclass(frozen=True, slots=True)
class Line:
    """The weighted least-squares line y = level + slope (x - centre)."""

    slope: float
    level: float
    centre: float
    """The weighted mean of the times."""
    weight: float
    """The sum of the weights."""
    spread: float
    """The weighted sum of squared distances from the centre."""
    distances: Floats
    """The times less the centre."""
    residuals: Floats
    squares: float
    """The weighted sum of squared residuals."""

    def at(self, time: float) -> float:
        """The height of the line."""
        return self.level + self.slope * (time - self.centre)


@dataclass(frozen=True, slots=True)
class Scale:
    """One estimate of the variance of a value of weight 1."""

    name: str
    variance: float
    degrees: float
    """Degrees of freedom of Student's t; infinite where the variance is known."""

    def p_value(self, line: Line) -> float:
        """Two-sided, of a slope of 0."""
        from scipy import special

        size = abs(line.slope) * math.sqrt(line.spread / self.variance)
        tail = special.ndtr(-size) if math.isinf(self.degrees) else special.stdtr(self.degrees, -size)
        return min(1.0, 2.0 * float(tail))

    def reach(self, alpha: float) -> float:
        """The half width of a 1 - alpha interval of a value of weight 1."""
        from scipy import special

        tail = alpha / 2
        quantile = special.ndtri(tail) if math.isinf(self.degrees) else special.stdtrit(self.degrees, tail)
        return -float(quantile) * math.sqrt(self.variance)


def fit_line(times: Floats, values: Floats, weights: Floats) -> Line:
    """The line through at least two periods at different times.

    Cost: proportional to the number of periods.

    Example:
        >>> line = fit_line(np.arange(4.0), np.array([0.9, 0.8, 0.7, 0.6]), np.ones(4))
        >>> round(line.slope, 6), round(line.at(4), 6)
        (-0.1, 0.5)
    """
    weight = float(weights.sum())
    centre = float(weights @ times) / weight
    distances = times - centre
    spread = float(weights @ distances**2)
    level = float(weights @ values) / weight
    slope = float((weights * distances) @ (values - level)) / spread
    # A slope that rounding alone can make is none, so that a constant series has a slope of 0.
    if abs(slope) * float(np.ptp(times)) < 8 * np.finfo(float).eps * float(np.abs(values).max()):
        slope = 0.0
    residuals = values - level - slope * distances
    return Line(slope, level, centre, weight, spread, distances, residuals, float(weights @ residuals**2))


def scales(
    line: Line, times: Floats, values: Floats, weights: Floats, *, known: float | None, floor: float
) -> list[Scale]:
    """The scales that may be had of so many periods.

    Args:
        line: The line through the periods.
        times: When they were, ascending.
        values: The values.
        weights: The weights.
        known: The variance of a value of weight 1 by sampling alone, None where it is not known.
        floor: The least variance that a value can have, such as that of its rounding.

    Returns:
        Known, residual (from 3 periods on), serial (from 14 on).

    Cost: proportional to the number of periods k times that of the waves, 0.41 k^(2/3).
    """
    k = len(times)
    found = [] if known is None else [Scale("sampling", max(known, floor), math.inf)]
    if k > 2:
        found.append(Scale("residual", max(line.squares / (k - 2), floor), k - 2))
    if k >= FEWEST_FOR_SERIAL:
        coefficients = slow_waves(times, weights).T @ (np.sqrt(weights) * values)
        degrees = len(coefficients)
        found.append(Scale("serial", max(float(coefficients @ coefficients) / degrees, floor), degrees))
    return found


def slow_waves(times: Floats, weights: Floats) -> Floats:
    """Cosines of the slowest frequencies, made orthogonal to every weighted line and to each other, as columns.

    The squared coefficients of such waves estimate the long-run variance about a line. With white noise of normal values
    their mean has a chi-squared distribution exactly, whatever the number of periods, their times and weights, so that the
    slope over its error has Student's t distribution: the series estimator of Sun (2011, Journal of Econometrics 164,
    345-366), of the kind known as fixed-smoothing or fixed-b. Their number is 0.41 k^(2/3), at least 4: Lazarus, Lewis, Stock
    and Watson (2018, Journal of Business and Economic Statistics 36, 541-559).
    """
    k = len(times)
    waves = max(4, int(0.41 * k ** (2 / 3)))
    # Periods are counted, whatever lies between them: waves over times that are nearly all the same would be no waves.
    place = np.arange(k) / (k - 1)
    root = np.sqrt(weights / weights.max())
    columns = np.empty((k, waves + 2))
    columns[:, 0] = root
    columns[:, 1] = root * ((times - times[0]) / (times[-1] - times[0]) - 0.5)
    columns[:, 2:] = root[:, None] * np.cos(np.pi * np.outer(place, np.arange(1, waves + 1)))
    columns /= np.sqrt((columns**2).sum(axis=0))
    basis, triangle = np.linalg.qr(columns)
    # A wave that line and other waves make up between them says nothing of its own.
    own = np.abs(np.diag(triangle)) > 1e-9
    own[:2] = False
    return np.asarray(basis[:, own], dtype=np.float64)
