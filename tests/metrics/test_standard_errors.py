"""Standard errors, losses by label and the score histogram: against numpy, plain loops and simulated samples."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from truthlag import ModelPerformanceTracker, PerformanceSnapshot
from truthlag.metrics import Metric, ScoreHistogram


def sample(seed: int, rows: int, prevalence: float = 0.3) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < prevalence).astype(int)
    return labels, 1 / (1 + np.exp(1 - 2 * labels - random.normal(size=rows)))


def snapshot_of(labels: Any, scores: Any, *, exact: bool = True) -> PerformanceSnapshot:
    tracker = ModelPerformanceTracker("model", retention=None)
    rows = np.arange(len(labels))
    tracker.log_predictions(rows, scores > 0.5, scores)
    tracker.log_ground_truths(rows, labels)
    return tracker.snapshot(exact=exact)


def placements(labels: Any, scores: Any) -> float:
    """DeLong's standard error by the placements of single rows."""
    up, down = scores[labels == 1], scores[labels == 0]
    won = (up[:, None] > down[None, :]) + (up[:, None] == down[None, :]) / 2
    return float(np.sqrt(won.mean(1).var(ddof=1) / len(up) + won.mean(0).var(ddof=1) / len(down)))


class TestStandardErrors:
    def test_proportions(self) -> None:
        labels, scores = sample(1, 500)
        for metric in (snapshot_of(labels, scores).metrics[name] for name in ("accuracy", "precision", "recall")):
            assert metric.value is not None
            expected = np.sqrt(metric.value * (1 - metric.value) / metric.n)
            # A product, a quotient and a root: some units in the last place.
            assert metric.standard_error == pytest.approx(expected, rel=1e-15)

    def test_means(self) -> None:
        labels, scores = sample(2, 400)
        snapshot = snapshot_of(labels, scores)
        losses = {
            "brier_score": (scores - labels) ** 2,
            "log_loss": -np.log(np.where(labels == 1, scores, 1 - scores)),
            "mean_score": scores,
        }
        for name, values in losses.items():
            # Each row is rounded to 2^-40, which the spread of about .1 feels to a few parts in 10^12.
            assert snapshot.metrics[name].standard_error == pytest.approx(values.std(ddof=1) / 20, rel=1e-10)

    def test_the_area_has_that_of_delong(self) -> None:
        labels, scores = sample(3, 300)
        scores = scores.round(2)
        exact = snapshot_of(labels, scores).metrics["roc_auc"]
        assert exact.value == pytest.approx(roc_auc_score(labels, scores), rel=1e-14)
        assert exact.standard_error == pytest.approx(placements(labels, scores), rel=1e-12)
        binned = snapshot_of(labels, scores, exact=False).metrics["roc_auc"].standard_error
        # Bins can only widen it, and are narrow.
        assert binned is not None and exact.standard_error is not None
        assert exact.standard_error <= binned < 1.05 * exact.standard_error

    def test_formulas_of_the_table_have_those_of_simulated_samples(self) -> None:
        """The spread of many samples, which knows nothing of the formulas."""
        names = ("f1_score", "f2_score", "balanced_accuracy", "matthews_correlation", "cohen_kappa")
        names += ("average_precision", "roc_auc", "score_std")
        drawn = [snapshot_of(*sample(seed, 400)).metrics for seed in range(600)]
        for name in names:
            values = np.array([metrics[name].value for metrics in drawn])
            told = np.array([metrics[name].standard_error for metrics in drawn])
            # 600 samples tell a standard deviation within 3 percent; 12 percent are four of these.
            assert told.mean() / values.std(ddof=1) == pytest.approx(1, abs=0.12), name

    def test_average_precision_is_that_of_scikit_learn(self) -> None:
        labels, scores = sample(4, 300)
        metric = snapshot_of(labels, scores).metrics["average_precision"]
        assert metric.value == pytest.approx(average_precision_score(labels, scores), rel=1e-13)
        assert metric.standard_error is not None

    def test_no_spread_has_none(self) -> None:
        metrics = snapshot_of(np.array([0, 1, 1]), np.array([0.0, 1.0, 1.0])).metrics
        for name in ("accuracy", "f1_score", "roc_auc", "average_precision", "brier_score", "cohen_kappa"):
            assert metrics[name].value is not None and metrics[name].standard_error is None, name
        empty = ModelPerformanceTracker("model").snapshot().metrics
        assert all(metric.standard_error is None for metric in empty.values())

    def test_it_comes_last_and_goes_to_the_dict(self) -> None:
        assert Metric("a", 0.5, 0.4, 0.6, 0.0, 10, None, 0.05).to_dict()["standard_error"] == 0.05
        assert Metric("a", 0.5).standard_error is None
        labels, scores = sample(5, 100)
        assert snapshot_of(labels, scores).f_beta(3).standard_error is not None


