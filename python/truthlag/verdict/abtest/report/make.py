"""A report from what was compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.gate import Gate, GateReport, invalidated
from truthlag.verdict.abtest.many.adjust import adjust
from truthlag.verdict.abtest.many.beyond_interval import beyond_intervals
from truthlag.verdict.abtest.many.table import ComparisonRow, ComparisonTable
from truthlag.verdict.abtest.report.advice import advice_on, overall
from truthlag.verdict.abtest.report.report import ABTestReport
from truthlag.verdict.abtest.report.rows import GuardrailRow, guardrail_row
from truthlag.verdict.abtest.result.comparison import Comparison

_ORDER = {"primary": 0, "secondary": 1}


def ab_test_report(
    *,
    metrics: ComparisonTable | Iterable[ComparisonRow] | Mapping[str, Comparison],
    gates: GateReport | Iterable[Gate] | None = None,
    guardrails: Any = (),
    name: str | None = None,
    control: str = "control",
    treatment: str = "treatment",
    units: Mapping[str, int] | None = None,
    labelled_metrics: Iterable[str] = (),
    is_final: bool | None = None,
    looked_at: str | None = None,
    notes: Iterable[str] = (),
) -> ABTestReport:
    """Gates, metrics and guardrails made one report with one recommendation.

    Of several treatments the best that may be shipped is recommended; where there is none, one that is to be reverted is not kept waiting
    by those that are undecided (`"revert_some"`).

    A failed gate that holds for every metric makes all of them invalid; one of labels makes invalid those that are taken over rows
    with a label. A guardrail that blocks means that the treatment is not shipped, whatever the metric says; one that is undecided, that
    the test keeps running.

    Args:
        metrics: What `compare_many` gave, whose guardrails become guardrails of the report; or its rows; or for one treatment
            comparisons by name, of which the first one is primary and the others are adjusted together by Holm (1979).
        gates: What `run_gates` gave, or gates; None for none.
        guardrails: For one treatment a sequence of what `Guardrail.check` gave, of comparisons by non-inferiority, or a mapping of
            such by name; for several a mapping of treatments to sequences.
        name: What the test is called.
        control: The name of the control, where no table says it.
        treatment: The name of the treatment, where no table says it.
        units: The units of each arm.
        labelled_metrics: Which metrics, guardrails among them, are taken over rows with a label.
        is_final: Whether no verdict can come later; None to ask the comparisons: those of a fixed size that was reached, and of a
            plan whose last look was taken.
        looked_at: The time of the look, as a text.
        notes: What else a reader should know.

    Returns:
        The report.

    Raises:
        TypeError: Something has the wrong type.
        ValueError: A guardrail is no test of non-inferiority, or of an arm that is not judged.

    Cost: some microseconds a comparison.

    Example:
        >>> from truthlag.abtest import MetricPlan, Proportion, ab_test_report, compare_many
        >>> arms = {
        ...     "v1": {"conversion": Proportion(600, 5_000), "errors": Proportion(100, 5_000)},
        ...     "v2": {"conversion": Proportion(690, 5_000), "errors": Proportion(104, 5_000)},
        ... }
        >>> plans = {"conversion": "primary", "errors": MetricPlan("guardrail", direction="lower", margin=0.005)}
        >>> report = ab_test_report(metrics=compare_many(arms, metrics=plans, expected_n=10_000))
        >>> report.status, report.guardrails[0].status
        ('keep_running', 'undecided')
        >>> print(report.recommendation)
        Keep v2 running: nothing is decided. conversion rose from 0.12 to 0.138 (+15%; 95% interval of the difference ...
    """
    report = _gates(gates)
    rows, guarded = _rows(metrics, treatment)
    if isinstance(metrics, ComparisonTable):
        control = metrics.control
    guarded += _guardrails(guardrails, rows, treatment)
    labelled = frozenset(labelled_metrics)
    rows = [_row_behind(row, report, labelled) for row in rows]
    guarded = [_guardrail_behind(row, report, labelled) for row in guarded]
    rows.sort(key=lambda row: (row.segment is not None, _ORDER.get(row.role, 2)))
    arms = list(dict.fromkeys([*(row.arm for row in rows), *(row.arm for row in guarded)]))
    failed = report.against()
    each = tuple(
        advice_on(
            arm,
            failed,
            [row for row in rows if row.arm == arm],
            [row for row in guarded if row.arm == arm],
            is_final=is_final,
        )
        for arm in arms
    )
    said = [*notes, *beyond_intervals(rows)]
    return ABTestReport(
        name,
        control,
        None if units is None else dict(units),
        report,
        tuple(rows),
        tuple(guarded),
        each,
        overall(each, rows),
        looked_at,
        # A caller who knows earlier looks may have said it of them.
        tuple(dict.fromkeys(said)),
    )


def _gates(gates: Any) -> GateReport:
    if isinstance(gates, GateReport):
        return gates
    given = () if gates is None else tuple(gates)
    for gate in given:
        if not isinstance(gate, Gate):
            raise TypeError(f"gates must be a GateReport or gates, got {described(gate)}")
    return GateReport(given)


def _rows(metrics: Any, treatment: str) -> tuple[list[ComparisonRow], list[GuardrailRow]]:
    if isinstance(metrics, Mapping):
        return _of_comparisons(metrics, treatment), []
    if not isinstance(metrics, ComparisonTable | Iterable):
        raise TypeError(
            f"metrics must be what compare_many gave, or comparisons by name of the metric, got {described(metrics)}"
        )
    rows: list[ComparisonRow] = []
    guarded: list[GuardrailRow] = []
    for row in metrics:
        if not isinstance(row, ComparisonRow):
            raise TypeError(f"metrics must be rows of compare_many, got {described(row)}")
        if row.role != "guardrail":
            rows.append(row)
        else:
            named = row.metric if row.segment is None else f"{row.metric} ({row.segment})"
            guarded.append(guardrail_row("metrics", row.arm, row.comparison, named))
    return rows, guarded


def _of_comparisons(metrics: Mapping[str, Any], treatment: str) -> list[ComparisonRow]:
    """The first one is primary; the others are a family."""
    for name, result in metrics.items():
        if not isinstance(result, Comparison):
            raise TypeError(f"metrics[{name!r}] must be a Comparison, got {described(result)}")
    others = dict(list(metrics.items())[1:])
    p_values = {name: result.p_value for name, result in others.items() if result.p_value is not None}
    adjusted = dict(zip(p_values, adjust(list(p_values.values()), "holm"), strict=True)) if len(p_values) > 1 else {}
    rows = []
    for place, (name, result) in enumerate(metrics.items()):
        p_value, verdict = adjusted.get(name, result.p_value), result.verdict
        if name in adjusted and result.is_decided and adjusted[name] > result.alpha:
            verdict = "undecided"
        rows.append(
            ComparisonRow(
                treatment,
                name,
                None,
                "secondary" if place else "primary",
                result,
                "holm" if name in adjusted else "none",
                len(adjusted) if name in adjusted else 1,
                p_value,
                None if name in adjusted else result.difference_interval,
                verdict,
            )
        )
    return rows


def _guardrails(given: Any, rows: Sequence[ComparisonRow], treatment: str) -> list[GuardrailRow]:
    arms = list(dict.fromkeys(row.arm for row in rows)) or [treatment]
    if not isinstance(given, Mapping):
        if len(arms) > 1 and given and not all(isinstance(one, GuardrailRow) for one in given):
            raise ValueError(f"guardrails must be a mapping of treatments to results for {len(arms)} treatments")
        return [guardrail_row("guardrails", arms[0], one) for one in given]
    if all(isinstance(one, Comparison) or hasattr(one, "comparison") for one in given.values()):
        if len(arms) > 1:
            raise ValueError(f"guardrails must be a mapping of treatments to results for {len(arms)} treatments")
        return [guardrail_row(f"guardrails[{name!r}]", arms[0], one, metric=str(name)) for name, one in given.items()]
    found = []
    for arm, results in given.items():
        if arm not in arms:
            raise ValueError(f"guardrails must be of the arms {', '.join(map(repr, arms))}, got {described(arm)}")
        if isinstance(results, Mapping):
            found += [
                guardrail_row(f"guardrails[{arm!r}][{name!r}]", arm, one, metric=str(name))
                for name, one in results.items()
            ]
        else:
            found += [guardrail_row(f"guardrails[{arm!r}]", arm, one) for one in results]
    return found


def _row_behind(row: ComparisonRow, gates: GateReport, labelled: frozenset[str]) -> ComparisonRow:
    failed = gates.against(labelled_only=row.metric in labelled)
    if not failed and row.comparison.verdict != "invalid":
        return row
    return replace(row, comparison=invalidated(row.comparison, failed), verdict="invalid")


def _guardrail_behind(row: GuardrailRow, gates: GateReport, labelled: frozenset[str]) -> GuardrailRow:
    failed = gates.against(labelled_only=row.metric in labelled)
    if not failed:
        return row
    return replace(row, comparison=invalidated(row.comparison, failed), status="invalid")
