"""A confusion matrix as an arm."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from truthlag.call.described import described
from truthlag.metrics import ConfusionCounts
from truthlag.metrics.counts import RATES
from truthlag.verdict.abtest.quickly_made import quickly_made
from truthlag.verdict.abtest.statistics.checks import count, not_negative
from truthlag.verdict.abtest.statistics.f_measure import FMeasure
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.proportion import Proportion

_confusion_counts, _proportion = quickly_made(ConfusionCounts), quickly_made(Proportion)


@dataclass(frozen=True, slots=True)
class Counts:
    """Labelled rows by decision and label; their rates are proportions of the rows that each is about.

    Args:
        true_positives: Decision 1, label 1.
        false_positives: Decision 1, label 0.
        false_negatives: Decision 0, label 1.
        true_negatives: Decision 0, label 0.

    Raises:
        TypeError: One of them is no count.
        ValueError: One of them is negative.

    Example:
        >>> from truthlag.abtest import Counts
        >>> counts = Counts(80, 20, 10, 890) + Counts(true_positives=8, false_negatives=2)
        >>> counts.proportion("recall"), counts.n
        (Proportion(k=88, n=100), 1010)
    """

    KIND: ClassVar[str] = "counts"

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            object.__setattr__(self, name, count(name, getattr(self, name)))

    @classmethod
    def from_confusion_counts(cls, counts: ConfusionCounts) -> Counts:
        """Those of the labelled rows of a snapshot.

        Example:
            >>> from truthlag.abtest import Counts
            >>> from truthlag.metrics import ConfusionCounts
            >>> Counts.from_confusion_counts(ConfusionCounts(8, 2, 1, 89, pending_positives=5)).n
            100
        """
        return cls(counts.true_positives, counts.false_positives, counts.false_negatives, counts.true_negatives)

    @property
    def n(self) -> int:
        """The labelled rows."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    def proportion(self, metric: str) -> Proportion:
        """One of the rates.

        Args:
            metric: `"accuracy"`, `"precision"`, `"recall"`, `"specificity"`, `"negative_predictive_value"`, `"prevalence"` or
                `"prediction_positive_rate"`.

        Raises:
            ValueError: The metric is no rate of these counts.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import Counts
            >>> Counts(80, 20, 10, 890).proportion("precision")
            Proportion(k=80, n=100)
        """
        if metric not in RATES:
            raise ValueError(f"metric must be one of {', '.join(map(repr, RATES))}, got {described(metric)}")
        counts = _confusion_counts(self.true_positives, self.false_positives, self.false_negatives, self.true_negatives)
        return _proportion(*RATES[metric](counts))

    def f_measure(self) -> FMeasure:
        """F1 as an arm. Cost: constant.

        Example:
            >>> from truthlag.abtest import Counts
            >>> Counts(80, 20, 20, 900).f_measure().estimate
            0.8
        """
        return FMeasure(self.true_positives, self.false_positives, self.false_negatives)

    def cost(self, *, false_positive: float, false_negative: float) -> Mean:
        """The mean cost of a row, of which a lower one is better.

        Args:
            false_positive: What a false positive costs, in any unit; at least 0.
            false_negative: What a false negative costs.

        Raises:
            TypeError: A cost is no number.
            ValueError: It is negative.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import Counts, compare
            >>> before, now = Counts(80, 20, 10, 890), Counts(85, 40, 5, 870)
            >>> costs = [one.cost(false_positive=1, false_negative=10) for one in (before, now)]
            >>> [one.estimate for one in costs], compare(*costs, direction="lower", mode="fixed").verdict
            ([0.12, 0.09], 'undecided')
        """
        first, second = not_negative("false_positive", false_positive), not_negative("false_negative", false_negative)
        n = self.n
        if not n:
            return Mean(0, 0.0, 0.0)
        mean = (first * self.false_positives + second * self.false_negatives) / n
        right = self.true_positives + self.true_negatives
        m2 = self.false_positives * (first - mean) ** 2 + self.false_negatives * (second - mean) ** 2 + right * mean**2
        return Mean(n, mean, m2 if n > 1 else 0.0)

    def merge(self, other: Counts) -> Counts:
        """Those of the rows of both. Cost: constant.

        Example:
            >>> from truthlag.abtest import Counts
            >>> Counts(1, 2, 3, 4).merge(Counts(1, 1, 1, 1)).n
            14
        """
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def __add__(self, other: object) -> Counts:
        return self.merge(other) if isinstance(other, Counts) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Counts
            >>> Counts(80, 20, 10, 890).to_dict()["kind"]
            'counts'
        """
        return {"kind": self.KIND, **asdict(self)}
