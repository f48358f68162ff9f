"""The covariates that a metric of a live test is adjusted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.statistics.column import Floats
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.abtest.statistics.ratio_with_covariate import RatioWithCovariate

#: A slope of fewer units an arm follows their chance: what is left of the spread would look smaller than it is.
LEAST_UNITS = 30


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Covariates of all units, with a value for each that counts."""

    names: tuple[str, ...]
    columns: tuple[Floats, ...]

    def mean(self, values: Floats, rows: NDArray[np.intp]) -> MeanWithCovariate:
        """The mean of the values of some units, with their covariates."""
        return MeanWithCovariate.of(values, [column[rows] for column in self.columns], names=self.names)

    def ratio(self, top: Floats, bottom: Floats, rows: NDArray[np.intp]) -> RatioWithCovariate:
        """The ratio of some units, with their covariates."""
        return RatioWithCovariate.of(top, bottom, covariates=[column[rows] for column in self.columns])


def adjustment_of(
    metric: str, known: Mapping[str, Floats], takes: NDArray[np.bool_], least: int
) -> tuple[Adjustment | None, tuple[str, ...]]:
    """The adjustment of a metric, and what is to be said of it; None where nothing can be adjusted for.

    A unit without a covariate has the mean of the others in its place and an indicator as a further covariate. Beside the indicator any
    other value in its place would make the same regression; and since covariates are known before the treatment, the adjustment
    is no less fair (Zhao and Ding 2024, "To adjust or not to adjust? Estimating the average treatment effect in randomized experiments
    with missing covariates").

    Args:
        metric: What the metric is called.
        known: The covariates of all units by name, NaN where one is not known.
        takes: The units that count.
        least: The units of the smallest arm.
    """
    if least < LEAST_UNITS:
        return None, (f"{metric} is not adjusted for covariates before every arm has {LEAST_UNITS} units.",)
    units = int(np.count_nonzero(takes))
    names, columns, told = list[str](), list[Floats](), list[str]()
    for name, values in known.items():
        lacks = np.isnan(values)
        there = values[takes & ~lacks]
        missing = units - len(there)
        if not len(there):
            told.append(f"{metric} is not adjusted for {name!r}, which no unit has.")
            continue
        mean = float(there.mean())
        varies = bool(np.square(there - mean).sum() > 0) and there.min() < there.max()
        if varies:
            names.append(name)
            columns.append(np.where(lacks, mean, values))
        if missing:
            names.append(f"{name} (missing)")
            columns.append(lacks.astype(np.float64))
            what = "with the mean of the others in its place and" if varies else "with"
            told.append(
                f"{missing:,} of {units:,} units have no covariate {name!r}: they count in {metric},"
                f" {what} an indicator of that as a further covariate."
            )
        if not varies:
            told.append(f"{metric} is not adjusted for {name!r}, which is the same for all units that have it.")
    return (Adjustment(tuple(names), tuple(columns)) if columns else None), tuple(told)
