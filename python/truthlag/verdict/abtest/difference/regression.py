"""The difference of two means, or ratios, after their covariates."""

from __future__ import annotations

import math
from operator import add

import numpy as np
from numpy.typing import NDArray

from truthlag import _core
from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.two_sample.mean import degrees_of_freedom

METHODS = ("regression", "cuped", "lin")


def adjusted_effect(
    control: MeanWithCovariate,
    treatment: MeanWithCovariate,
    method: str | None = None,
    slope: tuple[float, ...] | None = None,
) -> NormalEffect:
    """Each mean less its covariates' distance times a slope.

    `"regression"`: one slope for both arms, pooled within arms, which is the analysis of covariance. `"cuped"`: one slope from all units
    together, as Deng, Xu, Kohavi and Walker (2013) and GrowthBook have it. `"lin"`: a slope of its own in each arm, Lin (2013),
    which is never less precise in large samples; with the variance HC2 where the arms know it.

    Raises:
        Undefined: Nothing varies after the covariates.
    """
    if method == "lin":
        return _interacted(control, treatment)
    before, now = parts(control), parts(treatment)
    if slope is None and method == "cuped":
        slope = slope_of(_together(control, treatment))
    found = _core.adjusted_difference(before, now, slope)
    if found is None:
        found = _core.adjusted_difference(before, now, slope_of(within(control, treatment)))
    if found is None or found[1] == 0:
        raise Undefined("neither arm has any spread left, so nothing tells how much chance could do.")
    return _effect(found, "CUPED" if method == "cuped" else "regression on covariates")


def adjusted_ratios(control: MeanWithCovariate, treatment: MeanWithCovariate) -> NormalEffect | None:
    """The difference of two ratios after those before them: numerator and denominator, now and before.

    None where more is to be said than that: no ratio, covariates that were not measured alike, or no spread.
    """
    found = _core.adjusted_ratios(parts(control), parts(treatment))
    return _effect(found, "regression on covariates") if found is not None and found[1] > 0 else None


def _effect(found: tuple[float, float, float, float, float, float], name: str) -> NormalEffect:
    difference, error, freedom, level, level_error, covariance = found
    baseline = Baseline(level, level_error, covariance)
    return NormalEffect(difference, error, freedom, f"Welch's t test after {name}", baseline)


@np.errstate(over="ignore", invalid="ignore")  # what is beyond floats is said of the whole comparison
def _interacted(control: MeanWithCovariate, treatment: MeanWithCovariate) -> NormalEffect:
    rows = control.n + treatment.n
    middle = (control.n * np.array(control.means[1:]) + treatment.n * np.array(treatment.means[1:])) / rows
    found = []
    for arm, name in ((control, "control"), (treatment, "treatment")):
        freedom = arm.n - 1 - arm.covariates
        if freedom < 1:
            raise Undefined(f"the {name} has {arm.n} units, too few for {arm.covariates} covariates of its own.")
        table = np.array(arm.comoments)
        slope = _solved(table)
        away = middle - np.array(arm.means[1:])
        inverse = np.linalg.pinv(table[1:, 1:], hermitian=True)
        # How each unit counts in the value at the middle: 1 / n, and more where it is on the side of the middle.
        weights = np.concatenate([[1 / arm.n], inverse @ away])
        if arm.sandwich is not None:
            variance = float(weights @ np.array(arm.sandwich) @ weights)
        else:
            left = max(0.0, float(table[0, 0] - slope @ table[1:, 0]))
            variance = left / freedom * (1 / arm.n + float(away @ inverse @ away))
        found.append((arm.means[0] + float(slope @ away), math.sqrt(max(0.0, variance)), freedom + 1))
    (before, before_error, before_rows), (now, now_error, now_rows) = found
    error = math.hypot(before_error, now_error)
    if error == 0:
        raise Undefined("neither arm has any spread left, so nothing tells how much chance could do.")
    # The control's own value there is what the effect is relative to; the arms' errors are independent.
    baseline = Baseline(before, before_error, -before_error * before_error)
    together = degrees_of_freedom(before_error, before_rows, now_error, now_rows)
    is_robust = control.sandwich is not None and treatment.sandwich is not None
    name = "Lin's interacted regression" + (", HC2" if is_robust else "")
    return NormalEffect(now - before, error, together, name, baseline)


def _together(control: MeanWithCovariate, treatment: MeanWithCovariate) -> tuple[tuple[float, ...], ...]:
    try:
        return control.merge(treatment).comoments
    except ValueError as error:
        # The distance of the arms is finite in each of them, and its square is none that a float holds.
        raise OverflowError(str(error)) from error


def parts(arm: MeanWithCovariate) -> tuple[int, tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Units, means and products, as the core takes them."""
    return arm.n, arm.means, arm.comoments


def within(control: MeanWithCovariate, treatment: MeanWithCovariate) -> tuple[tuple[float, ...], ...]:
    """The products of both arms within each."""
    both = zip(control.comoments, treatment.comoments, strict=True)
    return tuple([tuple(map(add, first, second)) for first, second in both])


def slope_of(table: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    """The slope of the values on each covariate; the least of all slopes where covariates depend on each other."""
    return _core.least_squares_slope(table) or tuple(_solved(np.array(table)).tolist())


def _solved(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The slope of the values on each covariate; the least of all slopes where covariates depend on each other."""
    if not np.isfinite(table).all():
        raise OverflowError("squares are beyond what a float holds")
    return np.asarray(np.linalg.lstsq(table[1:, 1:], table[1:, 0], rcond=None)[0])


def check_alike(control: MeanWithCovariate, treatment: MeanWithCovariate) -> None:
    """Whether the covariates can have been measured alike in both arms.

    Raises:
        Undefined: One of them is further apart than chance does.
    """
    place = _core.first_unlike_covariate(parts(control), parts(treatment))
    if place is None:
        return
    spread = [arm.comoments[place][place] / (arm.n - 1) / arm.n for arm in (control, treatment)]
    apart, error = treatment.means[place] - control.means[place], math.sqrt(sum(spread))
    chance = math.erfc(abs(apart) / error / math.sqrt(2)) if error else 0.0
    name = f"covariate {place}" if control.names is None else repr(control.names[place - 1])
    raise Undefined(
        f"{name} is {control.means[place]:.4g} in the control and {treatment.means[place]:.4g} in the treatment, which chance"
        f" does with p = {chance:.2g}: it was not measured alike in both arms (or units were not randomised), and an"
        " adjustment would move that into the difference. Use what is known before the treatment, or the score that one"
        " frozen model gives to the requests of both arms, not each arm's own model's."
    )
