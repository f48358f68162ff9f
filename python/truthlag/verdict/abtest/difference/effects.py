"""The difference of two arms of one kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.difference import calibrated, proportions, regression
from truthlag.verdict.abtest.difference.bounded import bounded_effect
from truthlag.verdict.abtest.difference.effect import Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.difference.stratified import stratified_effect
from truthlag.verdict.abtest.difference.stratified_regression import stratified_regression
from truthlag.verdict.abtest.quantiles.quantile_arm import COMPARISONS
from truthlag.verdict.abtest.statistics.arm import Figures, Statistic, figures
from truthlag.verdict.abtest.statistics.calibration import Calibration
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.prediction_powered import PredictionPowered
from truthlag.verdict.abtest.statistics.prediction_powered_ratio import PredictionPoweredRatio
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata
from truthlag.verdict.two_sample.mean import degrees_of_freedom

_RATIOS = (Ratio, PredictionPoweredRatio)
_PREDICTION_POWERED = (PredictionPowered, PredictionPoweredRatio)

METHODS: dict[str, tuple[str, ...]] = {
    "proportion": proportions.METHODS,
    "mean": ("welch", "student", "z"),
    "ratio": ("delta", "jackknife"),
    "mean with covariate": regression.METHODS,
    "ratio with covariate": regression.METHODS,
    "known": ("z",),
    "f-measure": (),
    "calibration": calibrated.METHODS,
    "strata": (),
    "prediction powered": ("welch", "z"),
    "prediction powered ratio": ("welch", "z"),
    "quantile": COMPARISONS,
}
"""The methods that may be asked for, by the kind of the arms."""


def absolute_effect(
    control: Statistic,
    treatment: Statistic,
    method: str | None,
    control_figures: Figures | None = None,
    treatment_figures: Figures | None = None,
) -> Effect:
    """Treatment less control.

    Args:
        control: The arm that is held against.
        treatment: The other one.
        method: How they are compared; None for the rule of their kind.
        control_figures: What `figures` says of the control, where it is known already.
        treatment_figures: The same of the treatment.

    Raises:
        Undefined: One of the arms has no estimate or no spread.
        ValueError: The method is not one of this kind of arms.
    """
    if method is not None and method not in METHODS[control.KIND]:
        allowed = " or one of ".join(["None", *filter(None, [", ".join(map(repr, METHODS[control.KIND]))])])
        raise ValueError(f"method must be {allowed} for a {control.KIND}, got {described(method)}")
    if control.n == 0 or treatment.n == 0:
        raise Undefined(_empty(control, treatment))
    if isinstance(control, Proportion) and isinstance(treatment, Proportion):
        return proportions.proportion_effect(control, treatment, method)
    own = _OWN.get(control.KIND)
    if own is not None:
        return own(control, treatment, method)
    if isinstance(control, Known) and control.range is not None and method is None and isinstance(treatment, Known):
        return bounded_effect(control, treatment)
    before, before_error = control_figures or figures(control)
    now, now_error = treatment_figures or figures(treatment)
    if before is None or now is None:
        name = "control" if before is None else "treatment"
        why = "its denominator is 0" if isinstance(control, _RATIOS) else "it is not defined for its rows"
        raise Undefined(f"the {name} has no estimate: {why}.")
    is_known = isinstance(control, Known)
    if not is_known:
        _check_rows(control, treatment)
    if method == "student" and isinstance(control, Mean) and isinstance(treatment, Mean):
        return _student(control, treatment)
    if method == "jackknife":
        before_error, now_error = _jackknife_error("control", control), _jackknife_error("treatment", treatment)
    if before_error is None or now_error is None:
        name = "control" if before_error is None else "treatment"
        raise Undefined(f"the standard error of the {name} is not known.")
    error = math.hypot(before_error, now_error)
    if error == 0:
        raise Undefined("neither arm has any spread, so nothing tells how much chance could do.")
    is_normal = is_known or method == "z"
    freedom = math.inf if is_normal else degrees_of_freedom(before_error, control.n, now_error, treatment.n)
    return NormalEffect(now - before, error, freedom, _name(control, method))


def ratio_effect(
    control: RatioWithCovariate,
    treatment: RatioWithCovariate,
    method: str | None,
    slope: tuple[float, ...] | None = None,
) -> Effect:
    """The difference of two ratios made linear, after their covariates.

    Raises:
        Undefined: A denominator is 0.
    """
    if control.ratio_before and slope is None and method in (None, "regression"):
        # Two ratios and their own past are the rule.
        found = regression.adjusted_ratios(control.moments, treatment.moments)
        if found is not None:
            return found
    before, now = control.linear(), treatment.linear()
    if before is None or now is None:
        name, arm = ("control", control) if before is None else ("treatment", treatment)
        is_zero = 0 in (arm.moments.means[1], *arm.moments.means[3:][: arm.ratio_before])
        how = "a denominator is 0" if is_zero else "a denominator is too near 0 to be divided by"
        raise Undefined(f"the {name} has no estimate: {how}.")
    regression.check_alike(before, now)
    return regression.adjusted_effect(before, now, method, slope)


def _after_regression(control: Any, treatment: Any, method: str | None) -> Effect:
    _check_rows(control, treatment)
    if isinstance(control, RatioWithCovariate):
        return ratio_effect(control, treatment, method)
    regression.check_alike(control, treatment)
    return regression.adjusted_effect(control, treatment, method)


def _stratified(control: Strata, treatment: Strata, _method: str | None) -> Effect:
    return stratified_regression(control, treatment) if control.covariates else stratified_effect(control, treatment)


_OWN: dict[str, Callable[[Any, Any, str | None], Effect]] = {
    MeanWithCovariate.KIND: _after_regression,
    RatioWithCovariate.KIND: _after_regression,
    FMeasure.KIND: lambda control, treatment, _: proportions.f_measure_effect(control, treatment),
    Calibration.KIND: calibrated.calibration_effect,
    Strata.KIND: _stratified,
}


def _name(arm: Any, method: str | None) -> str:
    if isinstance(arm, Mean):
        return "z test" if method == "z" else "Welch's t test"
    if isinstance(arm, Ratio):
        return "jackknife" if method == "jackknife" else "delta method"
    if isinstance(arm, _PREDICTION_POWERED):
        what = "mean" if isinstance(arm, PredictionPowered) else "ratio"
        return f"prediction-powered {what}, " + ("z test" if method == "z" else "Welch's t test")
    return "z test"


def _jackknife_error(name: str, arm: Any) -> float:
    if arm.jackknife_variance is None:
        raise ValueError(
            f"method 'jackknife' needs the jackknife variance of {name}: make it by Ratio.of(..., jackknife=True)"
            " of all its units, since merging loses it"
        )
    return math.sqrt(arm.jackknife_variance)


def _student(control: Mean, treatment: Mean) -> NormalEffect:
    freedom = control.n + treatment.n - 2
    pooled = (control.m2 + treatment.m2) / freedom
    if pooled == 0:
        raise Undefined("neither arm has any spread, so nothing tells how much chance could do.")
    error = math.sqrt(pooled * (1 / control.n + 1 / treatment.n))
    return NormalEffect(treatment.mean - control.mean, error, freedom, "Student's t test with pooled variance")


def _empty(control: Statistic, treatment: Statistic) -> str:
    names = [name for name, arm in (("control", control), ("treatment", treatment)) if arm.n == 0]
    return f"the {' and the '.join(names)} {'have' if len(names) > 1 else 'has'} no rows."


def _check_rows(control: Statistic, treatment: Statistic) -> None:
    n, m = control.n, treatment.n
    if n < 2 or m < 2:
        name, rows = ("control", n) if n < 2 else ("treatment", m)
        raise Undefined(f"the {name} has {rows} unit, and its spread needs 2.")
