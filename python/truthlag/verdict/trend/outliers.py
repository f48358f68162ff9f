"""Single periods that do not fit the others."""

from __future__ import annotations

import math

import numpy as np

from truthlag.verdict.trend.line import Floats
from truthlag.verdict.trend.series import Series

__all__ = ["find_outliers"]

_FEWEST = 5
_MOST_SHARE = 10


def find_outliers(series: Series, alpha: float) -> list[tuple[int, float, float]]:
    """Periods that neither the line nor the level of the other periods explains, one after the other.

    Each period is compared with what the others say of it (deleted residuals: Belsley, Kuh and Welsch 1980), once by a line and
    once by a level, with Bonferroni's correction for both and for all periods. Its error is that of sampling, of the spread of
    the others, or both: the larger p-value stands. The most extreme goes, and the rest is looked at again, up to one period
    in ten.

    One whose neighbour is at least half as far off on the same side stays: two bad periods in a row are a change.

    Args:
        series: At least 5 periods, ascending; fewer have no outliers.
        alpha: The chance to find one in a series that has none.

    Returns:
        Position in the series, the value that the others lead to expect, and the corrected p-value; in the order of time.

    Cost: proportional to the number of periods times that of outliers found.
    """
    kept = np.arange(len(series.times))
    found: list[tuple[int, float, float]] = []
    for _ in range(max(1, len(kept) // _MOST_SHARE)):
        if len(kept) < _FEWEST:
            break
        rest = series.only(kept)
        worst = min((_most_extreme(rest, degree) for degree in (0, 1)), key=lambda candidate: candidate[2])
        at, expected, p_value = worst
        corrected = min(1.0, 2 * len(kept) * p_value)
        if corrected > alpha or _has_company(rest.values, at, expected):
            break
        found.append((int(kept[at]), expected, corrected))
        kept = np.delete(kept, at)
    return sorted(found)


def _has_company(values: Floats, at: int, expected: float) -> bool:
    off = values[at] - expected
    neighbours = [values[place] - expected for place in (at - 1, at + 1) if 0 <= place < len(values)]
    return any(neighbour * off > 0 and abs(neighbour) >= abs(off) / 2 for neighbour in neighbours)


def _most_extreme(series: Series, degree: int) -> tuple[int, float, float]:
    """The period that the others say least of: its position, what they expect, and its p-value before correction.

    All sums over the other periods follow from those over all periods, so that none is left out by turns.
    """
    from scipy import special

    k, y, w = len(series.times), series.values, 1 / series.variances
    weight = w.sum()
    d = series.times - float(w @ series.times) / weight if degree else np.zeros(k)
    spread = float(w @ d**2) if degree else 1.0
    residual = y - float(w @ y) / weight
    residual -= d * float((w * d) @ y) / spread
    leverage = w * (1 / weight + d**2 / spread)
    # A period that alone decides the line says nothing of whether it fits.
    left = np.maximum(1 - leverage, 1e-12)
    deleted = residual / left
    degrees = k - 2 - degree
    squares = np.maximum(float(w @ residual**2) - w * residual**2 / left, 0)
    scale = np.maximum(squares / degrees, series.floor)
    p_value = special.stdtr(degrees, -np.abs(deleted) / np.sqrt(scale / (w * left)))
    if series.known is not None:
        extra = _between_others(w, d, spread, squares, degrees)
        influence = _squared_influence(w, d, spread) - leverage**2
        variance = 1 / (w * left) + extra * (1 + influence / left**2)
        p_value = np.maximum(p_value, special.ndtr(-_sizes(series, deleted, variance)))
    p_value = np.where(leverage > 1 - 1e-9, 1.0, 2 * p_value)
    at = int(np.argmin(p_value))
    return at, float(y[at] - deleted[at]), float(p_value[at])


def _between_others(w: Floats, d: Floats, spread: float, squares: Floats, degrees: int) -> Floats:
    """The variance between periods, as `between` has it, from the others of each period."""
    weight, square = w.sum() - w, float(w @ w) - w**2
    # Each period leaves another centre; the sums about it follow from those about the common one.
    shift = -w * d / weight
    inner = np.maximum(spread - w * d**2 - weight * shift**2, 1e-300)
    moved = float(w**2 @ d**2) - w**2 * d**2 - 2 * shift * (float(w**2 @ d) - w**2 * d) + square * shift**2
    trace = weight - square / weight - (moved / inner if np.any(d) else 0)
    return np.asarray(np.maximum(0, (squares - degrees) / np.maximum(trace, 1e-300)), dtype=np.float64)


def _squared_influence(w: Floats, d: Floats, spread: float) -> Floats:
    """The sum over all periods of the squared weight that each has in the fitted value of one."""
    weight = w.sum()
    squares, first, second = float(w @ w), float(w**2 @ d), float(w**2 @ d**2)
    shares = squares / weight**2 + 2 * d * first / (weight * spread) + d**2 * second / spread**2
    return np.asarray(shares, dtype=np.float64)


def _sizes(series: Series, deleted: Floats, variance: Floats) -> Floats:
    """How many standard deviations each is off; for rates by the deviance, which follows the binomial's tail near 0 and 1."""
    plain = np.abs(deleted) / np.sqrt(variance)
    if series.trials is None:
        return plain
    n = series.trials
    total = n.sum() - n
    edge = 0.5 / (total + 1)
    expected = np.clip(series.values - deleted, edge, 1 - edge)
    from scipy import special

    good = series.values * n
    deviance = 2 * (
        special.xlogy(good, good / (n * expected)) + special.xlogy(n - good, (n - good) / (n * (1 - expected)))
    )
    # What the others do not know of the expected rate, and how periods differ, shrink it as they do the plain size.
    sampling = series.variances
    return np.asarray(np.minimum(np.sqrt(np.maximum(deviance, 0) * sampling / variance), math.inf), dtype=np.float64)
