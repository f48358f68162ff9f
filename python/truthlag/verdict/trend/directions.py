"""Which of the library's metrics are better when they are higher, and which when they are lower."""

from __future__ import annotations

from truthlag.call.described import described

__all__ = ["higher_is_better_of"]

_HIGHER = frozenset(
    {
        "accuracy",
        "precision",
        "recall",
        "f1_score",
        "specificity",
        "negative_predictive_value",
        "balanced_accuracy",
        "matthews_correlation",
        "cohen_kappa",
        "f_half_score",
        "f2_score",
        "roc_auc",
        "average_precision",
    }
)
_LOWER = frozenset({"brier_score", "log_loss", "expected_calibration_error"})


def higher_is_better_of(metric_name: object, given: object) -> bool:
    """The direction given, or else that of a metric of the library.

    Raises:
        TypeError: What is given is neither a bool nor None.
        ValueError: Nothing is given and the metric is none of the library's, or has no direction, as a prevalence has none.

    Example:
        >>> higher_is_better_of("log_loss", None), higher_is_better_of("latency", False)
        (False, False)
    """
    if isinstance(given, bool):
        return given
    if given is not None:
        raise TypeError(f"higher_is_better must be True, False or None, got {described(given)}")
    if metric_name in _HIGHER:
        return True
    if metric_name in _LOWER:
        return False
    raise ValueError(
        f"higher_is_better must be True or False for {metric_name!s:.80}, whose direction is not known, got None"
    )
