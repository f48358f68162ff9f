"""A test whose rows are its units: a few numbers for each period and segment, however long the file is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from truthlag.show.abtest.collected import Exposures, Known, Shown, is_binary, not_binary, outlier_of
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.metric_spec import MetricSpec
from truthlag.show.abtest.read import Rows
from truthlag.show.errors import LogError
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio

#: An arm, and a period or a segment of it.
_Place = tuple[int, int]


class _Sums:
    """One metric in one place."""

    __slots__ = ("binary", "high", "low", "mean", "ones", "ratio", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self.ones = 0
        self.binary = True
        self.mean = Mean(0, 0.0, 0.0)
        self.ratio = Ratio(0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self.low, self.high = np.inf, -np.inf

    def take(self, numbers: Any, others: Any) -> None:
        self.rows += len(numbers)
        known = ~np.isnan(numbers)
        if others is not None:
            known &= ~np.isnan(others)
        values = numbers[known]
        if not len(values):
            return
        if others is not None:
            self.ratio += Ratio.of(values, others[known])
            return
        self.mean += Mean.of(values)
        self.binary = self.binary and is_binary(values)
        if self.binary:
            self.ones += int(values.sum())
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))


class Streamed:
    """See `Collected`. Periods and segments are summed apart, since nobody asks for both at once."""

    is_clustered = False

    def __init__(self, wanted: Wanted) -> None:
        self._specs = wanted.specs
        self._late = {spec.key for spec in wanted.specs if wanted.is_late(spec)}
        self._arms: tuple[int, ...] = (0, 1)
        self._periods: dict[_Place, dict[tuple[object, ...], _Sums]] = defaultdict(self._empty)
        self._segments: dict[_Place, dict[tuple[object, ...], _Sums]] = defaultdict(self._empty)
        #: New rows by period and segment, and then by arm.
        self._seen: dict[_Place, dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def _empty(self) -> dict[tuple[object, ...], _Sums]:
        return {spec.key: _Sums() for spec in self._specs}

    def take(self, rows: Rows) -> None:
        """Take good rows, of any arm."""
        segments = rows.segments
        steps = np.zeros(len(rows), dtype=np.int64) if rows.days is None else rows.days
        for arm in np.unique(rows.arms).tolist():
            of_arm = rows.arms == arm
            for step in np.unique(steps[of_arm]).tolist():
                chosen = of_arm & (steps == step)
                self._add(self._periods[arm, step], rows, chosen)
                if segments is None:
                    self._seen[step, -1][arm] += int(np.count_nonzero(chosen))
                    continue
                found, counts = np.unique(segments[chosen], return_counts=True)
                for segment, count in zip(found.tolist(), counts.tolist(), strict=True):
                    self._seen[step, segment][arm] += count
            if segments is not None:
                for segment in np.unique(segments[of_arm]).tolist():
                    self._add(self._segments[arm, segment], rows, of_arm & (segments == segment))

    def _add(self, sums: dict[tuple[object, ...], _Sums], rows: Rows, chosen: Any) -> None:
        for spec in self._specs:
            counted = chosen if rows.old is None or spec.key not in self._late else chosen & rows.old
            others = None if spec.denominator is None else rows.numbers[spec.denominator][counted]
            sums[spec.key].take(rows.numbers[spec.column][counted], others)

    def settle(self, arms: Sequence[int]) -> None:
        """See `Collected.settle`."""
        self._arms = tuple(arms)
        for spec in self._specs:
            if spec.kind == "proportion" and not self._is_binary(spec):
                raise LogError(not_binary(spec.column, "a proportion"))

    def _is_binary(self, spec: MetricSpec) -> bool:
        return all(sums[spec.key].binary for (arm, _), sums in self._periods.items() if arm in self._arms)

    def shown(self, spec: MetricSpec, *, segment: int | None = None, until: int | None = None) -> Shown:
        """See `Collected.shown`."""
        places = self._periods if segment is None else self._segments
        as_proportion = spec.kind == "proportion" or (spec.kind == "auto" and self._is_binary(spec))
        found = []
        for arm in self._arms:
            chosen = [
                sums[spec.key]
                for (of, place), sums in sorted(places.items(), key=lambda item: item[0])
                if of == arm and (place == segment if segment is not None else until is None or place < until)
            ]
            found.append(_merged(chosen, spec, as_proportion=as_proportion))
        return Shown(tuple(found))

    def exposures(self) -> Iterator[Exposures]:
        """See `Collected.exposures`."""
        for (period, segment), counts in sorted(self._seen.items()):
            yield Exposures(period, None if segment < 0 else segment, self._of_all(counts))

    def known(self, spec: MetricSpec) -> Known:
        """See `Collected.known`."""
        known: dict[int, int] = defaultdict(int)
        of: dict[int, int] = defaultdict(int)
        for (arm, _), sums in self._periods.items():
            one = sums[spec.key]
            known[arm] += one.mean.n or one.ratio.n
            of[arm] += one.rows
        return Known(self._of_all(known), self._of_all(of))

    def units(self) -> tuple[int, ...]:
        """See `Collected.units`."""
        return tuple(sum(counts.get(arm, 0) for counts in self._seen.values()) for arm in self._arms)

    def _of_all(self, counts: dict[int, int]) -> tuple[int, ...]:
        return tuple(counts.get(arm, 0) for arm in self._arms)

    def periods(self) -> list[int]:
        """See `Collected.periods`."""
        return sorted(
            {
                step
                for (arm, step), sums in self._periods.items()
                if arm in self._arms
                and any(one.rows for key, one in sums.items() if not self._late or key in self._late)
            }
        )

    def outlier(self, spec: MetricSpec) -> tuple[float, float] | None:
        """See `Collected.outlier`."""
        if spec.kind not in ("auto", "mean") or self._is_binary(spec):
            return None
        arms = []
        for arm in self._arms:
            sums = [one[spec.key] for (of, _), one in self._periods.items() if of == arm]
            mean = sum((one.mean for one in sums), Mean(0, 0.0, 0.0))
            arms.append((mean, min(one.low for one in sums), max(one.high for one in sums)))
        return outlier_of(arms)


def _merged(sums: list[_Sums], spec: MetricSpec, *, as_proportion: bool) -> Any:
    if spec.kind == "ratio":
        return sum((one.ratio for one in sums), Ratio(0, 0.0, 0.0, 0.0, 0.0, 0.0))
    if as_proportion:
        return Proportion(sum(one.ones for one in sums), sum(one.mean.n for one in sums))
    return sum((one.mean for one in sums), Mean(0, 0.0, 0.0))
