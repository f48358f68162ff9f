"""No rows, one row, one class, no scores, other thresholds: a value or a reason, never an error."""

from __future__ import annotations

import json

import numpy as np
import pytest

import truthlag
from tests.metrics.cases import snapshot_of

NAMES = (
    "accuracy precision recall f1_score specificity negative_predictive_value balanced_accuracy matthews_correlation "
    "cohen_kappa f_half_score f2_score prevalence prediction_positive_rate mean_score score_std brier_score log_loss "
    "roc_auc average_precision expected_calibration_error"
).split()


def test_nothing_logged() -> None:
    snapshot = truthlag.ModelPerformanceTracker("model").snapshot()
    assert list(snapshot.metrics) == NAMES
    assert (snapshot.predictions, snapshot.sample_size, snapshot.scored, snapshot.coverage) == (0, 0, 0, None)
    for metric in snapshot.metrics.values():
        assert metric.value is None
        assert metric.interval is None
        assert metric.reason
    assert snapshot.calibration == snapshot.roc_curve == snapshot.precision_recall_curve == ()
    assert snapshot.f_beta(2).value is None


def test_pending_only() -> None:
    tracker = truthlag.ModelPerformanceTracker("model")
    tracker.log_predictions([1, 2, 3], [1, 1, 0], [0.9, 0.8, 0.1])
    snapshot = tracker.snapshot()
    assert (snapshot.predictions, snapshot.sample_size, snapshot.coverage) == (3, 0, 0.0)
    assert (snapshot.counts.pending_positives, snapshot.counts.pending_negatives) == (2, 1)
    assert all(metric.value is None for metric in snapshot.metrics.values())


@pytest.mark.parametrize("exact", [True, False])
def test_one_row(exact: bool) -> None:
    snapshot = snapshot_of([1], [1], [0.75], exact=exact)
    expected = dict.fromkeys(NAMES)
    expected |= {
        "accuracy": 1.0,
        "precision": 1.0,
        "recall": 1.0,
        "f1_score": 1.0,
        "f_half_score": 1.0,
        "f2_score": 1.0,
        "prevalence": 1.0,
        "prediction_positive_rate": 1.0,
        "mean_score": 0.75,
        "score_std": 0.0,
        "brier_score": 0.0625,
        "average_precision": 1.0,
        "expected_calibration_error": 0.25,
    }
    for name in set(NAMES) - {"log_loss"}:
        assert getattr(snapshot, name) == expected[name], name
    assert snapshot.log_loss == pytest.approx(-np.log(0.75), abs=2**-40)
    for name in ("mean_score", "score_std", "brier_score", "log_loss"):
        assert snapshot.metrics[name].interval is None
        assert snapshot.metrics[name].reason


def test_the_reasons_are_the_right_ones() -> None:
    never = snapshot_of([1, 0, 1], [0, 0, 0], [0.2, 0.1, 0.3])
    assert never.metrics["precision"].reason == "no predicted positives among the labelled predictions in the window"
    assert never.metrics["matthews_correlation"].reason == "the labelled predictions were all decided alike"
    assert never.recall == never.f1_score == never.cohen_kappa == 0.0
    quiet = snapshot_of([0, 0], [0, 1])
    assert quiet.metrics["recall"].reason == "no labels of 1 in the window"
    assert quiet.metrics["balanced_accuracy"].reason == "no labels of 1 in the window"
    assert quiet.metrics["roc_auc"].reason == "no labelled prediction in the window has a score"
    assert quiet.f1_score == 0.0
    all_negative = snapshot_of([0, 0], [0, 0], [0.1, 0.2])
    assert all_negative.metrics["f1_score"].reason.startswith("no positives among the labelled predictions")
    assert all_negative.metrics["cohen_kappa"].reason == "predictions and labels are all of one and the same class"
    assert all_negative.metrics["roc_auc"].reason == "no labels of 1 among the scored predictions in the window"
    one_outside = snapshot_of([0, 1], [0, 1], [0.5, 1.5])
    reason = "1 score lies outside [0, 1]: the scores are no probabilities"
    assert one_outside.metrics["brier_score"].reason == reason


def test_all_scores_tied() -> None:
    exact = snapshot_of([1, 0, 1, 0], [1, 1, 1, 1], [0.3] * 4, exact=True)
    assert exact.roc_auc == 0.5
    assert exact.average_precision == 0.5
    assert exact.score_std == 0.0
    assert exact.metrics["roc_auc"].low < 0.2
    assert exact.metrics["score_std"].interval is None
    binned = snapshot_of([1, 0, 1, 0], [1, 1, 1, 1], [0.3] * 4).metrics["roc_auc"]
    # One bin: the order inside is not known.
    assert (binned.value, binned.error_bound, binned.interval) == (0.5, 0.5, (0.0, 1.0))


def test_log_loss_is_clipped() -> None:
    snapshot = snapshot_of([0, 1], [1, 0], [1.0, 0.0])
    assert snapshot.log_loss == pytest.approx(52 * np.log(2), abs=2**-40)
    assert snapshot.brier_score == 1.0


def test_some_rows_without_score() -> None:
    snapshot = snapshot_of([1, 0, 1, 0], [1, 0, 0, 1], [0.8, None, 0.6, None], exact=True)
    assert (snapshot.sample_size, snapshot.scored) == (4, 2)
    assert snapshot.accuracy == 0.5
    assert snapshot.mean_score == pytest.approx(0.7, abs=2**-40)
    assert snapshot.metrics["mean_score"].n == 2
    assert snapshot.average_precision == 1.0
    assert snapshot.roc_auc is None


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5, 0.75, 1.0, -3.0, 3.0])
def test_another_threshold(threshold: float) -> None:
    random = np.random.default_rng(13)
    labels = random.integers(0, 2, 300)
    # Scores on the thresholds themselves, too.
    scores = random.integers(0, 17, 300) / 16
    decided = (scores >= threshold).astype(int)
    anew = snapshot_of(labels, 1 - labels, scores, threshold=threshold)
    as_logged = snapshot_of(labels, decided, scores)
    assert anew.threshold == threshold
    assert anew.counts == as_logged.counts
    assert anew.metrics == as_logged.metrics
    assert (anew.roc_curve, anew.calibration) == (as_logged.roc_curve, as_logged.calibration)


def test_a_threshold_asks_for_scores() -> None:
    tracker = truthlag.ModelPerformanceTracker("m")
    tracker.log_predictions(["a", "b"], [1, 0])
    tracker.log_ground_truths(["a", "b"], [1, 1])
    assert tracker.snapshot().metrics["accuracy"].reason is None
    reason = tracker.snapshot(threshold=0.5).metrics["accuracy"].reason
    assert reason == "no labelled predictions with a score in the window"


@pytest.mark.parametrize("confidence", [1e-300, 1e-160, 1e-16, 1 - 1e-16])
def test_every_level_gives_numbers(confidence: float) -> None:
    tracker = truthlag.ModelPerformanceTracker("m")
    tracker.log_predictions(list(range(8)), [0, 0, 1, 1, 0, 1, 1, 1], [0.1, 0.2, 0.9, 0.8, 0.3, 0.7, 0.9, 0.6])
    tracker.log_ground_truths(list(range(8)), [0, 0, 1, 1, 0, 1, 1, 1])
    json.dumps(tracker.snapshot(confidence=confidence).to_dict(), allow_nan=False)
