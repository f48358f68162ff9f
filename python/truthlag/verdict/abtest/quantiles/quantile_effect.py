"""How two quantiles are held against each other, by the method and by when one may look."""

from __future__ import annotations

import math

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.difference.effect import Effect, NormalEffect, Undefined
from truthlag.verdict.abtest.inference import AsymptoticSequence, Inference
from truthlag.verdict.abtest.quantiles.binomial_ranks import least_rows
from truthlag.verdict.abtest.quantiles.ladder import Ladder
from truthlag.verdict.abtest.quantiles.quantile_arm import COMPARISONS, MOST_ROWS, QuantileArm
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
        found = RankEffect(before, now, total, "mixture of binomial likelihoods of ranks")
    else:
        before, now = Ladder(control, BinomialScale()), Ladder(treatment, BinomialScale())
        if method == "guaranteed":
            found = RankEffect(before, now, GuaranteedTotal(), "binomial tails of ranks, guaranteed")
        else:
            found = RankEffect(before, now, NormalTotal(), "binomial tails of ranks")
    if math.isinf(before.estimate):
        low, high = found.limits(inference.quantile(math.inf, control.n + treatment.n, one_sided=one_sided))
        if low == high:
            # Every treatment is infinitely far from it, which is no difference that a margin could be held against.
            raise Undefined(
                f"p{100 * control.p:.10g} of the control is infinite, so that there is no difference from it."
            )
    return found


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
    control: QuantileArm, treatment: QuantileArm, effect: Effect, interval: tuple[float, float], alpha: float
) -> tuple[list[str], int]:
    """Why a limit is missing, if it is because there are few rows, and how many more of both arms together it takes at least."""
    if all(map(math.isfinite, interval)) or not control.rows or not treatment.rows:
        return [], 0
    arms = (("control", control), ("treatment", treatment))
    if isinstance(effect, RankEffect) and isinstance(effect.scale, SequenceTotal):
        least = {
            name: _least_at_any_time(own, other, -math.log(alpha))
            for name, own, other in (
                ("control", effect.control, effect.treatment),
                ("treatment", effect.treatment, effect.control),
            )
        }
        how = "a confidence sequence has limits of such a quantile from {:,} rows on."
    else:
        needed = least_rows(control.p, alpha)
        # Of one arm without the other it is half.
        least = dict.fromkeys(("control", "treatment"), 2 * needed)
        how = f"the limits of one such quantile alone take {needed:,}."
    missing = {
        name: math.ceil((least[name] - arm.effective_rows) * arm.n / arm.effective_rows)
        for name, arm in arms
        if arm.effective_rows < least[name]
    }
    if not missing:
        return [], 0
    told = how.format(max(least[name] for name in missing))
    return [f"a limit of the interval is infinite: of {' and '.join(missing)} there are too few rows; {told}"], sum(
        missing.values()
    )


def _least_at_any_time(own: Ladder, other: Ladder, budget: float) -> int:
    """From how many rows on all of an arm's values on one side of a quantile are enough evidence, whatever those of the other arm.

    The other arm grows with it.
    """
    rarer, ratio = min(own.p, 1 - own.p), other.effective_rows / own.effective_rows

    def is_enough(rows: int) -> bool:
        against = own.scale.evidence(np.zeros(1), float(rows), rarer)
        # All values on the common side of the quantile: the least that the other arm can say.
        least = other.scale.evidence(np.full(1, rows * ratio), rows * ratio, 1 - rarer)
        return float(against[0] + least[0]) > budget

    high = 1
    while high < MOST_ROWS and not is_enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
