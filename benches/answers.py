"""The right answers, counted by numpy on the same data, and their comparison."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benches.streams import Reals, Stream


@dataclass(frozen=True, slots=True)
class Answer:
    """The confusion counts of the matched rows, and the mean and the standard deviation of their scores."""

    tp: int
    fp: int
    fn: int
    tn: int
    mean_score: float
    score_std: float

    def require(self, other: "Answer", tolerance: float) -> None:
        """Raise AssertionError unless `other` has the same counts, and a mean and deviation within `tolerance`."""
        same = (self.tp, self.fp, self.fn, self.tn) == (other.tp, other.fp, other.fn, other.tn)
        near = (
            abs(self.mean_score - other.mean_score) <= tolerance and abs(self.score_std - other.score_std) <= tolerance
        )
        if not (same and near):
            raise AssertionError(f"wrong answer: expected {self}, got {other}")


ROUNDED = 0.50001e-4
"""How far a value rounded to four places may be from the exact one."""


def expected(stream: Stream, rows: NDArray[np.bool_] | None = None) -> Answer:
    """Return the answer of `rows` of `stream` (all of them by default), counted by numpy."""
    chosen = slice(None) if rows is None else rows
    scores = stream.scores[chosen]
    counts = np.bincount(stream.predictions[chosen] * 2 + stream.actuals[chosen], minlength=4)
    tn, fn, fp, tp = (int(count) for count in counts)
    return Answer(tp, fp, fn, tn, float(scores.mean()), float(scores.std()))


def answered(metrics: Mapping[str, object]) -> Answer:
    """Return the answer in the dict of a `compute_metrics`."""
    matrix, mean, deviation = metrics["confusion_matrix"], metrics["mean_score"], metrics["score_std"]
    if not (isinstance(matrix, dict) and isinstance(mean, float) and isinstance(deviation, float)):
        raise AssertionError(f"not a dict of metrics: {metrics}")
    return Answer(matrix["tp"], matrix["fp"], matrix["fn"], matrix["tn"], mean, deviation)


def roc_auc(scores: Reals, actuals: NDArray[np.int8]) -> float:
    """Return the exact area under the ROC curve by midranks (Mann-Whitney). O(n log n)."""
    _, place, ties = np.unique(scores, return_inverse=True, return_counts=True)
    midranks = np.cumsum(ties) - (ties - 1) / 2
    positive = actuals == 1
    positives = int(positive.sum())
    negatives = len(actuals) - positives
    surplus = float(midranks[place[positive]].sum()) - positives * (positives + 1) / 2
    return surplus / (positives * negatives)


def require_counters(counters: Mapping[str, int], wanted: Mapping[str, int]) -> None:
    """Raise AssertionError unless `counters` shows every value of `wanted`."""
    shown = {name: counters[name] for name in wanted}
    if shown != dict(wanted):
        raise AssertionError(f"wrong counters: expected {dict(wanted)}, got {shown}")
