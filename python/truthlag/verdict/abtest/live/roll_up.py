"""Outcomes rolled up by unit, and units by arm within strata of the allocation."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.gates.times import NEVER, duration
from truthlag.verdict.abtest.live.adjustment import Adjustment, adjustment_of
from truthlag.verdict.abtest.live.allocation import Allocation
from truthlag.verdict.abtest.live.metric_spec import OutcomeMetric
from truthlag.verdict.abtest.live.shard import COVARIATE, NONE
from truthlag.verdict.abtest.live.together import Together
from truthlag.verdict.abtest.quantiles import Quantiles
from truthlag.verdict.abtest.statistics.arm import Statistic
from truthlag.verdict.abtest.statistics.column import Floats
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio
from truthlag.verdict.abtest.statistics.strata import Strata, Stratum

#: Squares of what is larger need not be floats.
_LARGEST = 1e120
#: A stratum tells a spread from two units of each arm on.
_LEAST = 2


@dataclass(slots=True)
class RollUp:
    """The units of a test that count, and what came of them.

    Units that were seen in several arms, or in another one than they were assigned to, count in none.
    """

    table: Together
    allocation: Allocation
    now: int
    covariates: tuple[str, ...] = ()
    """The names of what is known of units before."""
    misassigned: NDArray[np.bool_] = field(init=False)
    """Units that saw another arm than the assignment says, or no period exposes."""
    counted: NDArray[np.bool_] = field(init=False)
    """Units that count."""
    cell: NDArray[np.intp] = field(init=False)
    """The stratum of each unit, as a number."""
    names: list[str] = field(init=False)
    """The names of the strata."""
    notes: dict[str, None] = field(init=False, default_factory=dict)
    """What was left out, in words."""
    known: NDArray[np.float64] = field(init=False)
    """A row for each covariate: what was known of each unit at its exposure; NaN where it is not known."""
    adjusted: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict)
    """What was done about the covariates of metrics, in words, where there is anything to be said."""

    def __post_init__(self) -> None:
        table, allocation = self.table, self.allocation
        exposed = table.arm != NONE
        self.cell, self.names = allocation.cells(table.second, table.time)
        self.misassigned = np.zeros(len(exposed), bool)
        if allocation.assigns:
            self.misassigned = exposed & (allocation.assigned(table.first, table.second) != table.arm)
        self.misassigned &= ~table.in_several
        self.counted = exposed & ~table.in_several & ~self.misassigned
        self.known = table.covariates.copy()
        for place, name in enumerate(self.covariates):
            self._add_logged(place, name)

    def _add_logged(self, place: int, name: str) -> None:
        """The last value up to the exposure, for units whose exposure brought none."""
        table = self.table
        if COVARIATE + name not in table.outcomes:
            return
        mine = np.flatnonzero(table.event_outcome == table.outcomes.index(COVARIATE + name))
        mine = mine[self.counted[table.event_unit[mine]]]
        unit = table.event_unit[mine]
        in_time = table.event_time[mine] <= table.time[unit]
        if late := int(np.count_nonzero(~in_time)):
            self.notes[
                f"{late:,} values of covariate {name!r} are later than the exposure of their units, and do not count: the treatment may"
                " have moved them."
            ] = None
        logged = np.full(len(self.counted), np.nan)
        # In order of their time: of several assignments to a place the last one stays.
        logged[unit[in_time]] = table.event_value[mine[in_time]]
        self.known[place] = np.where(np.isnan(self.known[place]), logged, self.known[place])

    def within(self, segment: int) -> RollUp:
        """The same of the units of a segment."""
        made = copy(self)
        made.counted = self.counted & (self.table.segment == segment)
        made.notes, made.adjusted = {}, {}
        return made

    def eligible(self, metric: OutcomeMetric) -> NDArray[np.bool_]:
        """The units that are old enough for a metric."""
        if metric.window is None:
            return self.counted
        return self.counted & (self.table.time <= self.now - _microseconds(metric))

    def outcomes(self, name: str, metric: OutcomeMetric) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Unit, value and time of the outcomes that count: of units that do, from their exposure on, within the window."""
        table = self.table
        if name not in table.outcomes:
            return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64)
        code = table.outcomes.index(name)
        mine = np.flatnonzero(table.event_outcome == code)
        unit, time = table.event_unit[mine], table.event_time[mine]
        age = time - np.where(self.counted[unit], table.time[unit], time)
        takes = self.eligible(metric)[unit] & (age >= 0)
        early = int(np.count_nonzero(self.counted[unit] & (age < 0)))
        if early:
            self.notes[f"{early:,} outcomes {name!r} are older than the exposure of their units, and do not count."] = (
                None
            )
        if metric.window is not None:
            takes &= age <= _microseconds(metric)
        return unit[takes], table.event_value[mine[takes]], time[takes]

    def statistics(self, name: str, metric: OutcomeMetric) -> dict[str, Statistic]:
        """What each arm shows in a metric: stratified by allocation where there are several strata."""
        own = metric.outcome or name
        unit, value, _ = self.outcomes(own, metric)
        units = len(self.counted)
        events = np.bincount(unit, minlength=units).astype(np.float64)
        top: Floats = events
        if metric.kind == "any":
            top = (np.bincount(unit[value > 0], minlength=units) > 0).astype(np.float64)
        elif metric.kind != "count":
            # In order of the units and of their outcomes, so that the last digit is the same however events came.
            top = np.bincount(unit, weights=value, minlength=units).astype(np.float64)
        bottom: Floats = events
        if metric.denominator is not None:
            below, by, _ = self.outcomes(metric.denominator, metric)
            bottom = np.bincount(below, weights=by, minlength=units).astype(np.float64)
        takes = self.eligible(metric)
        cells = self._cells(takes)
        adjustment = self._adjustment(name, metric, takes, cells)
        if metric.kind in ("average", "ratio"):
            return self._ratios(top, bottom, takes, cells, adjustment)
        kind: Any = Proportion if metric.kind == "any" else Mean

        def shown(rows: NDArray[np.intp]) -> Stratum:
            found: Stratum = kind.of(top[rows]) if adjustment is None else adjustment.mean(top[rows], rows)
            return found

        return {
            arm: self._strata({cell: shown(rows) for cell, rows in self._rows(place, takes, cells).items()})
            for place, arm in enumerate(self.allocation.arms)
        }

    def quantiles(self, name: str, metric: OutcomeMetric) -> dict[str, Quantiles]:
        """The values of each arm, clustered by unit.

        Quantiles do not average over strata: where weights have changed, those of the newest weights alone are taken.
        """
        unit, value, _ = self.outcomes(metric.outcome or name, metric)
        takes = self.eligible(metric)
        cells = np.flatnonzero(np.bincount(self.cell[takes])).tolist()
        by_cell = {cell: self.allocation.weights_of(cell) for cell in cells}
        alike = [cell for cell in cells if by_cell[cell] == by_cell[cells[-1]]]
        if len(alike) < len(cells):
            self.notes[
                f"quantiles of {name} are those of units under the newest weights: quantiles do not average over strata."
            ] = None
            keep = np.isin(self.cell[unit], alike)
            unit, value = unit[keep], value[keep]
        arms = self.table.arm[unit]
        return {
            arm: Quantiles.of(value[arms == place], cluster=unit[arms == place])
            for place, arm in enumerate(self.allocation.arms)
        }

    def covariate(self, place: int) -> tuple[dict[str, Statistic], dict[str, Statistic]]:
        """The mean of a covariate in each arm, and the share of units that lack it."""
        values = self.known[place]
        lacks = np.isnan(values)
        there = self.counted & ~lacks
        means = self._by_arm(values, there, Mean)
        return means, self._by_arm(lacks.astype(np.float64), self.counted, Proportion)

    def counts(self, cell: int | None = None, segment: int | None = None) -> list[int]:
        """The units of each arm that count."""
        takes = self.counted
        if cell is not None:
            takes = takes & (self.cell == cell)
        if segment is not None:
            takes = takes & (self.table.segment == segment)
        found: list[int] = np.bincount(self.table.arm[takes], minlength=len(self.allocation.arms)).tolist()
        return found

    def first_outcomes(self, name: str, metric: OutcomeMetric) -> NDArray[np.int64]:
        """The time of the first outcome above 0 of each unit after its exposure, within any time; `NEVER` where there is none."""
        table = self.table
        found = np.full(len(self.counted), NEVER, np.int64)
        if (own := metric.outcome or name) in table.outcomes:
            takes = (table.event_outcome == table.outcomes.index(own)) & (table.event_value > 0)
            unit, time = table.event_unit[takes], table.event_time[takes]
            later = self.counted[unit] & (time >= table.time[unit])
            # In reverse order, so that the first one is written last.
            found[unit[later][::-1]] = time[later][::-1]
        return found

    def _by_arm(self, values: Floats, takes: NDArray[np.bool_], kind: Any) -> dict[str, Statistic]:
        cells = self._cells(takes)
        return {
            arm: self._strata({cell: kind.of(values[rows]) for cell, rows in self._rows(place, takes, cells).items()})
            for place, arm in enumerate(self.allocation.arms)
        }

    def _adjustment(
        self, name: str, metric: OutcomeMetric, takes: NDArray[np.bool_], cells: list[int]
    ) -> Adjustment | None:
        """What the metric is adjusted for; None where that is nothing. What was done about it is noted."""
        if not metric.covariates:
            return None
        takes = takes & np.isin(self.cell, cells)
        least = int(np.bincount(self.table.arm[takes], minlength=len(self.allocation.arms)).min())
        known = {one: self.known[self.covariates.index(one)] for one in metric.covariates}
        found, told = adjustment_of(name, known, takes, least)
        self.adjusted[name] = told
        self.notes.update(dict.fromkeys(told))
        return found

    def _cells(self, takes: NDArray[np.bool_]) -> list[int]:
        """The strata that are compared."""
        # Those that count are in a stratum. Unlike np.unique it lets other threads go on.
        by_cell = np.bincount(self.cell[takes])
        cells = np.flatnonzero(by_cell)
        units = by_cell[cells]
        if len(cells) <= 1:
            return [int(cell) for cell in cells] or [0]
        arms = len(self.allocation.arms)
        by_arm = np.bincount(self.cell[takes] * arms + self.table.arm[takes], minlength=(int(cells[-1]) + 1) * arms)
        enough = by_arm.reshape(-1, arms)[cells].min(axis=1) >= _LEAST
        if not enough.any():
            # Nothing can be said within strata; of the largest one at least what there is.
            enough = units == units.max()
        if not enough.all():
            left_out = int(units[~enough].sum())
            self.notes[
                f"{left_out:,} units of allocation periods with fewer than two units in an arm are left out."
            ] = None
        return [int(cell) for cell in cells[enough]]

    def _rows(self, place: int, takes: NDArray[np.bool_], cells: list[int]) -> dict[int, NDArray[np.intp]]:
        """The units of an arm by stratum."""
        mine = np.flatnonzero(takes & (self.table.arm == place))
        return {cell: mine[self.cell[mine] == cell] for cell in cells}

    def _strata(self, by_cell: dict[int, Stratum]) -> Statistic:
        if len(by_cell) == 1:
            return next(iter(by_cell.values()))
        return Strata({self.names[cell]: one for cell, one in by_cell.items()})

    def _ratios(
        self, top: Floats, bottom: Floats, takes: NDArray[np.bool_], cells: list[int], adjustment: Adjustment | None
    ) -> dict[str, Statistic]:
        """Ratios by arm; with several strata made linear about the stratified ratio, so that their means can be averaged.

        A ratio of means that are averaged over strata with shares w is R = sum w y / sum w x; to the first order a unit adds
        (y - R x) / sum w x to it (the delta method).
        """
        rows = [self._rows(place, takes, cells) for place in range(len(self.allocation.arms))]
        plain = {
            arm: {cell: Ratio.of(top[found], bottom[found]) for cell, found in rows[place].items()}
            for place, arm in enumerate(self.allocation.arms)
        }
        if len(cells) == 1:
            if adjustment is not None:
                mine = [found[cells[0]] for found in rows]
                ratios = [adjustment.ratio(top[one], bottom[one], one) for one in mine]
                return dict(zip(self.allocation.arms, ratios, strict=True))
            return {arm: found[cells[0]] for arm, found in plain.items()}
        total = sum(one.n for found in plain.values() for one in found.values())
        weights = {cell: sum(found[cell].n for found in plain.values()) / total for cell in cells}
        linear: dict[str, Statistic] = {}
        for place, (arm, found) in enumerate(plain.items()):
            above = sum(weights[cell] * one.numerator for cell, one in found.items())
            below = sum(weights[cell] * one.denominator for cell, one in found.items())
            if not below:
                # Without a denominator there is no ratio, and all arms say so as ratios do.
                return {name: _all(ratios) for name, ratios in plain.items()}
            ratio = above / below
            with np.errstate(all="ignore"):
                values = {
                    cell: ratio + (top[mine] - ratio * bottom[mine]) / below for cell, mine in rows[place].items()
                }
            if max(float(np.abs(one).max()) for one in values.values()) < _LARGEST:
                linear[arm] = Strata(
                    {
                        self.names[cell]: Mean.of(one)
                        if adjustment is None
                        else adjustment.mean(one, rows[place][cell])
                        for cell, one in values.items()
                    }
                )
            else:
                # So near to 0 is the denominator that there is no telling; ratios say that too.
                return {name: _all(ratios) for name, ratios in plain.items()}
        return linear


def _all(ratios: dict[int, Ratio]) -> Ratio:
    whole = Ratio(0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for one in ratios.values():
        whole += one
    return whole


def _microseconds(metric: OutcomeMetric) -> int:
    return 0 if metric.window is None else duration("window", metric.window)
