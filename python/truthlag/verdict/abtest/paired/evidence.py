"""From an effect within pairs to a result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from truthlag.verdict.abtest.difference import Effect, NormalEffect
from truthlag.verdict.abtest.difference.relative import LogRatioEffect
from truthlag.verdict.abtest.inference import Inference
from truthlag.verdict.abtest.judge import Question, judge, sided
from truthlag.verdict.abtest.paired.agreeing_effect import AgreeingEffect
from truthlag.verdict.abtest.paired.contrast import Spread
from truthlag.verdict.abtest.paired.discordant_effect import DiscordantEffect
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.result.comparison import ArmSummary
from truthlag.verdict.abtest.result.words import Scale, Verdict

RELATIVE_METHODS = ("delta", "log")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, and by which rule it is answered."""

    question: Question
    inference: Inference
    metric: str | None
    scale: Scale = "absolute"
    relative_method: str = "delta"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the pairs."""

    control: ArmSummary
    treatment: ArmSummary
    effect: Effect | None
    spread: Spread | None = None
    why_not: str = ""
    """Why there is no effect."""
    looks_by: int = 1
    """What the inference counts: units, or discordant pairs."""
    units: int = 0
    pairs: int = 0
    labelled_pairs: int = 0
    unit: str = "labelled pairs"
    remarks: tuple[str, ...] = ()


def result_of(asked: Asked, seen: Seen, **counts: Any) -> PairedComparison:
    """The result; `counts` are further fields of it."""
    question, inference, effect = asked.question, asked.inference, seen.effect
    reasons = [] if effect else [seen.why_not]
    interval = relative_interval = None
    relative: Effect | None = None
    p_value = e_value = None
    additional: int | None = None
    verdict: Verdict = "undecided"
    method = "none"
    if effect is not None:
        n = seen.looks_by
        quantile = inference.quantile(effect.degrees_of_freedom, n, one_sided=question.one_sided)
        interval = sided(question, effect.limits(quantile))
        relative, why_no_relative = _relative(seen, asked.relative_method)
        if relative is not None and isinstance(effect, DiscordantEffect) and effect.at_null is not None:
            relative = AgreeingEffect(relative, effect)
        if relative is not None:
            relative_interval = sided(question, relative.limits(quantile))
        method = effect.method
        tested: Effect | None = effect
        if asked.scale == "relative":
            tested, method = relative, f"{method}, {asked.relative_method} on the relative scale"
        if tested is not None:
            answer = judge(question, tested, inference, n)
            p_value, e_value = answer.evidence
            refusal = inference.refusal(seen.units)
            verdict = answer.verdict if refusal is None else "undecided"
            reasons += [refusal or answer.reason, *inference.remarks()]
            additional = 0
            if verdict == "undecided":
                additional = _more(inference, question, answer.statistic, seen, is_planned=refusal is not None)
        if relative is None:
            reasons.append(why_no_relative)
    difference = None if effect is None else effect.estimate
    if effect is None and seen.control.estimate is not None and seen.treatment.estimate is not None:
        difference = seen.treatment.estimate - seen.control.estimate
    fields: dict[str, Any] = {
        "pairs": seen.pairs,
        "labelled_pairs": seen.labelled_pairs,
        "units": seen.units,
        "unit": seen.unit,
        "correlation": None if seen.spread is None else seen.spread.correlation,
        "label_ratio": None if seen.spread is None else seen.spread.label_ratio,
        **counts,
    }
    return PairedComparison(
        metric=asked.metric,
        control=seen.control,
        treatment=seen.treatment,
        difference=difference,
        difference_interval=interval,
        standard_error=None if effect is None else effect.standard_error,
        relative_difference=None if relative is None else relative.estimate,
        relative_interval=relative_interval,
        p_value=p_value,
        e_value=e_value,
        verdict=verdict,
        reasons=(*reasons, *seen.remarks),
        additional_n=additional,
        mode=inference.mode,
        hypothesis=question.hypothesis,
        alpha=inference.alpha,
        margin=question.margin,
        direction=question.direction,
        method=method,
        scale=asked.scale,
        confidence=1 - question.confidence_sides * inference.alpha,
        alternative=question.alternative,
        **fields,
    )


def without_difference(result: PairedComparison) -> PairedComparison:
    """The same where the number of all pairs is not known, so that the difference is not."""
    return replace(
        result,
        difference=None,
        difference_interval=None,
        standard_error=None,
        additional_n=0 if result.is_decided else None,
    )


def _more(inference: Inference, question: Question, statistic: float, seen: Seen, *, is_planned: bool) -> int | None:
    """How many more units a verdict needs."""
    if is_planned:
        needed = inference.units_needed(seen.units, statistic, one_sided=question.one_sided)
        return None if needed is None else max(1, needed - seen.units)
    needed = inference.units_needed(seen.looks_by, statistic, one_sided=question.one_sided)
    if needed is None:
        return None
    return max(1, math.ceil((needed - seen.looks_by) * seen.units / seen.looks_by))


def _relative(seen: Seen, method: str) -> tuple[Effect | None, str]:
    """The relative difference of two estimates of the same rows, or why there is none."""
    before, now, spread = seen.control.estimate, seen.treatment.estimate, seen.spread
    if before is None or now is None or spread is None or seen.effect is None:
        return None, "the estimates of both models are not known, so that there is no relative difference."
    if before == 0:
        return None, "the control is 0, so that there is no relative difference."
    ratio = now / before
    variance = spread.treatment - 2 * ratio * spread.covariance + ratio * ratio * spread.control
    error = math.sqrt(max(0.0, variance)) / abs(before)
    if not math.isfinite(error) or not math.isfinite(ratio):
        return None, "the control is too near 0 for a relative difference."
    if error == 0:
        return None, "the pairs show no spread on the relative scale, so that there is no relative difference."
    freedom = seen.effect.degrees_of_freedom
    if method == "delta":
        return NormalEffect((now - before) / abs(before), error, freedom, "delta method"), ""
    if ratio <= 0:
        return None, "the ratio of the models is not positive, so that it has no logarithm."
    return LogRatioEffect(ratio, error / ratio, math.copysign(1.0, before), freedom), ""
