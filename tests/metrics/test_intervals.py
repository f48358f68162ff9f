"""Intervals against scipy, against the formulas of the papers in plain numpy, and against their own promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import truthlag
from tests.metrics.cases import make_cases, snapshot_of

CONFIDENCES = (0.5, 0.9, 0.95, 0.999)


def quantile(confidence: float) -> float:
    return float(stats.norm.isf((1 - confidence) / 2))


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_proportions_are_wilsons(confidence: float) -> None:
    cases = make_cases(30, 60, seed=8)
    for case in range(cases.count):
        snapshot = cases.snapshot(case, confidence=confidence)
        counts = snapshot.counts
        parts = {
            "accuracy": counts.true_positives + counts.true_negatives,
            "precision": counts.true_positives,
            "recall": counts.true_positives,
            "specificity": counts.true_negatives,
            "negative_predictive_value": counts.true_negatives,
            "prevalence": counts.true_positives + counts.false_negatives,
            "prediction_positive_rate": counts.true_positives + counts.false_positives,
        }
        for name, part in parts.items():
            metric = snapshot.metrics[name]
            if metric.value is None:
                continue
            expected = stats.binomtest(part, metric.n).proportion_ci(confidence, method="wilson")
            assert metric.interval == pytest.approx((expected.low, expected.high), abs=1e-13), name


def delta_interval(counts: truthlag.PerformanceSnapshot, metric: object, confidence: float) -> tuple[float, float]:
    """The delta method with slopes by differences: an independent and slow way to the same number."""
    table = np.array(
        [counts.true_positives, counts.false_positives, counts.false_negatives, counts.true_negatives], dtype=float
    )
    step = 1e-5 * table.sum()
    slopes = np.array(
        [(metric(*(table + step * unit)) - metric(*(table - step * unit))) / (2 * step) for unit in np.eye(4)]
    )
    variance = table @ slopes**2 - (table @ slopes) ** 2 / table.sum()
    half = quantile(confidence) * math.sqrt(variance)
    return metric(*table) - half, metric(*table) + half


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("table", [(40, 10, 20, 130), (300, 20, 10, 200), (9, 30, 14, 700)])
def test_the_delta_method(table: tuple[int, int, int, int], confidence: float) -> None:
    decisions = np.repeat([1, 1, 0, 0], table)
    labels = np.repeat([1, 0, 1, 0], table)
    snapshot = snapshot_of(labels, decisions, confidence=confidence)

    def f_score(weight: float):
        return lambda tp, fp, fn, _: (1 + weight) * tp / ((1 + weight) * tp + weight * fn + fp)

    def phi(tp: float, fp: float, fn: float, tn: float) -> float:
        return (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))

    def kappa(tp: float, fp: float, fn: float, tn: float) -> float:
        rows = tp + fp + fn + tn
        chance = ((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)) / rows**2
        return ((tp + tn) / rows - chance) / (1 - chance)

    for name, formula in (
        ("f1_score", f_score(1)),
        ("f_half_score", f_score(0.25)),
        ("f2_score", f_score(4)),
        ("matthews_correlation", phi),
        ("cohen_kappa", kappa),
    ):
        low, high = delta_interval(snapshot.counts, formula, confidence)
        # The slopes by differences are good to about 1e-9 of the width.
        assert snapshot.metrics[name].interval == pytest.approx((low, min(high, 1.0)), abs=1e-7), name
    low, high = delta_interval(snapshot.counts, f_score(9), confidence)
    assert snapshot.f_beta(3).interval == pytest.approx((low, high), abs=1e-7)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_areas_are_delongs(confidence: float) -> None:
    random = np.random.default_rng(9)
    for _ in range(20):
        labels = random.permutation(np.repeat([0, 1], [50, 30]))
        scores = np.round(random.normal(0.4 + 0.2 * labels, 0.15), 2)
        up, down = scores[labels == 1], scores[labels == 0]
        won = (up[:, None] > down).astype(float) + (up[:, None] == down) / 2
        error = math.sqrt(won.mean(axis=1).var(ddof=1) / len(up) + won.mean(axis=0).var(ddof=1) / len(down))
        half = quantile(confidence) * error
        metric = snapshot_of(labels, labels, scores, exact=True, confidence=confidence).metrics["roc_auc"]
        expected = max(won.mean() - half, 0.0), min(won.mean() + half, 1.0)
        assert metric.interval == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_means_are_normal(confidence: float) -> None:
    random = np.random.default_rng(10)
    labels = random.integers(0, 2, 200)
    scores = np.clip(random.normal(0.3 + 0.4 * labels, 0.2), 0.01, 0.99)
    snapshot = snapshot_of(labels, labels, scores, confidence=confidence, exact=True)
    rows = {
        "mean_score": scores,
        "brier_score": (scores - labels) ** 2,
        "log_loss": -np.log(np.where(labels == 1, scores, 1 - scores)),
    }
    for name, values in rows.items():
        half = quantile(confidence) * values.std(ddof=1) / math.sqrt(len(values))
        # Rows are rounded to 2^-40, and the width is a square root of a variance of about 0.05.
        assert snapshot.metrics[name].interval == pytest.approx((values.mean() - half, values.mean() + half), abs=1e-11)
    centred = scores - scores.mean()
    variance = (centred**2).mean()
    half = quantile(confidence) * math.sqrt(((centred**4).mean() - variance**2) / len(scores)) / 2 / math.sqrt(variance)
    expected = math.sqrt(variance) - half, math.sqrt(variance) + half
    assert snapshot.metrics["score_std"].interval == pytest.approx(expected, abs=1e-11)


def test_every_interval_holds_its_value_and_grows_with_confidence() -> None:
    for size in (1, 2, 4, 12, 50):
        cases = make_cases(size, 40, seed=11)
        for case in range(cases.count):
            narrower = None
            for confidence in CONFIDENCES:
                snapshot = cases.snapshot(case, confidence=confidence, exact=True)
                assert snapshot.confidence == confidence
                for name, metric in snapshot.metrics.items():
                    if metric.interval is None:
                        assert metric.reason, name
                        continue
                    low, high = metric.interval
                    assert low <= metric.value <= high, (name, metric)
                    assert low < high, (name, metric)
                    if name not in {"mean_score", "score_std", "log_loss"}:
                        assert low >= -1.0, (name, metric)
                        assert high <= 1.0, (name, metric)
                    if narrower is not None:
                        before = narrower.metrics[name].interval
                        assert low <= before[0] + 1e-12, (name, metric)
                        assert high >= before[1] - 1e-12, (name, metric)
                narrower = snapshot


def test_five_right_answers_prove_little() -> None:
    snapshot = snapshot_of([1, 0, 1, 0, 1], [1, 0, 1, 0, 1], [0.9, 0.1, 0.8, 0.2, 0.7], exact=True)
    for name in (
        "accuracy",
        "recall",
        "f1_score",
        "balanced_accuracy",
        "matthews_correlation",
        "cohen_kappa",
        "roc_auc",
    ):
        metric = snapshot.metrics[name]
        assert metric.value == 1.0
        assert metric.high == 1.0
        assert metric.low < 0.8, metric


@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, 2.0, math.nan])
def test_a_level_outside_of_the_open_unit_interval_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        snapshot_of([1], [1], confidence=confidence)


def test_coverage_of_the_intervals() -> None:
    """Draw 400 samples of a known population: the intervals of 90 percent must hold the truth about that often."""
    random = np.random.default_rng(12)
    size, repeats = 300, 400
    # Decision and label by the table .2 .1 .05 .65; scores are normal, a shift apart.
    true = {
        "accuracy": 0.85,
        "f1_score": 0.4 / 0.55,
        "balanced_accuracy": (0.8 + 0.65 / 0.75) / 2,
        "matthews_correlation": (0.2 * 0.65 - 0.1 * 0.05) / math.sqrt(0.3 * 0.25 * 0.75 * 0.7),
        "roc_auc": float(stats.norm.cdf(1.2 / math.sqrt(2))),
        "score_std": math.sqrt(1 + 0.25 * 0.75 * 1.2**2),
    }
    held = dict.fromkeys(true, 0)
    for _ in range(repeats):
        cells = random.choice(4, size, p=[0.2, 0.1, 0.05, 0.65])
        labels = np.isin(cells, [0, 2]).astype(int)
        snapshot = snapshot_of(labels, (cells < 2).astype(int), random.normal(1.2 * labels, 1.0), confidence=0.9)
        for name, value in true.items():
            low, high = snapshot.metrics[name].interval
            held[name] += low <= value <= high
    # Binomial with p = 0.9: four standard deviations either side, and two points for the asymptotics.
    slack = 4 * math.sqrt(0.9 * 0.1 / repeats) + 0.02
    for name, count in held.items():
        assert abs(count / repeats - 0.9) < slack, (name, count / repeats)
