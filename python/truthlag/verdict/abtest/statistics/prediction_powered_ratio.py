"""A ratio of few labels, such as recall, with the help of predictions for many rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, finite
from truthlag.verdict.abtest.statistics.clusters import places, sums
from truthlag.verdict.abtest.statistics.column import Floats, blame, column, floats
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate
from truthlag.verdict.detectors.parameters import choice

#: The columns of the moments: sums over the rows of a unit that have a label, and over those that have none.
_COLUMNS = 8
#: A metric's numerator and denominator by label and decision; they are as true of a probability in place of the label.
_PARTS: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "accuracy": lambda y, d: (y * d + (1 - y) * (1 - d), np.ones_like(y)),
    "precision": lambda y, d: (y * d, d + 0 * y),
    "recall": lambda y, d: (y * d, y),
    "specificity": lambda y, d: ((1 - y) * (1 - d), 1 - y),
    "negative_predictive_value": lambda y, d: ((1 - y) * (1 - d), 1 - d + 0 * y),
    "prevalence": lambda y, d: (y + 0 * d, np.ones_like(y)),
    "f1_score": lambda y, d: (2 * y * d, y + d),
}


@dataclass(frozen=True, slots=True)
class PredictionPoweredRatio:
    """The ratio of two sums that need labels, which few rows have, from predictions of both that all rows have.

    Recall is one: decided positives over positives. Numerator and denominator are corrected as a `PredictionPowered` mean is, with one
    tuning, that which makes the variance of the ratio least. Right whatever the predictions are worth, if the rows with labels are a
    random part of all. Rows of a unit may depend on each other, those with labels and those without too.

    Args:
        moments: Sums over the rows of each unit: numerator, denominator and the predictions of both, and the number of rows, over those
            with a label; the predictions and the number of rows over those without.
        labelled: The units with a labelled row.
        tuning: How much predictions count. None: what makes the variance least.

    Raises:
        TypeError: They are no such statistics.
        ValueError: There are more or fewer columns, or more labelled units than units.

    Source: Angelopoulos, Duchi and Zrnic (2023), "PPI++: efficient prediction-powered inference", for an estimating equation; the
    delta method over units, as in `Ratio`.

    Example:
        >>> from truthlag.abtest import PredictionPoweredRatio
        >>> labels = [1, 0, 1, 1, 0, None, None, None, None, None]
        >>> decisions = [1, 0, 0, 1, 1, 1, 0, 1, 0, 0]
        >>> scores = [0.9, 0.2, 0.5, 0.8, 0.6, 0.9, 0.3, 0.7, 0.1, 0.2]
        >>> arm = PredictionPoweredRatio.of_labels("recall", labels, decisions, scores)
        >>> arm.n, arm.units, round(arm.weight, 2)
        (5, 10, 0.8)
        >>> round(arm.estimate, 3), round(arm.standard_error, 3)
        (0.61, 0.265)
    """

    KIND: ClassVar[str] = "prediction powered ratio"

    moments: MeanWithCovariate
    labelled: int
    tuning: float | None = None
    #: Tuning, ratio and standard error, which are asked for several times.
    _found: tuple[float, float | None, float | None] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        given: Any = self.moments
        if isinstance(given, dict):
            fields = {key: value for key, value in given.items() if key != "kind"}
            object.__setattr__(self, "moments", MeanWithCovariate(**fields))
        elif not isinstance(given, MeanWithCovariate):
            raise TypeError(f"moments must be a MeanWithCovariate, got {described(given)}")
        if len(self.moments.means) != _COLUMNS:
            raise ValueError(f"moments must be of {_COLUMNS} columns, got {len(self.moments.means)}")
        object.__setattr__(self, "labelled", count("labelled", self.labelled, self.moments.n, "the units"))
        if self.tuning is not None:
            object.__setattr__(self, "tuning", finite("tuning", self.tuning))

    @classmethod
    def of(
        cls,
        numerator: Any,
        denominator: Any,
        predicted_numerator: Any,
        predicted_denominator: Any,
        *,
        cluster: Any = None,
        tuning: float | None = None,
    ) -> PredictionPoweredRatio:
        """The statistic of arrays with a value for each row.

        Args:
            numerator: What is summed above the line; NaN where a row has no label.
            denominator: What is summed below it; NaN for the same rows.
            predicted_numerator: What was predicted of the numerator, for all rows.
            predicted_denominator: The same of the denominator.
            cluster: The unit of each row, where a unit has several.
            tuning: As above.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is infinite, a prediction is missing, they are not equally long, or labels miss in one of two alone.

        Cost: some passes over each pair of arrays; with clusters a sort of them.

        Example:
            >>> from math import nan
            >>> from truthlag.abtest import PredictionPoweredRatio
            >>> PredictionPoweredRatio.of([3, 1, nan], [4, 2, nan], [2, 1, 2], [4, 2, 4], cluster=["ann", "bob", "bob"]).units
            2
        """
        top = floats(column("numerator", numerator))
        others = [("denominator", denominator), ("predicted_numerator", predicted_numerator)]
        others.append(("predicted_denominator", predicted_denominator))
        bottom, over, under = (floats(column(name, values, len(top))) for name, values in others)
        is_missing = np.isnan(top)
        if not np.array_equal(is_missing, np.isnan(bottom)):
            raise ValueError("denominator must be NaN where numerator is, got one of both alone")
        known = np.where(is_missing, 0.0, top), np.where(is_missing, 0.0, bottom)
        for name, array in zip(("numerator", *(name for name, _ in others)), (*known, over, under), strict=True):
            if not np.isfinite(array).all():
                raise blame(name, array)
        has_label = ~is_missing
        columns = [*known, over * has_label, under * has_label, has_label.astype(np.float64)]
        columns += [over * is_missing, under * is_missing, is_missing.astype(np.float64)]
        if cluster is not None:
            where, clusters = places("cluster", cluster, len(top))
            columns = [sums(one, where, clusters) for one in columns]
        labelled = int(np.count_nonzero(columns[4]))
        return cls(MeanWithCovariate.of(columns[0], columns[1:]), labelled, tuning)

    @classmethod
    def of_labels(
        cls,
        metric: str,
        labels: Any,
        decisions: Any,
        probabilities: Any,
        *,
        cluster: Any = None,
        tuning: float | None = None,
    ) -> PredictionPoweredRatio:
        """A metric of decisions, from the labels that have come and a probability of label 1 for every row.

        Args:
            metric: `"accuracy"`, `"precision"`, `"recall"`, `"specificity"`, `"negative_predictive_value"`, `"prevalence"` or
                `"f1_score"`.
            labels: 0 and 1; None or NaN where there is none.
            decisions: 0 and 1, for all rows.
            probabilities: A probability of label 1 for all rows, by whichever model; it need not be right.
            cluster: The unit of each row, where a unit has several.
            tuning: As above.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is not allowed, they are not equally long, or the metric is unknown.

        Cost: some passes.

        Example:
            >>> from truthlag.abtest import PredictionPoweredRatio
            >>> PredictionPoweredRatio.of_labels("precision", [1, 0, 0, 1, None], [1, 1, 0, 0, 1], [0.5] * 5).n
            4
        """
        choice("metric", metric, tuple(_PARTS))
        if isinstance(labels, list | tuple):
            labels = [math.nan if one is None else one for one in labels]
        known = floats(column("labels", labels))
        decided = floats(column("decisions", decisions, len(known)))
        chances = floats(column("probabilities", probabilities, len(known)))
        for name, array, may_miss in (("labels", known, True), ("decisions", decided, False)):
            wrong = np.flatnonzero((array != 0) & (array != 1) & ~(np.isnan(array) & may_miss))
            if len(wrong):
                allowed = "0, 1 or None" if may_miss else "0 or 1"
                raise ValueError(f"{name}[{wrong[0]}] must be {allowed}, got {described(array[wrong[0]].item())}")
        wrong = np.flatnonzero(~((chances >= 0) & (chances <= 1)))
        if len(wrong):
            raise ValueError(
                f"probabilities[{wrong[0]}] must be from 0 to 1, got {described(chances[wrong[0]].item())}"
            )
        top, bottom = _PARTS[metric](known, decided)
        # What does not need the label is not known the less for it, but a row is labelled in whole or not at all.
        missing = np.isnan(known)
        top, bottom = np.where(missing, math.nan, top), np.where(missing, math.nan, bottom)
        return cls.of(top, bottom, *_PARTS[metric](chances, decided), cluster=cluster, tuning=tuning)

    @property
    def n(self) -> int:
        """The units with a label."""
        return self.labelled

    @property
    def units(self) -> int:
        """All units."""
        return self.moments.n

    @property
    def weight(self) -> float:
        """The tuning; 0 where predictions tell nothing, or no row is without a label."""
        return self._found_figures()[0]

    @property
    def estimate(self) -> float | None:
        """The ratio; None without labels, and for a denominator of 0."""
        return self._found_figures()[1]

    @property
    def standard_error(self) -> float | None:
        """By the delta method over units; None of fewer than two units with a label."""
        return self._found_figures()[2]

    def _figures(self) -> tuple[float | None, float | None]:
        """Estimate and standard error."""
        return self._found_figures()[1:]

    def _found_figures(self) -> tuple[float, float | None, float | None]:
        found = self._found
        if found is None:
            moments = self.moments
            found = _core.prediction_powered_ratio(
                moments.means, moments.comoments, self.labelled, moments.n, self.tuning
            )
            object.__setattr__(self, "_found", found)
        return found

    def merge(self, other: PredictionPoweredRatio) -> PredictionPoweredRatio:
        """That of the units of both.

        Raises:
            ValueError: They have not the same tuning.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import PredictionPoweredRatio
            >>> half = PredictionPoweredRatio.of_labels("recall", [1, None], [1, 0], [0.5, 0.25])
            >>> half.merge(half).n
            2
        """
        if self.tuning != other.tuning:
            raise ValueError(f"other must have the tuning {described(self.tuning)}, got {described(other.tuning)}")
        return PredictionPoweredRatio(self.moments.merge(other.moments), self.labelled + other.labelled, self.tuning)

    def __add__(self, other: object) -> PredictionPoweredRatio:
        return self.merge(other) if isinstance(other, PredictionPoweredRatio) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import PredictionPoweredRatio
            >>> PredictionPoweredRatio.of_labels("recall", [1, None], [1, 0], [0.5, 0.25]).to_dict()["labelled"]
            1
        """
        return {
            "kind": self.KIND,
            "moments": self.moments.to_dict(),
            "labelled": self.labelled,
            "tuning": self.tuning,
        }
