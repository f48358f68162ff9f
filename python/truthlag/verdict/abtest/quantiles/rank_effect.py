"""The difference or the ratio of two quantiles, by ranks alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from truthlag.verdict.abtest.difference.effect import Undefined
from truthlag.verdict.abtest.quantiles.ladder import Ladder
from truthlag.verdict.abtest.quantiles.total_scale import TotalScale
from truthlag.verdict.abtest.statistics.column import Floats

#: The budgets in which the least total is looked for, one after the other; the last one ends where normal tails do.
_BUDGETS = (12.0, 60.0, 250.0, 1450.0)
#: Where there is more evidence than that for one direction, there is less for the other.
_PLENTY = 9.0


@dataclass(frozen=True, slots=True)
class RankEffect:
    """A difference of two quantiles, or with `is_ratio` the relative one.

    For a place θ of the control's quantile, the treatment's is θ + d. How many values are below each of them is binomial, which
    needs no density. The evidence against d is that of both arms, at the θ where it is least; the interval has all d against
    which there is not enough. Beside one arm without error it is the exact interval of the other one.
    """

    control: Ladder
    treatment: Ladder
    scale: TotalScale
    method: str
    is_ratio: bool = False

    @property
    def estimate(self) -> float:
        """See `Effect`; NaN where both quantiles are infinite."""
        before, now = self.control.estimate, self.treatment.estimate
        if math.isinf(before) or math.isinf(now):
            return math.nan
        return now / before - 1 if self.is_ratio else now - before

    @property
    def standard_error(self) -> float:
        """See `Effect`; NaN where an arm does not know its own."""
        before, now = self.control.standard_error, self.treatment.standard_error
        if not self.is_ratio:
            return math.hypot(before, now)
        return math.hypot(now, (1 + self.estimate) * before) / self.control.estimate

    def relative(self) -> RankEffect:
        """The relative difference, which needs no linearisation.

        Raises:
            Undefined: The control's quantile is 0, or there are values below 0.
        """
        if self.control.estimate == 0:
            raise Undefined("the control is 0, so that there is no relative difference.")
        if min(self.control.ranks.least, self.treatment.ranks.least) < 0:
            raise Undefined("a relative difference of quantiles takes values from 0 on.")
        return replace(self, is_ratio=True)

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        above = _least_total(self.treatment, self.control, lambda reached: self._moved(reached, null))
        if above > self.control.floor + self.treatment.floor + _PLENTY:
            return self.scale.statistic(above)
        below = _least_total(self.control, self.treatment, lambda reached: self._moved_back(reached, null))
        if above == below:
            return 0.0
        return self.scale.statistic(above) if above > below else -self.scale.statistic(below)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        budget = self.scale.total(quantile)
        low = _nearest(*_pairs(self.treatment, self.control, budget), is_ratio=self.is_ratio)
        high = _furthest(*_pairs(self.control, self.treatment, budget), is_ratio=self.is_ratio)
        return low, high

    def _moved(self, values: Floats, null: float) -> Floats:
        """Where the treatment's quantile is if the control's is there."""
        if not self.is_ratio:
            return values + null
        # No ratio is below 0, so that a smaller one has the evidence of 0 against it.
        factor = max(0.0, 1 + null)
        return values * factor if factor else np.zeros(len(values))

    def _moved_back(self, values: Floats, null: float) -> Floats:
        if not self.is_ratio:
            return values - null
        return values / (1 + null) if null > -1 else np.full(len(values), math.inf)


def _least_total(first: Ladder, second: Ladder, moved: Callable[[Floats], Floats]) -> float:
    """The least evidence against the first quantile being at most where the second one moves it."""
    total = math.inf
    for budget in _BUDGETS:
        ranks, evidence = first.below(budget - second.floor)
        others, other_evidence = second.above(budget - first.floor)
        values = first.ranks.lower(ranks)
        with np.errstate(over="ignore", under="ignore"):
            reached = moved(second.ranks.upper(others))
        places = np.searchsorted(values, reached, side="right") - 1
        totals = np.where(places >= 0, evidence[places], math.inf) + other_evidence
        total = float(totals.min())
        if total <= budget:
            break
    return total


def _pairs(first: Ladder, second: Ladder, budget: float) -> tuple[Floats, Floats]:
    """For each value of the second arm from above the least of the first from below, against which there is less evidence."""
    ranks, evidence = first.below(budget - second.floor)
    others, other_evidence = second.above(budget - first.floor)
    places = np.searchsorted(-evidence, other_evidence - budget, side="right")
    is_allowed = places < len(ranks)
    return first.ranks.lower(ranks[places[is_allowed]]), second.ranks.upper(others[is_allowed])


def _nearest(treatment: Floats, control: Floats, *, is_ratio: bool) -> float:
    """The lower limit, from values of the treatment from below and of the control from above."""
    with np.errstate(all="ignore"):
        found = treatment / control - 1 if is_ratio else treatment - control
    return float(np.where(np.isnan(found), -math.inf, found).min())


def _furthest(control: Floats, treatment: Floats, *, is_ratio: bool) -> float:
    """The upper limit, from values of the control from below and of the treatment from above."""
    with np.errstate(all="ignore"):
        found = np.where(control > 0, treatment / control - 1, math.inf) if is_ratio else treatment - control
    return float(np.where(np.isnan(found), math.inf, found).max())
