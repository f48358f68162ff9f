"""Metrics of pairs against scikit-learn, and their variances against the jackknife, which knows no formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import PairedRows, compare_paired
from truthlag.verdict.abtest.paired.metrics import MEANS, OF_CELLS, RATES, contrast_of
from truthlag.verdict.abtest.paired.scalar_metrics import average_precision

METRICS = [*RATES, *OF_CELLS, *MEANS, "roc_auc"]


def made(n: int = 240, *, seed: int = 5, ties: bool = True, clusters: int | None = None) -> PairedRows:
    random = np.random.default_rng(seed)
    labels = (random.random(n) < 0.35).astype(int)
    shared = random.normal(size=n)
    scores = [1 / (1 + np.exp(-(1.2 * labels - 0.6 + shared + 0.7 * random.normal(size=n)))) for _ in range(2)]
    if ties:
        scores = [np.round(one, 1) for one in scores]
    return PairedRows(
        labels=labels,
        control_predictions=(scores[0] >= 0.5).astype(int),
        treatment_predictions=(scores[1] >= 0.55).astype(int),
        control_scores=scores[0],
        treatment_scores=scores[1],
        cluster=None if clusters is None else random.integers(clusters, size=n),
    )


def without(rows: PairedRows, keep: np.ndarray) -> PairedRows:
    return PairedRows(
        **{
            name: getattr(rows, name)[keep]
            for name in (
                "labels",
                "control_predictions",
                "treatment_predictions",
                "control_scores",
                "treatment_scores",
            )
        }
    )


@pytest.mark.parametrize("metric", METRICS)
def test_values(metric: str) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rows = made()
    named = {
        "accuracy": lambda y, d, s: sklearn.accuracy_score(y, d),
        "recall": lambda y, d, s: sklearn.recall_score(y, d),
        "specificity": lambda y, d, s: sklearn.recall_score(y, d, pos_label=0),
        "precision": lambda y, d, s: sklearn.precision_score(y, d),
        "negative_predictive_value": lambda y, d, s: sklearn.precision_score(y, d, pos_label=0),
        "f1_score": lambda y, d, s: sklearn.f1_score(y, d),
        "f_half_score": lambda y, d, s: sklearn.fbeta_score(y, d, beta=0.5),
        "f2_score": lambda y, d, s: sklearn.fbeta_score(y, d, beta=2),
        "balanced_accuracy": lambda y, d, s: sklearn.balanced_accuracy_score(y, d),
        "matthews_correlation": lambda y, d, s: sklearn.matthews_corrcoef(y, d),
        "cohen_kappa": lambda y, d, s: sklearn.cohen_kappa_score(y, d),
        "brier_score": lambda y, d, s: sklearn.brier_score_loss(y, s),
        "log_loss": lambda y, d, s: -np.log(np.maximum(np.where(y == 1, s, 1 - s), 2.0**-52)).mean(),
        "roc_auc": lambda y, d, s: sklearn.roc_auc_score(y, s),
    }
    result = compare_paired(rows, metric=metric)
    for arm, side in ((result.control, "control"), (result.treatment, "treatment")):
        expected = named[metric](rows.labels, getattr(rows, f"{side}_predictions"), getattr(rows, f"{side}_scores"))
        assert arm.estimate == pytest.approx(expected, abs=1e-13)
    assert result.direction == ("lower" if metric in MEANS else "higher")


def test_average_precision() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rows = made()
    for scores in (rows.control_scores, rows.treatment_scores):
        expected = sklearn.average_precision_score(rows.labels, scores)
        assert average_precision(rows.labels, scores) == pytest.approx(expected, abs=1e-13)
    assert math.isnan(average_precision(np.zeros(3), np.ones(3)))


@pytest.mark.parametrize("clusters", [None, 60])
@pytest.mark.parametrize("metric", METRICS)
def test_variances_by_the_jackknife(metric: str, clusters: int | None) -> None:
    rows = made(600, clusters=clusters)
    spread = contrast_of(rows, metric).spread()
    where = np.arange(len(rows)) if clusters is None else rows.cluster
    units = np.unique(where)
    left_out = np.array(
        [
            (found.control, found.treatment)
            for unit in units
            for found in [contrast_of(without(rows, where != unit), metric)]
        ]
    )
    centred = left_out - left_out.mean(axis=0)
    covariance = centred.T @ centred * (len(units) - 1) / len(units)
    apart = centred[:, 1] - centred[:, 0]
    # Both estimate the same to first order; they are apart by about one part in the number of units.
    wide = 0.02 if clusters is None else 0.08
    assert spread.control == pytest.approx(covariance[0, 0], rel=wide)
    assert spread.treatment == pytest.approx(covariance[1, 1], rel=wide)
    assert spread.difference == pytest.approx(apart @ apart * (len(units) - 1) / len(units), rel=wide)
    assert spread.difference == pytest.approx(spread.control + spread.treatment - 2 * spread.covariance, rel=1e-10)


@pytest.mark.parametrize("metric", METRICS)
def test_rows_that_are_clusters_of_their_own(metric: str) -> None:
    rows = made()
    own = PairedRows(
        **{name: getattr(rows, name) for name in rows.__slots__ if name not in ("cluster", "times")},
        cluster=np.arange(len(rows)),
    )
    plain, clustered = contrast_of(rows, metric).spread(), contrast_of(own, metric).spread()
    # Only the factors for small samples differ, those of two classes and of all rows.
    assert clustered.difference == pytest.approx(plain.difference, rel=0.02)
    assert clustered.units <= len(rows)


@pytest.mark.parametrize("metric", METRICS)
def test_copies_of_rows_are_no_news_when_clustered(metric: str) -> None:
    rows = made()
    names = [name for name in rows.__slots__ if isinstance(getattr(rows, name), np.ndarray)]
    once = PairedRows(**{name: getattr(rows, name) for name in names}, cluster=np.arange(len(rows)))
    thrice = PairedRows(
        **{name: np.tile(getattr(rows, name), 3) for name in names}, cluster=np.tile(np.arange(len(rows)), 3)
    )
    first, second = contrast_of(once, metric), contrast_of(thrice, metric)
    assert second.difference == pytest.approx(first.difference, abs=1e-13)
    # The AUC's factors for small classes are those of the rows, of which there are three times as many.
    wide = 0.02 if metric == "roc_auc" else 1e-10
    assert second.spread().difference == pytest.approx(first.spread().difference, rel=wide)


def test_delong_vector() -> None:
    entry = vector("delong_paired_lcg51")
    given, expected = entry["inputs"], entry["expected"]
    rows = PairedRows(labels=given["y"], control_scores=given["score_b"], treatment_scores=given["score_a"])
    result = compare_paired(rows, metric="roc_auc", mode="fixed")
    assert agrees(result.treatment.estimate, entry, expected["auc_a"])
    assert agrees(result.control.estimate, entry, expected["auc_b"])
    assert agrees(result.treatment.standard_error, entry, expected["se_a"])
    assert agrees(result.control.standard_error, entry, expected["se_b"])
    assert agrees(contrast_of(rows, "roc_auc").spread().covariance, entry, expected["cov"][0][1])
    assert agrees(result.difference, entry, expected["diff"])
    assert agrees(result.standard_error, entry, expected["se_diff"])
    assert agrees(result.difference / result.standard_error, entry, expected["z"])
    assert agrees(result.p_value, entry, expected["pvalue"])


def test_delong_by_counting() -> None:
    rows = made(80)
    up, down = rows.labels == 1, rows.labels == 0
    covariances = []
    for components in ("positive", "negative"):
        found = []
        for scores in (rows.control_scores, rows.treatment_scores):
            wins = (scores[up][:, None] > scores[down]) + 0.5 * (scores[up][:, None] == scores[down])
            found.append(wins.mean(axis=1 if components == "positive" else 0))
        covariances.append(np.cov(found) / len(found[0]))
    expected = sum(covariances)
    spread = contrast_of(rows, "roc_auc").spread()
    assert [spread.control, spread.covariance, spread.treatment] == pytest.approx(
        [expected[0, 0], expected[0, 1], expected[1, 1]], rel=1e-12
    )


def test_means_are_the_paired_t_test() -> None:
    rows = made()
    result = compare_paired(rows, metric="brier_score", mode="fixed")
    losses = [(scores - rows.labels) ** 2 for scores in (rows.treatment_scores, rows.control_scores)]
    theirs = stats.ttest_rel(*losses)
    assert result.p_value == pytest.approx(theirs.pvalue, rel=1e-11)
    low, high = theirs.confidence_interval()
    assert result.difference_interval == pytest.approx((low, high), rel=1e-11)


def test_arrays_of_values() -> None:
    random = np.random.default_rng(7)
    before = random.lognormal(size=300)
    now = before * random.lognormal(0.05, 0.1, size=300)
    result = compare_paired(before, now, metric="latency", direction="lower", mode="fixed")
    theirs = stats.ttest_rel(now, before)
    assert result.metric == "latency" and result.verdict == "worse"
    assert result.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    binary = compare_paired(before > 1, now > 1, metric="slow", mode="fixed")
    assert binary.control_only is not None and "McNemar" in binary.method


def test_clustered_means_are_those_of_statsmodels() -> None:
    regression = pytest.importorskip("statsmodels.api")
    rows = made(300, clusters=40)
    result = compare_paired(rows, metric="brier_score", mode="fixed")
    apart = (rows.treatment_scores - rows.labels) ** 2 - (rows.control_scores - rows.labels) ** 2
    fitted = regression.OLS(apart, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": rows.cluster}, use_t=True)
    # Theirs has (n - 1) / (n - k) beside, which is 1 for a mean.
    assert result.standard_error == pytest.approx(fitted.bse[0], rel=1e-10)
    assert result.p_value == pytest.approx(fitted.pvalues[0], rel=1e-8)
    assert result.unit == "clusters" and result.units == 40


@pytest.mark.parametrize("method", ["delta", "log"])
def test_relative_differences_know_what_the_models_share(method: str) -> None:
    rows = made(2_000)
    result = compare_paired(rows, metric="brier_score", mode="fixed", relative_method=method)
    random = np.random.default_rng(8)
    losses = [(scores - rows.labels) ** 2 for scores in (rows.control_scores, rows.treatment_scores)]
    draws = []
    for _ in range(2_000):
        chosen = random.integers(2_000, size=2_000)
        draws.append(losses[1][chosen].mean() / losses[0][chosen].mean() - 1)
    low, high = result.relative_interval
    # 2 000 draws tell a standard deviation to 1.6 percent.
    assert (high - low) / 2 / 1.96 == pytest.approx(np.std(draws), rel=0.06)
    assert result.relative_difference == pytest.approx(result.difference / result.control.estimate)
