"""A test whose rows are held: those of units in clusters, quantiles, capped values and covariates need them all.

Eight bytes a number are held of the columns that are asked for, and no text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.show.abtest.collected import Exposures, Known, Shown, is_binary, not_binary, outlier_of
from truthlag.show.abtest.columns import Wanted
from truthlag.show.abtest.metric_spec import OF_UNITS, MetricSpec
from truthlag.show.abtest.read import Numbers, Rows, Whole
from truthlag.show.errors import LogError
from truthlag.verdict.abtest.quantiles import QuantileArm
from truthlag.verdict.abtest.statistics.labelled_rows import SCORED, LabelledRows
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate
from truthlag.verdict.abtest.statistics.winsorize import winsorize


class Held:
    """See `Collected`."""

    def __init__(self, wanted: Wanted, winsorized: float | None) -> None:
        self._wanted = wanted
        self._winsorized = winsorized
        self._parts: list[Rows] = []
        self.is_clustered = False
        self.units_in_several = 0
        """Units that were seen in several arms; they are left out."""
        self.different_units = 0
        """All units of all arms."""
        self.by_arm: tuple[int, ...] = (0, 0)
        """Different units of each arm."""
        self.filled: dict[str, tuple[int, float]] = {}
        """How many covariates were missing, by column, and what they were taken for."""
        self._count = 2
        self._arms: Whole = np.empty(0, np.int64)
        self._steps = self._segments = self._units = self._arms
        self._numbers: dict[str, Numbers] = {}
        self._old: NDArray[np.bool_] | None = None

    def take(self, rows: Rows) -> None:
        """Take good rows, of any arm."""
        self._parts.append(rows)

    def settle(self, arms: Sequence[int]) -> None:
        """Join the rows of the arms, in order of their periods, without units that are in several."""
        parts, self._parts, self._count = self._parts, [], len(arms)
        codes = _joined([part.arms for part in parts])
        place_of = np.full(max(*arms, int(codes.max())) + 1, -1, np.int64)
        place_of[list(arms)] = np.arange(len(arms))
        places = place_of[codes]
        steps = _joined([np.zeros(len(part), np.int64) if part.days is None else part.days for part in parts])
        order = np.flatnonzero(places >= 0)
        order = order[np.argsort(steps[order], kind="stable")]
        if self._wanted.unit is not None:
            units = _joined([part.units for part in parts if part.units is not None])
            order = self._without_double(units, places, order)
            self._units = units[order]
            self.is_clustered = _different(self._units) < len(self._units)
        else:
            self._units = order
        self._arms = places[order]
        self._steps = steps[order]
        if self._wanted.segment is not None:
            self._segments = _joined([part.segments for part in parts if part.segments is not None])[order]
        if self._wanted.label_time is not None:
            self._old = np.concatenate([part.old for part in parts if part.old is not None])[order]
        for name in self._wanted.numbers:
            self._numbers[name] = np.concatenate([part.numbers.pop(name) for part in parts])[order]
        self._fill_covariates()
        for spec in self._wanted.specs:
            for column, what in _of_zeros_and_ones(spec):
                if not self._is_binary(column):
                    raise LogError(not_binary(column, what))

    def _without_double(self, units: Whole, arms: Whole, order: Whole) -> Whole:
        seen = np.zeros((self._count, int(units.max()) + 1), dtype=bool)
        seen[arms[order], units[order]] = True
        double = np.count_nonzero(seen, axis=0) > 1
        self.units_in_several = int(np.count_nonzero(double))
        self.different_units = int(np.count_nonzero(seen.any(axis=0)))
        self.by_arm = tuple(np.count_nonzero(seen, axis=1).tolist())
        return order[~double[units[order]]] if self.units_in_several else order

    def _fill_covariates(self) -> None:
        """A covariate is known before the treatment, so that what is missing may be taken for the mean of all."""
        for name in self._wanted.covariates:
            values = self._numbers[name]
            missing = np.isnan(values)
            count = int(np.count_nonzero(missing))
            if count == len(values):
                raise LogError(f"covariate `{name}` has no value at all")
            if count:
                mean = float(values[~missing].mean())
                self.filled[name] = count, mean

    def _is_binary(self, column: str) -> bool:
        values = self._numbers[column]
        return is_binary(values[~np.isnan(values)])

    def _chosen(
        self, spec: MetricSpec, arm: int, segment: int | None = None, until: int | None = None
    ) -> NDArray[np.bool_]:
        chosen: NDArray[np.bool_] = self._arms == arm
        if self._old is not None and self._wanted.is_late(spec):
            chosen &= self._old
        if segment is not None:
            chosen &= self._segments == segment
        if until is not None:
            chosen &= self._steps < until
        return chosen

    def shown(self, spec: MetricSpec, *, segment: int | None = None, until: int | None = None) -> Shown:
        """See `Collected.shown`."""
        rows = [_Arm(self, spec, self._chosen(spec, arm, segment, until)) for arm in range(self._count)]
        notes: tuple[str, ...] = ()
        if self._winsorized is not None and self._is_mean(spec):
            notes = (f"{spec.name}: {_cap(rows, self._winsorized)}",)
        if spec.model is not None:
            return Shown(tuple(arm.labelled(spec.model) for arm in rows))
        return Shown(tuple(arm.statistic(self._wanted.covariates) for arm in rows), notes)

    def _is_mean(self, spec: MetricSpec) -> bool:
        return spec.kind in ("mean", "sum") or (spec.kind == "auto" and not self._is_binary(spec.column))

    def exposures(self) -> Iterator[Exposures]:
        """See `Collected.exposures`."""
        first = _first_rows(self._units)
        if not len(first):
            return
        has_segments = self._wanted.segment is not None
        segments = self._segments[first] if has_segments else np.zeros(len(first), np.int64)
        begin, width = int(self._steps[first].min()), int(segments.max()) + 1
        places = (self._steps[first] - begin) * width + segments
        counts = [
            np.bincount(places[self._arms[first] == arm], minlength=int(places.max()) + 1) for arm in range(self._count)
        ]
        table = np.array(counts)
        for place in np.flatnonzero(table.any(axis=0)).tolist():
            segment = place % width if has_segments else None
            yield Exposures(begin + place // width, segment, tuple(table[:, place].tolist()))

    def known(self, spec: MetricSpec) -> Known:
        """See `Collected.known`; of units where these have several rows."""
        known = ~np.isnan(self._numbers[spec.column])
        if spec.denominator is not None:
            known &= ~np.isnan(self._numbers[spec.denominator])
        there, of = [], []
        for arm in range(self._count):
            chosen = self._chosen(spec, arm)
            of.append(_different(self._units[chosen]))
            there.append(_different(self._units[chosen & known]))
        return Known(tuple(there), tuple(of))

    def units(self) -> tuple[int, ...]:
        """See `Collected.units`."""
        return tuple(_different(self._units[self._arms == arm]) for arm in range(self._count))

    def periods(self) -> list[int]:
        """See `Collected.periods`."""
        seen = self._steps if self._old is None else self._steps[self._old]
        steps: list[int] = np.unique(seen).tolist()
        return steps

    def covariate(self, name: str) -> tuple[Numbers, ...]:
        """The values of a covariate of each unit of all arms, NaN where it is missing."""
        first = _first_rows(self._units)
        values, arms = self._numbers[name][first], self._arms[first]
        return tuple(values[arms == arm] for arm in range(self._count))

    def outlier(self, spec: MetricSpec) -> tuple[float, float] | None:
        """See `Collected.outlier`."""
        if not self._is_mean(spec) or self._winsorized is not None:
            return None
        arms = []
        for arm in range(self._count):
            values = _Arm(self, spec, self._chosen(spec, arm)).values
            if len(values):
                arms.append((Mean.of(values), float(values.min()), float(values.max())))
        return outlier_of(arms)


class _Arm:
    """The rows of one arm of a metric that have a value; of kinds that are taken by unit, the units."""

    def __init__(self, held: Held, spec: MetricSpec, chosen: NDArray[np.bool_]) -> None:
        self._held, self._spec = held, spec
        numbers = held._numbers
        known = chosen & ~np.isnan(numbers[spec.column])
        if spec.denominator is not None:
            known &= ~np.isnan(numbers[spec.denominator])
        self.values = numbers[spec.column][known]
        self._others = None if spec.denominator is None else numbers[spec.denominator][known]
        self._units = held._units[known]
        self._covariates = [self._filled(name)[known] for name in held._wanted.covariates]
        self.clustered = held.is_clustered and spec.kind not in OF_UNITS
        if spec.kind in OF_UNITS:
            first, where = _by_unit(self._units)
            values = _sums(where, self.values, len(first))
            self.values = np.minimum(values, 1.0) if spec.kind == "any" else values
            self._covariates = [covariate[first] for covariate in self._covariates]

    def _filled(self, name: str) -> Numbers:
        values = self._held._numbers[name]
        if name not in self._held.filled:
            return values
        return np.where(np.isnan(values), self._held.filled[name][1], values)

    def labelled(self, metric: str) -> LabelledRows:
        """Decisions, or scores, with their labels."""
        scores = self.values if metric in SCORED else None
        predictions = self.values if scores is None else None
        cluster = self._units if self.clustered else None
        return LabelledRows(self._others, predictions, scores, cluster=cluster)

    def statistic(self, names: tuple[str, ...]) -> Any:
        spec, values = self._spec, self.values
        if spec.quantile is not None:
            return QuantileArm.of(values, spec.quantile, cluster=self._units if self.clustered else None)
        others, covariates = self._others, self._covariates
        if self.clustered:
            # Of clusters the sums over their rows; a covariate is that of the unit, from the first of its rows.
            first, where = _by_unit(self._units)
            weights = np.ones(len(values)) if others is None else others
            values, others = (_sums(where, one, len(first)) for one in (values, weights))
            covariates = [covariate[first] for covariate in covariates]
        if others is not None:
            return (
                RatioWithCovariate.of(values, others, covariates=covariates) if covariates else Ratio.of(values, others)
            )
        if covariates:
            return MeanWithCovariate.of(values, covariates, names=names)
        if spec.kind in ("proportion", "any") or (spec.kind == "auto" and self._held._is_binary(spec.column)):
            return Proportion.of(values)
        return Mean.of(values)


def _cap(rows: list[_Arm], upper: float) -> str:
    """Cap the values of all arms at one quantile of all of them together; what is said of it."""
    if len(rows) == 2:
        capped = winsorize(rows[0].values, rows[1].values, upper=upper)
        rows[0].values, rows[1].values = capped.control, capped.treatment
        return str(capped)
    # One limit for all, so that the control is the same beside every treatment.
    capped = winsorize(rows[0].values, np.concatenate([arm.values for arm in rows[1:]]), upper=upper)
    ends = np.cumsum([len(arm.values) for arm in rows[1:]])[:-1]
    rows[0].values = capped.control
    for arm, values in zip(rows[1:], np.split(capped.treatment, ends), strict=True):
        arm.values = values
    if capped.high is None:
        return "there are no values to cap."
    return (
        f"values above {capped.high:.6g} (the {upper:g} quantile of all arms together) were capped: {capped.capped[0]:,} of the"
        f" control, {capped.capped[1]:,} of the treatments; differences are those of capped values."
    )


def _sums(where: Whole, values: Numbers, size: int) -> Numbers:
    """The sum of the values at each place."""
    return np.asarray(np.bincount(where, weights=values, minlength=size), dtype=np.float64)


def _of_zeros_and_ones(spec: MetricSpec) -> Iterator[tuple[str, str]]:
    """The columns of a metric that may hold nothing else, and what they are."""
    if spec.kind in ("proportion", "any"):
        yield spec.column, "a proportion"
    if spec.model is not None and spec.denominator is not None:
        yield spec.denominator, "labels"
        if spec.model not in SCORED:
            yield spec.column, "decisions"


def _different(units: Whole) -> int:
    """How many different ones there are; they are numbered from 0."""
    return int(np.count_nonzero(np.bincount(units)))


def _first_rows(units: Whole) -> Whole:
    """The first row of each unit, in order of the units' numbers."""
    if not len(units):
        return units
    first = np.full(int(units.max()) + 1, -1, dtype=np.int64)
    # Of several assignments to a place the last one stays.
    first[units[::-1]] = np.arange(len(units) - 1, -1, -1)
    return first[first >= 0]


def _by_unit(units: Whole) -> tuple[Whole, Whole]:
    """The first row of each unit, and of each row the place of its unit among these."""
    first = _first_rows(units)
    if not len(units):
        return first, first
    place = np.zeros(int(units.max()) + 1, dtype=np.int64)
    place[units[first]] = np.arange(len(first))
    return first, place[units]


def _joined(parts: list[Whole]) -> Whole:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
