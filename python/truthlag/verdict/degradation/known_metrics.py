"""What is known of the library's own metrics: which way is better, and how two samples of them are compared."""

from enum import Enum
from typing import Final

from truthlag.metrics import ConfusionCounts
from truthlag.metrics.counts import RATES


class Kind(Enum):
    """How two samples of a metric are compared."""

    PROPORTION = "proportion"
    """A share of rows: an exact or a score test of two proportions."""
    F_MEASURE = "F-measure"
    """A ratio of counts that share rows: the delta method."""
    RATIO = "ratio"
    """Anything with a standard error of its own: that of the delta method, or DeLong's."""
    MEAN = "mean"
    """A mean over rows: Welch's test."""
    NONE = "none"
    """Nothing is known of its noise."""


BETA: Final = {"f1_score": 1.0, "f_half_score": 0.5, "f2_score": 2.0}
"""The weight of recall in each F-measure."""

_KINDS: Final = {
    "accuracy": Kind.PROPORTION,
    "precision": Kind.PROPORTION,
    "recall": Kind.PROPORTION,
    "specificity": Kind.PROPORTION,
    "negative_predictive_value": Kind.PROPORTION,
    "prevalence": Kind.PROPORTION,
    "prediction_positive_rate": Kind.PROPORTION,
    "f1_score": Kind.F_MEASURE,
    "f_half_score": Kind.F_MEASURE,
    "f2_score": Kind.F_MEASURE,
    "balanced_accuracy": Kind.RATIO,
    "matthews_correlation": Kind.RATIO,
    "cohen_kappa": Kind.RATIO,
    "roc_auc": Kind.RATIO,
    "average_precision": Kind.RATIO,
    "score_std": Kind.RATIO,
    "brier_score": Kind.MEAN,
    "log_loss": Kind.MEAN,
    "mean_score": Kind.MEAN,
    "expected_calibration_error": Kind.NONE,
}

UNJUDGED_UNLESS_NAMED: Final = frozenset({"expected_calibration_error"})
"""Left out where no metrics are named, since there is no test for them."""

METHODS: Final = {
    "roc_auc": "DeLong's standard errors",
    "average_precision": "delta method over single rows",
    "balanced_accuracy": "delta method",
    "matthews_correlation": "delta method",
    "cohen_kappa": "delta method",
    "score_std": "delta method",
}
"""Where the standard errors of the ratios come from."""

RANGES: Final[dict[str, tuple[float, float] | None]] = {
    "matthews_correlation": (-1.0, 1.0),
    "cohen_kappa": (-1.0, 1.0),
    "score_std": None,
}
"""The least and the largest value of the ratios for which these are not 0 and 1; None without limits."""


def kind_of(name: str) -> Kind | None:
    """The kind of a metric of the library; None for any other."""
    return _KINDS.get(name)


def successes_and_trials(name: str, counts: ConfusionCounts) -> tuple[int, int] | None:
    """What a proportion of the library's counts, and out of what; None for other metrics."""
    return RATES[name](counts) if name in RATES else None


def coverage_of(name: str, counts: ConfusionCounts) -> float | None:
    """The share of predictions that have a label: of all, or of those that a metric is about, whichever is smaller.

    Precision is about decisions of 1 and the negative predictive value about those of 0. Their own share alone would not do:
    where labels of 1 come first, decisions of 1 have most of theirs early, and all of these are right. None where there is
    no prediction that it is about.
    """
    ones = counts.true_positives + counts.false_positives
    zeros = counts.true_negatives + counts.false_negatives
    labelled, pending = {
        "precision": (ones, counts.pending_positives),
        "negative_predictive_value": (zeros, counts.pending_negatives),
    }.get(name, (counts.labelled, counts.pending))
    if not labelled + pending:
        return None
    return min(labelled / (labelled + pending), counts.labelled / (counts.labelled + counts.pending))


def rarer_rows(name: str, n: int, counts: ConfusionCounts | None) -> int:
    """The rows that bound how well a ratio is known: those of the rarer class, and the positives of the average precision.

    All rows, where the counts are not known or the metric is not about classes.
    """
    if counts is None or name not in METHODS or name == "score_std":
        return n
    positives = counts.true_positives + counts.false_negatives
    negatives = counts.true_negatives + counts.false_positives
    return min(n, positives if name == "average_precision" else min(positives, negatives))


def relevant_rows(name: str, n: int, counts: ConfusionCounts | None) -> int:
    """The rows that an approximation rests on: where a class is rare twice its rows, so that balanced classes count in full.

    Once for the coefficients of agreement, whose errors are small only when each class has that many.
    """
    rarer = rarer_rows(name, n, counts)
    return n if rarer == n else min(n, rarer * (1 if name in {"matthews_correlation", "cohen_kappa"} else 2))
