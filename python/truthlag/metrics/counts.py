"""The counts of a window by decision and label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

__all__ = ["RATES", "ConfusionCounts"]


@dataclass(frozen=True, slots=True)
class ConfusionCounts:
    """Predictions in a window by decision and by label, those without a label yet included.

    Example:
        >>> counts = ConfusionCounts(true_positives=8, false_positives=2, false_negatives=1, true_negatives=89)
        >>> counts.labelled, counts.pending
        (100, 0)
    """

    true_positives: int = 0
    """Decision 1, label 1."""
    false_positives: int = 0
    """Decision 1, label 0."""
    false_negatives: int = 0
    """Decision 0, label 1."""
    true_negatives: int = 0
    """Decision 0, label 0."""
    pending_positives: int = 0
    """Decision 1, no label yet."""
    pending_negatives: int = 0
    """Decision 0, no label yet."""

    @property
    def labelled(self) -> int:
        """Predictions with a label."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    @property
    def pending(self) -> int:
        """Predictions without a label yet."""
        return self.pending_positives + self.pending_negatives

    def to_dict(self) -> dict[str, int]:
        """The fields as a dict that `json.dumps` takes.

        Example:
            >>> ConfusionCounts(true_positives=8, pending_positives=3).to_dict()["pending_positives"]
            3
        """
        return asdict(self)


RATES: Final[dict[str, Callable[[ConfusionCounts], tuple[int, int]]]] = {
    "accuracy": lambda c: (c.true_positives + c.true_negatives, c.labelled),
    "precision": lambda c: (c.true_positives, c.true_positives + c.false_positives),
    "recall": lambda c: (c.true_positives, c.true_positives + c.false_negatives),
    "specificity": lambda c: (c.true_negatives, c.true_negatives + c.false_positives),
    "negative_predictive_value": lambda c: (c.true_negatives, c.true_negatives + c.false_negatives),
    "prevalence": lambda c: (c.true_positives + c.false_negatives, c.labelled),
    "prediction_positive_rate": lambda c: (c.true_positives + c.false_positives, c.labelled),
}
"""The metrics that are proportions: what is counted, and out of how many rows."""
