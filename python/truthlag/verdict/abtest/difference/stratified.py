"""The difference of two arms within strata."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect, Undefined
from truthlag.verdict.abtest.difference.regression import _left, _slope, check_alike
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata, Stratum, mean_and_m2


@dataclass(frozen=True, slots=True)
class _Cell:
    """A stratum: what both arms show, and what an adjustment leaves of it."""

    before_n: int
    now_n: int
    level: float
    """The control's mean as it is."""
    difference: float
    before_variance: float
    """Of the control's mean, after its covariates; the same of the treatment's."""
    now_variance: float
    level_variance: float
    """Of the control's mean as it is."""
    together: float
    """The covariance of the control's mean as it is and after its covariates."""

    @property
    def n(self) -> int:
        return self.before_n + self.now_n


def stratified_effect(control: Strata, treatment: Strata) -> NormalEffect:
    """The mean of the strata's differences, weighted by their shares of both arms together.

    The shares are counted too: their spread is part of the variance where differences are not the same in all strata, since the
    effect is that on the population the units come from. With covariates each mean is less its covariates' distance times one slope,
    which is that within all strata and arms together.

    Raises:
        Undefined: A stratum has fewer than two rows in an arm, or a covariate was not measured alike in both.
    """
    pairs: list[tuple[Stratum, Stratum]] = []
    for name in sorted({*control.by_stratum, *treatment.by_stratum}):
        first, second = control.by_stratum.get(name), treatment.by_stratum.get(name)
        before_n, now_n = first.n if first is not None else 0, second.n if second is not None else 0
        if first is None or second is None or before_n < 2 or now_n < 2:
            if before_n or now_n:
                raise Undefined(
                    f"stratum {name!r} has fewer than two rows in an arm: join it with another stratum, in both arms alike."
                )
            continue
        pairs.append((first, second))
    slope = _common_slope(pairs)
    cells = [_cell(first, second, slope) for first, second in pairs]
    rows = sum(cell.n for cell in cells)
    before_mean = difference = before_variance = now_variance = level_variance = together = satterthwaite = 0.0
    for cell in cells:
        weight = cell.n / rows
        before_mean += weight * cell.level
        difference += weight * cell.difference
        squared = weight * weight
        first_part, second_part = squared * cell.before_variance, squared * cell.now_variance
        before_variance += first_part
        now_variance += second_part
        level_variance += squared * cell.level_variance
        together += squared * cell.together
        # Welch and Satterthwaite over all cells.
        satterthwaite += first_part * first_part / (cell.before_n - 1) + second_part * second_part / (cell.now_n - 1)
    spread = between = own = 0.0
    for cell in cells:
        share = cell.n / rows / rows
        apart, level = cell.difference - difference, cell.level - before_mean
        spread += share * apart * apart
        between += share * apart * level
        own += share * level * level
    variance = before_variance + now_variance + spread
    if variance <= 0:
        raise Undefined("neither arm has any spread within strata, so nothing tells how much chance could do.")
    error = math.sqrt(variance)
    freedom = variance**2 / satterthwaite if satterthwaite > 0 else math.inf
    baseline = Baseline(before_mean, math.sqrt(level_variance + own), between - together)
    method = "post-stratification" if slope is None else "post-stratification after regression on covariates"
    return NormalEffect(difference, error, freedom, method, baseline)


def _common_slope(pairs: list[tuple[Stratum, Stratum]]) -> tuple[float, ...] | None:
    """The slope within all strata and arms together; None without covariates."""
    tables = []
    for first, second in pairs:
        if isinstance(first, MeanWithCovariate) and isinstance(second, MeanWithCovariate):
            check_alike(first, second)
            tables += [first.comoments, second.comoments]
    if not tables:
        return None
    return _slope(
        reduce(
            lambda one, other: tuple(
                tuple(map(sum, zip(row, more, strict=True))) for row, more in zip(one, other, strict=True)
            ),
            tables,
        )
    )


def _cell(first: Stratum, second: Stratum, slope: tuple[float, ...] | None) -> _Cell:
    before, before_m2 = mean_and_m2(first)
    now, now_m2 = mean_and_m2(second)
    level_variance = before_m2 / (first.n - 1) / first.n
    if slope is None or not isinstance(first, MeanWithCovariate) or not isinstance(second, MeanWithCovariate):
        now_variance = now_m2 / (second.n - 1) / second.n
        return _Cell(
            first.n, second.n, before, now - before, level_variance, now_variance, level_variance, level_variance
        )
    left, left_m2 = _left(first, slope)
    after, after_m2 = _left(second, slope)
    together = before_m2 - sum(one * other for one, other in zip(slope, first.comoments[0][1:], strict=True))
    return _Cell(
        first.n,
        second.n,
        before,
        after - left,
        left_m2 / (first.n - 1) / first.n,
        after_m2 / (second.n - 1) / second.n,
        level_variance,
        together / (first.n - 1) / first.n,
    )
