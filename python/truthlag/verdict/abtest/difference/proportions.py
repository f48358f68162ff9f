"""The difference of two proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag import _core
from truthlag.verdict.abtest.difference.effect import FURTHEST, Effect, NormalEffect, ShiftedEffect
from truthlag.verdict.abtest.statistics.arm import figures
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.two_sample.falling import falling_crossing
from truthlag.verdict.two_sample.mid_p import mid_p_quantile
from truthlag.verdict.two_sample.scale import F1

#: From so many expected successes and failures on in both arms the score statistic is normal enough as it is: with ten times
#: the rows in one arm a one-sided test at .05 has a size of .053 there.
ENOUGH = 50
#: Below so many, equality is tested by the mid-p value too.
FEW = 10

ScoreEffect = _core.ScoreEffect
"""An effect with a standard error of its own at each value, that of the likelihood there; of the extension, since it is made of every
comparison of proportions."""
_F1 = F1().name
METHODS = ("score", "mid_p", "newcombe", "agresti_caffo", "wald", "pooled")


def proportion_effect(control: Proportion, treatment: Proportion, method: str | None) -> Effect:
    """The difference of two proportions with rows.

    By default the score test of Farrington and Manning (1990) with the interval of Miettinen and Nurminen (1985); where
    fewer than 50 successes or failures are expected in an arm, with the correction for skewness of Laud (2017); and where
    fewer than 10 are, held back at 0 by the mid-p value of Fisher's test.
    """
    if method == "newcombe":
        return NewcombeEffect(control, treatment)
    if method == "agresti_caffo":
        return _agresti_caffo(control, treatment)
    if method in ("wald", "pooled"):
        return _plain(control, treatment, is_pooled=method == "pooled")
    both = control.k + treatment.k
    rows = control.n + treatment.n
    expected = min(control.n, treatment.n) * min(both, rows - both) / rows
    counts = (control.k, control.n, treatment.k, treatment.n)
    seen, error = treatment.k / treatment.n - control.k / control.n, plain_error(control, treatment)
    if method == "score" or (method is None and expected >= ENOUGH):
        return ScoreEffect(counts, seen, error, "Farrington-Manning score test")
    if method is None and expected >= FEW:
        return ScoreEffect(counts, seen, error, "score test corrected for skewness", corrects_skewness=True)
    floor = mid_p_quantile(treatment.k, treatment.n, control.k, control.n)
    method = "mid-p and score test corrected for skewness"
    return ScoreEffect(counts, seen, error, method, corrects_skewness=True, mid_p=floor)


def f_measure_effect(control: FMeasure, treatment: FMeasure) -> ScoreEffect:
    """The difference of two F1 by the score test of the shares they are functions of, among the rows that are relevant.

    Where few hits or few errors are expected, it is held back at 0 by the mid-p value of Fisher's test.
    """
    before, now, before_n, now_n = control.true_positives, treatment.true_positives, control.n, treatment.n
    counts = (before, before_n, now, now_n)
    (first, first_error), (second, second_error) = figures(control), figures(treatment)
    seen, error = (second or 0.0) - (first or 0.0), math.hypot(first_error or 0.0, second_error or 0.0)
    both, rows = before + now, before_n + now_n
    if min(before_n, now_n) * min(both, rows - both) / rows >= ENOUGH:
        return ScoreEffect(counts, seen, error, "score test of F1", scale=_F1)
    floor = mid_p_quantile(now, now_n, before, before_n)
    return ScoreEffect(counts, seen, error, "mid-p and score test of F1", mid_p=floor, scale=_F1)


@dataclass(frozen=True, slots=True)
class NewcombeEffect:
    """The difference by Wilson limits of each proportion: Newcombe (1998), method 10."""

    control: Proportion
    treatment: Proportion

    @property
    def method(self) -> str:
        """See `Effect`."""
        return "Newcombe's hybrid score interval"

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self.treatment.k / self.treatment.n - self.control.k / self.control.n

    @property
    def standard_error(self) -> float:
        """See `Effect`."""
        return plain_error(self.control, self.treatment)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; where no statistic is enough, all differences there are."""
        return self._wilson_limits(quantile) if quantile < FURTHEST else (-1.0, 1.0)

    def _wilson_limits(self, quantile: float) -> tuple[float, float]:
        before, now = self.control.k / self.control.n, self.treatment.k / self.treatment.n
        before_low, before_high = _wilson(self.control, quantile)
        now_low, now_high = _wilson(self.treatment, quantile)
        return (
            now - before - math.hypot(now - now_low, before_high - before),
            now - before + math.hypot(now_high - now, before - before_low),
        )

    def statistic(self, null: float) -> float:
        """See `Effect`; the quantile whose limit is the value."""
        distance = self.estimate - null
        if abs(distance) < 1e-15:
            return 0.0
        side = 0 if distance > 0 else 1
        # In units in which a limit moves by about 1 while the quantile does.
        error = max(self.standard_error, 1e-3 / max(self.control.n, self.treatment.n))

        def beyond(quantile: float) -> float:
            return (self._wilson_limits(quantile)[side] - null) / error * (1 if side == 0 else -1)

        if beyond(FURTHEST) >= 0:
            return math.copysign(FURTHEST, distance)
        guess = min(FURTHEST - 1, max(0.1, abs(distance) / error))
        return math.copysign(falling_crossing(beyond, 0.0, (0.0, FURTHEST), guess, 1.0, 1e-11), distance)


def _wilson(arm: Proportion, quantile: float) -> tuple[float, float]:
    square = quantile * quantile
    share = arm.k / arm.n
    middle = share + square / (2 * arm.n)
    reach = quantile * math.sqrt(share * (1 - share) / arm.n + square / (4 * arm.n * arm.n))
    return (middle - reach) / (1 + square / arm.n), (middle + reach) / (1 + square / arm.n)


def plain_error(control: Proportion, treatment: Proportion) -> float:
    """The standard error of a difference by the rates that were seen."""
    before, now = control.k / control.n, treatment.k / treatment.n
    return math.sqrt(before * (1 - before) / control.n + now * (1 - now) / treatment.n)


def _plain(control: Proportion, treatment: Proportion, *, is_pooled: bool) -> NormalEffect:
    difference = treatment.k / treatment.n - control.k / control.n
    if not is_pooled:
        return NormalEffect(difference, plain_error(control, treatment), math.inf, "Wald test")
    common = (control.k + treatment.k) / (control.n + treatment.n)
    error = math.sqrt(common * (1 - common) * (1 / control.n + 1 / treatment.n))
    return NormalEffect(difference, error, math.inf, "z test with pooled variance")


def _agresti_caffo(control: Proportion, treatment: Proportion) -> ShiftedEffect:
    """One success and one failure more in each arm: Agresti and Caffo (2000)."""
    before, now = Proportion(control.k + 1, control.n + 2), Proportion(treatment.k + 1, treatment.n + 2)
    return ShiftedEffect(
        treatment.k / treatment.n - control.k / control.n,
        now.k / now.n - before.k / before.n,
        plain_error(before, now),
        "Agresti-Caffo",
    )
