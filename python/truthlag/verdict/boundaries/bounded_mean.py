"""Limits for the mean of bounded values after each of them, by boundaries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.boundaries.gamma_exponential import GammaExponentialBoundary
from truthlag.verdict.boundaries.mixture import LEAST_TIME, MOST_TIME
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.boundaries.normal import NormalMixtureBoundary
from truthlag.verdict.detectors.parameters import choice, real, share
from truthlag.verdict.detectors.value_array import value_array
from truthlag.verdict.sequences.confidence_sequence import checked_bounds

METHODS = ("empirical_bernstein_mixture", "hoeffding_mixture", "hoeffding")


def bounded_mean_limits(
    values: Any,
    *,
    method: str = "empirical_bernstein_mixture",
    alpha: float = 0.05,
    bounds: tuple[float, float] = (0.0, 1.0),
    tuned_at: float | None = None,
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """The limits of the mean of bounded values, as they are after each value: a whole confidence sequence at once.

    With probability `1 - alpha` the mean lies within all of them, where each value has, given those before it, the same mean. For a
    picture, to compare, or to do by hand what others report; `truthlag.detectors.BettingSequence` is the narrower, and takes values
    as they come.

    - `"empirical_bernstein_mixture"`: the mean and a `GammaExponentialBoundary` at alpha / 2 on each side, at the sum of
      (value - mean of those before)², of the first (value - middle of the bounds)²; Howard, Ramdas, McAuliffe and Sekhon (2021), theorem 4.
    - `"hoeffding_mixture"`: the mean and a `NormalMixtureBoundary` of both sides, at n width² / 4; proposition 5 there.
    - `"hoeffding"`: a mean in which the n-th value has the weight sqrt(8 log(2 / alpha) / (n log(n + 1))), and 1 at most, and its
      margin; Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting", JRSSB 86, proposition 1.

    Cost: some tens of nanoseconds a value by Hoeffding, some 200 microseconds by the other.

    Args:
        values: A list, a tuple, or an array of one dimension, of ints, floats or bools.
        method: `"empirical_bernstein_mixture"` (the default), which knows the variance from the values, `"hoeffding_mixture"` or
            `"hoeffding"`.
        alpha: The probability with which the mean is ever outside, between 0 and 1. Default 0.05.
        bounds: The least and the largest value that there can be. Default (0, 1).
        tuned_at: Of the mixtures, the intrinsic time at which the limits are to be narrow, above 0. By default that of 500 values: at
            `"hoeffding_mixture"`, and with an eighth of the largest variance at the other. It must not depend on the values.

    Returns:
        The lower and the upper limits, within the bounds, of as many as there are values.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Example:
        >>> from truthlag.boundaries import bounded_mean_limits
        >>> low, high = bounded_mean_limits([number % 8 == 0 for number in range(1_000)])
        >>> [(n, round(float(low[n - 1]), 3), round(float(high[n - 1]), 3)) for n in (10, 100, 1_000)]
        [(10, 0.0, 1.0), (100, 0.0, 0.27), (1000, 0.087, 0.163)]
    """
    choice("method", method, METHODS)
    level = share("alpha", alpha)
    least, most = checked_bounds(bounds)
    width = most - least
    scaled = value_array("values", values)
    wrong = ~((scaled >= least) & (scaled <= most))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(f"values[{place}] must be a number from {least:g} to {most:g}, got {scaled[place]:g}")
    scaled = (scaled - least) / width
    n = np.arange(1, scaled.size + 1)
    if method == "hoeffding":
        if tuned_at is not None:
            raise ValueError(f"tuned_at must be None with method 'hoeffding', got {described(tuned_at)}")
        centre, margin = _plug_in(scaled, n, level)
    else:
        default = 500 / 4 / (8 if method == "empirical_bernstein_mixture" else 1)
        tuned = default if tuned_at is None else _tuned(tuned_at, width)
        centre = np.cumsum(scaled) / n
        margin = _mixed(scaled, n, centre, level, tuned, method) / n
    return least + width * np.maximum(0, centre - margin), least + width * np.minimum(1, centre + margin)


def _tuned(tuned_at: float, width: float) -> float:
    """The intrinsic time of values between 0 and 1, of which the boundaries know no smaller and no larger ones."""
    given = real("tuned_at", tuned_at, 0, above=True) / width / width
    return min(max(given, LEAST_TIME), MOST_TIME)


def _mixed(scaled: Floats, n: Any, means: Floats, alpha: float, tuned_at: float, method: str) -> Floats:
    """How far the sum may be from what is expected."""
    if method == "hoeffding_mixture":
        both: Floats = NormalMixtureBoundary(tuned_at, alpha=alpha, side="both").at(n / 4)
        return both
    guesses = np.concatenate([[0.5], means])[:-1]
    time = np.cumsum((scaled - guesses) ** 2)
    one_side: Floats = GammaExponentialBoundary(tuned_at, alpha=alpha / 2).at(time)
    return one_side


def _plug_in(scaled: Floats, n: Any, alpha: float) -> tuple[Floats, Floats]:
    spent = math.log(2 / alpha)
    weights = np.minimum(1, np.sqrt(8 * spent / (n * np.log(n + 1))))
    total = np.cumsum(weights)
    return np.cumsum(weights * scaled) / total, (spent + np.cumsum(weights**2) / 8) / total
