"""The metrics of several treatments against one control, at each look, with what remains after allowing for their number."""

from __future__ import annotations

from typing import Any

from truthlag.show.abtest.asked import Asked, after_the_end, without_times
from truthlag.show.abtest.periods import Period
from truthlag.verdict.abtest.many.beyond_interval import beyond_intervals
from truthlag.verdict.abtest.many.one_look import LookRule, rows_at_look
from truthlag.verdict.abtest.many.table import ComparisonRow
from truthlag.verdict.abtest.pictures import IntervalLook, IntervalOverTime


class SeveralTreatments(Asked):
    """See `Asked`. Families are those of `compare_many`: the primary metric of all treatments, and the secondary ones."""

    def metrics(
        self, periods: list[Period], notes: list[str]
    ) -> tuple[list[ComparisonRow], dict[str, dict[str, IntervalOverTime]], int | None]:
        """The rows of all treatments and metrics, their looks by metric and treatment, and the end of the rows looked at."""
        request, primary = self._request, self._wanted.metrics[0]
        is_planned = request.mode == "group_sequential"
        if is_planned and not periods:
            notes.append(without_times())
        rule = LookRule(request.mode, request.alpha, request.planned_n, request.expected_n, request.spending)
        plans = {spec.name: self.question(spec) for spec in self._wanted.metrics}
        looks: list[Period | None] = [*periods] or [None]
        taken: dict[tuple[str, str], list[int]] = {}
        history: dict[tuple[str, str], list[tuple[Any, ComparisonRow]]] = {}
        rows: list[ComparisonRow] = []
        until = None
        for place, period in enumerate(looks):
            rows, is_over = rows_at_look(self._by_arm(period), plans, rule, taken)
            for row in rows:
                taken.setdefault((row.arm, row.metric), []).append(_units(row))
                if period is not None:
                    history.setdefault((row.metric, row.arm), []).append((period.at, row))
            self.is_over = is_planned and is_over and period is not None
            if self.is_over and period is not None and place < len(looks) - 1:
                until = period.until
                notes.append(after_the_end(primary.name, period, len(looks) - 1 - place))
                break
        over_time: dict[str, dict[str, IntervalOverTime]] = {}
        for (metric, arm), seen in history.items():
            over_time.setdefault(metric, {})[arm] = self._over_time(seen)
        notes += beyond_intervals(row for seen in history.values() for _, row in seen)
        return rows, over_time, until

    def _by_arm(self, period: Period | None) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {arm: {} for arm in self._arms.names}
        for spec in self._wanted.metrics:
            shown = self.shown(spec, None if period is None else period.until)
            for arm, one in zip(self._arms.names, shown.arms, strict=True):
                found[arm][spec.name] = one
        return found

    def _over_time(self, seen: list[tuple[Any, ComparisonRow]]) -> IntervalOverTime:
        """What remained of each look after allowing for the number of treatments and metrics."""
        row = seen[0][1]
        found = row.comparison
        looks = [
            IntervalLook(at, _units(one), one.comparison.difference, _interval(one), one.verdict) for at, one in seen
        ]
        return IntervalOverTime(
            f"{row.metric}, {row.arm} against {self._arms.control}",
            tuple(looks),
            found.mode,
            found.hypothesis,
            found.direction,
            found.margin if found.scale == "absolute" else None,
            # Intervals that allow for others are those of the difference.
            "absolute",
            found.confidence,
            self._at_name,
        )


def _units(row: ComparisonRow) -> int:
    return row.comparison.control.n + row.comparison.treatment.n


def _interval(row: ComparisonRow) -> tuple[float, float] | None:
    return row.comparison.difference_interval if row.adjusted_interval is None else row.adjusted_interval
