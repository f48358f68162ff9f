"""The difference of two means, or ratios, after their covariates."""

from __future__ import annotations

import math
from operator import add, mul

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.two_sample.mean import degrees_of_freedom

METHODS = ("regression", "cuped", "lin")
#: A distance of a covariate between arms that has this chance or less, where both measured it alike, is none of chance.
_NOT_ALIKE = 1e-6
#: With fewer units in an arm it may be.
_ENOUGH = 30
_ROOT_OF_TWO = math.sqrt(2)
#: With so many covariates elimination is quicker by hand.
_FEW = 5
#: What is left of a covariate's squares after those before it, as a share, where digits are too few for elimination.
_DEPENDENT = 1e-6


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
    if slope is None:
        slope = _slope(_together(control, treatment)) if method == "cuped" else _slope_within(control, treatment)
    before, now = _left(control, slope), _left(treatment, slope)
    before_error = math.sqrt(before[1] / (control.n - 1) / control.n)
    now_error = math.sqrt(now[1] / (treatment.n - 1) / treatment.n)
    error = math.hypot(before_error, now_error)
    if error == 0:
        raise Undefined("neither arm has any spread left, so nothing tells how much chance could do.")
    freedom = degrees_of_freedom(before_error, control.n, now_error, treatment.n)
    name = "CUPED" if method == "cuped" else "regression on covariates"
    return NormalEffect(now[0] - before[0], error, freedom, f"Welch's t test after {name}", _baseline(control, slope))


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


def _slope_within(control: MeanWithCovariate, treatment: MeanWithCovariate) -> tuple[float, ...]:
    if len(control.means) == 2:
        # Of one covariate, which is the rule, what `_slope` needs of the table.
        (_, product), (_, squares) = control.comoments
        (_, other_product), (_, other_squares) = treatment.comoments
        if squares + other_squares > 0:
            return ((product + other_product) / (squares + other_squares),)
    return _slope(_within(control, treatment))


def _within(control: MeanWithCovariate, treatment: MeanWithCovariate) -> tuple[tuple[float, ...], ...]:
    both = zip(control.comoments, treatment.comoments, strict=True)
    return tuple([tuple(map(add, first, second)) for first, second in both])


def _slope(table: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    # With one covariate, which is the rule, a system of equations is a detour, and with few the call of a library is.
    if len(table) == 2 and table[1][1] > 0:
        return (table[0][1] / table[1][1],)
    return _eliminated(table) or tuple(_solved(np.array(table)).tolist())


def _eliminated(table: tuple[tuple[float, ...], ...]) -> tuple[float, ...] | None:
    """The slope by elimination without pivots, as for any table of squares; None where covariates nearly depend on each other."""
    size = len(table) - 1
    if size > _FEW:
        return None
    rows = [[*table[i + 1][1:], table[i + 1][0]] for i in range(size)]
    for i in range(size):
        pivot = rows[i][i]
        if pivot <= _DEPENDENT * table[i + 1][i + 1]:
            return None
        for k in range(i + 1, size):
            share = rows[k][i] / pivot
            for j in range(i, size + 1):
                rows[k][j] -= share * rows[i][j]
    slope = [0.0] * size
    for i in range(size - 1, -1, -1):
        rest = sum(rows[i][j] * slope[j] for j in range(i + 1, size))
        slope[i] = (rows[i][size] - rest) / rows[i][i]
    return tuple(slope)


def _solved(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The slope of the values on each covariate; the least of all slopes where covariates depend on each other."""
    return np.asarray(np.linalg.lstsq(table[1:, 1:], table[1:, 0], rcond=None)[0])


def _left(arm: MeanWithCovariate, slope: tuple[float, ...]) -> tuple[float, float]:
    """The mean and the squared deviations of values less slope times covariates."""
    mean, first = arm.means[0], arm.comoments[0]
    left = first[0]
    if len(slope) == 1:
        one = slope[0]
        return mean - one * arm.means[1], max(0.0, left + one * (one * arm.comoments[1][1] - 2 * first[1]))
    for i, one in enumerate(slope, start=1):
        row = arm.comoments[i]
        mean -= one * arm.means[i]
        # Both triangles of the table are alike.
        left += one * (one * row[i] - 2 * first[i])
        for j in range(1, i):
            left += 2 * one * slope[j - 1] * row[j]
    return mean, max(0.0, left)


def _baseline(control: MeanWithCovariate, slope: tuple[float, ...]) -> Baseline:
    """The control's mean as it is, on which its covariates' chance distance has no hold."""
    first = control.comoments[0]
    explained = slope[0] * first[1] if len(slope) == 1 else sum(map(mul, slope, first[1:]))
    together = first[0] - explained
    rows = (control.n - 1) * control.n
    return Baseline(control.means[0], math.sqrt(first[0] / rows), -together / rows)


def check_alike(control: MeanWithCovariate, treatment: MeanWithCovariate) -> None:
    """Whether the covariates can have been measured alike in both arms.

    Raises:
        Undefined: One of them is further apart than chance does.
    """
    n, m = control.n, treatment.n
    if n < _ENOUGH or m < _ENOUGH:
        return
    for place in range(1, len(control.means)):
        first, second = control.comoments[place][place] / (n - 1) / n, treatment.comoments[place][place] / (m - 1) / m
        apart, error = treatment.means[place] - control.means[place], math.sqrt(first + second)
        if error == 0 and apart == 0:
            continue
        chance = math.erfc(abs(apart) / error / _ROOT_OF_TWO) if error else 0.0
        if chance <= _NOT_ALIKE:
            name = f"covariate {place}" if control.names is None else repr(control.names[place - 1])
            raise Undefined(
                f"{name} is {control.means[place]:.4g} in the control and {treatment.means[place]:.4g} in the treatment, which chance"
                f" does with p = {chance:.2g}: it was not measured alike in both arms (or units were not randomised), and an"
                " adjustment would move that into the difference. Use what is known before the treatment, or the score that one"
                " frozen model gives to the requests of both arms, not each arm's own model's."
            )
