"""How good a model was in a window: every metric with its interval, immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from truthlag import _core
from truthlag.metrics.core_report import CoreReport
from truthlag.metrics.counts import ConfusionCounts
from truthlag.metrics.histogram import ScoreHistogram
from truthlag.metrics.metric import Metric, MetricTable
from truthlag.metrics.points import CalibrationRow, PrecisionRecallPoint, RocPoint
from truthlag.metrics.text import as_html, as_text

__all__ = ["PerformanceSnapshot"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(microseconds: int | None) -> datetime | None:
    """The time as a datetime; None beyond the years that a datetime can hold, where nothing is either."""
    try:
        return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class PerformanceSnapshot:
    """The metrics of the predictions in a window whose labels are known, in full precision.

    Made by `ModelPerformanceTracker.snapshot`. It is a value: it does not change when more events come, compares equal to
    a snapshot of the same content, hashes, pickles and copies. Every metric is an attribute (a float, or None when it is
    undefined) and an entry of `metrics`, which adds the interval, the rows it rests on and the reason.

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector", "v2.3")
        >>> decisions = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
        >>> labels = [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
        >>> scores = [0.9, 0.8, 0.75, 0.6, 0.1, 0.2, 0.05, 0.3, 0.15, 0.4]
        >>> _ = tracker.log_predictions(list(range(10)), decisions, scores)
        >>> _ = tracker.log_ground_truths(list(range(10)), labels)
        >>> snapshot = tracker.snapshot(exact=True)
        >>> snapshot.accuracy, snapshot.precision, snapshot.sample_size
        (0.8, 0.75, 10)
        >>> low, high = snapshot.intervals["precision"]
        >>> f"{low:.3f} {high:.3f}"
        '0.301 0.954'
        >>> f"{snapshot.roc_auc:.4f}"
        '0.9583'

    Every metric of these ten rows, and how many of the predictions have a label:

        >>> def show(*values):
        ...     print(*(f"{value:.4f}" for value in values))
        >>> show(snapshot.recall, snapshot.specificity, snapshot.negative_predictive_value, snapshot.balanced_accuracy)
        0.7500 0.8333 0.8333 0.7917
        >>> show(snapshot.f1_score, snapshot.f_half_score, snapshot.f2_score)
        0.7500 0.7500 0.7500
        >>> show(snapshot.matthews_correlation, snapshot.cohen_kappa)
        0.5833 0.5833
        >>> show(snapshot.prevalence, snapshot.prediction_positive_rate, snapshot.mean_score, snapshot.score_std)
        0.4000 0.4000 0.4250 0.2985
        >>> show(snapshot.brier_score, snapshot.log_loss, snapshot.average_precision, snapshot.expected_calibration_error)
        0.0998 0.3348 0.9500 0.2550
        >>> show(*(metric.value for metric in snapshot.by_label.values()))
        0.1181 0.0875 0.3831 0.3025
        >>> snapshot.coverage
        1.0
    """

    model: str
    """The name of the model."""
    version: str
    """The version of the model."""
    start: datetime | None
    """The first moment of the window by prediction time (UTC), itself included; None when it has none."""
    end: datetime | None
    """The last moment of the window by prediction time (UTC), itself included, so that a half-open window ends one
    microsecond before the `end` it was asked for; None when it has none."""
    confidence: float
    """The level of the intervals, between 0 and 1."""
    threshold: float | None
    """Decisions were made anew, 1 where the score is at least this; None for the decisions as logged."""
    exact: bool
    """Whether ranking metrics rest on the scores themselves rather than on bins."""
    predictions: int
    """Predictions in the window, labelled or not."""
    sample_size: int
    """Those of them with a label."""
    scored: int
    """Those of the labelled with a score."""
    counts: ConfusionCounts
    """The predictions in the window by decision and label."""
    metrics: MetricTable
    """Every metric by name, in the order in which they are shown."""
    calibration: tuple[CalibrationRow, ...]
    """The reliability table: ten bins of equal width, those that hold rows. Empty when scores lie outside [0, 1]."""
    roc_curve: tuple[RocPoint, ...]
    """At most 256 points by falling threshold; empty when one of the classes is missing."""
    precision_recall_curve: tuple[PrecisionRecallPoint, ...]
    """At most 256 points by falling threshold; empty without labels of 1."""
    by_label: MetricTable = field(default_factory=MetricTable)
    """Brier score and log loss of the rows of each label: `brier_score_of_positives`, `brier_score_of_negatives`,
    `log_loss_of_positives`, `log_loss_of_negatives`. Their mean weighted by a prevalence is the score at that prevalence."""
    score_histogram: ScoreHistogram = field(default_factory=ScoreHistogram)
    """The labelled rows by score, in bins, whether the ranks are exact or not."""

    @classmethod
    def from_core(cls, report: CoreReport, *, model: str, version: str) -> PerformanceSnapshot:
        """A snapshot of the plain dict that the extension gives.

        Args:
            report: Numbers, strings, tuples and lists, laid out as `CoreReport` says.
            model: The name of the model.
            version: Its version.

        Returns:
            The snapshot.

        Raises:
            KeyError: A part of the report is missing.

        Cost: proportional to the number of metrics, bins and points.

        Example:
            >>> from truthlag import PerformanceSnapshot
            >>> report = {
            ...     "start": 0, "end": None, "threshold": None, "confidence": 0.95, "exact": False,
            ...     "counts": (1, 0, 0, 1, 3, 0), "scored": 0, "calibration": [], "roc": [], "precision_recall": [],
            ...     "estimates": [("accuracy", 1.0, 0.34, 1.0, None, 2, None)],
            ... }
            >>> snapshot = PerformanceSnapshot.from_core(report, model="fraud-detector", version="v2")
            >>> snapshot.predictions, snapshot.coverage, str(snapshot.start)
            (5, 0.4, '1970-01-01 00:00:00+00:00')
        """
        counts = ConfusionCounts(*report["counts"])
        return cls(
            model=model,
            version=version,
            start=_moment(report["start"]),
            end=_moment(report["end"]),
            confidence=report["confidence"],
            threshold=report["threshold"],
            exact=report["exact"],
            predictions=counts.labelled + counts.pending,
            sample_size=counts.labelled,
            scored=report["scored"],
            counts=counts,
            metrics=MetricTable(Metric(*estimate) for estimate in report["estimates"]),
            calibration=tuple(CalibrationRow(*row) for row in report["calibration"]),
            roc_curve=tuple(RocPoint(*point) for point in report["roc"]),
            precision_recall_curve=tuple(PrecisionRecallPoint(*point) for point in report["precision_recall"]),
            by_label=MetricTable(Metric(*estimate) for estimate in report.get("by_label", ())),
            score_histogram=ScoreHistogram(report.get("histogram", b"")),
        )

    @property
    def coverage(self) -> float | None:
        """The share of the window's predictions that have a label; None when there is no prediction."""
        return self.sample_size / self.predictions if self.predictions else None

    @property
    def intervals(self) -> dict[str, tuple[float, float] | None]:
        """The interval of every metric by name, None where there is none."""
        return {name: metric.interval for name, metric in self.metrics.items()}

    def f_beta(self, beta: float) -> Metric:
        """The F-measure that holds recall `beta` times as important as precision, with its interval.

        F = (1 + beta²) tp / ((1 + beta²) tp + beta² fn + fp), van Rijsbergen (1979); delta-method interval at the
        snapshot's confidence. O(1).

        Args:
            beta: A finite number above 0.

        Returns:
            The metric, named `f_beta`.

        Raises:
            TypeError: `beta` is not a number.
            ValueError: `beta` is not finite, or not above 0.

        Example:
            >>> from truthlag import ModelPerformanceTracker
            >>> tracker = ModelPerformanceTracker("fraud-detector")
            >>> _ = tracker.log_predictions([1, 2, 3], [1, 1, 0])
            >>> _ = tracker.log_ground_truths([1, 2, 3], [1, 0, 1])
            >>> tracker.snapshot().f_beta(3).value
            0.5
        """
        counts = self.counts
        return Metric(
            *_core.f_beta(counts.true_positives, counts.false_positives, counts.false_negatives, beta, self.confidence)
        )

    @property
    def accuracy(self) -> float | None:
        """The share of decisions that were right: (tp + tn) / n; None without labels."""
        return self.metrics["accuracy"].value

    @property
    def precision(self) -> float | None:
        """The share of decisions of 1 that were right: tp / (tp + fp); None without decisions of 1."""
        return self.metrics["precision"].value

    @property
    def recall(self) -> float | None:
        """The share of labels of 1 that were found: tp / (tp + fn); None without labels of 1."""
        return self.metrics["recall"].value

    @property
    def f1_score(self) -> float | None:
        """The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn), van Rijsbergen (1979).

        None where neither decisions nor labels hold a 1.
        """
        return self.metrics["f1_score"].value

    @property
    def specificity(self) -> float | None:
        """The share of labels of 0 that were left alone: tn / (tn + fp); None without labels of 0."""
        return self.metrics["specificity"].value

    @property
    def negative_predictive_value(self) -> float | None:
        """The share of decisions of 0 that were right: tn / (tn + fn); None without decisions of 0."""
        return self.metrics["negative_predictive_value"].value

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of recall and specificity; None without labels of both classes."""
        return self.metrics["balanced_accuracy"].value

    @property
    def matthews_correlation(self) -> float | None:
        """Correlation of decisions and labels, from -1 to 1: Matthews (1975).

        (tp tn - fp fn) / sqrt((tp + fp) (tp + fn) (tn + fp) (tn + fn)); None unless both are of both classes.
        """
        return self.metrics["matthews_correlation"].value

    @property
    def cohen_kappa(self) -> float | None:
        """Agreement of decisions and labels beyond chance, 1 at most: Cohen (1960).

        1 - (1 - accuracy) / (1 - accuracy by chance); None where all decisions and labels are of the same class.
        """
        return self.metrics["cohen_kappa"].value

    @property
    def f_half_score(self) -> float | None:
        """The F-measure that holds precision twice as important as recall: `f_beta(0.5)`; None as `f1_score`."""
        return self.metrics["f_half_score"].value

    @property
    def f2_score(self) -> float | None:
        """The F-measure that holds recall twice as important as precision: `f_beta(2)`; None as `f1_score`."""
        return self.metrics["f2_score"].value

    @property
    def prevalence(self) -> float | None:
        """The share of labels of 1: (tp + fn) / n; None without labels."""
        return self.metrics["prevalence"].value

    @property
    def prediction_positive_rate(self) -> float | None:
        """The share of decisions of 1: (tp + fp) / n; None without labels."""
        return self.metrics["prediction_positive_rate"].value

    @property
    def mean_score(self) -> float | None:
        """The mean of the scores; None without scores."""
        return self.metrics["mean_score"].value

    @property
    def score_std(self) -> float | None:
        """The standard deviation of the scores, divided by n; None without scores."""
        return self.metrics["score_std"].value

    @property
    def brier_score(self) -> float | None:
        """The mean squared difference of score and label, Brier (1950); None without scores, or with one outside [0, 1]."""
        return self.metrics["brier_score"].value

    @property
    def log_loss(self) -> float | None:
        """The mean of -ln(probability given to the actual label), the probability taken as at least 2**-52.

        None without scores, or with one outside [0, 1].
        """
        return self.metrics["log_loss"].value

    @property
    def roc_auc(self) -> float | None:
        """The probability that a positive scores above a negative, ties counting half: Hanley and McNeil (1982).

        From bins of scores, within the `error_bound` of `metrics["roc_auc"]`, unless `exact`; None without scores of both classes.
        """
        return self.metrics["roc_auc"].value

    @property
    def average_precision(self) -> float | None:
        """The sum over thresholds of recall gained times precision.

        From bins of scores, within the `error_bound` of `metrics["average_precision"]`, unless `exact`; None without scores of
        labels of 1.
        """
        return self.metrics["average_precision"].value

    @property
    def expected_calibration_error(self) -> float | None:
        """The mean over rows of |mean score - positive rate| of their bin of the reliability table: Naeini and others (2015).

        None without scores, or with one outside [0, 1].
        """
        return self.metrics["expected_calibration_error"].value

    def to_dict(self) -> dict[str, object]:
        """All content but the histogram, of up to some thousand bins, as a dict that `json.dumps` takes; times in ISO format.

        Example:
            >>> import json
            >>> from truthlag import ModelPerformanceTracker
            >>> snapshot = ModelPerformanceTracker("fraud-detector").snapshot()
            >>> json.loads(json.dumps(snapshot.to_dict()))["metrics"]["accuracy"]["reason"]
            'no labelled predictions in the window'
        """
        return {
            "model": self.model,
            "version": self.version,
            "start": None if self.start is None else self.start.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "confidence": self.confidence,
            "threshold": self.threshold,
            "exact": self.exact,
            "predictions": self.predictions,
            "sample_size": self.sample_size,
            "scored": self.scored,
            "coverage": self.coverage,
            "counts": self.counts.to_dict(),
            "metrics": {name: metric.to_dict() for name, metric in self.metrics.items()},
            "by_label": {name: metric.to_dict() for name, metric in self.by_label.items()},
            "calibration": [row.to_dict() for row in self.calibration],
            "roc_curve": [point.to_dict() for point in self.roc_curve],
            "precision_recall_curve": [point.to_dict() for point in self.precision_recall_curve],
        }

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)
