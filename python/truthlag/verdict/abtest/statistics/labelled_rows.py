"""Labels with what a model said of them, as an arm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.metrics.counts import RATES
from truthlag.verdict.abtest.statistics.auc import roc_auc
from truthlag.verdict.abtest.statistics.calibration import Calibration
from truthlag.verdict.abtest.statistics.checks import not_negative
from truthlag.verdict.abtest.statistics.clusters import places
from truthlag.verdict.abtest.statistics.column import Floats, blame, column, floats
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.known import Known
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.ratio import Ratio

#: What needs a score.
SCORED = ("roc_auc", "brier_score", "log_loss", "calibration_error")
METRICS = (*RATES, "f1_score", *SCORED)
#: As in the metrics of a window: a score of 0 or 1 that is wrong would cost without limit.
_LEAST = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """The rows of an arm: label, decision and score of each; `compare` takes them with the name of a metric.

    Args:
        labels: A sequence or an array of one dimension, of 0 and 1.
        predictions: The decisions, 0 and 1. None where there are scores: then 1 where a score is at least `threshold`.
        scores: The probabilities of label 1 that the model claims; any numbers for the AUC. None if there are none.
        threshold: See `predictions`.
        cluster: The unit of each row, where a unit has several.

    Raises:
        TypeError: They are no numbers.
        ValueError: One is not allowed, they are not equally long, or neither predictions nor scores are given.

    Cost: some passes over the arrays.

    Example:
        >>> from truthlag.abtest import LabelledRows, compare
        >>> LabelledRows([1, 0, 1, 0], [1, 1, 1, 0]).counts
        Counts(true_positives=2, false_positives=1, false_negatives=0, true_negatives=1)
        >>> control = LabelledRows([1, 0, 1, 0, 1, 0], scores=[0.9, 0.2, 0.4, 0.5, 0.6, 0.1])
        >>> treatment = LabelledRows([1, 0, 1, 0, 1, 0], scores=[0.8, 0.3, 0.6, 0.2, 0.7, 0.7])
        >>> result = compare(control, treatment, metric="roc_auc", mode="fixed")
        >>> round(result.control.estimate, 3), round(result.treatment.estimate, 3), result.verdict
        (0.889, 0.833, 'undecided')
    """

    labels: Any
    predictions: Any = None
    scores: Any = None
    threshold: float = 0.5
    cluster: Any = None
    _clusters: tuple[NDArray[np.intp], int] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        labels = _binary("labels", self.labels, None)
        object.__setattr__(self, "labels", labels)
        if self.scores is not None:
            scores = floats(column("scores", self.scores, len(labels)))
            if not np.isfinite(scores).all():
                raise blame("scores", scores)
            object.__setattr__(self, "scores", scores)
        if self.predictions is not None:
            object.__setattr__(self, "predictions", _binary("predictions", self.predictions, len(labels)))
        elif self.scores is not None:
            object.__setattr__(self, "predictions", self.scores >= self.threshold)
        else:
            raise ValueError("predictions or scores must be given, got None of both")
        if self.cluster is not None:
            object.__setattr__(self, "_clusters", places("cluster", self.cluster, len(labels)))

    @classmethod
    def of_class(
        cls, labels: Any, predictions: Any, of: Any, *, scores: Any = None, cluster: Any = None
    ) -> LabelledRows:
        """One class against all others.

        Args:
            labels: The class of each row.
            predictions: The class that was predicted.
            of: The class that is 1.
            scores: The probability of that class, if there are scores.
            cluster: The unit of each row.

        Returns:
            The rows, whose precision and recall are those of the class.

        Raises:
            TypeError: They are no sequences.
            ValueError: They are not equally long.

        Cost: two passes.

        Example:
            >>> from truthlag.abtest import LabelledRows
            >>> rows = LabelledRows.of_class(["cat", "dog", "cat"], ["cat", "cat", "dog"], "cat")
            >>> rows.statistic("recall")
            Proportion(k=1, n=2)
        """
        both = []
        for name, given in (("labels", labels), ("predictions", predictions)):
            if isinstance(given, str | bytes) or not hasattr(given, "__len__"):
                raise TypeError(f"{name} must be a sequence of classes, got {described(given)}")
            both.append(np.array([one == of for one in given], dtype=bool))
        return cls(both[0], both[1], scores, cluster=cluster)

    @property
    def counts(self) -> Counts:
        """The confusion matrix."""
        labels, decisions = self.labels == 1, self.predictions == 1
        hits = int(np.count_nonzero(labels & decisions))
        positive, decided = int(np.count_nonzero(labels)), int(np.count_nonzero(decisions))
        return Counts(hits, decided - hits, positive - hits, len(labels) - positive - decided + hits)

    def statistic(
        self, metric: str, *, edges: Any = None
    ) -> Proportion | Mean | Ratio | Known | FMeasure | Calibration:
        """What `compare` takes of these rows for a metric.

        Args:
            metric: A rate of the confusion matrix, `"f1_score"`, `"roc_auc"`, `"brier_score"`, `"log_loss"` or
                `"calibration_error"`.
            edges: For the calibration error, where its bins meet.

        Returns:
            The statistic. With clusters a ratio over them, whose spread is theirs.

        Raises:
            ValueError: The metric is not known, needs scores that are not there, or cannot be clustered.

        Cost: some passes; a sort for the AUC.

        Example:
            >>> from truthlag.abtest import LabelledRows
            >>> rows = LabelledRows([1, 0, 1, 0], scores=[0.75, 0.25, 0.5, 0.5])
            >>> rows.statistic("brier_score").estimate, rows.statistic("f1_score").estimate
            (0.15625, 0.8)
        """
        if metric not in METRICS:
            raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {described(metric)}")
        if metric in SCORED:
            return self._scored(metric, edges)
        labels, decisions = self.labels == 1, self.predictions == 1
        if self._clusters is None:
            counts = self.counts
            if metric == "f1_score":
                return FMeasure(counts.true_positives, counts.false_positives, counts.false_negatives)
            return counts.proportion(metric)
        if metric == "f1_score":
            # 2 tp over the rows predicted and the rows labelled positive: a ratio of sums as it is.
            return Ratio.of(2.0 * (labels & decisions), 1.0 * labels + decisions, cluster=self.cluster)
        numerator, denominator = _shares(metric, labels, decisions)
        return Ratio.of(numerator & denominator, denominator, cluster=self.cluster)

    def cost(self, *, false_positive: float, false_negative: float) -> Mean | Ratio:
        """The mean cost of a row.

        Args:
            false_positive: What a false positive costs, in any unit; at least 0.
            false_negative: What a false negative costs.

        Returns:
            The mean over rows; with clusters the ratio over them. A lower one is better.

        Raises:
            TypeError: A cost is no number.
            ValueError: It is negative.

        Cost: some passes.

        Example:
            >>> from truthlag.abtest import LabelledRows
            >>> LabelledRows([1, 0, 1, 0], [0, 1, 1, 0]).cost(false_positive=1, false_negative=10).estimate
            2.75
        """
        if self._clusters is None:
            return self.counts.cost(false_positive=false_positive, false_negative=false_negative)
        labels, decisions = self.labels == 1, self.predictions == 1
        first, second = not_negative("false_positive", false_positive), not_negative("false_negative", false_negative)
        return Ratio.of_clusters(first * (decisions & ~labels) + second * (labels & ~decisions), self.cluster)

    def _scored(self, metric: str, edges: Any) -> Known | Mean | Ratio | Calibration:
        if self.scores is None:
            raise ValueError(f"scores must be given for {metric}, got None")
        scores: Floats = self.scores
        if metric == "roc_auc":
            return roc_auc(self.labels, scores, self._clusters)
        outside = np.flatnonzero((scores < 0) | (scores > 1))
        if len(outside):
            place = int(outside[0])
            raise ValueError(f"scores[{place}] must be from 0 to 1 for {metric}, got {described(scores[place].item())}")
        if metric == "calibration_error":
            return Calibration.of(self.labels, scores, edges=edges, cluster=self.cluster)
        truth = floats(self.labels)
        off = np.abs(truth - scores)
        losses = off * off if metric == "brier_score" else -np.log(np.maximum(1 - off, _LEAST))
        return Mean.of(losses) if self._clusters is None else Ratio.of_clusters(losses, self.cluster)


def _shares(metric: str, labels: NDArray[Any], decisions: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What is counted, and among which rows."""
    everything = np.ones(len(labels), dtype=bool)
    return {
        "accuracy": (labels == decisions, everything),
        "precision": (labels, decisions),
        "recall": (decisions, labels),
        "specificity": (~decisions, ~labels),
        "negative_predictive_value": (~labels, ~decisions),
        "prevalence": (labels, everything),
        "prediction_positive_rate": (decisions, everything),
    }[metric]


def _binary(name: str, values: Any, length: int | None) -> NDArray[Any]:
    array = column(name, values, length)
    odd = np.flatnonzero((array != 0) & (array != 1))
    if len(odd):
        place = int(odd[0])
        raise ValueError(f"{name}[{place}] must be 0 or 1, got {described(array[place].item())}")
    return array
