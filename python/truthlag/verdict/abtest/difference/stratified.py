"""The difference of two arms within strata."""

from __future__ import annotations

import math

from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.strata import Strata

_NOTHING = (0.0, 0.0, 0.0)


def stratified_effect(control: Strata, treatment: Strata) -> NormalEffect:
    """The mean of the strata's differences, weighted by their shares of both arms together.

    The shares are counted too: their spread is part of the variance where differences are not the same in all strata, since the
    effect is that on the population the units come from.

    Raises:
        Undefined: A stratum has fewer than two rows in an arm.
    """
    cells: list[tuple[float, float, float]] = []
    # A stratum is left out only where neither arm has a row of it.
    rows = float(control.n + treatment.n)
    before_mean = difference = before_variance = now_variance = satterthwaite = 0.0
    first, second = control.cells(), treatment.cells()
    for name in sorted({*first, *second}):
        before_n, before, before_m2 = first.get(name, _NOTHING)
        now_n, now, now_m2 = second.get(name, _NOTHING)
        if before_n < 2 or now_n < 2:
            if before_n or now_n:
                raise Undefined(
                    f"stratum {name!r} has fewer than two rows in an arm: join it with another stratum, in both arms alike."
                )
            continue
        n = before_n + now_n
        cells.append((n, before, now))
        weight = n / rows
        before_mean += weight * before
        difference += weight * (now - before)
        first_part = weight * weight * (before_m2 / (before_n - 1) / before_n)
        second_part = weight * weight * (now_m2 / (now_n - 1) / now_n)
        before_variance += first_part
        now_variance += second_part
        # Welch and Satterthwaite over all cells.
        satterthwaite += first_part * first_part / (before_n - 1) + second_part * second_part / (now_n - 1)
    spread = between = own = 0.0
    for n, before, now in cells:
        share = n / rows / rows
        apart, level = now - before - difference, before - before_mean
        spread += share * apart * apart
        between += share * apart * level
        own += share * level * level
    variance = before_variance + now_variance + spread
    if variance <= 0:
        raise Undefined("neither arm has any spread within strata, so nothing tells how much chance could do.")
    error = math.sqrt(variance)
    freedom = variance**2 / satterthwaite if satterthwaite > 0 else math.inf
    baseline = Baseline(before_mean, math.sqrt(before_variance + own), between - before_variance)
    return NormalEffect(difference, error, freedom, "post-stratification", baseline)
