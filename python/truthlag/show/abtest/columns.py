"""The columns that a test's file is read for."""

from __future__ import annotations

from dataclasses import dataclass

from truthlag.show.abtest.metric_spec import OF_UNITS, MetricSpec, parse_metric
from truthlag.show.abtest.request import AbTestRequest
from truthlag.show.columns import require
from truthlag.show.errors import LogError
from truthlag.show.log_file import LogFile


@dataclass(frozen=True)
class Wanted:
    """What is read, and what is made of it."""

    arm: str
    unit: str | None
    time: str | None
    label_time: str | None
    segment: str | None
    covariates: tuple[str, ...]
    metrics: tuple[MetricSpec, ...]
    guardrails: tuple[MetricSpec, ...]

    @property
    def specs(self) -> tuple[MetricSpec, ...]:
        """All metrics, each only once."""
        return tuple({spec.key: spec for spec in (*self.metrics, *self.guardrails)}.values())

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns of numbers."""
        of_specs = [name for spec in self.specs for name in spec.columns]
        return tuple(dict.fromkeys([*of_specs, *self.covariates]))

    @property
    def late(self) -> frozenset[str]:
        """Columns whose values are there when their label has come."""
        return frozenset(name for spec in self.metrics for name in spec.columns) if self.label_time else frozenset()

    def is_late(self, spec: MetricSpec) -> bool:
        """Whether a metric is taken over labels."""
        return not self.late.isdisjoint(spec.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns."""
        others = [name for name in (self.arm, self.unit, self.time, self.label_time, self.segment) if name is not None]
        return tuple(dict.fromkeys([*others, *self.numbers]))


def wanted_of(request: AbTestRequest, log: LogFile) -> Wanted:
    """The columns, checked against those of the file."""
    if not log.names or log.names == [""]:
        raise LogError(f"{log.path}: the file is empty")
    metrics = tuple(parse_metric(text, log.names) for text in request.metrics)
    guardrails = tuple(parse_metric(text, log.names, is_guardrail=True) for text in request.guardrails)
    wanted = Wanted(
        request.arm,
        request.unit,
        request.time,
        request.label_time,
        request.segment,
        request.covariates,
        metrics,
        guardrails,
    )
    require(log.path, wanted.columns, log.names, "--arm, --metric and the like name the columns")
    for option, specs in (("--metric", metrics), ("--guardrail", guardrails)):
        names = [spec.name if spec.quantile is None else (spec.name, spec.quantile) for spec in specs]
        for spec, name in zip(specs, names, strict=True):
            if names.count(name) > 1:
                raise LogError(f"{option} names `{spec.name}` twice")
            if spec.kind in OF_UNITS and request.unit is None:
                raise LogError(f"{option} {spec.column}:{spec.kind} is taken by unit: --unit names the column of units")
            if request.arm in spec.columns:
                raise LogError(f"{option} names `{request.arm}`, which is the column of --arm")
    return wanted
