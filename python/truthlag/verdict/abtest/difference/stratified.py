"""The difference of two arms within strata."""

from __future__ import annotations

import math

from truthlag.verdict.abtest.difference.effect import Baseline, NormalEffect, Undefined
from truthlag.verdict.abtest.statistics.strata import Strata, as_mean


def stratified_effect(control: Strata, treatment: Strata) -> NormalEffect:
    """The mean of the strata's differences, weighted by their shares of both arms together.

    The shares are counted too: their spread is part of the variance where differences are not the same in all strata, since the
    effect is that on the population the units come from.

    Raises:
        Undefined: A stratum has fewer than two rows in an arm.
    """
    names = sorted({*control.by_stratum, *treatment.by_stratum})
    pairs = []
    for name in names:
        found = [arm.by_stratum.get(name) for arm in (control, treatment)]
        if any(one is None or one.n < 2 for one in found) and any(one is not None and one.n for one in found):
            raise Undefined(
                f"stratum {name!r} has fewer than two rows in an arm: join it with another stratum, in both arms alike."
            )
        pairs += [tuple(as_mean(one) for one in found if one is not None and one.n)]
    pairs = [pair for pair in pairs if pair]
    rows = sum(before.n + now.n for before, now in pairs)
    weights = [(before.n + now.n) / rows for before, now in pairs]
    before_mean = sum(w * before.mean for w, (before, _) in zip(weights, pairs, strict=True))
    difference = sum(w * (now.mean - before.mean) for w, (before, now) in zip(weights, pairs, strict=True))
    before_variance = sum(
        w * w * before.m2 / (before.n - 1) / before.n for w, (before, _) in zip(weights, pairs, strict=True)
    )
    now_variance = sum(w * w * now.m2 / (now.n - 1) / now.n for w, (_, now) in zip(weights, pairs, strict=True))
    spread = between = own = 0.0
    for w, (before, now) in zip(weights, pairs, strict=True):
        apart, level = now.mean - before.mean - difference, before.mean - before_mean
        spread += w * apart * apart / rows
        between += w * apart * level / rows
        own += w * level * level / rows
    variance = before_variance + now_variance + spread
    if variance <= 0:
        raise Undefined("neither arm has any spread within strata, so nothing tells how much chance could do.")
    error = math.sqrt(variance)
    # Welch and Satterthwaite over all cells.
    cells = [
        ((w * w * one.m2 / (one.n - 1) / one.n) ** 2 / (one.n - 1))
        for w, pair in zip(weights, pairs, strict=True)
        for one in pair
    ]
    freedom = variance**2 / sum(cells) if sum(cells) > 0 else math.inf
    baseline = Baseline(before_mean, math.sqrt(before_variance + own), between - before_variance)
    return NormalEffect(difference, error, freedom, "post-stratification", baseline)
