"""Ranking metrics from bins: the exact value lies within the certified bound, on small samples and on a large one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from tests.metrics.cases import make_cases, snapshot_of

EPSILON = float(np.finfo(np.float64).eps)


@pytest.mark.parametrize("size", [1, 2, 5, 17, 80])
def test_bounds_hold(size: int) -> None:
    cases = make_cases(size, 300, seed=2)
    for case in range(cases.count):
        exact, binned = cases.snapshot(case, exact=True), cases.snapshot(case)
        assert exact.exact
        assert not binned.exact
        for name in ("roc_auc", "average_precision"):
            true, estimate = exact.metrics[name], binned.metrics[name]
            assert (true.value is None) == (estimate.value is None)
            if true.value is None or estimate.value is None:
                continue
            assert true.error_bound == 0.0
            assert estimate.error_bound is not None
            assert abs(true.value - estimate.value) <= estimate.error_bound + (size + 8) * EPSILON, (name, case)
        # Everything else does not depend on ranks; the interval of score_std only widens.
        for name, metric in exact.metrics.items():
            if name not in {"roc_auc", "average_precision", "score_std"}:
                assert metric == binned.metrics[name]
        assert exact.score_std == binned.score_std


def test_the_interval_of_bins_holds_the_exact_one() -> None:
    cases = make_cases(60, 300, seed=3)
    for case in range(cases.count):
        true, estimate = (cases.snapshot(case, exact=exact).metrics["roc_auc"].interval for exact in (True, False))
        if true is None or estimate is None:
            assert true == estimate
        elif true[1] - true[0] > 0 and cases.snapshot(case, exact=True).roc_auc not in (0.0, 1.0):
            assert estimate[0] <= true[0] + 1e-12
            assert estimate[1] >= true[1] - 1e-12


def test_many_rows_of_rare_events() -> None:
    random = np.random.default_rng(4)
    labels = (random.random(200_000) < 0.01).astype(int)
    scores = 1 / (1 + np.exp(-random.normal(-5 + 1.5 * labels, 1.2)))
    binned = snapshot_of(labels, scores > 0.5, scores)
    exact = snapshot_of(labels, scores > 0.5, scores, exact=True)
    area = reference.roc_auc_score(labels, scores)
    precision = reference.average_precision_score(labels, scores)
    assert abs(exact.metrics["roc_auc"].value - area) <= 1e-12
    assert abs(exact.metrics["average_precision"].value - precision) <= 1e-12
    for name, true in (("roc_auc", area), ("average_precision", precision)):
        metric = binned.metrics[name]
        assert abs(metric.value - true) <= metric.error_bound + 1e-12
    # Seven bits of mantissa leave few pairs unknown.
    assert binned.metrics["roc_auc"].error_bound < 0.002
    assert abs(binned.roc_auc - area) < 1e-4


def test_scores_outside_of_the_unit_interval() -> None:
    random = np.random.default_rng(5)
    labels = random.integers(0, 2, 500)
    scores = random.normal(3.0 * labels, 4.0)
    for exact in (True, False):
        snapshot = snapshot_of(labels, labels, scores, exact=exact)
        metric = snapshot.metrics["roc_auc"]
        assert abs(metric.value - reference.roc_auc_score(labels, scores)) <= metric.error_bound + 1e-12
        for name in ("brier_score", "log_loss", "expected_calibration_error"):
            assert snapshot.metrics[name].value is None
            assert "lie outside [0, 1]" in snapshot.metrics[name].reason
        assert snapshot.calibration == ()


def test_curves() -> None:
    random = np.random.default_rng(6)
    labels = random.integers(0, 2, 40)
    scores = np.round(random.random(40), 1)
    snapshot = snapshot_of(labels, labels, scores, exact=True)
    false_positives, true_positives, thresholds = reference.roc_curve(labels, scores, drop_intermediate=False)
    assert [point.false_positive_rate for point in snapshot.roc_curve] == false_positives.tolist()
    assert [point.true_positive_rate for point in snapshot.roc_curve] == true_positives.tolist()
    assert [point.threshold for point in snapshot.roc_curve] == [None, *thresholds[1:].tolist()]
    precision, recall, thresholds = reference.precision_recall_curve(labels, scores)
    curve = snapshot.precision_recall_curve[::-1]
    assert [point.precision for point in curve] == pytest.approx(precision.tolist(), abs=4 * EPSILON)
    assert [point.recall for point in curve] == pytest.approx(recall.tolist(), abs=4 * EPSILON)
    assert [point.threshold for point in curve] == [*thresholds.tolist(), None]


@pytest.mark.parametrize("exact", [True, False])
def test_long_curves_are_thinned(exact: bool) -> None:
    random = np.random.default_rng(7)
    labels = random.integers(0, 2, 5_000)
    scores = random.normal(0.4 + 0.2 * labels, 0.3)
    snapshot = snapshot_of(labels, labels, scores, exact=exact)
    for curve in (snapshot.roc_curve, snapshot.precision_recall_curve):
        assert 100 < len(curve) <= 256
        assert curve[0].threshold is None
        assert curve[-1].threshold <= scores.min()
        thresholds = [point.threshold for point in curve[1:]]
        assert thresholds == sorted(thresholds, reverse=True)
    # Each point is a true point of the curve, in bins as well.
    for point in snapshot.roc_curve[1::17]:
        decided = scores >= point.threshold
        assert point.true_positive_rate == decided[labels == 1].mean()
        assert point.false_positive_rate == decided[labels == 0].mean()
