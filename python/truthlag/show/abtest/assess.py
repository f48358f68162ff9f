"""From the rows of a test to its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from truthlag.show.abtest.arms import Arms
from truthlag.show.abtest.collected import Collected
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.gates import gates_of
from truthlag.show.abtest.held import Held
from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.one_treatment import OneTreatment
from truthlag.show.abtest.periods import periods_of
from truthlag.show.abtest.read import Reader
from truthlag.show.abtest.request import AbTestRequest
from truthlag.show.abtest.segments import segment_rows
from truthlag.show.abtest.several_treatments import SeveralTreatments
from truthlag.show.duration import format_duration
from truthlag.show.times import short_time
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.pictures import IntervalOverTime
from truthlag.verdict.abtest.report import ABTestReport, ab_test_report
from truthlag.verdict.abtest.result.text import number

#: So many times as many units as expected cost a confidence sequence some of its sharpness.
_FAR = 4


@dataclass
class Assessed:
    """All that is shown of a test."""

    report: ABTestReport
    over_time: dict[str, dict[str, IntervalOverTime]] = field(default_factory=dict)
    """The looks by metric and treatment."""
    segments: tuple[ComparisonRow, ...] = ()


def assess(request: AbTestRequest, wanted: Wanted, reader: Reader, collected: Collected, arms: Arms) -> Assessed:
    """The report, the looks and the segments of a test."""
    periods = periods_of(request, reader, collected) if wanted.time is not None else []
    segments = reader.segments.names
    gates, labelled, gate_notes = gates_of(request, wanted, collected, arms, segments)
    notes = [] if arms.note is None else [arms.note]
    notes += gate_notes
    asked: OneTreatment | SeveralTreatments
    metrics: Any
    if len(arms.treatments) == 1:
        asked = OneTreatment(request, wanted, collected, arms)
        metrics, over, until = asked.metrics(periods, notes)
        over_time = {name: {arms.treatments[0]: one} for name, one in over.items()}
    else:
        asked = SeveralTreatments(request, wanted, collected, arms)
        metrics, over_time, until = asked.metrics(periods, notes)
    if request.mode == "fixed" and len(periods) > 1:
        notes.append(
            "The intervals over time hold for one look each, with --mode fixed: take the verdict of the last one alone."
        )
    guardrails = {
        arm: [asked.guardrail(spec, place, periods, until) for spec in wanted.guardrails]
        for place, arm in enumerate(arms.treatments, 1)
    }
    notes += _young(request, reader)
    control, *others = collected.units()
    notes += _tuning(request, control + max(others))
    for spec in wanted.specs:
        notes += asked.shown(spec, until).notes
        notes += _outlier(spec, collected)
    if isinstance(collected, Held):
        notes += [
            f"covariate {name}: {count:,} missing values were taken for the mean of the others, {number(mean)}."
            for name, (count, mean) in collected.filled.items()
        ]
        plain = [spec.name for spec in wanted.specs if spec.quantile is not None or spec.model is not None]
        if request.covariates and plain:
            notes.append(f"Means are adjusted for covariates; not adjusted: {', '.join(plain)}.")
    report = ab_test_report(
        name=Path(request.file).name,
        metrics=metrics,
        gates=gates,
        guardrails=guardrails,
        control=arms.control,
        treatment=arms.treatments[0],
        units=dict(zip(arms.names, collected.units(), strict=True)),
        labelled_metrics=labelled,
        is_final=True if asked.is_over else None,
        notes=notes,
    )
    over_time = {
        # Behind a gate that failed no look has a verdict.
        name: {arm: _invalid(one) for arm, one in by_arm.items()}
        if gates.against(labelled_only=name in labelled)
        else by_arm
        for name, by_arm in over_time.items()
    }
    rows: tuple[ComparisonRow, ...] = ()
    if wanted.segment is not None:
        rows = segment_rows(request, wanted, collected, arms, segments, gates, labelled)
    return Assessed(report, over_time, rows)


def _invalid(over: IntervalOverTime) -> IntervalOverTime:
    return replace(over, looks=tuple(replace(look, verdict="invalid") for look in over.looks))


def _young(request: AbTestRequest, reader: Reader) -> Iterator[str]:
    if request.label_time is not None:
        yield (
            f"Labels are compared when their row is {format_duration(request.min_age)} old, as known at"
            f" {short_time(reader.as_of)}: {reader.young:,} younger rows are left out of the metrics, and labels that came later count"
            " as missing."
        )


def _tuning(request: AbTestRequest, units: int) -> Iterator[str]:
    expected = request.expected_n or EXPECTED_N
    if request.mode == "confidence_sequence" and units > _FAR * expected:
        yield (
            f"The intervals are narrowest at {expected:,} units, and here are {units:,}: --expected-n with the size that was expected"
            " before anybody looked makes them narrower."
        )


def _outlier(spec: MetricSpec, collected: Collected) -> Iterator[str]:
    found = collected.outlier(spec)
    if found is not None:
        value, share = found
        yield (
            f"A single value of {spec.name}, {number(value, 6)}, makes {share:.0%} of the spread of its arm: the mean hangs on it."
            " --winsorize 0.999 caps the largest values."
        )
