"""The metrics of a live test compared at a look, by the rule that says when one may look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from truthlag.verdict.abtest.live.logged_look import LoggedLook
from truthlag.verdict.abtest.live.metric_spec import plan_of
from truthlag.verdict.abtest.live.settings import Settings
from truthlag.verdict.abtest.many.one_look import LookRule, rows_at_look
from truthlag.verdict.abtest.many.table import ComparisonRow


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
    plans = {
        name: plan_of(metric, "secondary" if place else "primary")
        for place, (name, metric) in enumerate(settings.metrics.items())
    }
    rule = LookRule(
        settings.mode,  # type: ignore[arg-type] # the settings are checked
        settings.alpha,
        settings.planned_n,
        settings.expected_n,
        settings.spending,  # type: ignore[arg-type]
    )
    return rows_at_look(arms, plans, rule, _taken(looks), segments)


def _taken(looks: Sequence[LoggedLook]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for look in looks:
        for result in look.results:
            found.setdefault((result["arm"], result["metric"]), []).append(result["n"])
    return found


def _with_reason(row: ComparisonRow, reason: str) -> ComparisonRow:
    return replace(row, comparison=replace(row.comparison, reasons=(*row.comparison.reasons, reason)))
