"""Trackers filled with made-up rows, and the same rows as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from truthlag import ModelPerformanceTracker

MONDAY = datetime(2026, 2, 2)


@dataclass
class Log:
    """Rows of a model whose scores are logistic with some noise."""

    times: Any
    labels: Any
    scores: Any

    @classmethod
    def of(
        cls,
        seed: int,
        rows: int,
        *,
        start: datetime = MONDAY,
        days: float = 28,
        prevalence: float | Callable[[Any], Any] = 0.3,
        signal: float = 2.5,
    ) -> Log:
        random = np.random.default_rng(seed)
        times = np.datetime64(start, "us") + np.sort(random.integers(0, int(days * 86_400_000_000), rows)).astype(
            "m8[us]"
        )
        share = prevalence(times) if callable(prevalence) else prevalence
        labels = (random.random(rows) < share).astype(int)
        scores = 1 / (1 + np.exp(1.2 - signal * labels - random.normal(size=rows)))
        return cls(times, labels, scores)

    @property
    def decisions(self) -> Any:
        return (self.scores > 0.5).astype(int)

    def tracker(
        self, *, now: datetime = MONDAY + timedelta(days=28), labelled: Any = None, **options: Any
    ) -> ModelPerformanceTracker:
        """A tracker of all rows; `labelled` are those whose label has come, all by default."""
        tracker = ModelPerformanceTracker("fraud", "v1", clock=lambda: now, retention=None, **options)
        rows = np.arange(len(self.labels))
        tracker.log_predictions(rows, self.decisions, self.scores, timestamps=self.times)
        known = rows if labelled is None else rows[labelled]
        tracker.log_ground_truths(known, self.labels[known], timestamps=self.times[known])
        return tracker


def right(rows: int, wrong: int, *, of: int = 1) -> ModelPerformanceTracker:
    """A tracker of decisions that are all `of`, so many of them wrong, without times."""
    tracker = ModelPerformanceTracker("fraud", "v1")
    tracker.log_predictions(np.arange(rows), np.full(rows, of))
    tracker.log_ground_truths(np.arange(rows), np.where(np.arange(rows) < wrong, 1 - of, of))
    return tracker
