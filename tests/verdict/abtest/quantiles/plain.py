"""Two quantiles held against each other by trying all places, without any cleverness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import integrate, stats


def above(values: Sequence[float], p: float, place: float) -> float:
    """The normal quantile of the evidence that the p-quantile is above a place; 0 where there is none."""
    count = sum(value <= place for value in values)
    return max(0.0, -float(stats.norm.ppf(stats.binom.cdf(count, len(values), p))))


def below(values: Sequence[float], p: float, place: float) -> float:
    """The same of its being below."""
    count = sum(value < place for value in values)
    return max(0.0, -float(stats.norm.ppf(stats.binom.sf(count - 1, len(values), p))))


def places(control: Sequence[float], treatment: Sequence[float], null: float) -> list[float]:
    """Each place of the control's quantile at which counts change, and some between all of them."""
    steps = sorted({*control, *(value - null for value in treatment)})
    between = [(low + high) / 2 for low, high in pairwise(steps)]
    return [steps[0] - 1, *steps, *between, steps[-1] + 1]


def statistic(control: Sequence[float], treatment: Sequence[float], p: float, null: float) -> float:
    """The signed root of the least sum of squares of both arms over all places."""
    every = places(control, treatment, null)

    def least(is_up: bool) -> float:
        first, second = (above, below) if is_up else (below, above)
        return min(math.hypot(first(treatment, p, place + null), second(control, p, place)) for place in every)

    up, down = least(True), least(False)
    return up if up > 0 else -down


def log_wealth(count: int, n: int, p: float, a: float, b: float, one_sided: bool) -> float:
    """The beta mixture of likelihood ratios of a count, by numerical integration; below p alone if one-sided."""
    prior = stats.beta(a, b)
    end = p if one_sided else 1.0

    def ratio(share: float) -> float:
        likelihood = count * math.log(share / p) + (n - count) * math.log((1 - share) / (1 - p))
        return math.exp(likelihood) * float(prior.pdf(share))

    peak = min(max(count / n, 1e-6), 1 - 1e-6)
    points = sorted({one for one in (peak, p, b and a / (a + b)) if 0 < one < end})
    value, _ = integrate.quad(ratio, 0, end, points=points, limit=500, epsabs=0, epsrel=1e-10)
    return math.log(value / float(prior.cdf(end)))


def sample(random: np.random.Generator, n: int, *, has_ties: bool) -> list[float]:
    """Heavy-tailed values, some of them the same if asked for."""
    values = np.exp(random.standard_normal(n))
    return [round(float(value), 1) if has_ties else float(value) for value in values]
