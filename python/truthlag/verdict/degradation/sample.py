"""One side of a comparison: what is known of each metric, how surely, and from which rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from truthlag import _core
from truthlag.metrics import ConfusionCounts, Metric, PerformanceSnapshot, ScoreHistogram
from truthlag.verdict.degradation.known_metrics import successes_and_trials

__all__ = ["CONFIDENCE", "Level", "Sample", "metrics_of_counts"]

CONFIDENCE = 0.95
"""The level of the intervals of values, where nobody names one."""


@dataclass(frozen=True, slots=True)
class Level:
    """One metric of one side."""

    metric: Metric
    counted: tuple[int, int] | None = None
    """Successes and trials of a proportion."""
    is_exact: bool = False
    """A number that was given without any rows."""

    @property
    def rows(self) -> int | None:
        """The rows that the value rests on; None for a number that was given without any."""
        return None if self.is_exact else self.metric.n


@dataclass(frozen=True, slots=True)
class Sample:
    """The metrics of one side by name, and the counts they come from where there are any."""

    levels: Mapping[str, Level]
    described: str
    """What it is, in words."""
    counts: ConfusionCounts | None = None
    coverage: float | None = None
    """The share of predictions that have a label, where that is known."""
    prevalence: float | None = None
    by_label: Mapping[str, Metric] = field(default_factory=dict)
    histogram: ScoreHistogram = field(default_factory=ScoreHistogram)
    confidence: float | None = None
    """The level of the intervals, where they have one."""
    model: str | None = None
    version: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    has_gaps: bool = False
    """Whether not all predictions from `start` to `end` are in it."""

    @classmethod
    def of_snapshot(cls, snapshot: PerformanceSnapshot, described: str | None = None) -> Sample:
        """The metrics of a snapshot, with its counts."""
        return cls(
            levels=_levels(snapshot.metrics, snapshot.counts),
            described=described or f"{snapshot.model} {snapshot.version}, {snapshot.sample_size:,} labelled rows",
            counts=snapshot.counts,
            coverage=snapshot.coverage,
            prevalence=snapshot.prevalence,
            by_label=snapshot.by_label,
            histogram=snapshot.score_histogram,
            confidence=snapshot.confidence,
            model=snapshot.model,
            version=snapshot.version,
            start=snapshot.start,
            end=snapshot.end,
        )

    @classmethod
    def of_counts(cls, counts: ConfusionCounts, confidence: float = CONFIDENCE) -> Sample:
        """The metrics that four counts have."""
        metrics = metrics_of_counts(counts, confidence)
        return cls(
            levels=_levels(metrics, counts),
            described=f"{counts.labelled:,} labelled rows",
            counts=counts,
            prevalence=metrics["prevalence"].value,
            confidence=confidence,
        )

    @classmethod
    def empty(cls, described: str = "no rows") -> Sample:
        """All metrics of the library, undefined."""
        return replace(cls.of_counts(ConfusionCounts()), described=described)

    def without_scores(self) -> Sample:
        """The same without its histogram, which only the current side needs."""
        return replace(self, histogram=ScoreHistogram())


def metrics_of_counts(counts: ConfusionCounts, confidence: float) -> dict[str, Metric]:
    """Every metric of the library that four counts have, by name."""
    estimates = _core.evaluate_counts(
        counts.true_positives, counts.false_positives, counts.false_negatives, counts.true_negatives, confidence
    )
    return {estimate[0]: Metric(*estimate) for estimate in estimates}


def _levels(metrics: Mapping[str, Metric], counts: ConfusionCounts) -> dict[str, Level]:
    return {name: Level(metric, successes_and_trials(name, counts)) for name, metric in metrics.items()}
