"""The debiased squared calibration errors of two models, by draws of their pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.paired.metrics import check_probabilities, scored
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.paired.scalar_metrics import Scalar
from truthlag.verdict.abtest.statistics.calibration import shared_edges
from truthlag.verdict.abtest.statistics.column import Floats


def calibration_of(rows: PairedRows) -> Scalar:
    """The mean over rows of (rate - mean score of their bin)², without the noise of few rows: see `Calibration`.

    Bins are of equal weight in the scores of both models together, and stay as they are in all draws. Draws are of rows whose gaps of
    label and score are shrunk in their bins so that their squared error is the debiased one: around the gaps as they are the
    bootstrap fails where scores are perfect, since noise would count as error (Beran 1997). What is told is as far from the
    estimate as a draw is from what it was drawn around, to the other side: the basic bootstrap.

    Raises:
        Undefined: Scores are no probabilities.
        ValueError: The rows have no scores.
    """
    labels, before, now, clusters = scored(rows, "calibration_error")
    check_probabilities(before, now)
    ones = np.ones(len(labels))
    edges = np.asarray(shared_edges((before, ones), (now, ones)))
    if clusters is not None:
        # Those without a label of their own are none.
        clusters = np.unique(clusters, return_inverse=True)[1]
    units = None if clusters is None else _FirstRows(clusters)
    sides = [
        _Side(labels - scores, np.searchsorted(edges, scores, side="right"), len(edges) + 1) for scores in (before, now)
    ]
    found = [side.error(side.gaps, np.arange(len(labels)), clusters) for side in sides]
    shrunk = [side.shrunk(value) for side, value in zip(sides, found, strict=True)]

    def estimates(places: NDArray[np.intp]) -> tuple[float, float]:
        del places  # the whole is asked for alone: draws have their own way
        return found[0], found[1]

    def redrawn(places: NDArray[np.intp]) -> tuple[float, float]:
        own = None if units is None else units.of(places)
        first, second = (
            value - (side.error(gaps, places, own) - max(0.0, value))
            for side, gaps, value in zip(sides, shrunk, found, strict=True)
        )
        return first, second

    return Scalar(estimates, len(labels), clusters, redrawn)


@dataclass(frozen=True, slots=True)
class _Side:
    """One model: label less score of each row, and its bin."""

    gaps: Floats
    bin_of: NDArray[np.intp]
    bins: int

    def error(self, gaps: Floats, places: NDArray[np.intp], units: NDArray[np.intp] | None) -> float:
        """The debiased squared error of some rows with such gaps; NaN where no bin has two of them."""
        own, where = gaps[places], self.bin_of[places]
        rows = np.bincount(where, minlength=self.bins)
        used = rows > 1
        if not used.any():
            return math.nan
        size = np.maximum(rows, 1)
        means = np.bincount(where, weights=own, minlength=self.bins) / size
        apart = own - means[where]
        if units is None:
            squares = np.bincount(where, weights=apart * apart, minlength=self.bins)
            noise = squares / np.maximum(rows - 1, 1) / size
        else:
            number = int(units.max()) + 1
            if number < 2:
                return math.nan
            sums = np.bincount(units * self.bins + where, weights=apart, minlength=number * self.bins)
            noise = np.square(sums.reshape(number, self.bins) / size).sum(axis=0) * number / (number - 1)
        return float((rows * (means * means - noise))[used].sum() / rows[used].sum())

    def shrunk(self, error: float) -> Floats:
        """Gaps with the same deviations in each bin, around means whose squared error is the debiased one."""
        rows = np.bincount(self.bin_of, minlength=self.bins)
        means = np.bincount(self.bin_of, weights=self.gaps, minlength=self.bins) / np.maximum(rows, 1)
        counted = np.where(rows > 1, rows, 0)
        plain = float((counted * means * means).sum() / max(1, counted.sum()))
        factor = math.sqrt(max(0.0, error) / plain) if plain > 0 and not math.isnan(error) else 0.0
        return self.gaps - ((1 - factor) * means)[self.bin_of]


class _FirstRows:
    """Tells the clusters of a draw apart, of which one may be drawn several times: each begins with its first row."""

    def __init__(self, clusters: NDArray[np.intp]) -> None:
        _, first = np.unique(clusters, return_index=True)
        self._is_first = np.zeros(len(clusters), bool)
        self._is_first[first] = True

    def of(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """The number of the unit of each row, in the order of the draw."""
        return np.cumsum(self._is_first[places]) - 1
