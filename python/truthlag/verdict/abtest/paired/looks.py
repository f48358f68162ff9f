"""Planned looks at pairs: how many units there are is known only once the metric is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from truthlag.verdict.abtest.inference import Fixed, GroupSequential, GroupSequentialPlan, Inference
from truthlag.verdict.abtest.inference.watched import Watched
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.result.words import Scale


def at_look(
    looks: Any, inference: Inference, question: dict[str, Any], find: Callable[[Inference], PairedComparison]
) -> PairedComparison:
    """What is found by a rule; where that is a plan, at its next look, which it logs.

    Args:
        looks: A plan, or what `inference` was made of.
        inference: The rule, where there is no plan.
        question: What is asked, which has to stay the same at all looks.
        find: The result by a rule.
    """
    if not isinstance(looks, GroupSequentialPlan):
        return _last(find(inference), inference)
    looks._asked(question)
    units = find(Fixed(looks.alpha)).units
    if not units:
        # Where nothing is there to be seen no look is taken.
        return find(GroupSequential(looks.alpha, looks.planned_n, ()))
    watched = Watched(looks._inference(units))
    result = _last(find(watched), watched.rule)
    looks._log(question, watched, units, result)
    return result


def _last(result: PairedComparison, inference: Inference) -> PairedComparison:
    """The result, which says so where nothing can follow."""
    if not isinstance(inference, GroupSequential) or result.is_decided:
        return result
    if result.units < inference.planned_n and not inference.is_final:
        return result
    return replace(result, reasons=(*result.reasons, "this is the last look: all of alpha is spent."))


def question_of(metric: str | None, question: Question, scale: Scale) -> dict[str, Any]:
    """What a plan holds against what was asked before."""
    return {
        "metric": metric,
        "hypothesis": question.hypothesis,
        "margin": question.margin,
        "direction": question.direction,
        "alternative": question.alternative,
        "scale": scale,
    }
