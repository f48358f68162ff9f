"""The difference of two estimates with a least and a largest value, such as two AUCs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag.verdict.abtest.difference.effect import Undefined
from truthlag.verdict.abtest.difference.log_odds import LogOdds, quantile_of, reach
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.two_sample.difference_test import DifferenceTest
from truthlag.verdict.two_sample.estimate import Estimate
from truthlag.verdict.two_sample.mean import degrees_of_freedom


@dataclass(slots=True)
class BoundedEffect:
    """A difference whose limits come from the log odds of each estimate: Zou and Donner (2008), Newcombe (2006).

    Near an end of its range an estimate is skewed, so that a plain z test finds too many differences on one side and too few on
    the other.
    """

    test: DifferenceTest
    #: Control and treatment, where both are inside their range.
    inside: tuple[LogOdds, LogOdds] | None = None

    @property
    def estimate(self) -> float:
        """See `Effect`."""
        return self.test.estimate

    @property
    def standard_error(self) -> float:
        """See `Effect`."""
        return math.hypot(self.test.baseline.standard_error, self.test.current.standard_error)

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return self.test.degrees_of_freedom

    @property
    def method(self) -> str:
        """See `Effect`."""
        return self.test.method

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        if self.inside is None:
            return self.test.quantile(null)
        distance = self.estimate - null
        if distance == 0:
            return 0.0
        control, treatment = self.inside
        # Above the value the lower limit is asked for: there the control is higher and the treatment lower.
        falling, rising = (treatment, control) if distance > 0 else (control, treatment)
        return math.copysign(quantile_of(falling, rising, abs(distance)), distance)

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        if self.inside is None:
            return self.test.limit(quantile), self.test.limit(-quantile)
        control, treatment = self.inside
        return self.estimate - reach(treatment, control, quantile), self.estimate + reach(control, treatment, quantile)


def bounded_effect(control: Known, treatment: Known) -> BoundedEffect:
    """Treatment less control of two estimates with one range; the arm of fewer rows is no surer than the noise of both says.

    Raises:
        Undefined: An arm has no estimate or no standard error, or both are at an end of the range with rows unknown.
    """
    before, now = _estimate("control", control), _estimate("treatment", treatment)
    before, now = before.no_surer_than(now), now.no_surer_than(before)
    freedom = degrees_of_freedom(
        before.standard_error, before.rows or math.inf, now.standard_error, now.rows or math.inf
    )
    if freedom <= 0:
        raise Undefined("an arm has too few rows to tell the spread of its estimate.")
    test = DifferenceTest(before, now, freedom, False, "difference of log-odds limits")  # noqa: FBT003
    first, second = LogOdds.of(before), LogOdds.of(now)
    # Without any spread there is no root to be found.
    inside = (
        None if first is None or second is None or before.standard_error == now.standard_error == 0 else (first, second)
    )
    effect = BoundedEffect(test, inside)
    if effect.standard_error == 0 and before.value == now.value:
        raise Undefined("neither arm has any spread, so nothing tells how much chance could do.")
    return effect


def _estimate(name: str, arm: Known) -> Estimate:
    if arm.estimate is None or arm.range is None:
        raise Undefined(f"the {name} has no estimate: it is not defined for its rows.")
    if arm.standard_error is None:
        raise Undefined(f"the standard error of the {name} is not known.")
    rows = arm.n if arm.informative_n is None else arm.informative_n
    return Estimate(arm.estimate, arm.standard_error, "log odds", arm.range, rows)
