"""A metric of both models on the same rows, and how much each row has to do with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference import Undefined
from truthlag.verdict.abtest.statistics.clusters import sums
from truthlag.verdict.abtest.statistics.column import Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """Variances of two estimates of the same rows, and of their difference."""

    control: float
    treatment: float
    covariance: float
    difference: float
    units: int
    """The rows, or clusters, that bear on it."""
    degrees_of_freedom: float

    @property
    def label_ratio(self) -> float | None:
        """How many labels two separate arms of such rows need for one label of pairs, for the same standard error."""
        return None if self.is_none else 2 * (self.control + self.treatment) / self.difference

    @property
    def is_none(self) -> bool:
        """Whether the difference is the same in all units: what is left of rounding is no spread."""
        return self.difference <= 1e-28 * (self.control + self.treatment)

    @property
    def correlation(self) -> float | None:
        """That of the two estimates."""
        both = math.sqrt(self.control * self.treatment)
        return max(-1.0, min(1.0, self.covariance / both)) if both > 0 else None


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two estimates as sums over rows of the influence of each: estimate - truth is about their mean.

    What the covariance of any two such estimates comes from, by rows or by clusters: the infinitesimal jackknife (Efron 1982),
    which for means is their usual variance, for functions of a confusion matrix the delta method, and for the AUC that of DeLong,
    DeLong and Clarke-Pearson (1988), by clusters that of Obuchowski (1997).
    """

    control: float
    treatment: float
    control_influence: Floats
    treatment_influence: Floats
    control_n: int
    treatment_n: int
    clusters: NDArray[np.intp] | None = None
    support: NDArray[np.bool_] | None = None
    """Which rows the metric is of in either model; None for all."""
    is_corrected: bool = False
    """Whether the influences are scaled for small samples already (when not clustered), and the statistic is normal."""

    @property
    def rows(self) -> int:
        """The rows that were looked at."""
        return len(self.control_influence)

    @property
    def difference(self) -> float:
        """Treatment less control."""
        return self.treatment - self.control

    def spread(self) -> Spread:
        """Variances over rows or clusters.

        Raises:
            Undefined: Fewer than two of them bear on it.
        """
        first, second = self.control_influence, self.treatment_influence
        support = np.ones(self.rows, dtype=bool) if self.support is None else self.support
        units = int(np.count_nonzero(support))
        if self.clusters is not None:
            number = int(self.clusters.max(initial=-1)) + 1
            first, second = (sums(one, self.clusters, number) for one in (first, second))
            units = len(np.unique(self.clusters[support]))
        if units < 2:
            what = "cluster" if self.clusters is not None else "pair"
            raise Undefined(f"the metric rests on {units} {what}{'' if units == 1 else 's'}, and its spread needs 2.")
        scale = 1.0 / (float(self.rows) * self.rows)
        is_plain = self.is_corrected and self.clusters is None
        if not is_plain:
            scale *= units / (units - 1)
        with np.errstate(over="ignore", invalid="ignore"):
            apart = second - first
            products = [
                float(one @ other) * scale
                for one, other in ((first, first), (second, second), (first, second), (apart, apart))
            ]
        if not all(map(math.isfinite, products)):
            raise Undefined("the values are too large: their squares are no numbers.")
        of_control, of_treatment, shared, of_difference = products
        return Spread(
            of_control,
            of_treatment,
            shared,
            of_difference,
            units,
            math.inf if is_plain else units - 1,
        )
