"""From evidence to a verdict, and its reasons in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from truthlag import _core
from truthlag.verdict.abtest.difference.effect import Effect
from truthlag.verdict.abtest.inference.inference import Evidence, Inference
from truthlag.verdict.abtest.result.comparison import Interval
from truthlag.verdict.abtest.result.words import Alternative, Direction, Hypothesis, Verdict


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an effect."""

    hypothesis: Hypothesis
    margin: float | None
    direction: Direction
    alternative: Alternative = "two_sided"
    native: _core.Question = field(init=False, repr=False, compare=False)
    """The same as the core has it, with the words for each outcome."""

    def __post_init__(self) -> None:
        native = _core.Question(self._asked(), self.margin or 0.0, self._words())
        object.__setattr__(self, "native", native)

    @property
    def one_sided(self) -> bool:
        """Whether each limit has a probability of alpha of its own."""
        return self.hypothesis != "superiority" or self.alternative != "two_sided"

    @property
    def confidence_sides(self) -> int:
        """How often the intervals may be wrong, in alphas."""
        return 2 if self.hypothesis != "superiority" else 1

    def _asked(self) -> str:
        if self.hypothesis == "superiority":
            return {"two_sided": "different", "greater": "greater", "less": "less"}[self.alternative]
        if self.hypothesis == "non_inferiority":
            return "not lower" if self.direction == "higher" else "not higher"
        return "equivalent"

    def _words(self) -> tuple[tuple[Verdict, str], ...]:
        """Verdict and reason where the difference is within the margin, open above, open below, above, below and inside."""
        margin = self.margin or 0.0
        above: Verdict = "better" if self.direction == "higher" else "worse"
        below: Verdict = "worse" if self.direction == "higher" else "better"
        within: tuple[Verdict, str] = ("undecided", "the difference that was seen is within the margin.")
        if self.hypothesis == "superiority":
            more, less = (f"a difference of {end:g}" if margin else "no difference" for end in (margin, -margin))
            return (
                within,
                ("undecided", f"the evidence is compatible with {more}."),
                ("undecided", f"the evidence is compatible with {less}."),
                (above, f"the treatment is higher: {more} is ruled out."),
                (below, f"the treatment is lower: {less} is ruled out."),
                within,
            )
        if self.hypothesis == "non_inferiority":
            what = f"a loss of more than the margin of {margin:g}"
            lost: tuple[Verdict, str] = ("worse", f"the loss is more than the margin of {margin:g}.")
            kept: tuple[Verdict, str] = ("non_inferior", f"{what} is ruled out.")
        else:
            what = f"a difference beyond the margin of {margin:g}"
            lost = (below, f"the difference is more than the margin of {margin:g}.")
            kept = ("equivalent", f"{what} is ruled out.")
        is_open: tuple[Verdict, str] = ("undecided", f"the evidence neither rules out {what} nor shows one.")
        crossed = lost if self.hypothesis == "non_inferiority" else (above, lost[1])
        return within, is_open, is_open, crossed, lost, kept


def sided(question: Question, limits: Interval) -> Interval:
    """Limits of which one is infinite where a side is not looked at."""
    low, high = limits
    if question.alternative == "greater":
        return low, math.inf
    return (-math.inf, high) if question.alternative == "less" else (low, high)


class Answer(NamedTuple):
    """What the evidence says."""

    verdict: Verdict
    evidence: Evidence
    reason: str
    #: The statistic that would have to reach the quantile.
    statistic: float


def judge(question: Question, effect: Effect, inference: Inference, n: int) -> Answer:
    """The verdict on an effect."""
    verdict, evidence, reason, statistic = _core.judge(question.native, effect, inference, inference.native, n)
    return Answer(verdict, Evidence(*evidence), reason, statistic)
