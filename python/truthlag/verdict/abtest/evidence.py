"""One comparison of two statistics: from effects to a result."""

from __future__ import annotations

import math
from typing import NamedTuple

from truthlag import _core
from truthlag.verdict.abtest.difference import (
    Baseline,
    Effect,
    Undefined,
    absolute_effect,
    adjusted_log_ratio,
    odds_ratio_effect,
    relative_effect,
    relative_to_baseline,
)
from truthlag.verdict.abtest.difference.e_value_rates import EValueDifference, EValueRatio
from truthlag.verdict.abtest.difference.score_ratio import ScoreRatio
from truthlag.verdict.abtest.inference import Inference
from truthlag.verdict.abtest.inference.exact_sequence import ExactSequence
from truthlag.verdict.abtest.judge import Question, sided
from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm
from truthlag.verdict.abtest.quantiles.quantile_effect import few_rows, quantile_effect
from truthlag.verdict.abtest.quantiles.rank_effect import RankEffect
from truthlag.verdict.abtest.quickly_made import quickly_made
from truthlag.verdict.abtest.result.comparison import ArmSummary, Comparison, Interval
from truthlag.verdict.abtest.result.words import Scale, Verdict
from truthlag.verdict.abtest.statistics.arm import Figures, Statistic, figures
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion
from truthlag.verdict.abtest.statistics.proportion import Proportion

_comparison, _arm_summary = quickly_made(Comparison), quickly_made(ArmSummary)
_UNBOUNDED = (-math.inf, math.inf)
_BEYOND = "the arms are beyond what floats can be compared with."


class Reading(NamedTuple):
    """How the arms are read, and what of them is shown."""

    metric: str | None = None
    scale: Scale = "absolute"
    method: str | None = None
    relative_method: str = "delta"
    odds_ratio: str | None = None


def compare_statistics(
    control: Statistic, treatment: Statistic, question: Question, inference: Inference, reading: Reading
) -> Comparison:
    """The comparison of two statistics of one kind; all arguments are checked already.

    Raises:
        ValueError: The method is not one of this kind of statistics.
    """
    before_n, now_n = control.n, treatment.n
    n = before_n + now_n
    first, second = _figures(control), _figures(treatment)
    before, now = _summary(before_n, first), _summary(now_n, second)
    odds = odds_interval = None
    if reading.odds_ratio is not None:
        odds, odds_interval = _odds_ratio(control, treatment, question, inference, reading.odds_ratio)
    interval: Interval | None = None
    relative: Effect | None = None
    relative_interval: Interval | None = None
    additional: int | None = None
    p_value = e_value = None
    verdict: Verdict = "undecided"
    method = "none"
    effect, why = _effect(control, treatment, (first, second), question, inference, reading.method)
    reasons = [] if effect else [why]
    if effect is not None:
        method = effect.method
        relative, why_not = _ratio(control, treatment, effect, reading.relative_method)
        if relative is None and not why_not:
            relative, why_not = _relative(before, now, effect, reading.relative_method)
        is_relative = reading.scale == "relative"
        if is_relative:
            how = "" if isinstance(relative, RankEffect | EValueRatio) else f"{reading.relative_method} "
            how = "score " if isinstance(relative, ScoreRatio) else how
            method = f"{method}, {how}on the relative scale"
        interval, relative_interval, answer = _core.weigh(
            question.native, effect, relative, inference, inference.native, n, is_relative
        )
        if answer is not None:
            verdict, p_value, e_value, found, additional = answer
            reasons.extend(found)
        if isinstance(control, QuantileArm) and isinstance(treatment, QuantileArm):
            why_few, missing = few_rows(control, treatment, effect, interval, inference.alpha)
            reasons += why_few
            if verdict == "undecided" and missing:
                additional = max(additional or 0, missing)
        if relative_interval == _UNBOUNDED and not isinstance(relative, RankEffect):
            reasons.append("the relative interval is unbounded, since the control may be 0.")
        if relative is None:
            reasons.append(why_not)
    return _comparison(
        reading.metric,
        before,
        now,
        _difference(before, now) if effect is None else _finite(effect.estimate),
        interval,
        None if effect is None else _finite(effect.standard_error),
        None if relative is None else _finite(relative.estimate),
        relative_interval,
        p_value,
        e_value,
        verdict,
        tuple(reasons),
        additional,
        inference.mode,
        question.hypothesis,
        inference.alpha,
        question.margin,
        question.direction,
        method,
        reading.scale,
        1 - question.confidence_sides * inference.alpha,
        odds,
        odds_interval,
        question.alternative,
    )


def _figures(arm: Statistic) -> Figures | None:
    """Estimate and standard error; None where they are beyond floats."""
    try:
        return figures(arm)
    except (OverflowError, ZeroDivisionError):
        return None


