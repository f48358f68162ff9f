"""Metrics that are functions of one proportion: the proportion itself, and F1."""

from dataclasses import dataclass
from typing import Protocol


class Scale(Protocol):
    """A metric in [0, 1] that rises with a proportion from 0 at 0 to 1 at 1."""

    @property
    def name(self) -> str:
        """What the extension calls it."""

    def metric(self, proportion: float) -> float:
        """The metric at a proportion."""

    def proportion(self, metric: float) -> float:
        """The proportion at which the metric has this value."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The metric is the proportion: accuracy, recall, specificity, precision."""

    @property
    def name(self) -> str:
        """See `Scale`."""
        return "proportion"

    def metric(self, proportion: float) -> float:
        """See `Scale`."""
        return proportion

    def proportion(self, metric: float) -> float:
        """See `Scale`."""
        return metric


@dataclass(frozen=True, slots=True)
class F1:
    """F1 as a function of the share of true positives among the relevant rows (tp + fp + fn), which is Jaccard's index.

    F1 = 2 tp / (2 tp + fp + fn) = 2 J / (1 + J) with J = tp / (tp + fp + fn). Given how many rows are relevant, tp is
    binomial, so that a comparison of two F1 is one of two proportions on a bent scale.
    """

    @property
    def name(self) -> str:
        """See `Scale`."""
        return "F1"

    def metric(self, proportion: float) -> float:
        """See `Scale`."""
        return 2 * proportion / (1 + proportion)

    def proportion(self, metric: float) -> float:
        """See `Scale`."""
        return metric / (2 - metric)
