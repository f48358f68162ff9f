"""The view that a few bad periods cannot sway: Theil-Sen's slope and Mann and Kendall's test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.trend.columns import column, distinct_times
from truthlag.verdict.trend.line import FEWEST_FOR_SERIAL, Floats
from truthlag.verdict.values import Numbers

__all__ = ["MannKendall", "RobustTrend", "mann_kendall", "robust_trend", "theil_sen"]


@dataclass(frozen=True, slots=True)
class MannKendall:
    """The test of Mann and Kendall: do later values tend to be larger, or smaller, than earlier ones.

    Example:
        >>> from truthlag.verdict.trend import mann_kendall
        >>> result = mann_kendall([0.9, 0.9, 0.89, 0.9, 0.88, 0.88, 0.88, 0.87, 0.9, 0.86])
        >>> result.s, round(result.variance, 3), round(result.z, 4), round(result.p_value, 4)
        (-24, 112.667, -2.1669, 0.0302)
    """

    s: int
    """Pairs that rise less pairs that fall."""
    variance: float
    """Of s without a trend, ties and the correction included."""
    correction: float
    """What serial correlation multiplies the variance by, at least 1."""
    z: float
    p_value: float
    """Two-sided."""


@dataclass(frozen=True, slots=True)
class RobustTrend:
    """Theil-Sen's slope and Mann and Kendall's p-value of the same periods, outliers included.

    Example:
        >>> from truthlag.verdict.trend import check_trend
        >>> values = [0.93, 0.96, 0.94, 0.95, 0.97, 0.94, 0.95, 0.93, 0.96, 0.95, 0.94, 0.96, 0.95, 0.94, 0.60]
        >>> robust = check_trend("accuracy", values).robust
        >>> f"{robust.slope:.4f} {robust.p_value:.2f} {robust.variance_correction}", robust.interval[0] < 0 < robust.interval[1]
        ('0.0000 0.61 1.0', True)
    """

    slope: float
    """The median of the slopes of all pairs of periods, a day: Theil (1950), Sen (1968)."""
    low: float | None
    """The lower end of its interval; None below 14 periods."""
    high: float | None
    """The upper end."""
    p_value: float | None
    """Two-sided, of Mann and Kendall; None below 14 periods."""
    variance_correction: float
    """What serial correlation multiplies the variance by, at least 1."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the interval, or None when there is none."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def to_dict(self) -> dict[str, float | None]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.verdict.trend import RobustTrend
            >>> RobustTrend(-0.01, -0.02, -0.005, 0.001, 1.0).to_dict()["slope"]
            -0.01
        """
        return {
            "slope": self.slope,
            "low": self.low,
            "high": self.high,
            "p_value": self.p_value,
            "variance_correction": self.variance_correction,
        }


def theil_sen(
    values: Numbers, times: Numbers | None = None, *, alpha: float = 0.05, correction: float = 1.0
) -> tuple[float, float, float]:
    """The median slope of all pairs, and its interval by Kendall's distribution.

    Sen (1968, Journal of the American Statistical Association 63, 1379-1389).

    Args:
        values: One for each period.
        times: When the periods were, in days, all different; None for one a day.
        alpha: The interval is one of 1 - alpha; 0.05 by default.
        correction: What to multiply the variance of Kendall's statistic by, at least 1.

    Returns:
        The slope a day, and the ends of the interval.

    Raises:
        TypeError: An argument is no column of numbers.
        ValueError: A number is not allowed, or there are fewer than 2 periods.

    Cost: proportional to the square of the number of periods.

    Example:
        >>> from truthlag.verdict.trend import theil_sen
        >>> theil_sen([0.9, 0.8, 0.7, 0.2, 0.5])[0]
        -0.1...
    """
    y, x = _columns(values, times)
    return _theil_sen(np.sort(_pair_slopes(y, x)), _variance(y) * correction, alpha)


def mann_kendall(values: Numbers, times: Numbers | None = None) -> MannKendall:
    """The test of Mann (1945) and Kendall (1975), with a variance that serial correlation can only make larger.

    The correction is that of Hamed and Rao (1998, Journal of Hydrology 204, 182-196) from the ranks of what is left of the
    Theil-Sen line, never below 1: below it the correction finds a trend in ten values of a few ties.

    Args:
        values: One for each period.
        times: When the periods were, in days, all different; None for one a day. Serial correlation is taken from one period
            to the next, whatever the days between them.

    Returns:
        The statistic, its variance, the correction, z (with the correction for continuity) and the p-value.

    Raises:
        TypeError: An argument is no column of numbers.
        ValueError: A number is not allowed, or there are fewer than 2 periods.

    Cost: proportional to the square of the number of periods.

    Example:
        >>> from truthlag.verdict.trend import mann_kendall
        >>> mann_kendall([0.95, 0.94, 0.95, 0.93, 0.92, 0.93, 0.91, 0.90, 0.91, 0.89]).s
        -36
    """
    y, x = _columns(values, times)
    return _mann_kendall(y, x, np.sort(_pair_slopes(y, x)))


def robust_trend(times: Floats, values: Floats, alpha: float) -> RobustTrend:
    """Both for ascending times, the interval and the p-value from 14 periods on."""
    slopes = np.sort(_pair_slopes(values, times))
    if len(values) < FEWEST_FOR_SERIAL:
        return RobustTrend(_middle(slopes), None, None, None, 1.0)
    test = _mann_kendall(values, times, slopes)
    slope, low, high = _theil_sen(slopes, test.variance, alpha)
    return RobustTrend(slope, low, high, test.p_value, test.correction)


def _columns(values: Numbers, times: Numbers | None) -> tuple[Floats, Floats]:
    y = column("values", values)
    if len(y) < 2:
        raise ValueError(f"values must be of at least 2 periods, got {len(y)}")
    x = distinct_times(times, len(y))
    order = np.argsort(x)
    return y[order], x[order]


def _pair_slopes(y: Floats, x: Floats) -> Floats:
    first, second = np.triu_indices(len(y), 1)
    return np.asarray((y[second] - y[first]) / (x[second] - x[first]), dtype=np.float64)


def _variance(y: Floats) -> float:
    """Of S under no trend, with ties among the values: Kendall (1975)."""
    k = len(y)
    ties: NDArray[np.int64] = np.unique(y, return_counts=True)[1].astype(np.int64)
    return float(k * (k - 1) * (2 * k + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18


def _theil_sen(ordered: Floats, variance: float, alpha: float) -> tuple[float, float, float]:
    """The middle of ascending slopes, and the two that the variance of Kendall's statistic counts to."""
    from scipy import special

    pairs = len(ordered)
    width = -float(special.ndtri(alpha / 2)) * math.sqrt(variance)
    lower = max(round((pairs - width) / 2) - 1, 0)
    upper = min(round((pairs + width) / 2), pairs - 1)
    return _middle(ordered), float(ordered[lower]), float(ordered[upper])


