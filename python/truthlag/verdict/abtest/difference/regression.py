"""The difference of two means after their covariates."""

from __future__ import annotations

import math

import numpy as np

from truthlag.verdict.abtest.difference.effect import NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.two_sample.mean import degrees_of_freedom


def adjusted_effect(control: MeanWithCovariate, treatment: MeanWithCovariate) -> NormalEffect:
    """CUPED: each mean less its covariates' distance times one common slope.

    The slope is that of both arms pooled within arms, which with one covariate is Deng, Xu, Kohavi and Walker's (2013). The
    variance is that of what is left in each arm.
    """
    slope = common_slope(control, treatment)
    before, now = _left(control, slope), _left(treatment, slope)
    before_error = math.sqrt(before[1] / (control.n - 1) / control.n)
    now_error = math.sqrt(now[1] / (treatment.n - 1) / treatment.n)
    error = math.hypot(before_error, now_error)
    if error == 0:
        raise Undefined("neither arm has any spread left, so nothing tells how much chance could do.")
    freedom = degrees_of_freedom(before_error, control.n, now_error, treatment.n)
    return NormalEffect(now[0] - before[0], error, freedom, "Welch's t test after regression on covariates")


def common_slope(control: MeanWithCovariate, treatment: MeanWithCovariate) -> list[float]:
    """The slope of the values on each covariate, within arms; 0 for covariates that tell nothing."""
    table = np.array(control.comoments) + np.array(treatment.comoments)
    # The least of all slopes where covariates depend on each other.
    slope = np.linalg.lstsq(table[1:, 1:], table[1:, 0], rcond=None)[0]
    found: list[float] = slope.tolist()
    return found


def _left(arm: MeanWithCovariate, slope: list[float]) -> tuple[float, float]:
    """The mean and the squared deviations of values less slope times covariates."""
    weights = np.array([1.0, *(-one for one in slope)])
    return float(weights @ np.array(arm.means)), max(0.0, float(weights @ np.array(arm.comoments) @ weights))
