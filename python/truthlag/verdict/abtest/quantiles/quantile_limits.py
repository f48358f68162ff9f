"""A quantile as a database gives it: itself, and two more whose ranks bound it."""

from __future__ import annotations

import math

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, finite
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.detectors.parameters import share

#: Numbers of units that a float holds.
_MOST = 2**53


def quantile_from_limits(
    n: int, estimate: float, lower: float, upper: float, *, confidence: float = 0.95, rows: int | None = None
) -> Mean:
    """A quantile from three order statistics, where the values themselves stay in a database.

    The lower and upper one are those at the ranks m (p -+ z sqrt(p (1 - p) / m)) of m rows, with the normal quantile z of the
    confidence; for p99 of a hundred thousand rows those at 98.94 and 99.06 percent. Their distance tells the spread.

    Args:
        n: The units of randomisation, at most 2^53.
        estimate: The quantile.
        lower: The value at the lower rank.
        upper: The value at the upper rank.
        confidence: The level by which the ranks were chosen.
        rows: The rows by whose number they were chosen; n by default.

    Returns:
        A mean with the same estimate and standard error, to be compared by Welch's t test. Two of them do not merge to the quantile
        of both.

    Raises:
        TypeError: One of them is no number.
        ValueError: The limits are not around the estimate, or there are fewer than two units, or more than 2^53.

    Cost: constant.

    Source: Deng, Knoblich and Lu (2018), section 4, with the factor (n - 1) / n and the scale rows / n of GrowthBook's.

    Example:
        >>> from truthlag.abtest import compare, quantile_from_limits
        >>> control = quantile_from_limits(11_054, 7.158, 7.099, 7.217)
        >>> treatment = quantile_from_limits(10_861, 7.694, 7.642, 7.748)
        >>> result = compare(control, treatment, mode="fixed", direction="lower")
        >>> result.verdict, round(result.standard_error, 3)
        ('worse', 0.04)
    """
    from scipy import special

    units = count("n", n, _MOST, "the most that are told apart")
    if units < 2:
        raise ValueError(f"n must be an int of at least 2, got {described(n)}")
    middle, low, high = finite("estimate", estimate), finite("lower", lower), finite("upper", upper)
    if not low <= middle <= high:
        raise ValueError(f"estimate must be from lower ({low:g}) to upper ({high:g}), got {described(estimate)}")
    taken = units if rows is None else count("rows", rows, _MOST, "the most that are told apart")
    if not taken:
        raise ValueError(f"rows must be an int of at least 1, got {described(rows)}")
    quantile = -float(special.ndtri((1 - share("confidence", confidence)) / 2))
    error = (high - low) / (2 * quantile)
    return Mean(units, middle, _of_unit(error, units, taken) * (units - 1))


def _of_unit(error: float, units: int, rows: int) -> float:
    """The variance of one unit whose mean would have the standard error."""
    return error * error * (units - 1) * (rows / units) if math.isfinite(error) else math.inf
