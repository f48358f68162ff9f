"""Which of the library's metrics are better when they are higher, and which when they are lower."""

from typing import Final

HIGHER_IS_BETTER: Final = {
    "accuracy": True,
    "precision": True,
    "recall": True,
    "f1_score": True,
    "specificity": True,
    "negative_predictive_value": True,
    "balanced_accuracy": True,
    "matthews_correlation": True,
    "cohen_kappa": True,
    "f_half_score": True,
    "f2_score": True,
    "brier_score": False,
    "log_loss": False,
    "roc_auc": True,
    "average_precision": True,
    "expected_calibration_error": False,
}
"""The metrics that say how good a model is. Those that describe it (`prevalence`, `mean_score`, ...) need a direction."""
