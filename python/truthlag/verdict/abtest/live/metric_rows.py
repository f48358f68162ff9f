"""The metrics of a live test compared at a look, by the rule that says when one may look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from truthlag.verdict.abtest.compare import inference_of
from truthlag.verdict.abtest.evidence import Reading, compare_statistics
from truthlag.verdict.abtest.inference import GroupSequential
from truthlag.verdict.abtest.inference.group_sequential import is_later
from truthlag.verdict.abtest.live.logged_look import LoggedLook
from truthlag.verdict.abtest.live.metric_spec import plan_of
from truthlag.verdict.abtest.live.settings import Settings
from truthlag.verdict.abtest.many.compare_many import compare_many
from truthlag.verdict.abtest.many.families import Case, adjusted
from truthlag.verdict.abtest.many.plan import MetricPlan
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.statistics.given import arms as statistics_of

_LAST = "this is the last look: all of alpha is spent."


def metric_rows(
    arms: Mapping[str, Mapping[str, Any]],
    settings: Settings,
    looks: Sequence[LoggedLook],
    segments: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> tuple[list[ComparisonRow], bool]:
    """The rows of all treatments and metrics, and whether they are final: no later look may say otherwise."""
    final = next((look for look in looks if look.is_final), None)
    if final is not None:
        said = f"the metrics were decided by the look of {final.at}: what came later is not looked at."
        return [_with_reason(row, said) for row in final.rows], False
    plans = {name: plan_of(metric, _role(place)) for place, (name, metric) in enumerate(settings.metrics.items())}
    if settings.mode == "group_sequential":
        rows = _at_looks(arms, plans, settings, looks)
    else:
        table = compare_many(
            arms,
            metrics=plans,
            mode=settings.mode,  # type: ignore[arg-type] # the settings are checked
            alpha=settings.alpha,
            planned_n=settings.planned_n,
            expected_n=settings.expected_n,
            segments=segments or None,
        )
        rows = list(table.rows)
    primary = [row for row in rows if row.role == "primary" and row.segment is None]
    if settings.mode == "fixed":
        is_over = all(_units(row) >= (settings.planned_n or 0) for row in primary)
        return (rows, True) if is_over else ([_held_back(row) for row in rows], False)
    if settings.mode == "group_sequential":
        reached = any(_units(row) >= (settings.planned_n or 0) for row in primary)
        crossed = all(row.verdict not in ("undecided", "invalid") for row in primary)
        return rows, reached or crossed
    return rows, False


def _role(place: int) -> Any:
    return "secondary" if place else "primary"


def _units(row: ComparisonRow) -> int:
    return row.comparison.control.n + row.comparison.treatment.n


def _size(pair: tuple[Any, Any]) -> int:
    return int(pair[0].n + pair[1].n)


def _at_looks(
    arms: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, MetricPlan],
    settings: Settings,
    looks: Sequence[LoggedLook],
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
    is_last = any(_size(pairs[arm, primary]) >= (settings.planned_n or 0) for arm in treatments)
    by_role: dict[str, list[Case]] = {"primary": [], "secondary": []}
    for arm in treatments:
        for name, plan in plans.items():
            before, now = pairs[arm, name]
            taken = [
                result["n"]
                for look in looks
                for result in look.results
                if (result["arm"], result["metric"]) == (arm, name)
            ]
            inference = replace(_rule(settings, taken, before.n + now.n), is_final=is_last)
            reading = Reading(name, plan.scale, plan.method, plan.relative_method)
            question = plan._question
            found = compare_statistics(before, now, question, inference, reading)
            if is_last and not found.is_decided:
                found = replace(found, reasons=(*found.reasons, _LAST))
            case = Case(arm, name, None, plan.role, before, now, question, reading, inference, found)
            by_role[plan.role].append(case)
    rows = {(row.arm, row.metric): row for cases in by_role.values() if cases for row in adjusted(cases, "holm")}
    return [rows[arm, name] for arm in treatments for name in plans]


def _rule(settings: Settings, taken: Sequence[int], n: int) -> GroupSequential:
    """The plan with the looks that were taken, and this one."""
    planned = settings.planned_n or 1
    looks: list[int] = []
    for look in (*taken, n):
        # A share of the planned size is what at most 1 would be taken for.
        if 1 < look < planned and (not looks or is_later(look, looks[-1])):
            looks.append(look)
    while looks and not is_later(planned, looks[-1]):
        looks.pop()
    rule = inference_of(
        "group_sequential",
        settings.alpha,
        planned,
        None,
        (*looks, planned),
        settings.spending,  # type: ignore[arg-type]
    )
    if not isinstance(rule, GroupSequential):
        raise TypeError("the rule of a plan must be one of looks")
    return rule


def _held_back(row: ComparisonRow) -> ComparisonRow:
    """No verdict of one treatment before all have the planned size: the test has one look."""
    found = row.comparison
    if found.verdict == "undecided" and row.verdict == "undecided":
        return row
    reasons = ("another treatment has not reached the planned size: the metrics have one look.", *found.reasons)
    held = replace(found, verdict="undecided", reasons=reasons, additional_n=None)
    return replace(row, comparison=held, verdict="undecided")


def _with_reason(row: ComparisonRow, reason: str) -> ComparisonRow:
    return replace(row, comparison=replace(row.comparison, reasons=(*row.comparison.reasons, reason)))
