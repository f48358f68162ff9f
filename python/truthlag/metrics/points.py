"""Rows of the reliability table, points of the curves."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["CalibrationRow", "PrecisionRecallPoint", "RocPoint"]


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """What the scores of one of ten bins of equal width promise, and what came true.

    Example:
        >>> row = CalibrationRow(lower=0.9, upper=1.0, n=80, mean_score=0.94, positive_rate=0.75, low=0.645, high=0.832)
        >>> round(row.gap, 2)
        0.19
    """

    lower: float
    """The least score of the bin."""
    upper: float
    """The next bin begins here; the last bin holds it too."""
    n: int
    """The labelled rows whose score lies in the bin, at least one."""
    mean_score: float
    """The mean of their scores."""
    positive_rate: float
    """The share of them with label 1."""
    low: float
    """The lower end of Wilson's interval of that share."""
    high: float
    """The upper end."""

    @property
    def gap(self) -> float:
        """Mean score less positive rate: above 0 when the model claims too much."""
        return self.mean_score - self.positive_rate

    def to_dict(self) -> dict[str, object]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> CalibrationRow(0.9, 1.0, n=80, mean_score=0.94, positive_rate=0.75, low=0.645, high=0.832).to_dict()["n"]
            80
        """
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What deciding "positive from `threshold` on" would have given: a point of the ROC curve.

    Example:
        >>> point = RocPoint(threshold=0.5, false_positive_rate=0.1, true_positive_rate=0.8)
        >>> f"{point.true_positive_rate - point.false_positive_rate:.1f}"
        '0.7'
    """

    threshold: float | None
    """The score from which on a row counts as positive; None for the first point, where none does."""
    false_positive_rate: float
    """False positives over all labels of 0."""
    true_positive_rate: float
    """True positives over all labels of 1."""

    def to_dict(self) -> dict[str, object]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> RocPoint(0.5, false_positive_rate=0.1, true_positive_rate=0.8).to_dict()
            {'threshold': 0.5, 'false_positive_rate': 0.1, 'true_positive_rate': 0.8}
        """
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PrecisionRecallPoint:
    """What deciding "positive from `threshold` on" would have given: a point of the precision-recall curve.

    Example:
        >>> point = PrecisionRecallPoint(threshold=0.5, precision=0.7, recall=0.8)
        >>> point.precision, point.recall
        (0.7, 0.8)
    """

    threshold: float | None
    """The score from which on a row counts as positive; None for the first point, where none does."""
    precision: float
    """True positives over predicted positives; 1.0 by convention for the first point."""
    recall: float
    """True positives over all labels of 1."""

    def to_dict(self) -> dict[str, object]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> PrecisionRecallPoint(0.5, precision=0.7, recall=0.8).to_dict()
            {'threshold': 0.5, 'precision': 0.7, 'recall': 0.8}
        """
        return asdict(self)
