"""From evidence to a verdict, and its reasons in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from truthlag.verdict.abtest.difference.effect import Effect
from truthlag.verdict.abtest.inference.inference import Evidence, Inference, Side
from truthlag.verdict.abtest.result.words import Alternative, Direction, Hypothesis, Verdict

_SIDES: dict[Alternative, Side] = {"two_sided": "both", "greater": "above", "less": "below"}


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


@dataclass(frozen=True, slots=True)
class Answer:
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
    margin = question.margin or 0.0
    side = _SIDES[question.alternative]
    # The nearer of the two ends of what counts as no difference.
    if side == "both":
        null = -margin if effect.estimate < 0 else margin
        if margin and abs(effect.estimate) <= margin:
            statistic = max(effect.statistic(margin), -effect.statistic(-margin))
            return Answer("undecided", Evidence(1.0, None), "the difference is within the margin.", statistic)
    else:
        null = margin if side == "above" else -margin
    evidence = inference.evidence(effect, n, null, side)
    statistic = effect.statistic(null)
    shown = abs(statistic) if side == "both" else statistic if side == "above" else -statistic
    than = f"a difference of {null:g}" if null else "no difference"
    if evidence.p_value > inference.alpha:
        return Answer("undecided", evidence, f"the evidence is compatible with {than}.", shown)
    is_up = statistic > 0
    verdict: Verdict = "better" if is_up == (question.direction == "higher") else "worse"
    return Answer(verdict, evidence, f"the treatment is {'higher' if is_up else 'lower'}: {than} is ruled out.", shown)


def _non_inferiority(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    margin = question.margin or 0.0
    good: Side = "above" if question.direction == "higher" else "below"
    bad: Side = "below" if good == "above" else "above"
    null = -margin if good == "above" else margin
    evidence = inference.evidence(effect, n, null, good)
    statistic = effect.statistic(null) * (1 if good == "above" else -1)
    if evidence.p_value <= inference.alpha:
        reason = f"a loss of more than the margin of {margin:g} is ruled out."
        return Answer("non_inferior", evidence, reason, statistic)
    if inference.evidence(effect, n, null, bad).p_value <= inference.alpha:
        return Answer("worse", evidence, f"the loss is more than the margin of {margin:g}.", -statistic)
    reason = f"the evidence does not rule out a loss of more than the margin of {margin:g}, nor show one."
    return Answer("undecided", evidence, reason, abs(statistic))


def _equivalence(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    margin = question.margin or 0.0
    above, below = inference.evidence(effect, n, -margin, "above"), inference.evidence(effect, n, margin, "below")
    evidence = max(above, below, key=lambda one: one.p_value)
    inside = min(effect.statistic(-margin), -effect.statistic(margin))
    if evidence.p_value <= inference.alpha:
        return Answer("equivalent", evidence, f"a difference beyond the margin of {margin:g} is ruled out.", inside)
    for side, null, is_up in (("above", margin, True), ("below", -margin, False)):
        outside: Side = "above" if side == "above" else "below"
        if inference.evidence(effect, n, null, outside).p_value <= inference.alpha:
            verdict: Verdict = "better" if is_up == (question.direction == "higher") else "worse"
            return Answer(verdict, evidence, f"the difference is more than the margin of {margin:g}.", -inside)
    reason = f"the evidence neither rules out a difference beyond the margin of {margin:g} nor shows one."
    return Answer("undecided", evidence, reason, abs(inside))