class TestByLabel:
    def test_each_label_and_both_together(self) -> None:
        labels, scores = sample(6, 500)
        snapshot = snapshot_of(labels, scores)
        for label, name in ((1, "positives"), (0, "negatives")):
            of_label = scores[labels == label]
            brier = (of_label - label) ** 2
            metric = snapshot.by_label[f"brier_score_of_{name}"]
            assert metric.value == pytest.approx(brier.mean(), rel=1e-11)
            assert metric.standard_error == pytest.approx(brier.std(ddof=1) / np.sqrt(len(brier)), rel=1e-10)
            metric = snapshot.by_label[f"log_loss_of_{name}"]
            assert metric.value == pytest.approx(log_loss([label] * len(of_label), of_label, labels=[0, 1]), rel=1e-11)
        prevalence = snapshot.prevalence
        assert prevalence is not None
        for name in ("brier_score", "log_loss"):
            up, down = (snapshot.by_label[f"{name}_of_{which}"].value for which in ("positives", "negatives"))
            assert up is not None and down is not None
            assert prevalence * up + (1 - prevalence) * down == pytest.approx(snapshot.metrics[name].value, rel=1e-11)

    def test_corrections_leave_no_residue(self) -> None:
        labels, scores = sample(7, 60)
        tracker = ModelPerformanceTracker("model")
        tracker.log_predictions(np.arange(60), scores > 0.5, scores)
        tracker.log_ground_truths(np.arange(60), 1 - labels)
        tracker.snapshot()
        tracker.log_ground_truths(np.arange(60), labels)
        assert tracker.snapshot(exact=True) == snapshot_of(labels, scores)

    def test_scores_that_are_no_probabilities(self) -> None:
        snapshot = snapshot_of(np.array([0, 1]), np.array([0.1, 7.0]))
        assert {metric.value for metric in snapshot.by_label.values()} == {None}
        assert all(metric.reason for metric in snapshot.by_label.values())


class TestScoreHistogram:
    def test_it_holds_every_labelled_score(self) -> None:
        labels, scores = sample(8, 2000, 0.1)
        for exact in (True, False):
            bins = list(snapshot_of(labels, scores, exact=exact).score_histogram)
            assert sum(one.negatives for one in bins) == (labels == 0).sum()
            for one in bins:
                inside = (scores >= one.lower) & (scores <= one.upper)
                assert (labels[inside] == 1).sum() == one.positives
            assert bins == sorted(bins)

    def test_it_is_a_value(self) -> None:
        histogram = snapshot_of(*sample(9, 50)).score_histogram
        again = pickle.loads(pickle.dumps(histogram))
        assert again == histogram == copy.deepcopy(histogram)
        assert hash(again) == hash(histogram)
        assert histogram != ScoreHistogram()
        assert histogram[-1] == list(histogram)[-1] and histogram[:2] == tuple(histogram)[:2]
        assert histogram.columns()["lower"].tolist() == [one.lower for one in histogram]
        with pytest.raises(IndexError):
            histogram[len(histogram)]
        assert len(ModelPerformanceTracker("model").snapshot().score_histogram) == 0