def _middle(ordered: Floats) -> float:
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _mann_kendall(y: Floats, x: Floats, ordered: Floats) -> MannKendall:
    from scipy import special

    s = int(np.sign(ordered).sum())
    correction = _correction(y - _middle(ordered) * x)
    variance = _variance(y) * correction
    z = 0.0 if variance == 0 else (abs(s) - 1) / math.sqrt(variance) * np.sign(s)
    return MannKendall(s, variance, correction, float(z), min(1.0, 2 * float(special.ndtr(-abs(z)))))


def _correction(residuals: Floats) -> float:
    """N / n* of Hamed and Rao: 1 + 2 / (k (k-1) (k-2)) sum (k-i) (k-i-1) (k-i-2) r_i over significant correlations r_i of ranks."""
    from scipy import stats

    k = len(residuals)
    if k < 3:
        return 1.0
    ranks = stats.rankdata(residuals)
    ranks -= ranks.mean()
    power = float(ranks @ ranks)
    if power == 0:
        return 1.0
    lag = np.arange(1, k)
    correlations = np.correlate(ranks, ranks, "full")[k:] / power
    significant = np.abs(correlations) > 1.959963984540054 / math.sqrt(k)
    terms = (k - lag) * (k - lag - 1) * (k - lag - 2) * correlations
    return max(1.0, 1 + 2 * float(terms[significant].sum()) / (k * (k - 1) * (k - 2)))
