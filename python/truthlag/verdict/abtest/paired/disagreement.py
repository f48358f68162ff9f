"""How often two models decide differently, which is known before any label is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.paired.bounds import bounds_of
from truthlag.verdict.abtest.paired.clustered_rate import clustered_sequence
from truthlag.verdict.abtest.paired.rows import PairedRows
from truthlag.verdict.abtest.result.comparison import Interval
from truthlag.verdict.abtest.statistics.clusters import sums
from truthlag.verdict.degradation.wilson import wilson
from truthlag.verdict.detectors.parameters import choice, share
from truthlag.verdict.sequences.beta_binomial import BetaBinomialSequence

MODES = ("fixed", "confidence_sequence")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How often two models decide differently, and how much that leaves for one to be better.

    Example:
        >>> from truthlag.abtest import PairedRows, disagreement
        >>> rows = PairedRows(labels=[None] * 500, control_predictions=[0] * 500, treatment_predictions=[1] * 10 + [0] * 490)
        >>> found = disagreement(rows)
        >>> found.rate, found.bounds
        (0.02, (-0.02, 0.02))
        >>> print(f"at most {found.largest_difference:.3f}")
        at most 0.053
    """

    pairs: int
    """The requests that both models saw."""
    disagreements: int
    """Those on which the decisions differ."""
    rate: float | None
    """Their share; None without pairs."""
    interval: Interval | None
    """Its interval; None where nothing can be said."""
    bounds: Interval | None
    """What the difference of accuracy on these very pairs lies between when all their labels are in, by the labels that are in already."""
    largest_difference: float | None
    """How much the accuracies of the two can differ at most on requests of this kind: the upper limit of the rate."""
    labels_needed: int
    """Labels that are missing of pairs on which the decisions differ: with them the difference of accuracy on these pairs is known."""
    clusters: int | None
    """The clusters of the pairs; None where there are none."""
    confidence: float
    """The level of the interval."""
    mode: str
    """Whether the interval holds for one look (`"fixed"`) or however often one looks."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import PairedRows, disagreement
            >>> rows = PairedRows(labels=[1, None], control_predictions=[1, 0], treatment_predictions=[0, 0])
            >>> disagreement(rows).to_dict()["disagreements"]
            1
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def __str__(self) -> str:
        if self.rate is None or self.bounds is None:
            return "no pairs"
        text = f"decisions differ on {self.disagreements:,} of {self.pairs:,} requests, {100 * self.rate:.3g}%"
        if self.interval is not None:
            low, high = (f"{100 * limit:.3g}%" for limit in self.interval)
            by = "" if self.clusters is None else f" by {self.clusters:,} clusters"
            by += ", for one look" if by and self.mode == "fixed" else ""
            text += f" ({low} to {high} at {100 * self.confidence:g}%{by})"
        low, high = (f"{100 * limit:+.3g}%" for limit in self.bounds)
        text += f"\nthe difference of accuracy on them lies between {low} and {high}, whatever the missing labels are"
        return f"{text}\n{self.labels_needed:,} more labels, of requests where they differ, would tell it"


def disagreement(rows: Any, *, confidence: float = 0.95, mode: str = "confidence_sequence") -> Disagreement:
    """How often the decisions of two models differ, and what that says of their difference before labels come.

    Where two binary decisions differ, one of them is right: accuracies cannot differ by more than the rate of disagreement, and the
    labels of other pairs have no part in the difference.

    Args:
        rows: The pairs, with or without labels.
        confidence: The level of the interval, between 0 and 1.
        mode: `"confidence_sequence"`: the interval holds however often one looks, with clusters by bets on each of them in the order of
            their first rows (Waudby-Smith and Ramdas 2024). `"fixed"`: for one look, by Wilson (1927), with clusters by the rows
            that so much spread would be of (Korn and Graubard 1998).

    Raises:
        TypeError: They are no pairs.
        ValueError: There are no decisions, or a value is not allowed.

    Cost: a pass over the pairs; with clusters a sort of them, and at any time eighty passes over the clusters.

    Example:
        >>> from truthlag.abtest import PairedRows, disagreement
        >>> rows = PairedRows(labels=[None] * 500, control_predictions=[0] * 500, treatment_predictions=[1] * 10 + [0] * 490)
        >>> print(disagreement(rows, mode="fixed"))
        decisions differ on 10 of 500 requests, 2% (1.09% to 3.64% at 95%)
        the difference of accuracy on them lies between -2% and +2%, whatever the missing labels are
        10 more labels, of requests where they differ, would tell it
    """
    if not isinstance(rows, PairedRows):
        raise TypeError(f"rows must be PairedRows, got {described(rows)}")
    choice("mode", mode, MODES)
    level = share("confidence", confidence)
    differs = rows.disagrees
    if differs is None:
        raise ValueError("rows must have decisions (control_predictions and treatment_predictions), got scores alone")
    n, k = len(rows), int(np.count_nonzero(differs))
    clusters = None if rows.cluster is None else len(np.unique(rows.cluster))
    interval = None
    if n and rows.cluster is not None and mode == "confidence_sequence":
        interval = clustered_sequence(differs, rows.cluster, 1 - level)
    elif n and clusters is not None:
        interval = _clustered(rows, k / n, clusters, level)
    elif n:
        interval = _interval(k, n, level, mode)
    needed = int(np.count_nonzero(differs & ~rows.is_labelled))
    largest = None if interval is None else interval[1]
    rate = k / n if n else None
    return Disagreement(n, k, rate, interval, bounds_of(rows, "accuracy"), largest, needed, clusters, level, mode)


def _interval(k: int, n: int, level: float, mode: str) -> Interval:
    if mode == "fixed":
        return wilson(k / n, n, level)
    sequence = BetaBinomialSequence(1 - level)
    sequence.update_counts(k, n)
    low, high = sequence.interval
    return low, high


def _clustered(rows: PairedRows, rate: float, clusters: int, level: float) -> Interval | None:
    """Wilson's, of as many rows as would have so much spread if they were independent, with the quantile of t."""
    from scipy import special

    if clusters < 2:
        return None
    differs = np.asarray(rows.disagrees, dtype=np.float64)
    apart = sums(differs - rate, rows.cluster, int(rows.cluster.max()) + 1)
    variance = float(apart @ apart) * clusters / (clusters - 1) / len(rows) ** 2
    # Without spread the clusters are all that is counted.
    effective = min(float(len(rows)), rate * (1 - rate) / variance) if variance > 0 else float(clusters)
    tail = (1 - level) / 2
    normal, student = float(special.ndtri(tail)), float(special.stdtrit(clusters - 1, tail))
    return wilson(rate, effective * (normal / student) ** 2, level) if math.isfinite(student) else None
