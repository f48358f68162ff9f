"""Every value against scikit-learn, on 10 000 samples of ten sizes.

Tolerances come from the arithmetic:

- counts are exact, and a ratio of them is rounded a few times on either side: `ROUNDINGS` units in the last place;
- scikit-learn adds up the curves in floats, one rounding a row;
- scores are summed as integers of 2^-40, each within 2^-41 of the score. A mean moves by no more than that, neither does
  a standard deviation (it is a distance from the mean: moving each row by d moves it by at most d); the Brier score has
  slope 2 |score - label| <= 2;
- a row's log loss is rounded to 2^-40 and its logarithm is good to 4 units in the last place of max(1, |ln|) <= 36.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import sklearn
from sklearn import metrics as reference

from tests.metrics.cases import Cases, make_cases

EPSILON = float(np.finfo(np.float64).eps)
ROUNDINGS = 32 * EPSILON
GRID = 2.0**-41
SIZES = (1, 2, 3, 4, 6, 9, 14, 22, 35, 60)
CASES = 1_000


@pytest.fixture(scope="module", params=SIZES)
def sample(request: pytest.FixtureRequest) -> tuple[Cases, dict[str, np.ndarray]]:
    """Samples of one size, and what the library says of each, NaN where undefined."""
    cases = make_cases(request.param, CASES, seed=1)
    snapshots = [cases.snapshot(case, exact=True) for case in range(cases.count)]
    names = list(snapshots[0].metrics)
    values = {
        name: np.array([math.nan if (value := getattr(snapshot, name)) is None else value for snapshot in snapshots])
        for name in names
    }
    for snapshot in snapshots:
        assert all((metric.value is None) <= (metric.reason is not None) for metric in snapshot.metrics.values())
    return cases, values


def agree(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    assert ours.shape == theirs.shape
    far = ~(np.abs(ours - theirs) <= tolerance)
    assert not far.any(), (np.flatnonzero(far)[:5], ours[far][:5], theirs[far][:5])


def test_precision_recall_and_f(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    for beta, name in ((1.0, "f1_score"), (0.5, "f_half_score"), (2.0, "f2_score")):
        precision, recall, f_score, _ = reference.precision_recall_fscore_support(
            cases.labels, cases.decisions, beta=beta, average=None, zero_division=np.nan
        )
        agree(values[name][~np.isnan(values[name])], f_score[~np.isnan(values[name])], ROUNDINGS)
        # Undefined only where nothing is positive, neither decisions nor labels.
        nothing = (cases.labels.sum(axis=0) == 0) & (cases.decisions.sum(axis=0) == 0)
        np.testing.assert_array_equal(np.isnan(values[name]), nothing)
    for name, theirs in (("precision", precision), ("recall", recall)):
        np.testing.assert_array_equal(np.isnan(values[name]), np.isnan(theirs))
        agree(values[name][~np.isnan(theirs)], theirs[~np.isnan(theirs)], ROUNDINGS)


def test_negative_class(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    value, specificity, _, _ = reference.precision_recall_fscore_support(
        1 - cases.labels, 1 - cases.decisions, average=None, zero_division=np.nan
    )
    for name, theirs in (("negative_predictive_value", value), ("specificity", specificity)):
        np.testing.assert_array_equal(np.isnan(values[name]), np.isnan(theirs))
        agree(values[name][~np.isnan(theirs)], theirs[~np.isnan(theirs)], ROUNDINGS)


def test_rates_and_scores(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    size = len(cases.labels)
    agree(values["accuracy"], (cases.labels == cases.decisions).mean(axis=0), ROUNDINGS)
    agree(values["prevalence"], cases.labels.mean(axis=0), ROUNDINGS)
    agree(values["prediction_positive_rate"], cases.decisions.mean(axis=0), ROUNDINGS)
    agree(values["mean_score"], cases.scores.mean(axis=0), GRID + size * EPSILON)
    agree(values["score_std"], cases.scores.std(axis=0), GRID + size * EPSILON)


def test_agreement(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    functions: dict[str, Callable[..., float]] = {
        "balanced_accuracy": reference.balanced_accuracy_score,
        "matthews_correlation": reference.matthews_corrcoef,
        "cohen_kappa": reference.cohen_kappa_score,
    }
    # They are functions of the confusion table alone, so that each table is asked about once.
    known: dict[tuple[str, bytes], float] = {}
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for case in range(cases.count):
            labels, decisions = cases.labels[:, case], cases.decisions[:, case]
            table = np.bincount(2 * labels + decisions, minlength=4).tobytes()
            for name, function in functions.items():
                ours = values[name][case]
                if math.isnan(ours):
                    # scikit-learn says 0, or warns, where there is nothing to say.
                    assert len(set(labels)) == 1 or len(set(decisions)) == 1
                    continue
                if (name, table) not in known:
                    known[name, table] = function(labels, decisions)
                assert abs(ours - known[name, table]) <= ROUNDINGS, (name, case)


def test_ranking(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    size = len(cases.labels)
    positives = cases.labels.sum(axis=0)
    both = (positives > 0) & (positives < size)
    np.testing.assert_array_equal(np.isnan(values["roc_auc"]), ~both)
    np.testing.assert_array_equal(np.isnan(values["average_precision"]), positives == 0)
    if both.sum() > 1:
        labels, scores = cases.labels[:, both], cases.scores[:, both]
        areas = reference.roc_auc_score(labels, scores, average=None)
        agree(values["roc_auc"][both], areas, (size + 8) * EPSILON)
        precisions = reference.average_precision_score(labels, scores, average=None)
        agree(values["average_precision"][both], precisions, (size + 8) * EPSILON)
    assert (values["average_precision"][positives == size] == 1.0).all()


def test_brier_score(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    # The Brier score is the mean squared error of the scores.
    theirs = reference.mean_squared_error(cases.labels.astype(float), cases.scores, multioutput="raw_values")
    agree(values["brier_score"], theirs, 2 * GRID + len(cases.labels) * EPSILON)


def test_log_loss(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        theirs = np.array(
            [
                reference.log_loss(cases.labels[:, case], cases.scores[:, case], labels=[0, 1])
                for case in range(cases.count)
            ]
        )
    logarithm = 4 * 36.1 * EPSILON
    agree(values["log_loss"], theirs, GRID + logarithm + len(cases.labels) * 36.1 * EPSILON)


def test_expected_calibration_error(sample: tuple[Cases, dict[str, np.ndarray]]) -> None:
    cases, values = sample
    size = len(cases.labels)
    # scikit-learn has no such number. A bin holds its lower end, the last one both.
    bins = np.minimum((cases.scores * 10).astype(int), 9)
    gaps = np.zeros(cases.count)
    for index in range(10):
        inside = bins == index
        gaps += np.abs((inside * cases.scores).sum(axis=0) - (inside * cases.labels).sum(axis=0)) / size
    agree(values["expected_calibration_error"], gaps, GRID + size * EPSILON)
