"""An F1 score as an arm."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from truthlag.verdict.abtest.statistics.checks import count
from truthlag.verdict.abtest.statistics.proportion import Proportion


@dataclass(frozen=True, slots=True)
class FMeasure:
    """F1 from the rows that are predicted or labelled positive: 2 tp / (2 tp + fp + fn).

    Given how many rows are relevant it is a function of one share, that of the hits among them (Jaccard's index), and is compared as
    that on its own scale: so its errors are those of a comparison of proportions.

    Args:
        true_positives: Predicted and labelled positive.
        false_positives: Predicted positive alone.
        false_negatives: Labelled positive alone.

    Raises:
        TypeError: One of them is no count.
        ValueError: One of them is negative.

    Example:
        >>> from truthlag.abtest import FMeasure
        >>> arm = FMeasure(80, 20, 20)
        >>> arm.estimate, round(arm.standard_error, 4), arm.n, arm.share
        (0.8, 0.031, 120, Proportion(k=80, n=120))
    """

    KIND: ClassVar[str] = "f-measure"

    true_positives: int
    false_positives: int
    false_negatives: int

    def __post_init__(self) -> None:
        for name in self.__slots__:
            object.__setattr__(self, name, count(name, getattr(self, name)))

    @property
    def share(self) -> Proportion:
        """The hits among the relevant rows."""
        return Proportion(self.true_positives, self.n)

    @property
    def n(self) -> int:
        """The relevant rows."""
        return self.true_positives + self.false_positives + self.false_negatives

    @property
    def estimate(self) -> float | None:
        """F1; None without relevant rows."""
        return self._figures()[0]

    @property
    def standard_error(self) -> float | None:
        """By the delta method from the share J: 2 / (1 + J)² sqrt(J (1 - J) / n); None without relevant rows."""
        return self._figures()[1]

    def _figures(self) -> tuple[float | None, float | None]:
        """Estimate and standard error."""
        hits = self.true_positives
        n = hits + self.false_positives + self.false_negatives
        if not n:
            return None, None
        share = hits / n
        return 2 * hits / (n + hits), 2 / (1 + share) ** 2 * math.sqrt(share * (1 - share) / n)

    def merge(self, other: FMeasure) -> FMeasure:
        """That of the rows of both. Cost: constant.

        Example:
            >>> from truthlag.abtest import FMeasure
            >>> FMeasure(8, 2, 2).merge(FMeasure(1, 0, 1)).n
            14
        """
        return FMeasure(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def __add__(self, other: object) -> FMeasure:
        return self.merge(other) if isinstance(other, FMeasure) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import FMeasure
            >>> FMeasure(8, 2, 2).to_dict()["kind"]
            'f-measure'
        """
        return {"kind": self.KIND, **asdict(self)}
