"""Small samples of every kind for the metrics: plain, tied, separated, of one class, at the ends of the scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import truthlag

KINDS = ("plain", "coarse", "tied", "zeros_and_ones", "separated", "rare", "close", "one_class", "one_decision", "half")


@dataclass(frozen=True)
class Cases:
    """`count` samples of `size` rows each, one in each column."""

    labels: NDArray[np.int64]
    decisions: NDArray[np.int64]
    scores: NDArray[np.float64]

    @property
    def count(self) -> int:
        return self.labels.shape[1]

    def snapshot(self, case: int, **options: object) -> truthlag.PerformanceSnapshot:
        return snapshot_of(self.labels[:, case], self.decisions[:, case], self.scores[:, case], **options)


def snapshot_of(
    labels: object, decisions: object, scores: object = None, **options: object
) -> truthlag.PerformanceSnapshot:
    """A snapshot of rows that are logged in two batches."""
    tracker = truthlag.ModelPerformanceTracker("model", "version")
    request_ids = np.arange(len(labels))
    tracker.log_predictions(request_ids, decisions, scores)
    tracker.log_ground_truths(request_ids, labels)
    return tracker.snapshot(**options)


def make_cases(size: int, count: int, seed: int) -> Cases:
    """Samples of all kinds in turn; the same ones for the same seed."""
    random = np.random.default_rng([size, seed])
    shape = (size, count)
    kinds = np.array([KINDS[case % len(KINDS)] for case in range(count)])
    labels = (random.random(shape) < random.uniform(0.05, 0.95, count)).astype(np.int64)
    scores = np.clip(random.normal(0.35 + 0.3 * labels, 0.25), 0.0, 1.0)
    decisions = (scores >= random.uniform(0.1, 0.9, count)).astype(np.int64)

    def put(kind: str, values: NDArray[np.float64]) -> None:
        scores[:, kinds == kind] = values[:, kinds == kind]

    put("coarse", np.round(scores, 1))
    put("tied", np.broadcast_to(random.random(count), shape))
    put("zeros_and_ones", np.round(scores))
    put("separated", (labels + random.random(shape)) / 2)
    put("rare", scores**12)
    # Differences far below the fixed-point grid: ranks must still see them.
    put("close", 0.5 + random.integers(-9, 9, shape) * 2.0**-52)
    put("half", np.where(random.random(shape) < 0.5, scores, 0.5))
    labels[:, kinds == "one_class"] = random.integers(0, 2, (1, count))[:, kinds == "one_class"]
    decisions[:, kinds == "one_decision"] = random.integers(0, 2, (1, count))[:, kinds == "one_decision"]
    return Cases(labels, decisions, scores)
