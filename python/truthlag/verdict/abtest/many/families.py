"""Which comparisons are adjusted together, and how."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truthlag.verdict.abtest.difference import Undefined, absolute_effect
from truthlag.verdict.abtest.evidence import Reading, compare_statistics
from truthlag.verdict.abtest.inference import Inference
from truthlag.verdict.abtest.inference.fixed import upper_tail
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.many.adjust import adjusted_array
from truthlag.verdict.abtest.many.common_control import CommonControl
from truthlag.verdict.abtest.many.plan import Role
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.result.comparison import Comparison, Interval
from truthlag.verdict.abtest.result.words import Verdict
from truthlag.verdict.abtest.statistics.arm import Statistic
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate
from truthlag.verdict.abtest.statistics.strata import Strata

#: Those that keep the share of false findings, whose intervals are of what was found.
_OF_FINDINGS = frozenset({"bh", "by", "e_bh"})


@dataclass(frozen=True, slots=True)
class Case:
    """A comparison, and all that is needed to make it again at another level."""

    arm: str
    metric: str
    segment: str | None
    role: Role
    control: Statistic
    treatment: Statistic
    question: Question
    reading: Reading
    inference: Inference
    comparison: Comparison

    def at(self, alpha: float) -> Comparison:
        """The same at another alpha; the limits of a sequence are still narrowest at the same number of units."""
        inference = replace(self.inference, alpha=alpha)  # type: ignore[type-var] # all of them are dataclasses
        return compare_statistics(self.control, self.treatment, self.question, inference, self.reading)


def unadjusted(case: Case) -> ComparisonRow:
    """The row of a comparison that stands by itself."""
    found = case.comparison
    return _row(case, "none", 1, found.p_value, found.difference_interval, found.verdict)


def adjusted(cases: Sequence[Case], adjustment: str) -> list[ComparisonRow]:
    """The rows of one family. One that has no p-value is no test and does not count."""
    p_values = [case.comparison.p_value for case in cases]
    tested = [place for place, p_value in enumerate(p_values) if p_value is not None]
    size = len(tested)
    if size <= 1:
        return [unadjusted(case) for case in cases]
    method = "bh" if adjustment == "e_bh" else adjustment
    values = adjusted_array(np.array([p_values[place] for place in tested]), method).tolist()
    found: dict[int, float] = dict(zip(tested, values, strict=True))
    alpha = cases[0].inference.alpha
    if adjustment in _OF_FINDINGS:
        level = sum(value <= alpha for value in values) * alpha / size
        if adjustment == "by":
            level /= math.fsum(1 / rank for rank in range(1, size + 1))

        def interval(place: int) -> Interval | None:
            return cases[place].at(level).difference_interval if found[place] <= alpha else None
    else:

        def interval(place: int) -> Interval | None:
            return cases[place].at(alpha / size).difference_interval

    return _rows(cases, adjustment, found, interval)


def against_control(cases: Sequence[Case]) -> list[ComparisonRow] | None:
    """The rows of one metric of several arms by Dunnett's test; None where it does not hold.

    That is by the comparisons' own statistics and degrees of freedom, each arm with its own spread, as Hasler and Hothorn (2008).
    """
    tested = [place for place, case in enumerate(cases) if case.comparison.p_value is not None]
    if len(tested) <= 1 or not all(_has_shared_control(case) for case in cases):
        return None
    freedoms: dict[int, float] = {}
    for place in tested:
        case = cases[place]
        try:
            freedoms[place] = absolute_effect(case.control, case.treatment, case.reading.method).degrees_of_freedom
        except (Undefined, OverflowError, ZeroDivisionError):
            return None
    loadings = tuple(_loading(cases[place]) for place in tested)
    alpha = cases[0].inference.alpha
    found, levels = {}, {}
    for place, freedom in freedoms.items():
        largest = CommonControl(loadings, freedom)
        alone = cases[place].comparison.p_value or 0.0
        # Rounding of the integrals must not take a p-value below that of the arm alone.
        found[place] = min(1.0, max(alone, largest.tail(_statistic(alone, freedom))))
        levels[place] = 2 * upper_tail(largest.quantile(alpha), freedom)

    def interval(place: int) -> Interval | None:
        return cases[place].at(levels[place]).difference_interval

    return _rows(cases, "dunnett", found, interval)


def _rows(
    cases: Sequence[Case], adjustment: str, found: dict[int, float], interval: Callable[[int], Interval | None]
) -> list[ComparisonRow]:
    size = len(found)
    rows = []
    for place, case in enumerate(cases):
        if place not in found:
            rows.append(_row(case, adjustment, size, None, None, case.comparison.verdict))
            continue
        verdict = _verdict(case, found[place], size)
        rows.append(_row(case, adjustment, size, found[place], interval(place), verdict))
    return rows


def _verdict(case: Case, p_value: float, size: int) -> Verdict:
    """What remains of a verdict. That which the p-value is not of, such as a loss that was shown, must hold by Bonferroni."""
    verdict = case.comparison.verdict
    if not case.comparison.is_decided:
        return verdict
    is_of_p_value = case.question.hypothesis == "superiority" or verdict in ("non_inferior", "equivalent")
    if is_of_p_value:
        return verdict if p_value <= case.inference.alpha else "undecided"
    return verdict if case.at(case.inference.alpha / size).verdict == verdict else "undecided"


def _row(
    case: Case,
    adjustment: str,
    size: int,
    p_value: float | None,
    interval: Interval | None,
    verdict: Verdict,
) -> ComparisonRow:
    return ComparisonRow(
        case.arm, case.metric, case.segment, case.role, case.comparison, adjustment, size, p_value, interval, verdict
    )


def _has_shared_control(case: Case) -> bool:
    """Whether the statistics are those of one control less than of each treatment: not after a regression of its own each."""
    return (
        case.comparison.mode == "fixed"
        and case.question.hypothesis == "superiority"
        and case.reading.scale == "absolute"
        and not isinstance(case.control, MeanWithCovariate | RatioWithCovariate)
        and not (isinstance(case.control, Strata) and case.control.covariates)
    )


def _loading(case: Case) -> float:
    """The control's standard error over that of the difference: for proportions where they are the same."""
    if isinstance(case.control, Proportion):
        return 1 / math.sqrt(1 + case.control.n / case.treatment.n)
    first, second = case.control.standard_error or 0.0, case.treatment.standard_error or 0.0
    return first / math.hypot(first, second)


def _statistic(p_value: float, freedom: float) -> float:
    """The statistic of a two-sided p-value."""
    from scipy import special

    return -float(special.ndtri(p_value / 2) if math.isinf(freedom) else special.stdtrit(freedom, p_value / 2))
