"""The difference of two arms within strata, after covariates."""

from __future__ import annotations

import math
from typing import TypeAlias

from truthlag import _core
from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect
from truthlag.verdict.abtest.difference.regression import check_alike, parts, slope_of, within
from truthlag.verdict.abtest.difference.stratified import stratified_effect
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata

Table: TypeAlias = tuple[tuple[float, ...], ...]


def stratified_regression(control: Strata, treatment: Strata) -> NormalEffect:
    """Post-stratification of means that are less their covariates' distance times one slope: that within all strata and arms together.

    The relative difference is over the control's mean as it is, on which its covariates' chance distance has no hold.

    Raises:
        Undefined: A stratum has fewer than two rows in an arm, a covariate was not measured alike in both, or nothing varies.
    """
    before, now = (_adjustable(arm) for arm in (control, treatment))
    slope, table = (0.0,) * control.covariates, None
    for name in sorted({*before} & {*now}):
        if min(before[name].n, now[name].n) < 2:
            continue
        check_alike(before[name], now[name])
        products = within(before[name], now[name])
        table = products if table is None else _sum(table, products)
    if table is not None:
        slope = slope_of(table)
    left = [Strata({name: Mean(one.n, *_after(one, slope)) for name, one in arm.items()}) for arm in (before, now)]
    effect = stratified_effect(left[0], left[1])
    rows = control.n + treatment.n
    shares = {name: (one.n + now[name].n) / rows for name, one in before.items()}
    level = sum([shares[name] * one.means[0] for name, one in before.items()])
    variance = own = between = together = 0.0
    for name, one in before.items():
        share, first = shares[name], one.comoments[0]
        scale = share * share / (one.n - 1) / one.n
        variance += scale * first[0]
        together += scale * (first[0] - sum([slope[i] * first[i + 1] for i in range(len(slope))]))
        apart = _after(now[name], slope)[0] - _after(one, slope)[0] - effect.estimate
        away = one.means[0] - level
        own += share / rows * away * away
        between += share / rows * away * apart
    baseline = Baseline(level, math.sqrt(variance + own), between - together)
    error, freedom = effect.standard_error, effect.degrees_of_freedom
    name = "post-stratification after regression on covariates"
    return NormalEffect(effect.estimate, error, freedom, name, baseline)


def _adjustable(arm: Strata) -> dict[str, MeanWithCovariate]:
    """The strata with rows; all have covariates, if one has."""
    return {name: one for name, one in arm.by_stratum.items() if one.n and isinstance(one, MeanWithCovariate)}


def _sum(first: Table, second: Table) -> Table:
    return tuple(
        tuple(one + other for one, other in zip(row, more, strict=True))
        for row, more in zip(first, second, strict=True)
    )


def _after(arm: MeanWithCovariate, slope: tuple[float, ...]) -> tuple[float, float]:
    """The mean and the squared deviations after the covariates; of one row there are none."""
    mean, squares = _core.left_after(parts(arm), slope)
    return mean, squares if arm.n > 1 else 0.0
