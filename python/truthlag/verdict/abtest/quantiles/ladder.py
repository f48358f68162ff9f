"""The values of an arm by rank, each with the evidence that the quantile is not as far out as it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from truthlag.verdict.abtest.quantiles.rank_scale import RankScale
from truthlag.verdict.abtest.quantiles.ranks import Places, Ranks
from truthlag.verdict.abtest.statistics.column import Floats

if TYPE_CHECKING:
    from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm


class Ladder:
    """What may be the quantile of an arm, and how much speaks against it.

    At a rank i below, the quantile is the value x(i) or more, but for the evidence that i values at most are below it. Above it
    is the same mirrored.
    """

    __slots__ = ("_known", "effective_rows", "estimate", "floor", "p", "ranks", "scale", "standard_error")

    def __init__(self, arm: QuantileArm, scale: RankScale) -> None:
        """Of an arm that has values."""
        estimate, error = arm.estimate, arm.standard_error
        self.estimate = math.nan if estimate is None else estimate
        self.standard_error = math.nan if error is None else error
        self.p = arm.p
        self.ranks: Ranks = arm.ranks
        self.effective_rows = arm.effective_rows
        self.scale = scale
        self.floor = scale.floor(self.effective_rows, self.p)
        self._known: dict[tuple[float, bool], tuple[Places, Floats]] = {}

    def below(self, budget: float) -> tuple[Places, Floats]:
        """Ranks in ascending order down to where the evidence is above the budget, or to rank 0, and the evidence, which falls."""
        return self._rungs(budget, is_above=False)

    def above(self, budget: float) -> tuple[Places, Floats]:
        """Ranks in ascending order up to where the evidence is above the budget, or to `rows` + 1, and the evidence, which rises."""
        return self._rungs(budget, is_above=True)

    def interval(self, budget: float) -> tuple[int, int]:
        """The ranks of the furthest values against which there is less evidence than that; the innermost where there is none."""
        ranks, evidence = self.below(budget)
        place = int(np.searchsorted(-evidence, -budget, side="right"))
        low = int(ranks[min(place, len(ranks) - 1)])
        ranks, evidence = self.above(budget)
        place = int(np.searchsorted(evidence, budget, side="left")) - 1
        return low, int(ranks[max(place, 0)])

    def _rungs(self, budget: float, *, is_above: bool) -> tuple[Places, Floats]:
        key = (budget, is_above)
        if key not in self._known:
            ranks, evidence = self._found(budget, 1 - self.p if is_above else self.p, from_above=is_above)
            if is_above:
                ranks, evidence = self.ranks.rows + 1 - ranks[::-1], evidence[::-1]
            self._known[key] = ranks, evidence
        return self._known[key]

    def _found(self, budget: float, p: float, *, from_above: bool) -> tuple[Places, Floats]:
        rows, n = self.ranks.rows, self.effective_rows
        effect, mean = rows / n, n * p
        deviation = math.sqrt(mean * (1 - p))
        beyond = self.scale.beyond
        high = min(rows, math.ceil(effect * (mean + beyond * deviation + beyond * beyond + 2)) + 1)
        reach = self.scale.reach(budget, n, p)
        while True:
            # The tail of few is a Poisson one, which is heavier.
            low = max(0, math.floor(effect * (mean - reach * deviation - reach * reach / 2 - 2)))
            ranks = self.ranks.steps(low, high, from_above=from_above)
            evidence = np.minimum.accumulate(self.scale.evidence(ranks / effect, n, p))
            if low == 0 or ranks[0] > low or evidence[0] > budget:
                break
            reach *= 1.5
        if high < rows:
            # Stands for all ranks above, too.
            evidence[-1] = min(evidence[-1], self.floor)
        return ranks, evidence
