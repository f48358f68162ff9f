"""What a comparison of pairs answers to all kinds of questions, and to data of which little can be said."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.verdict.abtest.paired.test_paired_metrics import METRICS, made
from truthlag.abtest import Comparison, PairedComparison, PairedRows, compare, compare_paired, disagreement


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("clusters", [None, 30])
def test_there_and_back(metric: str, mode: str, clusters: int | None) -> None:
    result = compare_paired(made(clusters=clusters), metric=metric, mode=mode)
    assert isinstance(result, Comparison)
    back = PairedComparison.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert back == result
    assert str(result).startswith(metric) and "pairs" in str(result)
    assert result.verdict in result._repr_html_() and "correlation" in result._repr_html_()
    low, high = result.difference_interval
    assert (low <= 0 <= high) == (result.p_value > 0.05)
    assert low < result.difference < high
    assert (result.e_value is None) == (mode == "fixed")


@pytest.mark.parametrize("metric", METRICS)
def test_the_same_model_twice(metric: str) -> None:
    rows = made()
    same = PairedRows(
        labels=rows.labels,
        control_predictions=rows.control_predictions,
        treatment_predictions=rows.control_predictions,
        control_scores=rows.control_scores,
        treatment_scores=rows.control_scores,
    )
    for mode in ("fixed", "confidence_sequence"):
        result = compare_paired(same, metric=metric, mode=mode)
        assert result.verdict == "undecided" and result.difference == 0.0
        assert result.reasons


@pytest.mark.parametrize("metric", [*METRICS, "average_precision"])
@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize(
    "labels", [[], [None], [None] * 3, [1], [1, None], [1, 1], [0, 0, 0], [1, 0], [1, 0, 1], [1, 1, 0, 0]]
)
def test_little_to_go_by(metric: str, mode: str, labels: list[int | None], clustered: bool) -> None:
    n = len(labels)
    rows = PairedRows(
        labels=labels,
        control_predictions=[1] * n,
        treatment_predictions=[one or 0 for one in labels],
        control_scores=[0.5] * n,
        treatment_scores=[0.5 + 0.4 * (one or 0) for one in labels],
        cluster=["one"] * n if clustered else None,
    )
    result = compare_paired(rows, metric=metric, mode=mode, resamples=100)
    assert result.verdict == "undecided"
    assert result.reasons and all(result.reasons)
    json.dumps(result.to_dict(), allow_nan=False)
    assert str(result)


def test_perfect_against_useless() -> None:
    labels = np.tile([0, 1], 200)
    rows = PairedRows(
        labels=labels,
        control_predictions=1 - labels,
        treatment_predictions=labels,
        control_scores=1.0 - labels,
        treatment_scores=labels.astype(float),
    )
    assert compare_paired(rows, mode="fixed").verdict == "better"
    assert compare_paired(rows).verdict == "better"
    low, high = compare_paired(rows).difference_interval
    assert 0.8 < low < high <= 1.0
    for metric in ("brier_score", "roc_auc", "log_loss"):
        result = compare_paired(rows, metric=metric)
        assert result.verdict == "undecided" and "no spread" in result.reasons[0]


def test_labels_that_are_missing() -> None:
    rows = PairedRows(labels=[1, 0, None, None], control_predictions=[1, 0, 1, 1], treatment_predictions=[1, 1, 1, 0])
    result = compare_paired(rows)
    assert (result.pairs, result.labelled_pairs, result.disagreements) == (4, 2, 2)
    assert result.bounds == (-0.5, 0.0)
    assert any("2 of 4 pairs (50%)" in reason for reason in result.reasons)


@pytest.mark.parametrize("metric", ["accuracy", "brier_score", "log_loss"])
def test_bounds_hold_whatever_the_labels_are(metric: str) -> None:
    random = np.random.default_rng(11)
    known = random.random(8) < 0.4
    scores = random.random((2, 8))
    columns = {
        "control_predictions": scores[0] > 0.5,
        "treatment_predictions": scores[1] > 0.5,
        "control_scores": scores[0],
        "treatment_scores": scores[1],
    }
    truth = random.integers(0, 2, 8)
    low, high = compare_paired(
        PairedRows(labels=np.where(known, truth, np.nan), **columns), metric=metric, mode="fixed"
    ).bounds
    differences = []
    for number in range(256):
        labels = np.where(known, truth, [number >> place & 1 for place in range(8)])
        differences.append(compare_paired(PairedRows(labels=labels, **columns), metric=metric).difference)
    assert low == pytest.approx(min(differences), abs=1e-12)
    assert high == pytest.approx(max(differences), abs=1e-12)


def test_questions() -> None:
    rows = made(2_000)
    result = compare_paired(rows, metric="brier_score", hypothesis="non_inferiority", margin=0.05)
    assert result.verdict == "non_inferior" and result.confidence == pytest.approx(0.9)
    relative = compare_paired(
        rows, metric="brier_score", hypothesis="equivalence", margin=0.5, scale="relative", mode="fixed"
    )
    assert relative.verdict == "equivalent" and "relative scale" in relative.method
    planned = compare_paired(rows, metric="brier_score", mode="fixed", planned_n=5_000)
    assert planned.verdict == "undecided" and planned.additional_n == 3_000
    one_sided = compare_paired(rows, metric="roc_auc", alternative="less")
    assert one_sided.difference_interval[0] == -np.inf


def test_pairs_need_fewer_labels() -> None:
    rows = made(4_000, ties=False)
    result = compare_paired(rows, metric="brier_score", mode="fixed")
    losses = [(scores - rows.labels) ** 2 for scores in (rows.control_scores, rows.treatment_scores)]
    apart = compare(losses[0][:2_000], losses[1][2_000:], mode="fixed")
    # The rows that two arms would have for the same labels: half of them each.
    assert (apart.standard_error / result.standard_error) ** 2 == pytest.approx(result.label_ratio, rel=0.1)
    assert result.label_ratio > 4


class TestBootstrap:
    def test_like_the_formula(self) -> None:
        for clusters in (None, 80):
            rows = made(600, clusters=clusters)
            for metric in ("brier_score", "f1_score", "roc_auc"):
                plain = compare_paired(rows, metric=metric, mode="fixed")
                drawn = compare_paired(rows, metric=metric, mode="fixed", method="bootstrap")
                # 1 000 draws tell a standard deviation to 2.2 percent.
                assert drawn.standard_error == pytest.approx(plain.standard_error, rel=0.09)
                assert drawn.difference_interval == pytest.approx(
                    plain.difference_interval, abs=0.35 * plain.standard_error
                )
                assert drawn.label_ratio == pytest.approx(plain.label_ratio, rel=0.25)

    def test_seeds(self) -> None:
        rows = made()
        first, again, other = (compare_paired(rows, metric="average_precision", seed=seed) for seed in (1, 1, 2))
        assert first == again and first.standard_error != other.standard_error
        assert "bootstrap" in first.method

    def test_blocks_see_what_hangs_together(self) -> None:
        random = np.random.default_rng(12)
        level = np.repeat(random.normal(size=100), 20)
        before, now = random.normal(size=2_000), random.normal(size=2_000) + level
        plain, blocks = (
            compare_paired(before, now, metric="x", method="bootstrap", block=block, mode="fixed")
            for block in (None, 40.0)
        )
        clusters = compare_paired(before, now, metric="x", cluster=np.repeat(np.arange(100), 20), mode="fixed")
        assert blocks.standard_error > 2 * plain.standard_error
        assert blocks.standard_error == pytest.approx(clusters.standard_error, rel=0.25)

    def test_functions(self) -> None:
        rows = made()

        def cost(predictions, labels, scores):
            return np.where(predictions > labels, 1.0, np.where(predictions < labels, 5.0, 0.0))

        def median_score(predictions, labels, scores):
            return float(np.median(scores[labels == 1]))

        by_row = compare_paired(rows, metric=cost, direction="lower", mode="fixed")
        assert by_row.metric == "cost" and by_row.method == "paired t test"
        assert by_row.control.estimate == pytest.approx(
            cost(rows.control_predictions, rows.labels, None).mean(), abs=1e-14
        )
        whole = compare_paired(rows, metric=median_score, mode="fixed", resamples=200)
        assert whole.method == "paired bootstrap"
        assert whole.control.estimate == median_score(None, rows.labels, rows.control_scores)

        def some(predictions, labels, scores):
            return np.where(labels == 1, scores, np.nan)

        assert compare_paired(rows, metric=some).control.n == int(rows.labels.sum())
        with pytest.raises(ValueError, match="metric must give one number, or one for each"):
            compare_paired(rows, metric=lambda predictions, labels, scores: np.zeros(3))

    def test_clusters_drawn_whole(self) -> None:
        rows = made(300, clusters=25)
        result = compare_paired(rows, metric="average_precision", mode="fixed", resamples=200)
        assert result.unit == "clusters" and result.units == 25 and "of clusters" in result.method
        with pytest.raises(ValueError, match="block must be None where there are clusters"):
            compare_paired(rows, metric="average_precision", block=5)


class TestErrors:
    def test_arguments(self) -> None:
        rows = made()
        with pytest.raises(ValueError, match="metric must be one of 'accuracy'"):
            compare_paired(rows, metric="accurracy")
        with pytest.raises(TypeError, match="metric must be the name of a metric or a function"):
            compare_paired(rows, metric=3)
        with pytest.raises(ValueError, match="cluster must be None for PairedRows"):
            compare_paired(rows, cluster="state")
        with pytest.raises(ValueError, match="method must be None or 'bootstrap'"):
            compare_paired(rows, metric="roc_auc", method="exact")
        with pytest.raises(ValueError, match="resamples must be an int from 100"):
            compare_paired(rows, resamples=10)
        with pytest.raises(ValueError, match="treatment must have a value for each of the 2 rows"):
            compare_paired([1.0, 2.0], [1.0])
        with pytest.raises(ValueError, match=r"treatment\[1\] must be a finite number"):
            compare_paired([1.0, 2.0], [1.0, float("nan")], metric="x")

    def test_what_the_rows_do_not_have(self) -> None:
        decisions = PairedRows(labels=[1, 0], control_predictions=[1, 0], treatment_predictions=[1, 1])
        scores = PairedRows(labels=[1, 0], control_scores=[0.5, 0.4], treatment_scores=[0.5, 2.0])
        with pytest.raises(ValueError, match="metric must be one of decisions"):
            compare_paired(decisions, metric="roc_auc")
        with pytest.raises(ValueError, match="metric must be one of scores"):
            compare_paired(scores, metric="f1_score")
        assert "outside 0 to 1" in compare_paired(scores, metric="brier_score").reasons[0]
        with pytest.raises(ValueError, match="rows must have decisions"):
            disagreement(scores)


class TestDisagreement:
    def test_without_any_label(self) -> None:
        rows = PairedRows(
            labels=[None] * 1_000, control_predictions=[0] * 1_000, treatment_predictions=[1] * 30 + [0] * 970
        )
        found = disagreement(rows)
        assert found.rate == 0.03 and found.bounds == (-0.03, 0.03) and found.labels_needed == 30
        assert found.largest_difference == found.interval[1] > disagreement(rows, mode="fixed").interval[1]
        json.dumps(found.to_dict(), allow_nan=False)
        assert "30 of 1,000" in str(found)

    def test_covers_at_any_time(self) -> None:
        random = np.random.default_rng(13)
        ever = 0
        for _ in range(300):
            differs = np.cumsum(random.random(600) < 0.1)
            ever += any(
                not low <= 0.1 <= high
                for n in range(20, 601, 20)
                for low, high in [
                    disagreement(
                        PairedRows(
                            labels=[None] * n,
                            control_predictions=[0] * n,
                            treatment_predictions=np.arange(n) < differs[n - 1],
                        )
                    ).interval
                ]
            )
        # At most .05, and three standard errors of 300 runs.
        assert ever / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5

    def test_clusters_widen(self) -> None:
        differs = np.repeat(np.random.default_rng(14).random(50) < 0.2, 20)
        columns = {"labels": [None] * 1_000, "control_predictions": [0] * 1_000, "treatment_predictions": differs}
        plain = disagreement(PairedRows(**columns), mode="fixed")
        clustered = disagreement(PairedRows(**columns, cluster=np.repeat(np.arange(50), 20)), mode="fixed")
        assert clustered.clusters == 50 and clustered.mode == "fixed"
        width = [one.interval[1] - one.interval[0] for one in (plain, clustered)]
        assert width[1] / width[0] == pytest.approx(20**0.5, rel=0.15)

    def test_empty(self) -> None:
        found = disagreement(PairedRows(labels=[], control_predictions=[], treatment_predictions=[]))
        assert found.rate is None and found.interval is None and str(found) == "no pairs"
