"""All treatments and metrics at one look, by the rule that says when one may look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from truthlag.verdict.abtest.compare import inference_of
from truthlag.verdict.abtest.evidence import Reading, compare_statistics
from truthlag.verdict.abtest.inference import GroupSequential
from truthlag.verdict.abtest.inference.group_sequential import is_later
from truthlag.verdict.abtest.inference.spending import Spending
from truthlag.verdict.abtest.many.compare_many import compare_many
from truthlag.verdict.abtest.many.families import Case, adjusted
from truthlag.verdict.abtest.many.plan import MetricPlan
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.result.words import Mode
from truthlag.verdict.abtest.statistics.given import arms as statistics_of

_LAST = "this is the last look: all of alpha is spent."

#: The units of both arms at the looks so far, by treatment and metric.
Taken = Mapping[tuple[str, str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class LookRule:
    """When a test is looked at, and at which level; units are those of the control and one treatment together."""

    mode: Mode
    alpha: float
    planned_n: int | None = None
    expected_n: int | None = None
    spending: Spending = "obrien_fleming"


def rows_at_look(
    arms: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, MetricPlan],
    rule: LookRule,
    taken: Taken,
    segments: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
) -> tuple[list[ComparisonRow], bool]:
    """The rows of all treatments and metrics, and whether they are final: no later look may say otherwise.

    The test has one size: a fixed one is not judged before every treatment has it, and a plan ends for all treatments when the first
    one has it, or when all are decided.
    """
    if rule.mode == "group_sequential":
        rows = _of_plan(arms, plans, rule, taken)
    else:
        table = compare_many(
            arms,
            metrics=plans,
            mode=rule.mode,
            alpha=rule.alpha,
            planned_n=rule.planned_n,
            expected_n=rule.expected_n,
            segments=segments or None,
        )
        rows = list(table.rows)
    primary = [row for row in rows if row.role == "primary" and row.segment is None]
    if rule.mode == "fixed":
        is_over = all(_units(row) >= (rule.planned_n or 0) for row in primary)
        return (rows, True) if is_over else ([_held_back(row) for row in rows], False)
    if rule.mode == "group_sequential":
        reached = any(_units(row) >= (rule.planned_n or 0) for row in primary)
        crossed = all(row.verdict not in ("undecided", "invalid") for row in primary)
        return rows, reached or crossed
    return rows, False


def _units(row: ComparisonRow) -> int:
    return row.comparison.control.n + row.comparison.treatment.n


def _size(pair: tuple[Any, Any]) -> int:
    return int(pair[0].n + pair[1].n)


def _of_plan(
    arms: Mapping[str, Mapping[str, Any]], plans: Mapping[str, MetricPlan], rule: LookRule, taken: Taken
) -> list[ComparisonRow]:
    """Each treatment and metric by the bounds at its looks so far; families by Holm on their repeated p-values."""
    control, *treatments = arms
    primary = next(iter(plans))
    pairs = {
        (arm, name): statistics_of(arms[control][name], arms[arm][name], metric=name, cluster=None, window=None)
        for arm in treatments
        for name in plans
    }
    # The first treatment of the planned size ends the test: the others take their last look at the size that they have.
    is_last = any(_size(pairs[arm, primary]) >= (rule.planned_n or 0) for arm in treatments)
    by_role: dict[str, list[Case]] = {"primary": [], "secondary": []}
    for arm in treatments:
        for name, plan in plans.items():
            before, now = pairs[arm, name]
            looks = _looks(rule, taken.get((arm, name), ()), before.n + now.n)
            inference = replace(looks, is_final=is_last)
            reading = Reading(name, plan.scale, plan.method, plan.relative_method)
            question = plan._question
            found = compare_statistics(before, now, question, inference, reading)
            if is_last and not found.is_decided:
                found = replace(found, reasons=(*found.reasons, _LAST))
            case = Case(arm, name, None, plan.role, before, now, question, reading, inference, found)
            by_role[plan.role].append(case)
    rows = {(row.arm, row.metric): row for cases in by_role.values() if cases for row in adjusted(cases, "holm")}
    return [rows[arm, name] for arm in treatments for name in plans]


def _looks(rule: LookRule, taken: Sequence[int], n: int) -> GroupSequential:
    """The plan with the looks that were taken, and this one."""
    planned = rule.planned_n or 1
    looks: list[int] = []
    for look in (*taken, n):
        # A share of the planned size is what at most 1 would be taken for.
        if 1 < look < planned and (not looks or is_later(look, looks[-1])):
            looks.append(look)
    while looks and not is_later(planned, looks[-1]):
        looks.pop()
    found = inference_of("group_sequential", rule.alpha, planned, None, (*looks, planned), rule.spending)
    if not isinstance(found, GroupSequential):
        raise TypeError("the rule of a plan must be one of looks")
    return found


def _held_back(row: ComparisonRow) -> ComparisonRow:
    """No verdict of one treatment before all have the planned size: the test has one look."""
    found = row.comparison
    if found.verdict == "undecided" and row.verdict == "undecided":
        return row
    reasons = ("another treatment has not reached the planned size: the metrics have one look.", *found.reasons)
    held = replace(found, verdict="undecided", reasons=reasons, additional_n=None)
    return replace(row, comparison=held, verdict="undecided")
