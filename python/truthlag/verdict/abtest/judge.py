"""From evidence to a verdict, and its reasons in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from truthlag.verdict.abtest.difference.effect import Effect
from truthlag.verdict.abtest.inference.inference import Evidence, Inference
from truthlag.verdict.abtest.result.words import Alternative, Direction, Hypothesis, Verdict


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an effect."""

    hypothesis: Hypothesis
    margin: float | None
    direction: Direction
    alternative: Alternative = "two_sided"

    @property
    def one_sided(self) -> bool:
        """Whether each limit has a probability of alpha of its own."""
        return self.hypothesis != "superiority" or self.alternative != "two_sided"

    @property
    def confidence_sides(self) -> int:
        """How often the intervals may be wrong, in alphas."""
        return 2 if self.hypothesis != "superiority" else 1


class Answer(NamedTuple):
    """What the evidence says."""

    verdict: Verdict
    evidence: Evidence
    reason: str
    #: The statistic that would have to reach the quantile.
    statistic: float


def judge(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    """The verdict on an effect."""
    if question.hypothesis == "superiority":
        return _superiority(question, effect, inference, n)
    if question.hypothesis == "non_inferiority":
        return _non_inferiority(question, effect, inference, n)
    return _equivalence(question, effect, inference, n)


def _superiority(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    margin, freedom = question.margin or 0.0, effect.degrees_of_freedom
    if question.alternative == "two_sided":
        # The nearer of the two ends of what counts as no difference.
        above = effect.statistic(margin)
        below = -above if not margin else -effect.statistic(-margin)
        is_up = above >= below
        statistic = max(above, below)
        if statistic < 0:
            return Answer("undecided", Evidence(1.0, None), "the difference that was seen is within the margin.", -1.0)
    else:
        is_up = question.alternative == "greater"
        statistic = effect.statistic(margin) if is_up else -effect.statistic(-margin)
    evidence = inference.evidence(statistic, freedom, n, one_sided=question.alternative != "two_sided")
    than = f"a difference of {margin if is_up else -margin:g}" if margin else "no difference"
    if evidence.p_value > inference.alpha:
        return Answer("undecided", evidence, f"the evidence is compatible with {than}.", statistic)
    verdict: Verdict = "better" if is_up == (question.direction == "higher") else "worse"
    reason = f"the treatment is {'higher' if is_up else 'lower'}: {than} is ruled out."
    return Answer(verdict, evidence, reason, statistic)


def _non_inferiority(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    margin, freedom = question.margin or 0.0, effect.degrees_of_freedom
    statistic = effect.statistic(-margin) if question.direction == "higher" else -effect.statistic(margin)
    evidence = inference.evidence(statistic, freedom, n, one_sided=True)
    if evidence.p_value <= inference.alpha:
        reason = f"a loss of more than the margin of {margin:g} is ruled out."
        return Answer("non_inferior", evidence, reason, statistic)
    if inference.evidence(-statistic, freedom, n, one_sided=True).p_value <= inference.alpha:
        return Answer("worse", evidence, f"the loss is more than the margin of {margin:g}.", -statistic)
    reason = f"the evidence neither rules out a loss of more than the margin of {margin:g} nor shows one."
    return Answer("undecided", evidence, reason, abs(statistic))


def _equivalence(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    """Two one-sided tests: Schuirmann (1987)."""
    margin, freedom = question.margin or 0.0, effect.degrees_of_freedom
    above, below = effect.statistic(-margin), -effect.statistic(margin)
    inside = min(above, below)
    evidence = inference.evidence(inside, freedom, n, one_sided=True)
    if evidence.p_value <= inference.alpha:
        return Answer("equivalent", evidence, f"a difference beyond the margin of {margin:g} is ruled out.", inside)
    if inference.evidence(-inside, freedom, n, one_sided=True).p_value <= inference.alpha:
        is_up = below < above
        verdict: Verdict = "better" if is_up == (question.direction == "higher") else "worse"
        return Answer(verdict, evidence, f"the difference is more than the margin of {margin:g}.", -inside)
    reason = f"the evidence neither rules out a difference beyond the margin of {margin:g} nor shows one."
    return Answer("undecided", evidence, reason, abs(inside))
