"""How far scores are from the rates they claim, without the bias of few rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.metrics import ScoreHistogram
from truthlag.verdict.abtest.statistics.checks import count, finite, not_negative, table
from truthlag.verdict.abtest.statistics.clusters import places
from truthlag.verdict.abtest.statistics.column import Floats, blame, column, floats

#: How many bins where nobody says.
BINS = 10


@dataclass(frozen=True, slots=True)
class Calibration:
    """The squared calibration error by bins of the score, debiased: the mean over rows of (rate - mean score of their bin)².

    The plain error of a bin is never 0: of n rows it is about their variance over n even where scores are perfect, so that the smaller
    arm looks worse. That is taken out here, so that its expectation is the true one at any n, and 0 for perfect scores; by
    chance it is below 0 in about half of all samples of these. Both arms need the same bins.

    Args:
        edges: Where bins meet, ascending: one fewer than there are bins.
        n_by_bin: The rows of each bin.
        gaps: The mean of label less score of each bin; 0 without rows.
        gaps_m2: The sum of squared deviations of that.
        clusters: The units, where a unit has several rows; None where each row is one.
        covariance: With clusters, the covariances of the gaps of all bins, since the rows of a unit may be in several.

    Raises:
        TypeError: One of them is no number.
        ValueError: One of them is not possible, there are not as many as bins, or one of clusters and covariance is given alone.

    Source: Kumar, Liang and Ma (2019), "Verified uncertainty calibration", for the debiased error; its variance and its
    skewness are those of a square of a normal mean.

    Example:
        >>> from truthlag.abtest import Calibration
        >>> arm = Calibration.of([0, 1, 1, 1], [0.25, 0.5, 0.75, 0.75], edges=[0.6])
        >>> arm.n, round(arm.estimate, 4), round(arm.standard_error, 4)
        (4, -0.0312, 0.1406)
        >>> arm.edges, arm.gaps, arm.gaps_m2, arm.covariance
        ((0.6,), (0.125, 0.25), (0.28125, 0.0), None)
    """

    KIND: ClassVar[str] = "calibration"

    edges: tuple[float, ...]
    n_by_bin: tuple[int, ...]
    gaps: tuple[float, ...]
    gaps_m2: tuple[float, ...]
    clusters: int | None = None
    covariance: tuple[tuple[float, ...], ...] | None = None
    #: What `moments` found, which is asked for several times.
    _moments: tuple[float | None, float | None, float] | None = field(
        init=False, repr=False, compare=False, default=None
    )

    def __post_init__(self) -> None:
        edges = tuple(finite(f"edges[{place}]", edge) for place, edge in enumerate(self.edges))
        if any(first >= second for first, second in pairwise(edges)):
            raise ValueError(f"edges must ascend, got {described(self.edges)}")
        object.__setattr__(self, "edges", edges)
        for name, check in (("n_by_bin", count), ("gaps", finite), ("gaps_m2", not_negative)):
            given = getattr(self, name)
            if len(given) != len(edges) + 1:
                raise ValueError(f"{name} must have one number for each of the {len(edges) + 1} bins, got {len(given)}")
            object.__setattr__(self, name, tuple(check(f"{name}[{place}]", one) for place, one in enumerate(given)))
        if (self.clusters is None) != (self.covariance is None):
            raise ValueError("covariance must be given with clusters, and not without, got one of both")
        if self.clusters is not None and self.covariance is not None:
            object.__setattr__(self, "clusters", count("clusters", self.clusters))
            object.__setattr__(self, "covariance", table(self.covariance, len(edges) + 1, "covariance"))

    @classmethod
    def of(cls, labels: Any, scores: Any, *, edges: Any = None, cluster: Any = None) -> Calibration:
        """The statistic of labels and scores.

        Args:
            labels: A sequence or an array of one dimension, of 0 and 1.
            scores: The same of the scores, which claim to be the probabilities of label 1.
            edges: Where bins meet, the same for both arms and fixed before the labels are seen; tenths by default.
            cluster: The unit of each row, where a unit has several. Such arms do not merge.

        Returns:
            The statistic.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is not finite, or they are not equally long.

        Cost: some passes over the arrays.

        Example:
            >>> from truthlag.abtest import Calibration
            >>> Calibration.of([0, 1], [0.3, 0.4]).n_by_bin
            (0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
        """
        truth, claimed = column("labels", labels), column("scores", scores)
        if len(truth) != len(claimed):
            raise ValueError(f"scores must have a value for each of the {len(truth)} labels, got {len(claimed)}")
        for name, array in (("labels", truth), ("scores", claimed)):
            if not np.isfinite(array).all():
                raise blame(name, array)
        chosen = _chosen(edges)
        where = np.searchsorted(np.asarray(chosen), floats(claimed), side="right")
        gap = floats(truth) - floats(claimed)
        bins = len(chosen) + 1
        rows = np.bincount(where, minlength=bins)
        means = np.bincount(where, weights=gap, minlength=bins) / np.maximum(rows, 1)
        deviations = gap - means[where]
        squares = np.bincount(where, weights=deviations * deviations, minlength=bins)
        squares[rows < 2] = 0.0
        found = tuple(chosen), tuple(rows.tolist()), tuple(means.tolist()), tuple(squares.tolist())
        if cluster is None:
            return cls(*found)
        unit, units = places("cluster", cluster, len(gap))
        apart = np.bincount(unit * bins + where, weights=deviations, minlength=units * bins).reshape(units, bins)
        size = np.maximum(rows, 1)
        covariance = (apart / size).T @ (apart / size) * (units / max(1, units - 1))
        return cls(*found, units, tuple(map(tuple, ((covariance + covariance.T) / 2).tolist())))

    @classmethod
    def of_histogram(cls, histogram: ScoreHistogram, *, edges: Any = None) -> Calibration:
        """That of the rows of a window, from the bins of its scores.

        Args:
            histogram: The `score_histogram` of a snapshot. A row counts with the middle of its bin, from which a score is no further
                than one in 256 of itself (of 1 less itself, above one half).
            edges: As in `of`.

        Raises:
            ValueError: A score is not a probability.

        Cost: some passes over the bins.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> from truthlag.abtest import Calibration
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.log_predictions([1, 2, 3], [1, 1, 0], [0.75, 0.75, 0.25])
            >>> _ = tracker.log_ground_truths([1, 2, 3], [1, 0, 0])
            >>> Calibration.of_histogram(tracker.snapshot().score_histogram, edges=[0.5]).n_by_bin
            (1, 2)
        """
        middles, positives, negatives = middles_of(histogram)
        chosen = _chosen(edges)
        where = np.searchsorted(np.asarray(chosen), middles, side="right")
        bins = len(chosen) + 1
        rows = np.bincount(where, weights=positives + negatives, minlength=bins)
        sums = np.bincount(where, weights=positives - middles * (positives + negatives), minlength=bins)
        means = sums / np.maximum(rows, 1)
        squares = np.bincount(
            where,
            weights=positives * (1 - middles - means[where]) ** 2 + negatives * (middles + means[where]) ** 2,
            minlength=bins,
        )
        squares[rows < 2] = 0.0
        return cls(tuple(chosen), tuple(map(int, rows)), tuple(means.tolist()), tuple(squares.tolist()))

    @property
    def n(self) -> int:
        """The rows; with clusters, these."""
        return sum(self.n_by_bin) if self.clusters is None else self.clusters

    @property
    def estimate(self) -> float | None:
        """The debiased squared error of bins with two rows or more; None where there are none."""
        return self.moments()[0]

    @property
    def standard_error(self) -> float | None:
        """The root of its variance; None where no bin has two rows."""
        return self._figures()[1]

    def _figures(self) -> tuple[float | None, float | None]:
        """Estimate and standard error."""
        value, variance, _ = self.moments()
        return value, None if variance is None else math.sqrt(variance)

    def moments(self) -> tuple[float | None, float | None, float]:
        """The estimate, its variance and its third central moment.

        Cost: proportional to the bins.

        Example:
            >>> from truthlag.abtest import Calibration
            >>> Calibration.of([0, 1], [0.5, 0.5]).moments()[0]
            -0.25
        """
        found = self._moments
        if found is None:
            if self.covariance is not None:
                found = self._clustered_moments()
            else:
                plain = _core.calibration_moments(self.n_by_bin, self.gaps, self.gaps_m2)
                found = plain or (None, None, 0.0)
            object.__setattr__(self, "_moments", found)
        return found

    def _clustered_moments(self) -> tuple[float | None, float | None, float]:
        """The same where gaps of bins depend on each other: those of a square of normal means (Mathai and Provost 1992)."""
        weights = np.array([n if n > 1 else 0 for n in self.n_by_bin], dtype=np.float64)
        if not weights.any() or self.clusters is None or self.clusters < 2:
            return None, None, 0.0
        weights /= weights.sum()
        gaps, covariance = np.array(self.gaps), np.array(self.covariance)
        spread = weights[:, None] * covariance
        pulled, noise = weights * gaps, float(np.trace(spread))
        value = float(pulled @ gaps) - noise
        twice = spread @ spread
        # What noise adds to products of gaps is taken out of what true errors add.
        more_variance = 4 * (float(pulled @ covariance @ pulled) - float(np.trace(twice)))
        more_third = 24 * (
            float(pulled @ covariance @ (weights * (covariance @ pulled))) - float(np.trace(twice @ spread))
        )
        variance, third = 2 * float(np.trace(twice)), 8 * float(np.trace(twice @ spread))
        return value, variance + max(0.0, more_variance), third + max(0.0, more_third)

    def merge(self, other: Calibration) -> Calibration:
        """That of the rows of both.

        Raises:
            ValueError: They have not the same bins, or are of clusters, whose rows may be in both.

        Cost: proportional to the bins.

        Example:
            >>> from truthlag.abtest import Calibration
            >>> Calibration.of([0, 1], [0.3, 0.4]).merge(Calibration.of([1], [0.9])).n
            3
        """
        if self.edges != other.edges:
            raise ValueError("other must have the same edges of bins, got different ones")
        if self.clusters is not None or other.clusters is not None:
            raise ValueError(
                "other must not be of clusters, nor be merged into such: make the statistic of all rows at once"
            )
        found = [_merged(*one) for one in zip(self._bins(), other._bins(), strict=True)]
        n, gaps, squares = zip(*found, strict=True)
        return Calibration(self.edges, n, gaps, squares)

    def __add__(self, other: object) -> Calibration:
        return self.merge(other) if isinstance(other, Calibration) else NotImplemented

    def _bins(self) -> list[tuple[int, float, float]]:
        return list(zip(self.n_by_bin, self.gaps, self.gaps_m2, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Calibration
            >>> Calibration.of([0, 1], [0.25, 0.5], edges=[0.5]).to_dict()["n_by_bin"]
            (1, 1)
        """
        names = ("edges", "n_by_bin", "gaps", "gaps_m2", "clusters", "covariance")
        return {"kind": self.KIND, **{name: getattr(self, name) for name in names}}


def _chosen(edges: Any) -> list[float]:
    return [place / BINS for place in range(1, BINS)] if edges is None else [float(edge) for edge in edges]


def middles_of(histogram: ScoreHistogram) -> tuple[Floats, Floats, Floats]:
    """The middle of each bin of scores, and its rows of label 1 and of label 0.

    Raises:
        ValueError: A bin is not of probabilities.
    """
    bins = histogram.columns()
    lower, upper = bins["lower"].astype(np.float64), bins["upper"].astype(np.float64)
    if len(bins) and not (lower.min() >= 0 and upper.max() <= 1):
        raise ValueError("scores must be from 0 to 1 for calibration_error, got others in the window")
    return (lower + upper) / 2, bins["positives"].astype(np.float64), bins["negatives"].astype(np.float64)


def shared_edges(control: tuple[Floats, Floats], treatment: tuple[Floats, Floats]) -> list[float]:
    """Bins of equal weight in both arms together, from scores and the rows that each stands for; labels have no say.

    Each arm counts the same, so that the small one has rows in all bins too.
    """
    arms = [(scores, rows / rows.sum()) for scores, rows in (control, treatment) if rows.sum() > 0]
    if not arms:
        return []
    scores, weights = (np.concatenate(one) for one in zip(*arms, strict=True))
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weights[order]) / len(arms)
    at = np.searchsorted(reached, np.arange(1, BINS) / BINS)
    edges: list[float] = np.unique(scores[order][np.minimum(at, len(scores) - 1)]).tolist()
    return edges


def _merged(first: tuple[int, float, float], second: tuple[int, float, float]) -> tuple[int, float, float]:
    n = first[0] + second[0]
    if not first[0] or not second[0]:
        return first if first[0] else second
    share, apart = second[0] / n, second[1] - first[1]
    return n, first[1] + apart * share, first[2] + second[2] + apart * apart * first[0] * share
