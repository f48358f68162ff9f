"""Bands around all quantiles of an arm at once, at all times."""

from __future__ import annotations

import math

#: Of the stitched bound: how fast the error is spent on later epochs and further quantiles, and how much longer each epoch is.
_SPENDING, _GROWTH = 1.4, 2.0
#: How fine its grid of quantiles is.
_GRID = 0.5


def stitched_bound(p: float, n: float, alpha: float, narrow_at: float) -> float:
    """By how many the values at most the p-quantile may exceed n p, for all p and all n from `narrow_at` on together.

    They fall short of it by no more than the bound at 1 - p; either fails with probability alpha at most. Narrow where p is near
    0 or 1, unlike a band of one width. The double stitching of Howard and Ramdas (2022), theorem 3, with s = 1.4, eta = 2 and
    delta = 1/2.

    Args:
        p: The quantile, between 0 and 1.
        n: The values by now.
        alpha: The probability of any failure, on both sides together.
        narrow_at: The number of values from which the bound is stitched, at least 1.
    """
    from scipy import special

    size = max(n, narrow_at)
    epoch = size / narrow_at
    logit = math.log(p) - math.log1p(-p)
    nearest = p
    if p < 0.5:
        moved = logit + 2 * _GRID * math.sqrt(_GROWTH / epoch)
        nearest = min(0.5, 1 / (1 + math.exp(-moved)))
    variance = nearest * (1 - nearest)
    place = math.sqrt(epoch) * abs(logit) / (2 * _GRID) + 1
    zeta = float(special.zeta(_SPENDING))
    spent = 2 * zeta * (2 * zeta + 1) / (alpha * math.log(_GROWTH) ** _SPENDING)
    level = _SPENDING * (math.log(math.log(_GROWTH * epoch)) + math.log(place)) + math.log(spent)
    skew = (math.sqrt(_GROWTH) + 1) / 2 * (1 - 2 * p) / 3 * level
    root = (_GROWTH**0.25 + _GROWTH**-0.25) / math.sqrt(2)
    return (
        _GRID * math.sqrt(_GROWTH * epoch * variance)
        + math.hypot(root * math.sqrt(variance * size * level), skew)
        + skew
    )


def empirical_process_bound(n: float, alpha: float, least_n: float, constant: float = 0.85) -> float:
    """By how much the empirical distribution may differ from the true one anywhere, at all n from `least_n` on together.

    A sqrt((log(1 + log(n / m)) + C) / n) with the least C whose error is alpha: Howard and Ramdas (2022), theorem 2. Infinite
    before.

    Args:
        n: The values by now.
        alpha: The probability of any failure.
        least_n: m, from which number on it holds.
        constant: A, above sqrt(1/2): the larger, the wider it gets, and the narrower it begins.
    """
    if n < least_n:
        return math.inf
    low, high = 1.0, 10.0
    while _error(high, constant) > alpha:
        low, high = high, 2 * high
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if _error(middle, constant) <= alpha else (middle, high)
    return constant * math.sqrt((math.log1p(math.log(n / least_n)) + high) / n)


def _error(c: float, constant: float) -> float:
    """The error of a C, at the growth of epochs where it is least."""
    from scipy import optimize

    def root(growth: float) -> float:
        return constant - math.sqrt(2 * (growth - 1) / c)

    def error(growth: float) -> float:
        squared = 2 / growth * root(growth) ** 2
        if squared <= 1 or root(growth) < 0:
            return math.inf
        return 4 * math.exp(-squared * c) * (1 + 1 / ((squared - 1) * math.log(growth)))

    # Where the growth is larger, gamma is not above 1.
    furthest = float(optimize.brentq(lambda growth: math.sqrt(growth / 2) - root(growth), 1.0, 2 * constant * constant))
    found = optimize.minimize_scalar(error, bounds=(1.0, furthest), method="bounded", options={"xatol": 1e-12})
    return float(found.fun)
