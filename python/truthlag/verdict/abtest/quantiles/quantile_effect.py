"""How two quantiles are held against each other, by the method and by when one may look."""

from __future__ import annotations

import math

from truthlag.call.described import described
from truthlag.verdict.abtest.difference.effect import Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.inference import AsymptoticSequence, Inference
from truthlag.verdict.abtest.quantiles.binomial_ranks import least_rows
from truthlag.verdict.abtest.quantiles.ladder import Ladder
from truthlag.verdict.abtest.quantiles.quantile_arm import COMPARISONS, QuantileArm
from truthlag.verdict.abtest.quantiles.rank_effect import RankEffect
from truthlag.verdict.abtest.quantiles.rank_scale import BinomialScale, MixtureScale
from truthlag.verdict.abtest.quantiles.total_scale import GuaranteedTotal, NormalTotal, SequenceTotal


def quantile_effect(
    control: QuantileArm, treatment: QuantileArm, method: str | None, inference: Inference, *, one_sided: bool
) -> Effect:
    """Treatment less control.

    Raises:
        Undefined: One of the arms has no values.
        ValueError: There is no such method.
    """
    if method is not None and method not in COMPARISONS:
        allowed = ", ".join(map(repr, COMPARISONS))
        raise ValueError(f"method must be None or one of {allowed} for a quantile, got {described(method)}")
    empty = [name for name, arm in (("control", control), ("treatment", treatment)) if not arm.rows]
    if empty:
        raise Undefined(f"the {' and the '.join(empty)} {'have' if len(empty) > 1 else 'has'} no rows.")
    if method == "outer":
        return _outer(control, treatment)
    if isinstance(inference, AsymptoticSequence):
        units = control.n + treatment.n
        before, now = (
            Ladder(arm, MixtureScale(_narrow_at(arm, units, inference, one_sided=one_sided), one_sided))
            for arm in (control, treatment)
        )
        total = SequenceTotal(inference, units, one_sided)
        return RankEffect(before, now, total, "mixture of binomial likelihoods of ranks")
    before, now = Ladder(control, BinomialScale()), Ladder(treatment, BinomialScale())
    if method == "guaranteed":
        return RankEffect(before, now, GuaranteedTotal(), "binomial tails of ranks, guaranteed")
    return RankEffect(before, now, NormalTotal(), "binomial tails of ranks")


def _outer(control: QuantileArm, treatment: QuantileArm) -> NormalEffect:
    """A normal difference with the standard errors of outer intervals: Deng, Knoblich and Lu (2018)."""
    errors = control.standard_error, treatment.standard_error
    values = control.estimate, treatment.estimate
    if errors[0] is None or errors[1] is None or values[0] is None or values[1] is None or not _are_finite(values):
        raise Undefined("an outer interval has no end, which method 'outer' needs: there are too few rows.")
    error = math.hypot(errors[0], errors[1])
    if error == 0:
        raise Undefined("neither arm has any spread around its quantile, which method 'outer' needs.")
    return NormalEffect(values[1] - values[0], error, math.inf, "outer intervals")


def _are_finite(values: tuple[float | None, ...]) -> bool:
    return all(value is not None and math.isfinite(value) for value in values)


def _narrow_at(arm: QuantileArm, units: int, sequence: AsymptoticSequence, *, one_sided: bool) -> float:
    """The rows of the arm when both arms have the units at which the sequence is narrow.

    By the arm's share in powers of two, so that it is that of the design and not of chance.
    """
    share = 2.0 ** round(math.log2(arm.n / units))
    return sequence.narrow_at(one_sided=one_sided) * share * arm.effective_rows / arm.n


def few_rows(
    control: QuantileArm, treatment: QuantileArm, interval: tuple[float, float], alpha: float
) -> tuple[list[str], int]:
    """Why a limit is missing, if it is because there are few rows, and how many more of both arms together it takes at least."""
    if all(map(math.isfinite, interval)) or not control.rows or not treatment.rows:
        return [], 0
    needed = least_rows(control.p, alpha)
    missing = {
        name: math.ceil((2 * needed - arm.effective_rows) * arm.n / arm.effective_rows)
        for name, arm in (("control", control), ("treatment", treatment))
        if arm.effective_rows < 2 * needed
    }
    if not missing:
        return [], 0
    reason = (
        f"a limit of the interval is infinite: of {' and '.join(missing)} there are too few rows; the limits of one such quantile"
        f" alone take {needed:,}."
    )
    return [reason], sum(missing.values())
