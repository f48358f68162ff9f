"""Metrics at another prevalence, against scikit-learn's with rows weighted to that prevalence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from tests.verdict.check.logs import Log
from truthlag import DegradationDetector, MetricVerdict

WEIGHTED: dict[str, Callable[..., float]] = {
    "accuracy": lambda log, weights: sk.accuracy_score(log.labels, log.decisions, sample_weight=weights),
    "precision": lambda log, weights: sk.precision_score(log.labels, log.decisions, sample_weight=weights),
    "negative_predictive_value": lambda log, weights: sk.precision_score(
        log.labels, log.decisions, pos_label=0, sample_weight=weights
    ),
    "f1_score": lambda log, weights: sk.f1_score(log.labels, log.decisions, sample_weight=weights),
    "f_half_score": lambda log, weights: sk.fbeta_score(log.labels, log.decisions, beta=0.5, sample_weight=weights),
    "f2_score": lambda log, weights: sk.fbeta_score(log.labels, log.decisions, beta=2, sample_weight=weights),
    "matthews_correlation": lambda log, weights: sk.matthews_corrcoef(log.labels, log.decisions, sample_weight=weights),
    "cohen_kappa": lambda log, weights: sk.cohen_kappa_score(log.labels, log.decisions, sample_weight=weights),
    "brier_score": lambda log, weights: sk.brier_score_loss(log.labels, log.scores, sample_weight=weights),
    "log_loss": lambda log, weights: sk.log_loss(log.labels, log.scores, sample_weight=weights),
    "average_precision": lambda log, weights: sk.average_precision_score(log.labels, log.scores, sample_weight=weights),
}

BASE = Log.of(1, 6000, prevalence=0.3)
NOW = Log.of(2, 4000, prevalence=0.08)
REPORT = DegradationDetector(BASE.tracker().snapshot()).check(NOW.tracker())


def weights(log: Log, prevalence: float) -> Any:
    share = log.labels.mean()
    return np.where(log.labels == 1, prevalence / share, (1 - prevalence) / (1 - share))


@pytest.mark.parametrize("name", WEIGHTED)
def test_it_is_that_of_rows_weighted_to_the_prevalence(name: str) -> None:
    adjusted = REPORT[name].at_baseline_prevalence
    assert adjusted is not None and adjusted.value is not None
    expected = WEIGHTED[name](NOW, weights(NOW, BASE.labels.mean()))
    # Ratios of counts, but for what is rounded to 2^-40 by row, and the ranks, which are those of bins.
    tolerance = {"average_precision": 2e-3, "brier_score": 1e-11, "log_loss": 1e-11}.get(name, 1e-13)
    assert adjusted.value == pytest.approx(expected, abs=tolerance)


def test_metrics_of_one_class_or_of_pairs_do_not_depend_on_it() -> None:
    for name in ("recall", "specificity", "balanced_accuracy", "roc_auc"):
        assert REPORT[name].at_baseline_prevalence is None


def test_intervals_hold_the_true_value() -> None:
    """2 000 samples of 600 rows: recall 0.8, specificity 0.9, prevalence 0.1 now and 0.3 in the baseline."""
    from truthlag.metrics import ConfusionCounts
    from truthlag.verdict.degradation.prevalence import at_prevalence
    from truthlag.verdict.degradation.sample import Sample

    random = np.random.default_rng(3)
    positives = random.binomial(600, 0.1, 2000)
    found, left = random.binomial(positives, 0.8), random.binomial(600 - positives, 0.9)
    truth = {"accuracy": 0.3 * 0.8 + 0.7 * 0.9, "precision": 0.24 / 0.31, "f1_score": 0.48 / (0.48 + 0.06 + 0.07)}
    for name, value in truth.items():
        held = 0
        for tp, p, tn in zip(found.tolist(), positives.tolist(), left.tolist(), strict=True):
            counts = ConfusionCounts(tp, 600 - p - tn, p - tp, tn)
            metric = at_prevalence(name, Sample({}, "", counts=counts), 0.3, 0.9)
            assert metric is not None and metric.low is not None and metric.high is not None
            held += metric.low <= value <= metric.high
        # 90 percent within 1 of them: 1.5 standard deviations of 2 000 samples, and what a normal limit is off by.
        assert abs(held / 2000 - 0.9) < 0.02, name


class TestTheCause:
    def verdict(self, name: str, now: Log) -> MetricVerdict:
        return DegradationDetector(BASE.tracker().snapshot(), metrics=[name]).check(now.tracker())[name]

    def test_fewer_positives(self) -> None:
        for name in ("precision", "f1_score", "matthews_correlation", "average_precision"):
            verdict = self.verdict(name, NOW)
            assert (verdict.verdict, verdict.cause) == ("critical", "prevalence"), name
            assert "The change of prevalence explains it" in verdict.sentence
            assert "7.95 percent of the labels are 1, 30.07 percent in the baseline" in verdict.sentence

    def test_a_worse_model(self) -> None:
        worse = Log.of(4, 6000, prevalence=0.3, signal=1.5)
        for name in ("accuracy", "precision", "f1_score", "log_loss", "average_precision"):
            verdict = self.verdict(name, worse)
            assert (verdict.verdict, verdict.cause) == ("critical", "model"), name
        assert self.verdict("recall", worse).cause == "model"

    def test_both(self) -> None:
        verdict = self.verdict("precision", Log.of(5, 20_000, prevalence=0.08, signal=1.5))
        assert (verdict.verdict, verdict.cause) == ("critical", "both")

    def test_a_gain_may_come_from_it_too(self) -> None:
        verdict = self.verdict("negative_predictive_value", NOW)
        assert (verdict.verdict, verdict.cause) == ("improved", "prevalence")

    def test_nothing_to_explain(self) -> None:
        verdict = self.verdict("accuracy", Log.of(6, 20_000, prevalence=0.3))
        assert (verdict.verdict, verdict.cause) == ("ok", None)

    def test_without_counts_it_is_said_why(self) -> None:
        counts = NOW.tracker().snapshot().counts
        pair = (counts.true_positives, counts.true_positives + counts.false_positives)
        verdict = DegradationDetector({"precision": 0.9, "prevalence": 0.3}).check({"precision": pair})["precision"]
        assert verdict.at_baseline_prevalence is not None and verdict.cause is None
        assert verdict.at_baseline_prevalence.reason == "the current metrics have no counts"
        assert "prevalence" not in verdict.sentence

    def test_a_prevalence_that_is_given(self) -> None:
        for entry in ({"prevalence": 0.3}, {"actual_positive_rate": 0.3}, {"prevalence": (30, 100)}):
            detector = DegradationDetector({"precision": 0.65, **entry})
            adjusted = detector.check(NOW.tracker())["precision"].at_baseline_prevalence
            assert adjusted is not None and adjusted.value is not None
            assert adjusted.value == pytest.approx(WEIGHTED["precision"](NOW, weights(NOW, 0.3)), abs=1e-13)
