"""The metrics of one treatment against its control, at each look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truthlag.show.abtest.arms import Arms
from truthlag.show.abtest.asked import Asked, after_the_end, without_times
from truthlag.show.abtest.collected import Collected
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.periods import Period
from truthlag.show.abtest.request import AbTestRequest
from truthlag.verdict.abtest.compare import compare
from truthlag.verdict.abtest.pictures import IntervalOverTime, interval_over_time
from truthlag.verdict.abtest.result.comparison import Comparison


class OneTreatment(Asked):
    """See `Asked`. The secondary metrics are adjusted together by the report."""

    def __init__(self, request: AbTestRequest, wanted: Wanted, collected: Collected, arms: Arms) -> None:
        super().__init__(request, wanted, collected, arms)
        self._last: dict[MetricSpec, Comparison] = {}

    def metrics(
        self, periods: list[Period], notes: list[str]
    ) -> tuple[dict[str, Comparison], dict[str, IntervalOverTime], int | None]:
        """The comparison of each metric, its looks, and the end of the rows that were looked at."""
        if self._request.mode == "group_sequential":
            return self._planned(periods, notes)
        found, over_time = {}, {}
        for spec in self._wanted.metrics:
            looks = [self._compare(spec, period.until) for period in periods]
            found[spec.name] = looks[-1] if looks else self._compare(spec, None)
            if looks:
                over_time[spec.name] = interval_over_time(looks, at=[one.at for one in periods], at_name=self._at_name)
        return found, over_time, None

    def _planned(
        self, periods: list[Period], notes: list[str]
    ) -> tuple[dict[str, Comparison], dict[str, IntervalOverTime], int | None]:
        """Looks until the primary metric is decided, or its plan is over; what comes after is not looked at."""
        primary = self._wanted.metrics[0]
        taken: list[Period | None] = [*periods] or [None]
        if not periods:
            notes.append(without_times())
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
            self.is_over = period is not None and self._plan(primary, 1).is_over
            if self._plan(primary, 1).is_over and place < len(taken) - 1:
                notes.append(after_the_end(primary.name, period, len(taken) - 1 - place))
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

    def _compare(self, spec: MetricSpec, until: int | None) -> Comparison:
        pair, plan = self._pair(spec, 1, until), self.question(spec)
        options = self._rule(spec, 1, pair)
        if not options:
            return self._last[spec]
        result = compare(
            *pair,
            metric=spec.name,
            hypothesis=plan.hypothesis or "superiority",
            margin=plan.margin,
            scale=plan.scale,
            direction=plan.direction,
            **options,
        )
        self._last[spec] = result
        return result
