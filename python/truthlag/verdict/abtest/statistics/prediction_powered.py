"""A mean of few labels, with the help of predictions for many rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import finite
from truthlag.verdict.abtest.statistics.mean import Mean
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate


@dataclass(frozen=True, slots=True)
class PredictionPowered:
    """The mean of labels that few rows have, from a prediction of the label that all rows have.

    The mean of the labels, plus `tuning` times how much higher predictions are on rows without a label. Right whatever the predictions
    are worth, if the rows with labels are a random part of all; the better they are, the smaller is the standard error, and with
    the tuning of PPI++ it is never more than about that of the labels alone. A different model in each arm is no fault
    here: a prediction only helps its own arm, and its bias is measured there.

    Args:
        labelled: The labels with their predictions as the one covariate.
        unlabelled: The predictions of rows without a label.
        tuning: How much they count. None: what makes the variance least, cov(f, y) / ((1 + n / N) var(f)).

    Raises:
        TypeError: They are no such statistics.
        ValueError: There is more than one covariate.

    Source: Angelopoulos, Duchi and Zrnic (2023), "PPI++: efficient prediction-powered inference".

    Example:
        >>> from truthlag.abtest import PredictionPowered
        >>> arm = PredictionPowered.of([1, 0, 1, 1], [0.9, 0.2, 0.7, 0.6], [0.8, 0.3, 0.9, 0.1, 0.2, 0.5])
        >>> round(arm.weight, 3)
        0.718
        >>> arm.n, round(arm.estimate, 3), round(arm.standard_error, 3)
        (4, 0.654, 0.187)
    """

    KIND: ClassVar[str] = "prediction powered"

    labelled: MeanWithCovariate
    unlabelled: Mean
    tuning: float | None = None

    def __post_init__(self) -> None:
        for name, kind in (("labelled", MeanWithCovariate), ("unlabelled", Mean)):
            given = getattr(self, name)
            if isinstance(given, dict):
                fields = {key: value for key, value in given.items() if key != "kind"}
                object.__setattr__(self, name, kind(**fields))
            elif not isinstance(given, kind):
                raise TypeError(f"{name} must be a {kind.__name__}, got {described(given)}")
        if self.labelled.covariates != 1:
            raise ValueError(f"labelled must have one covariate, the predictions, got {self.labelled.covariates}")
        if self.tuning is not None:
            object.__setattr__(self, "tuning", finite("tuning", self.tuning))

    @classmethod
    def of(
        cls, labels: Any, predictions: Any, unlabelled_predictions: Any, *, tuning: float | None = None
    ) -> PredictionPowered:
        """The statistic of arrays.

        Args:
            labels: The labels of the rows that have one.
            predictions: What was predicted for those.
            unlabelled_predictions: What was predicted for the others.
            tuning: As above.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is not finite, or labels and predictions are not equally long.

        Cost: some passes.

        Example:
            >>> from truthlag.abtest import PredictionPowered
            >>> PredictionPowered.of([1, 0], [0.5, 0.5], [0.5, 0.5]).estimate
            0.5
        """
        return cls(MeanWithCovariate.of(labels, predictions), Mean.of(unlabelled_predictions), tuning)

    @property
    def n(self) -> int:
        """The rows with a label."""
        return self.labelled.n

    @property
    def weight(self) -> float:
        """The tuning; 0 where predictions tell nothing, or no row is without a label."""
        n, others = self.labelled.n, self.unlabelled
        rows = others.n
        if not n or not rows:
            return 0.0
        if self.tuning is not None:
            return self.tuning
        table = self.labelled.comoments
        # The spread of the predictions of all rows.
        apart = others.mean - self.labelled.means[1]
        spread = (table[1][1] + others.m2 + apart * apart * rows * (n / (n + rows))) / (n + rows)
        return table[0][1] / n / ((1 + n / rows) * spread) if spread > 0 else 0.0

    @property
    def estimate(self) -> float | None:
        """The mean; None without labels."""
        return self._figures()[0]

    @property
    def standard_error(self) -> float | None:
        """sqrt(w² var(f) / N + var(y - w f) / n); None of fewer than two labels."""
        return self._figures()[1]

    def _figures(self) -> tuple[float | None, float | None]:
        """Estimate and standard error, with one weight."""
        labelled, unlabelled = self.labelled, self.unlabelled
        n, weight = labelled.n, self.weight
        if not n:
            return None, None
        estimate = labelled.means[0] + weight * (unlabelled.mean - labelled.means[1])
        if n < 2:
            return estimate, None
        (squares, product), (_, predicted) = labelled.comoments
        left = max(0.0, squares - 2 * weight * product + weight * weight * predicted)
        others = unlabelled.variance or 0.0
        return estimate, math.sqrt(left / (n - 1) / n + (weight * weight * others / unlabelled.n if weight else 0.0))

    def merge(self, other: PredictionPowered) -> PredictionPowered:
        """That of the rows of both.

        Raises:
            ValueError: They have not the same tuning.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import PredictionPowered
            >>> half = PredictionPowered.of([1, 0], [0.5, 0.25], [0.5, 0.5])
            >>> half.merge(half).n
            4
        """
        if self.tuning != other.tuning:
            raise ValueError(f"other must have the tuning {described(self.tuning)}, got {described(other.tuning)}")
        return PredictionPowered(
            self.labelled.merge(other.labelled), self.unlabelled.merge(other.unlabelled), self.tuning
        )

    def __add__(self, other: object) -> PredictionPowered:
        return self.merge(other) if isinstance(other, PredictionPowered) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import PredictionPowered
            >>> PredictionPowered.of([1, 0], [0.5, 0.25], [0.5, 0.5]).to_dict()["unlabelled"]
            {'kind': 'mean', 'n': 2, 'mean': 0.5, 'm2': 0.0}
        """
        return {
            "kind": self.KIND,
            "labelled": self.labelled.to_dict(),
            "unlabelled": self.unlabelled.to_dict(),
            "tuning": self.tuning,
        }
