"""Metrics that are functions of one proportion: the proportion itself, and F1."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

#: A number or an array of them; the same formula serves both.
Values = TypeVar("Values", float, NDArray[np.float64])


class Scale(Protocol):
    """A metric in [0, 1] that rises with a proportion from 0 at 0 to 1 at 1."""

    def metric(self, proportion: float) -> float:
        """The metric at a proportion."""

    def proportion(self, metric: Values) -> Values:
        """The proportion at which the metric has this value."""

    def slope(self, metric: Values) -> Values:
        """The derivative of `proportion`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The metric is the proportion: accuracy, recall, specificity, precision."""

    def metric(self, proportion: float) -> float:
        """See `Scale`."""
        return proportion

    def proportion(self, metric: Values) -> Values:
        """See `Scale`."""
        return metric

    def slope(self, metric: Values) -> Values:
        """See `Scale`."""
        return metric * 0 + 1.0


@dataclass(frozen=True, slots=True)
class F1:
    """F1 as a function of the share of true positives among the relevant rows (tp + fp + fn), which is Jaccard's index.

    F1 = 2 tp / (2 tp + fp + fn) = 2 J / (1 + J) with J = tp / (tp + fp + fn). Given how many rows are relevant, tp is
    binomial, so that a comparison of two F1 is one of two proportions on a bent scale.
    """

    def metric(self, proportion: float) -> float:
        """See `Scale`."""
        return 2 * proportion / (1 + proportion)

    def proportion(self, metric: Values) -> Values:
        """See `Scale`."""
        return metric / (2 - metric)

    def slope(self, metric: Values) -> Values:
        """See `Scale`."""
        return 2 / (2 - metric) ** 2
