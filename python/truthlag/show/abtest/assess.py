"""From the rows of a test to its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from truthlag.show.abtest.arms import Arms
from truthlag.show.abtest.collected import Collected, Pair
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.gates import gates_of
from truthlag.show.abtest.held import Held
from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.read import Reader
from truthlag.show.abtest.request import AbTestRequest
from truthlag.show.abtest.segments import segment_rows
from truthlag.show.duration import DAY, format_duration
from truthlag.show.errors import LogError
from truthlag.show.times import short_time, to_datetime
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.guardrails import Guardrail, GuardrailResult
from truthlag.verdict.abtest.inference import GroupSequentialPlan
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N
from truthlag.verdict.abtest.inference.group_sequential import is_later
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.pictures import IntervalOverTime, interval_over_time
from truthlag.verdict.abtest.report import ABTestReport, ab_test_report
from truthlag.verdict.abtest.result.comparison import Comparison
from truthlag.verdict.abtest.result.text import number

#: More looks are a mistake in --every.
MOST_LOOKS = 1_000
#: So many times as many units as expected cost a confidence sequence some of its sharpness.
_FAR = 4


@dataclass(frozen=True)
class Period:
    """A look: the rows of the steps before `until`."""

    until: int
    at: Any
    """What the look is called: a day, or a time."""


@dataclass
class Assessed:
    """All that is shown of a test."""

    report: ABTestReport
    over_time: dict[str, IntervalOverTime] = field(default_factory=dict)
    segments: tuple[ComparisonRow, ...] = ()


def assess(request: AbTestRequest, wanted: Wanted, reader: Reader, collected: Collected, arms: Arms) -> Assessed:
    """The report, the looks and the segments of a test."""
    periods = _periods(request, reader, collected) if wanted.time is not None else []
    asked = _Asked(request, wanted, collected)
    segments = reader.segments.names
    gates, labelled, gate_notes = gates_of(request, wanted, collected, arms, segments)
    notes = [] if arms.note is None else [arms.note]
    notes += gate_notes
    metrics, over_time, until = asked.metrics(periods, notes)
    guardrails = [asked.guardrail(spec, periods, until) for spec in wanted.guardrails]
    notes += _young(request, reader)
    notes += _tuning(request, sum(collected.units()))
    for spec in wanted.specs:
        notes += asked.pair(spec, until).notes
        notes += _outlier(spec, collected)
    if isinstance(collected, Held):
        notes += [
            f"covariate {name}: {count:,} missing values were taken for the mean of the others, {number(mean)}."
            for name, (count, mean) in collected.filled.items()
        ]
        plain = [spec.name for spec in wanted.specs if spec.quantile is not None or spec.model is not None]
        if request.covariates and plain:
            notes.append(f"Means are adjusted for covariates; not adjusted: {', '.join(plain)}.")
    units = dict(zip((arms.control, arms.treatment), collected.units(), strict=True))
    report = ab_test_report(
        name=Path(request.file).name,
        metrics=metrics,
        gates=gates,
        guardrails=guardrails,
        control=arms.control,
        treatment=arms.treatment,
        units=units,
        labelled_metrics=labelled,
        notes=notes,
    )
    over_time = {
        # Behind a gate that failed no look has a verdict.
        name: _invalid(over) if gates.against(labelled_only=name in labelled) else over
        for name, over in over_time.items()
    }
    rows: tuple[ComparisonRow, ...] = ()
    if wanted.segment is not None:
        rows = segment_rows(request, wanted, collected, arms, segments, gates, labelled)
    return Assessed(report, over_time, rows)


def _invalid(over: IntervalOverTime) -> IntervalOverTime:
    return replace(over, looks=tuple(replace(look, verdict="invalid") for look in over.looks))


class _Asked:
    """What is asked of each metric."""

    def __init__(self, request: AbTestRequest, wanted: Wanted, collected: Collected) -> None:
        self._request, self._wanted, self._collected = request, wanted, collected
        self._plan_of: dict[MetricSpec, GroupSequentialPlan] = {}
        self._last: dict[MetricSpec, Comparison] = {}

    def pair(self, spec: MetricSpec, until: int | None) -> Pair:
        """Both arms of a metric."""
        return self._collected.pair(spec, until=until)

    def metrics(
        self, periods: list[Period], notes: list[str]
    ) -> tuple[dict[str, Comparison], dict[str, IntervalOverTime], int | None]:
        """The comparison of each metric, its looks, and the end of the rows that were looked at."""
        request, primary = self._request, self._wanted.metrics[0]
        if request.mode == "group_sequential":
            return self._planned(periods, notes)
        found, over_time = {}, {}
        for spec in self._wanted.metrics:
            looks = [self._compare(spec, period.until) for period in periods]
            found[spec.name] = looks[-1] if looks else self._compare(spec, None)
            if looks:
                over_time[spec.name] = interval_over_time(looks, at=[one.at for one in periods], at_name=self._at_name)
        over = over_time.get(primary.name)
        if over is not None and request.mode == "fixed" and len(periods) > 1:
            notes.append(
                "The intervals over time hold for one look each, with --mode fixed: take the verdict of the last one alone."
            )
        return found, over_time, None

    def _planned(
        self, periods: list[Period], notes: list[str]
    ) -> tuple[dict[str, Comparison], dict[str, IntervalOverTime], int | None]:
        """Looks until the primary metric is decided, or its plan is over; what comes after is not looked at."""
        primary = self._wanted.metrics[0]
        taken: list[Period | None] = [*periods] or [None]
        if not periods:
            notes.append(
                "This is taken for the first look of the plan: looks that were taken before at fewer rows are not known. With --time they"
                " are taken anew from the file."
            )
        found: dict[str, Comparison] = {}
        history: dict[str, list[tuple[Any, Comparison]]] = {spec.name: [] for spec in self._wanted.metrics}
        until = None
        for place, period in enumerate(taken):
            until = None if period is None else period.until
            for spec in self._wanted.metrics:
                result = self._compare(spec, until)
                found[spec.name] = result
                if period is not None:
                    history[spec.name].append((period.at, result))
            if self._plan(primary).is_over and place < len(taken) - 1:
                at = None if period is None else period.at
                notes.append(
                    f"The plan of {primary.name} ended at the look of {at}; the {len(taken) - 1 - place:,} periods after it are not"
                    " in the numbers of metrics and guardrails."
                )
                break
        else:
            until = None
        notes += self._ended_before(found, primary)
        over_time = {
            name: interval_over_time([result for _, result in looks], at=[at for at, _ in looks], at_name=self._at_name)
            for name, looks in history.items()
            if looks
        }
        return found, over_time, until

    def _ended_before(self, found: Mapping[str, Comparison], primary: MetricSpec) -> Iterator[str]:
        """Metrics with a verdict of an earlier look, which stands."""
        last = found[primary.name]
        for name, result in found.items():
            if result.is_decided and result.control.n + result.treatment.n < last.control.n + last.treatment.n:
                n = result.control.n + result.treatment.n
                yield f"{name} had its verdict at {n:,} units, where its own plan ended; later rows are not in its numbers."

    @property
    def _at_name(self) -> str:
        return "day" if _in_days(self._request) else "time"

    def _plan(self, spec: MetricSpec) -> GroupSequentialPlan:
        request = self._request
        assert request.planned_n is not None  # noqa: S101 - the options were checked
        if spec not in self._plan_of:
            self._plan_of[spec] = GroupSequentialPlan(request.planned_n, spending=request.spending, alpha=request.alpha)
        return self._plan_of[spec]

    def _rule(self, spec: MetricSpec, pair: Pair) -> dict[str, Any]:
        """The arguments that say when it is looked."""
        request = self._request
        if request.mode != "group_sequential":
            return {
                "mode": request.mode,
                "alpha": request.alpha,
                "planned_n": request.planned_n,
                "expected_n": request.expected_n,
            }
        plan, n = self._plan(spec), pair.control.n + pair.treatment.n
        before = plan.taken[-1].n if plan.taken else 0
        if plan.is_over or (before and n != before and not is_later(n, before)):
            # No look of its own: what was known at the last one stands.
            return {}
        return {"mode": "group_sequential", "looks": plan}

    def _compare(self, spec: MetricSpec, until: int | None) -> Comparison:
        request, pair = self._request, self._collected.pair(spec, until=until)
        is_primary = spec == self._wanted.metrics[0]
        options = self._rule(spec, pair)
        if not options:
            return self._last[spec]
        margin = request.margin if is_primary else None
        result = compare(
            pair.control,
            pair.treatment,
            metric=spec.name,
            hypothesis=request.hypothesis if is_primary else "superiority",
            margin=None if margin is None else margin.value,
            scale="absolute" if margin is None else margin.scale,
            direction=spec.direction or (request.direction if is_primary else "higher"),
            **options,
        )
        self._last[spec] = result
        return result

    def guardrail(self, spec: MetricSpec, periods: list[Period], until: int | None) -> GuardrailResult:
        """Whether the treatment is worse by less than the margin."""
        assert spec.margin is not None  # noqa: S101 - a guardrail has one
        own: Mapping[str, Any] = {}
        request = self._request
        if request.mode != "group_sequential":
            own = {"mode": request.mode, "planned_n": request.planned_n, "expected_n": request.expected_n}
        else:
            own = {"mode": "group_sequential"}
        rail = Guardrail(
            spec.name,
            spec.direction or "higher",
            spec.margin.value,
            scale=spec.margin.scale,
            quantile=spec.quantile,
            alpha=request.alpha,
            **own,
        )
        if request.mode != "group_sequential":
            pair = self._collected.pair(spec, until=until)
            return rail.check(pair.control, pair.treatment)
        result: GuardrailResult | None = None
        taken: list[Period | None] = [*periods] or [None]
        for period in taken:
            pair = self._collected.pair(spec, until=None if period is None else period.until)
            options = self._rule(spec, pair)
            if options or result is None:
                result = rail.check(pair.control, pair.treatment, **options)
            if period is not None and period.until == until:
                break
        assert result is not None  # noqa: S101 - there is one look at least
        return result


def _periods(request: AbTestRequest, reader: Reader, collected: Collected) -> list[Period]:
    """The looks: one after each period of `--every` that has rows."""
    steps = collected.periods()
    if not steps:
        return []
    per_period = request.every // reader.step
    if request.every % reader.step:
        raise LogError("--every must be a whole number of days, or at most one day")
    first = steps[0]
    looks = sorted({(step - first) // per_period for step in steps})
    if len(looks) > MOST_LOOKS:
        raise LogError(f"--every makes {len(looks):,} looks, and at most {MOST_LOOKS:,} are taken: choose a longer one")
    return [
        # The last period may not be over.
        Period(until, _called(request, reader, min(until, steps[-1] + 1)))
        for until in (first + (look + 1) * per_period for look in looks)
    ]


def _called(request: AbTestRequest, reader: Reader, until: int) -> date | datetime:
    """The last day of a look, or its end where looks are within a day."""
    # Of rows that are waited for, the last one is old enough so much later.
    end = until * reader.step + request.min_age
    return to_datetime(end - 1).date() if _in_days(request) else to_datetime(end)


def _in_days(request: AbTestRequest) -> bool:
    return request.every % DAY == 0 and request.min_age % DAY == 0


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