def _summary(n: int, seen: Figures | None) -> ArmSummary:
    if seen is None:
        return _arm_summary(None, n, None)
    estimate, error = seen
    return _arm_summary(
        estimate if estimate is not None and math.isfinite(estimate) else None,
        n,
        error if error is not None and math.isfinite(error) else None,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _difference(control: ArmSummary, treatment: ArmSummary) -> float | None:
    """What is seen of a difference that nothing can be said of."""
    if control.estimate is None or treatment.estimate is None:
        return None
    difference = treatment.estimate - control.estimate
    return difference if math.isfinite(difference) else None


def _effect(
    control: Statistic,
    treatment: Statistic,
    seen: tuple[Figures | None, Figures | None],
    question: Question,
    inference: Inference,
    method: str | None,
) -> tuple[Effect | None, str]:
    """The difference, or why there is none."""
    if isinstance(inference, ExactSequence) and control.n and treatment.n:
        if isinstance(control, Proportion) and isinstance(treatment, Proportion):
            return inference.effect(control, treatment), ""
        if isinstance(control, BatchedProportion) and isinstance(treatment, BatchedProportion):
            return inference.effect_of_batches(control, treatment, one_sided=question.one_sided), ""
    try:
        if isinstance(control, QuantileArm) and isinstance(treatment, QuantileArm):
            # An interval may be known where the estimate or its standard error is not.
            return quantile_effect(control, treatment, method, inference, one_sided=question.one_sided), ""
        effect = absolute_effect(control, treatment, method, *seen)
    except Undefined as why:
        return None, str(why)
    except (OverflowError, ZeroDivisionError):
        return None, _BEYOND
    is_finite = math.isfinite(effect.estimate) and math.isfinite(effect.standard_error)
    return (effect, "") if is_finite else (None, _BEYOND)


def _ratio(control: Statistic, treatment: Statistic, effect: Effect, method: str) -> tuple[Effect | None, str]:
    """The relative difference by what only proportions have; neither that nor a reason where there is nothing of the kind."""
    if (
        not isinstance(control, Proportion)
        or not isinstance(treatment, Proportion)
        or isinstance(effect, EValueDifference)
    ):
        return None, ""
    if method == "log_adjusted":
        return adjusted_log_ratio(control, treatment), ""
    # Where there is no spread on that scale the delta method knows nothing, and the score test does.
    has_no_spread = treatment.k == 0 or (control.k == control.n and treatment.k == treatment.n)
    if method != "score" and not (method == "delta" and has_no_spread):
        return None, ""
    try:
        return ScoreRatio(control, treatment), ""
    except Undefined as why:
        return None, str(why)


def _relative(control: ArmSummary, treatment: ArmSummary, effect: Effect, method: str) -> tuple[Effect | None, str]:
    """The relative difference, or why there is none."""
    if isinstance(effect, RankEffect):
        try:
            return effect.relative(), ""
        except Undefined as why:
            return None, str(why)
    if isinstance(effect, EValueDifference):
        return (
            (EValueRatio(effect), "")
            if effect.control.k
            else (None, "the control is 0, so that there is no relative difference.")
        )
    baseline: Baseline | None = getattr(effect, "baseline", None)
    try:
        if baseline is not None:
            found = relative_to_baseline(effect, baseline, method)
        elif control.estimate is None or control.standard_error is None or treatment.standard_error is None:
            return None, "an arm cannot tell its standard error, so that there is no relative difference."
        else:
            found = relative_effect(
                control.estimate,
                control.standard_error,
                effect.estimate,
                treatment.standard_error,
                effect.degrees_of_freedom,
                method,
            )
    except Undefined as why:
        return None, str(why)
    except (OverflowError, ZeroDivisionError):
        return None, "the control is too near 0 for a relative difference."
    is_finite = math.isfinite(found.estimate) and math.isfinite(found.standard_error)
    if is_finite and found.standard_error == 0 < effect.standard_error:
        # Underflow made it 0, which no chance has.
        return None, "the control is too far from 0 for a relative difference in floats."
    return (found, "") if is_finite else (None, "the control is too near 0 for a relative difference.")


def _odds_ratio(
    control: Statistic, treatment: Statistic, question: Question, inference: Inference, method: str
) -> tuple[float | None, Interval | None]:
    if not isinstance(control, Proportion) or not isinstance(treatment, Proportion):
        return None, None
    if not control.n or not treatment.n:
        return None, None
    effect, ratio = odds_ratio_effect(control, treatment, method)
    if effect is None:
        return ratio, None
    quantile = inference.quantile(math.inf, control.n + treatment.n, one_sided=question.one_sided)
    low, high = sided(question, effect.limits(quantile))
    return ratio, (_exponential(low), _exponential(high))


def _exponential(value: float) -> float:
    return math.exp(value) if value < 709 else math.inf
