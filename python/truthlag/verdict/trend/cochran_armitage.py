"""The test of Cochran and Armitage: do the rates of periods of unequal size rise or fall in line with time."""

from __future__ import annotations

import math

import numpy as np

from truthlag.verdict.trend.columns import count_columns, distinct_times
from truthlag.verdict.trend.line import Floats, fit_line
from truthlag.verdict.values import Numbers

__all__ = ["cochran_armitage", "pooled_variance"]


def cochran_armitage(successes: Numbers, trials: Numbers, times: Numbers | None = None) -> tuple[float, float]:
    """The trend of rates: z below 0 for falling ones, and its two-sided p-value.

    z = slope sqrt(sum n (x - mean x)² / (p (1 - p))) with the slope of the line through the rates weighted by their
    trials n, and p the rate of all periods together: Cochran (1954), Armitage (1955, Biometrics 11, 375-386). All rows are
    taken as independent; `check_trend` does not.

    Args:
        successes: How many of the trials of each period came out well.
        trials: How many there were, at least 1.
        times: When the periods were, in days, all different; None for one a day.

    Returns:
        z and the p-value; 0 and 1 where all trials came out alike.

    Raises:
        TypeError: An argument is no column of numbers.
        ValueError: A number is not allowed, or there are fewer than 2 periods.

    Cost: proportional to the number of periods.

    Example:
        >>> from truthlag.verdict.trend import cochran_armitage
        >>> z, p_value = cochran_armitage([950, 9, 8, 920, 7], [1000, 10, 10, 1000, 10])
        >>> round(z, 4), round(p_value, 5)
        (-3.0377, 0.00238)
    """
    from scipy import special

    good, total = count_columns(successes, trials)
    if len(good) < 2 or total.min() < 1:
        raise ValueError(
            f"trials must be of at least 2 periods and at least 1 each, got {len(good)} periods"
            f"{f' and a least number of {total.min():g}' if len(total) else ''}"
        )
    days = distinct_times(times, len(good))
    line = fit_line(days, good / total, total)
    rate = float(good.sum() / total.sum())
    variance = rate * (1 - rate)
    if variance == 0:
        return 0.0, 1.0
    z = line.slope * math.sqrt(line.spread / variance)
    return z, 2.0 * float(special.ndtr(-abs(z)))


def pooled_variance(successes: Floats, trials: Floats) -> float:
    """P (1 - p) of all periods together; where all trials came out alike, of half a trial more of either kind."""
    good, total = float(np.sum(successes)), float(np.sum(trials))
    if good in (0.0, total):
        good, total = good + 0.5, total + 1
    rate = good / total
    return rate * (1 - rate)
