"""Metrics at another prevalence, against scikit-learn's with rows weighted to that prevalence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from tests.verdict.check.logs import Log
from truthlag import (
    DegradationDetector,
    DegradationReport,
    MetricVerdict,
    ModelPerformanceTracker,
)
from truthlag.metrics import ConfusionCounts
from truthlag.verdict.degradation.masked import loss_at_baseline_prevalence
from truthlag.verdict.degradation.prevalence import at_prevalence, has_moved
from truthlag.verdict.degradation.sample import Sample

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


def counts(positives: int, recall: float, negatives: int, specificity: float) -> ConfusionCounts:
    found, left = round(positives * recall), round(negatives * specificity)
    return ConfusionCounts(found, negatives - left, positives - found, left)


def check(now: ConfusionCounts, *metrics: str, then: Any = None, **options: Any) -> DegradationReport:
    baseline = counts(2_400, 0.85, 5_600, 0.95) if then is None else then
    return DegradationDetector(baseline, metrics=metrics or ["accuracy"], **options).check({"confusion_matrix": now})


class TestALossThatIsHidden:
    """Fewer positives, of which fewer are found: the accuracy holds."""

    WORSE = counts(800, 0.60, 7_200, 0.95)

    def test_is_a_warning_that_says_so(self) -> None:
        report = check(self.WORSE)
        verdict = report["accuracy"]
        assert (report.severity, verdict.verdict, verdict.cause) == ("warning", "warning", "masked")
        assert verdict.loss is not None and verdict.loss < (verdict.margin or 0)
        masked = verdict.masked
        assert masked is not None and masked.low is not None and masked.adjusted_p_value is not None
        assert masked.loss == pytest.approx(0.92 - (0.3 * 0.6 + 0.7 * 0.95), abs=1e-12)
        assert masked.low > 0.046 and verdict.verdict_p_value == masked.adjusted_p_value < 1e-20
        assert verdict.sentence == (
            "accuracy is 0.9150, 0.9200 in the baseline: 0.0022 better to 0.0122 worse. The change of prevalence hides a loss: "
            "10 percent of the labels are 1, 30 percent in the baseline; at the baseline's share it would be 0.8450, "
            f"0.0750 worse ({masked.low:.4f} to {masked.high:.4f}), more than chance "
            f"(adjusted p = {masked.adjusted_p_value:.0e}), where 0.0460 is tolerated."
        )
        assert json.loads(json.dumps(report.to_dict()))["verdicts"]["accuracy"]["masked"] == masked.to_dict()
        assert f"{masked.adjusted_p_value:.0e}" in str(report).splitlines()[5]

    def test_a_gain_that_hides_one_is_a_warning_too(self) -> None:
        verdict = check(counts(240, 0.5, 7_760, 0.95))["accuracy"]
        assert verdict.adjusted_gain_p_value is not None and verdict.adjusted_gain_p_value < 1e-3
        assert (verdict.verdict, verdict.cause) == ("warning", "masked")
        assert " better. The change of prevalence hides a loss: 3 percent" in verdict.sentence

    def test_the_limits_are_those_of_a_normal_difference_in_large_samples(self) -> None:
        """Against the plain delta method with the rows of each class as given."""
        then, now = counts(240_000, 0.85, 560_000, 0.95), counts(80_000, 0.60, 720_000, 0.95)
        masked = check(now, then=then)["accuracy"].masked
        assert masked is not None and masked.low is not None and masked.high is not None
        variance = 0.3**2 * (0.85 * 0.15 / 240_000 + 0.6 * 0.4 / 80_000)
        variance += 0.7**2 * (0.95 * 0.05 / 560_000 + 0.95 * 0.05 / 720_000)
        half = stats.norm.ppf(0.95) * math.sqrt(variance)
        # Wilson's limits differ from Wald's by terms of 1 / n.
        assert (masked.low, masked.high) == pytest.approx((0.075 - half, 0.075 + half), abs=2e-5)

    def test_one_that_may_be_chance_leaves_the_verdict_and_is_said(self) -> None:
        report = check(counts(60, 0.68, 600, 0.95), then=counts(150, 0.85, 350, 0.95), alpha=0.001)
        verdict = report["accuracy"]
        assert (verdict.verdict, verdict.cause) == ("ok", "masked")
        assert "The change of prevalence may hide a loss: " in verdict.sentence
        assert "it may be chance (adjusted p = 0.0" in verdict.sentence

    def test_few_rows_of_a_class_have_no_limits(self) -> None:
        verdict = check(counts(20, 0.3, 4_000, 0.95))["accuracy"]
        assert verdict.masked is not None and verdict.masked.low is None and verdict.verdict_p_value is not None
        assert verdict.cause == "masked" and verdict.verdict != "warning"
        assert "how sure that is cannot be told" in verdict.sentence

    def test_at_any_time_it_is_said_and_not_proven(self) -> None:
        tracker = ModelPerformanceTracker("fraud", retention=None)
        actuals = np.arange(8_000) < 800
        found = np.where(actuals, np.arange(8_000) < 480, np.arange(8_000) % 20 == 0)
        tracker.log_predictions(np.arange(8_000), found, timestamps=1_700_000_000 + np.arange(8_000))
        tracker.log_ground_truths(np.arange(8_000), actuals, timestamps=1_700_100_000 + np.arange(8_000))
        detector = DegradationDetector(counts(2_400, 0.85, 5_600, 0.95), metrics=["accuracy"])
        verdict = detector.check(tracker, evidence="any time")["accuracy"]
        assert (verdict.verdict, verdict.cause) == ("ok", "masked")
        assert "The change of prevalence may hide a loss: 10 percent" in verdict.sentence

    def test_losses_by_class_hide_one_too(self) -> None:
        # Fewer positives, and scores that part the classes less.
        before, now = Log.of(1, 6_000, prevalence=0.3, signal=1.5), Log.of(9, 20_000, prevalence=0.08, signal=0.8)
        detector = DegradationDetector(before.tracker().snapshot(), metrics=["log_loss", "brier_score"])
        report = detector.check(now.tracker())
        for verdict in report.verdicts.values():
            assert (verdict.verdict, verdict.cause) == ("warning", "masked"), verdict.name
            assert verdict.masked is not None and verdict.masked.low is not None and verdict.masked.low > 0

    def test_a_baseline_without_counts(self) -> None:
        exact = check(self.WORSE, then={"accuracy": 0.92, "prevalence": 0.3})["accuracy"].masked
        counted = check(self.WORSE, then={"accuracy": (7_360, 8_000), "prevalence": (30, 100)})["accuracy"].masked
        assert exact is not None and counted is not None and exact.low is not None and counted.low is not None
        # A share of 100 rows is known to within 8 points, each of which is worth 0.35 of one here; the rest is the baseline's own.
        noise = stats.norm.ppf(0.95) ** 2 * (0.35**2 * 0.3 * 0.7 / 100 + 0.92 * 0.08 / 8_000)
        # Wilson's lower limit of 30 of 100 is at .231, Wald's at .225: 1.18 times as far, squared.
        assert (0.075 - counted.low) ** 2 - (0.075 - exact.low) ** 2 == pytest.approx(noise, rel=0.2)

    def test_it_is_asked_only_where_the_prevalence_has_changed(self) -> None:
        """Which is found in 5 percent of cases where it has not, and in nearly all where it has."""
        random, runs = np.random.default_rng(5), 1_000
        moved = {0.3: 0, 0.35: 0}
        for share in moved:
            for _ in range(runs):
                positives, held = int(random.binomial(3_000, share)), int(random.binomial(8_000, 0.3))
                then = Sample.of_counts(counts(held, 0.85, 8_000 - held, 0.95))
                moved[share] += has_moved(
                    Sample.of_counts(counts(positives, 0.85, 3_000 - positives, 0.95)), then, 0.05
                )
        assert abs(moved[0.3] / runs - 0.05) < 3 * math.sqrt(0.05 * 0.95 / runs)
        assert moved[0.35] / runs > 0.99


def drawn(
    random: Any, positives: int, negatives: int, recall: float = 0.85, specificity: float = 0.95
) -> ConfusionCounts:
    found, left = int(random.binomial(positives, recall)), int(random.binomial(negatives, specificity))
    return ConfusionCounts(found, negatives - left, positives - found, left)


@pytest.mark.parametrize("name", ["accuracy", "f1_score", "precision"])
@pytest.mark.parametrize(("recall", "specificity"), [(0.85, 0.95), (0.97, 0.9), (0.6, 0.99)])
def test_few_positives_against_a_large_baseline(name: str, recall: float, specificity: float) -> None:
    """The test of a loss at the baseline's prevalence by itself: false alarms within 1.2 times its level, and power."""
    random, runs = np.random.default_rng(8), 400
    alarms = found = 0
    for _ in range(runs):
        then = Sample.of_counts(drawn(random, 2_400, 5_600, recall, specificity))
        for share in (recall, recall - 0.3):
            now = Sample.of_counts(drawn(random, 50, 2_000, share, specificity))
            test = loss_at_baseline_prevalence(name, now, then, higher_is_better=True)
            assert test is not None
            # The lower limit at .95 is above 0 where the p-value is below .05.
            is_alarm = test.interval(0.9)[0] > 0
            alarms, found = (alarms + is_alarm, found) if share == recall else (alarms, found + is_alarm)
    assert alarms / runs <= 0.06 + 3 * math.sqrt(0.06 * 0.94 / runs)
    # Of a precision a lower recall takes little.
    assert found / runs >= (0.9 if name != "precision" else 0.1)


@pytest.mark.parametrize("metrics", [("accuracy",), ("accuracy", "recall", "f1_score", "precision")])
@pytest.mark.parametrize("prevalence", [0.3, 0.2, 0.05])
def test_false_alarms_stay_within_alpha_where_the_model_stays(metrics: tuple[str, ...], prevalence: float) -> None:
    """Recall .85 and specificity .95 as in the baseline, no margin; metrics that the prevalence makes worse have lost."""
    random = np.random.default_rng(int(1_000 * prevalence) + len(metrics))
    # Rows enough for the score test, which is a hundred times as fast as the exact one.
    runs, alarms, before, rows = 400, 0, 20_000, 30_000
    judged = {"accuracy", "recall"} if prevalence < 0.3 else set(metrics)
    for _ in range(runs):
        sides = []
        for n, share in ((before, 0.3), (rows, prevalence)):
            positives = int(random.binomial(n, share))
            sides.append(drawn(random, positives, n - positives))
        report = check(sides[1], *metrics, then=sides[0], margins=0.0)
        alarms += bool(judged & set(report.alarms))
    # 1.2 alpha, and three standard errors of a share of that in so many runs.
    assert alarms / runs <= 0.06 + 3 * math.sqrt(0.06 * 0.94 / runs)
