"""Looks of a plan at many comparisons at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.compare import check_plan, planned_look, with_last_look_told
from truthlag.verdict.abtest.evidence import Reading
from truthlag.verdict.abtest.inference import GroupSequential, GroupSequentialPlan
from truthlag.verdict.abtest.judge import Question
from truthlag.verdict.abtest.many.families import Case
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.statistics.arm import Statistic

#: What holds however tests depend on each other: only such p-values may be looked at by a stopping rule of all of them.
_AT_EACH_LOOK = ("holm", "bonferroni", "by")

_Plans = dict[tuple[str, str], GroupSequentialPlan]


def check_families(adjustment: str, segments: Any) -> None:
    """What does not hold at the looks of plans is refused.

    Raises:
        ValueError: The procedure is one of these, or there are segments.
    """
    if adjustment not in _AT_EACH_LOOK:
        allowed = ", ".join(map(repr, _AT_EACH_LOOK))
        raise ValueError(
            f"adjustment must be one of {allowed} with mode 'group_sequential', got {adjustment!r}: it needs tests that depend on"
            " each other positively, and the look at which one stops depends on all of them"
        )
    if segments is not None:
        raise ValueError(
            "segments must be None with mode 'group_sequential': a segment has no planned size by which alpha would be spent;"
            " compare them with mode 'confidence_sequence'"
        )


def plans_of_looks(looks: Any, arms: Any, control: str, metrics: list[str], asked: tuple[Any, ...]) -> _Plans:
    """The plan of each comparison.

    Raises:
        TypeError: One is none.
        ValueError: There is not exactly one for each, one stands for several, or an argument contradicts it.
    """
    found: _Plans = {}
    treatments = [arm for arm in arms if arm != control]
    _same("looks", looks, treatments)
    for arm in treatments:
        _same(f"looks[{arm!r}]", looks[arm], metrics)
        for metric in metrics:
            plan = looks[arm][metric]
            if not isinstance(plan, GroupSequentialPlan):
                raise TypeError(f"looks[{arm!r}][{metric!r}] must be a GroupSequentialPlan, got {described(plan)}")
            if any(plan is other for other in found.values()):
                raise ValueError(f"looks[{arm!r}][{metric!r}] must be a plan of its own, got that of another metric")
            _, alpha, *others = asked
            if alpha != plan.alpha:
                raise ValueError(f"alpha must be that of the plans ({plan.alpha!r}), got {described(alpha)}")
            check_plan(plan, asked[0], alpha, *others)
            found[arm, metric] = plan
    return found


def _same(name: str, given: Any, names: list[str]) -> None:
    told = ", ".join(map(repr, names))
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a mapping with {told}, got {described(given)}")
    if set(given) != set(names):
        odd = ", ".join(sorted(map(repr, set(given).symmetric_difference(names))))
        raise ValueError(f"{name} must have exactly {told}, got a difference in {odd}")


@dataclass(slots=True)
class Log:
    """The looks at all comparisons, which are logged together or not at all."""

    plans: _Plans
    _entries: list[Callable[[], None]] = field(default_factory=list)

    def look(
        self, arm: str, metric: str, control: Statistic, treatment: Statistic, question: Question, reading: Reading
    ) -> tuple[Comparison, GroupSequential]:
        """The comparison at a look, and its rule."""
        result, rule, log = planned_look(self.plans[arm, metric], control, treatment, question, reading)
        self._entries.append(log)
        return result, rule

    def write(self) -> None:
        """Log what was looked at."""
        for log in self._entries:
            log()


def at_one_look(cases: list[Case], rule: GroupSequential) -> list[Case]:
    """The same, if all of them are at one look of looks that nobody logs, and have their reasons.

    Raises:
        ValueError: By their units they are at different looks.
    """
    known = [case for case in cases if case.control.n + case.treatment.n]
    places = [len(rule.before(case.control.n + case.treatment.n)) for case in known]
    if len(set(places)) > 1:
        first, other = known[0], known[next(i for i, place in enumerate(places) if place != places[0])]
        told = "; ".join(
            f"{case.metric!r} of {case.arm!r} has {case.control.n + case.treatment.n:,} units, before which"
            f" {len(rule.before(case.control.n + case.treatment.n))} were"
            for case in (first, other)
        )
        raise ValueError(
            f"looks must be a GroupSequentialPlan for each metric of each treatment where their units are at different looks: {told}"
        )
    return [replace(case, comparison=with_last_look_told(case.comparison, rule)) for case in cases]
