"""Confidence sequences as the papers write them, all anew from all values each time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate, optimize, special, stats

Floats = np.ndarray[Any, np.dtype[np.float64]]


def level(alpha: float, side: str) -> float:
    """What is left of alpha for one limit."""
    return alpha / 2 if side == "both" else alpha


def bets(x: Floats, alpha: float) -> Floats:
    """Waudby-Smith and Ramdas (2024), equation 26, for a limit with this alpha."""
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    variances = np.append(0.25, (0.25 + np.cumsum((x - means) ** 2)) / (t + 1))[:-1]
    return np.sqrt(2 * np.log(1 / alpha) / (variances * t * np.log(1 + t)))


def empirical_bernstein_lower(x: Floats, alpha: float) -> Floats:
    """The lower limits after each value; theorem 2 there."""
    bet = np.minimum(bets(x, alpha), 0.5)
    before = np.append(0, np.cumsum(x) / np.arange(1, len(x) + 1))[:-1]
    cost = np.cumsum((x - before) ** 2 * (-np.log(1 - bet) - bet))
    lower: Floats = (np.cumsum(bet * x) - np.log(1 / alpha) - cost) / np.cumsum(bet)
    return np.clip(lower, 0, 1)


def empirical_bernstein(x: Floats, alpha: float, side: str) -> tuple[Floats, Floats]:
    a = level(alpha, side)
    low = np.zeros(len(x)) if side == "upper" else empirical_bernstein_lower(x, a)
    high = np.ones(len(x)) if side == "lower" else 1 - empirical_bernstein_lower(1 - x, a)
    return low, high


def log_capital_above(x: Floats, mean: float, alpha: float) -> Floats:
    """Of who bets that the mean is larger, after each value; theorem 3 there."""
    bet = np.minimum(bets(x, alpha), 0.5 / mean)
    log_capital: Floats = np.cumsum(np.log(1 + bet * (x - mean)))
    return log_capital


def log_capital_below(x: Floats, mean: float, alpha: float) -> Floats:
    return log_capital_above(1 - x, 1 - mean, alpha)


def betting(x: Floats, alpha: float, side: str, grid: list[float]) -> tuple[Floats, Floats]:
    """The last excluded mean of a grid on either side, after each value."""
    a = level(alpha, side)
    low, high = np.zeros(len(x)), np.ones(len(x))
    for mean in grid:
        if side != "upper":
            is_excluded = log_capital_above(x, mean, a) >= math.log(1 / a)
            low = np.where(is_excluded, np.maximum(low, mean), low)
        if side != "lower":
            is_excluded = log_capital_below(x, mean, a) >= math.log(1 / a)
            high = np.where(is_excluded, np.minimum(high, mean), high)
    return low, high


def exact_betting_limit(x: Floats, alpha: float) -> float:
    """The mean at which who bets on a larger one has just 1 / alpha after all values; 0 where there is none."""

    def excess(mean: float) -> float:
        return float(log_capital_above(x, mean, alpha)[-1]) - math.log(1 / alpha)

    if excess(1e-12) < 0:
        return 0.0
    return float(optimize.brentq(excess, 1e-12, 1 - 1e-12, xtol=1e-15))


Prior = Callable[[float], tuple[float, float]]


def prior_narrow_at(n: int, alpha: float, side: str) -> Prior:
    """Howard et al. (2021): the size of the prior from the best rho of a normal mixture."""
    double = 2 * math.log(1 / (alpha if side == "both" else 2 * alpha))
    size = max(n / (double + math.log(1 + double)) - 1, 1e-3)
    return lambda p: (size * p, size * (1 - p))


def log_ratio(ones: int, zeros: int, p: float, prior: Prior, side: str) -> float:
    """The mixed likelihood over that of p."""
    a, b = prior(p)
    whole = special.betaln(a + ones, b + zeros) - special.betaln(a, b) - ones * math.log(p) - zeros * math.log1p(-p)
    if side == "lower":
        whole += stats.beta.logsf(p, a + ones, b + zeros) - stats.beta.logsf(p, a, b)
    if side == "upper":
        whole += stats.beta.logcdf(p, a + ones, b + zeros) - stats.beta.logcdf(p, a, b)
    return float(whole)


def ratio_by_quadrature(ones: int, zeros: int, p: float, prior: Prior, side: str) -> float:
    """The same, by adding up likelihood ratios of all rates."""
    a, b = prior(p)
    start, end = {"both": (0.0, 1.0), "lower": (p, 1.0), "upper": (0.0, p)}[side]

    def density(rate: float) -> float:
        return float(stats.beta.pdf(rate, a, b))

    def weighted(rate: float) -> float:
        return density(rate) * (rate / p) ** ones * ((1 - rate) / (1 - p)) ** zeros

    above, _ = integrate.quad(weighted, start, end, epsabs=0, epsrel=1e-10, limit=500)
    below, _ = integrate.quad(density, start, end, epsabs=0, epsrel=1e-10, limit=500)
    return above / below


def beta_binomial(ones: int, zeros: int, alpha: float, prior: Prior, side: str) -> tuple[float, float]:
    """Where the ratio is 1 / alpha on either side of the rate."""
    rate, tiny = ones / (ones + zeros), 1e-13

    def excess(p: float) -> float:
        return log_ratio(ones, zeros, p, prior, side) - math.log(1 / alpha)

    low, high = 0.0, 1.0
    if side != "upper" and ones and excess(tiny) > 0:
        low = float(optimize.brentq(excess, tiny, min(rate, 1 - tiny), xtol=1e-15))
    if side != "lower" and zeros and excess(1 - tiny) > 0:
        high = float(optimize.brentq(excess, max(rate, tiny), 1 - tiny, xtol=1e-15))
    return low, high
