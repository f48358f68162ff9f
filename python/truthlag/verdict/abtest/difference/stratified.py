"""The difference of two arms within strata."""

from __future__ import annotations

from truthlag import _core
from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.strata import Strata


def stratified_effect(control: Strata, treatment: Strata) -> NormalEffect:
    """The mean of the strata's differences, weighted by their shares of both arms together.

    The shares are counted too: their spread is part of the variance where differences are not the same in all strata, since the
    effect is that on the population the units come from.

    Raises:
        Undefined: A stratum has fewer than two rows in an arm, or none has any spread.
    """
    # A stratum is left out only where neither arm has a row of it.
    found, few = _core.stratified_difference(control.by_stratum, treatment.by_stratum, control.n + treatment.n)
    if few is not None:
        raise Undefined(
            f"stratum {few!r} has fewer than two rows in an arm: join it with another stratum, in both arms alike."
        )
    if found is None:
        raise Undefined("neither arm has any spread within strata, so nothing tells how much chance could do.")
    difference, error, freedom, level, level_error, covariance = found
    return NormalEffect(difference, error, freedom, "post-stratification", Baseline(level, level_error, covariance))
