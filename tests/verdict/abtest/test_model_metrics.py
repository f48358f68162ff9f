"""Metrics of a model as arms: against other libraries, and how often equal arms are found different."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from truthlag import ModelPerformanceTracker
from truthlag.abtest import (
    Calibration,
    Comparison,
    Counts,
    FMeasure,
    Known,
    LabelledRows,
    Ratio,
    compare,
    statistic_from_dict,
)
from truthlag.verdict.abtest.difference.bounded import BoundedEffect, bounded_effect


def rows(rng: np.random.Generator, n: int, *, base: float = 0.0, separation: float = 1.0) -> LabelledRows:
    labels = rng.random(n) < 0.3
    logits = rng.normal(separation * (labels - 0.3) + base)
    return LabelledRows(labels, scores=1 / (1 + np.exp(-logits)))


class TestEstimates:
    @pytest.mark.parametrize("seed", range(3))
    def test_as_scikit_learn_has_them(self, seed: int) -> None:
        metrics = pytest.importorskip("sklearn.metrics")
        arm = rows(np.random.default_rng(seed), 500)
        y, s, d = arm.labels, arm.scores, arm.predictions
        expected = {
            "accuracy": metrics.accuracy_score(y, d),
            "recall": metrics.recall_score(y, d),
            "precision": metrics.precision_score(y, d),
            "f1_score": metrics.f1_score(y, d),
            "roc_auc": metrics.roc_auc_score(y, s),
            "brier_score": metrics.brier_score_loss(y, s),
            "log_loss": metrics.log_loss(y, s),
        }
        for name, value in expected.items():
            assert arm.statistic(name).estimate == pytest.approx(value, rel=1e-12), name
            clustered = LabelledRows(y, d, s, cluster=np.arange(500) // 2)
            assert clustered.statistic(name).estimate == pytest.approx(value, rel=1e-12), name

    def test_as_a_tracker_has_them(self) -> None:
        rng = np.random.default_rng(5)
        arms, trackers = [rows(rng, 400), rows(rng, 300, separation=1.5)], []
        for arm in arms:
            tracker = ModelPerformanceTracker("fraud")
            ids = list(range(len(arm.labels)))
            tracker.log_predictions(ids, arm.predictions.astype(int).tolist(), arm.scores.tolist())
            tracker.log_ground_truths(ids, arm.labels.astype(int).tolist())
            trackers.append(tracker)
        for name in ("f1_score", "roc_auc", "brier_score", "recall"):
            first = compare(*arms, metric=name, mode="fixed")
            second = compare(*trackers, metric=name, mode="fixed")
            # A tracker knows scores by bins, and its error of an AUC is the largest that they leave possible.
            tolerance = 0.02 if name == "roc_auc" else 1e-9
            assert second.standard_error == pytest.approx(first.standard_error, rel=tolerance), name
            assert second.difference_interval == pytest.approx(first.difference_interval, rel=tolerance), name
        # Of bins whose middles are within one in 256 of the scores, so that some rows are in another of the ten.
        first, second = (compare(*given, metric="calibration_error", mode="fixed") for given in (arms, trackers))
        assert second.difference == pytest.approx(first.difference, abs=first.standard_error / 2)
        assert second.standard_error == pytest.approx(first.standard_error, rel=0.1)

    def test_one_row_a_cluster_is_no_cluster(self) -> None:
        arm = rows(np.random.default_rng(6), 400)
        alone = LabelledRows(arm.labels, arm.predictions, arm.scores, cluster=np.arange(400))
        for name in ("accuracy", "f1_score", "roc_auc", "brier_score"):
            first, second = arm.statistic(name), alone.statistic(name)
            assert second.standard_error == pytest.approx(first.standard_error, rel=5e-3), name
        costs = {"false_positive": 1.0, "false_negative": 5.0}
        assert alone.cost(**costs).standard_error == pytest.approx(arm.cost(**costs).standard_error, rel=1e-9)

    def test_rows_twice_are_no_more_evidence_by_cluster(self) -> None:
        arm = rows(np.random.default_rng(7), 300)
        twice = [np.repeat(column, 2) for column in (arm.labels, arm.predictions, arm.scores)]
        clustered = LabelledRows(*twice, cluster=np.repeat(np.arange(300), 2))
        for name in ("accuracy", "f1_score", "roc_auc", "log_loss", "precision"):
            again = clustered.statistic(name)
            assert again.n == 300
            assert again.standard_error == pytest.approx(arm.statistic(name).standard_error, rel=1e-2), name

    def test_costs(self) -> None:
        counts = Counts(8, 3, 2, 87)
        mean = counts.cost(false_positive=2, false_negative=7)
        raw = [2.0] * 3 + [7.0] * 2 + [0.0] * 95
        assert mean.estimate == pytest.approx(np.mean(raw), rel=1e-12)
        assert mean.variance == pytest.approx(np.var(raw, ddof=1), rel=1e-12)

    def test_per_class(self) -> None:
        truth, said = list("aabbccca"), list("abbbccaa")
        arm = LabelledRows.of_class(truth, said, "c", cluster=list(range(8)))
        assert isinstance(arm.statistic("recall"), Ratio)
        assert arm.statistic("recall").estimate == pytest.approx(2 / 3)
        assert arm.statistic("precision").estimate == 1.0


class TestNearTheEnds:
    def test_an_auc_of_one_is_not_certain(self) -> None:
        perfect = LabelledRows([1] * 5 + [0] * 20, scores=[0.9] * 5 + [0.1] * 20)
        good = LabelledRows([1] * 100 + [0] * 400, scores=np.linspace(1, 0, 500) ** 2)
        other = LabelledRows([0, 1] * 250, scores=np.linspace(1, 0, 500))
        assert compare(perfect, good, metric="roc_auc", mode="fixed").verdict == "undecided"
        assert compare(perfect, perfect, metric="roc_auc", mode="fixed").verdict == "undecided"
        assert compare(other, good, metric="roc_auc", mode="fixed").verdict == "better"

    def test_limits_stay_in_the_range(self) -> None:
        result = compare(Known(50, 0.99, 0.02, (0.0, 1.0), 12), Known(80, 0.98, 0.03, (0.0, 1.0), 20), mode="fixed")
        low, high = result.difference_interval
        assert -0.99 < low < -0.01 < high < 0.98
        assert (low > 0 or high < 0) == (result.p_value <= 0.05)

    def test_equal_aucs_are_seldom_found_different(self) -> None:
        rng = np.random.default_rng(11)
        runs, found, up = 1500, 0, 0
        for _ in range(runs):
            arms = []
            for positives, negatives in ((20, 80), (80, 320)):
                scores = np.concatenate([rng.normal(2.33, 1, positives), rng.normal(0, 1, negatives)])
                labels = np.repeat([True, False], [positives, negatives])
                arms.append(LabelledRows(labels, np.zeros(len(labels)), scores))
            result = compare(*arms, metric="roc_auc", mode="fixed")
            found += result.is_decided
            up += result.verdict == "better"
        # Three standard errors of the simulation above .05.
        assert found / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)

    @pytest.mark.parametrize(("n", "m", "share"), [(60, 600, 0.9), (100, 1000, 0.97), (400, 400, 0.5)])
    def test_equal_f1_by_enumeration(self, n: int, m: int, share: float) -> None:
        first, second = stats.binom(n, share), stats.binom(m, share)
        size = 0.0
        for k in range(int(first.ppf(1e-5)), n + 1):
            for j in range(int(second.ppf(1e-5)), m + 1):
                chance = first.pmf(k) * second.pmf(j)
                if chance > 1e-7:
                    result = compare(FMeasure(k, n - k, 0), FMeasure(j, 0, m - j), mode="fixed")
                    size += chance * result.is_decided
        assert size <= 0.055


class TestCalibration:
    def test_merging(self) -> None:
        rng = np.random.default_rng(3)
        scores = rng.random(500)
        labels = rng.random(500) < scores
        whole = Calibration.of(labels, scores)
        parts = Calibration.of(labels[:200], scores[:200]) + Calibration.of(labels[200:], scores[200:])
        assert parts.estimate == pytest.approx(whole.estimate, abs=1e-12)
        assert parts.standard_error == pytest.approx(whole.standard_error, rel=1e-12)
        assert statistic_from_dict(whole.to_dict()) == whole

    def test_its_expectation_is_the_true_error_at_any_n(self) -> None:
        rng = np.random.default_rng(4)
        for n in (50, 1000):
            found = []
            for _ in range(1500):
                scores = (rng.integers(0, 5, n) + 0.5) / 5
                labels = rng.random(n) < np.where(scores == 0.5, 0.7, scores)
                found.append(Calibration.of(labels, scores).estimate)
            # A fifth of the rows is off by .2.
            assert np.mean(found) == pytest.approx(0.2 * 0.04, abs=3 * np.std(found) / math.sqrt(1500))

    def test_perfect_arms_of_1000_and_10000(self) -> None:
        # Of the plain error 99 percent of such arms are different.
        rng = np.random.default_rng(8)
        runs, two, plain = 1000, 0, 0
        for _ in range(runs):
            arms = []
            for n in (1000, 10000):
                scores = rng.beta(2, 5, n)
                arms.append(LabelledRows(rng.random(n) < scores, scores=scores))
            two += compare(*arms, metric="calibration_error", mode="fixed").is_decided
            raw = [Calibration.of(arm.labels, arm.scores) for arm in arms]
            plain += plain_error(raw[0]) > plain_error(raw[1])
        assert two / runs <= 0.05
        assert plain / runs > 0.9

    def test_a_worse_arm_is_found(self) -> None:
        rng = np.random.default_rng(9)
        arms = []
        for shift in (0.0, 0.15):
            scores = rng.beta(2, 5, 3000)
            arms.append(LabelledRows(rng.random(3000) < np.clip(scores + shift, 0, 1), scores=scores))
        result = compare(*arms, metric="calibration_error", mode="fixed", direction="lower")
        low, high = result.difference_interval
        assert result.verdict == "worse" and 0 < low < 0.0225 < high

    def test_looks_at_any_time(self) -> None:
        rng = np.random.default_rng(10)
        runs, found = 300, 0
        for _ in range(runs):
            arms = []
            for n in (1000, 1000):
                scores = (rng.integers(0, 10, n) + 0.5) / 10
                arms.append((rng.random(n) < scores, scores))
            found += any(
                compare(
                    *(Calibration.of(labels[:n], scores[:n]) for labels, scores in arms), expected_n=2000
                ).is_decided
                for n in range(50, 1001, 50)
            )
        assert found / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def plain_error(arm: Calibration) -> float:
    """The expected calibration error as it is mostly computed."""
    return sum(n * abs(gap) for n, gap in zip(arm.n_by_bin, arm.gaps, strict=True)) / arm.n


class TestDegenerate:
    def test_arms_of_different_kinds(self) -> None:
        arm = LabelledRows([1, 0, 1], [1, 0, 0])
        result = compare(Counts(80, 10, 10, 100), arm, metric="f1_score", mode="fixed")
        assert result.treatment.estimate == pytest.approx(2 / 3)
        with pytest.raises(TypeError, match="treatment must be of the kind of control"):
            compare(Counts(80, 10, 10, 100), LabelledRows([1, 0], [1, 0], cluster=[1, 2]), metric="recall")
        with pytest.raises(ValueError, match="scores must be given for roc_auc"):
            compare(arm, arm, metric="roc_auc")

    def test_one_label_alone(self) -> None:
        alone = LabelledRows([0, 0, 0], scores=[0.1, 0.2, 0.3])
        result = compare(alone, alone, metric="roc_auc", mode="fixed")
        assert result.verdict == "undecided" and "no estimate" in result.reasons[0]
        for name in ("recall", "f1_score", "calibration_error", "brier_score"):
            assert isinstance(compare(alone, alone, metric=name, mode="fixed"), Comparison)

    @pytest.mark.parametrize("name", ["accuracy", "f1_score", "roc_auc", "calibration_error", "log_loss"])
    @pytest.mark.parametrize("n", [0, 1])
    def test_next_to_no_rows(self, name: str, n: int) -> None:
        arm = LabelledRows([1] * n, scores=[0.5] * n)
        assert compare(arm, arm, metric=name).verdict == "undecided"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([2], [1]), r"labels\[0\] must be 0 or 1, got 2"),
            (([1], [math.nan]), r"predictions\[0\] must be 0 or 1"),
            (([1], [1, 0]), "predictions must have a value for each of the 1 rows"),
            (([1],), "predictions or scores must be given"),
            (([1], None, [math.inf]), r"scores\[0\] must be a finite number"),
        ],
    )
    def test_wrong_rows(self, arguments: tuple[object, ...], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            LabelledRows(*arguments)

    def test_scores_that_are_no_probabilities(self) -> None:
        arm = LabelledRows([1, 0], scores=[3.0, -1.0])
        assert arm.statistic("roc_auc").estimate == 1.0
        with pytest.raises(ValueError, match=r"scores\[0\] must be from 0 to 1 for brier_score, got 3.0"):
            arm.statistic("brier_score")


def test_estimates_inside_their_range_have_the_limits_of_their_log_odds() -> None:
    """Closed form and Newton's root against the limits of each estimate and a bracketing search: Zou and Donner (2008)."""
    random = np.random.default_rng(31)
    for _ in range(200):
        low, width = float(random.normal()), float(10 ** random.uniform(-2, 2))
        arms = [
            Known(
                int(10 ** random.uniform(1.5, 5)),
                low + width * float(random.uniform(0.02, 0.98)),
                width * float(10 ** random.uniform(-3, -1)),
                (low, low + width),
            )
            for _ in range(2)
        ]
        effect = bounded_effect(*arms)
        assert effect.inside is not None
        slow = BoundedEffect(effect.test)
        for quantile in (0.5, 1.96, 4.0):
            assert effect.limits(quantile) == pytest.approx(slow.limits(quantile), rel=1e-12, abs=1e-12 * width)
            for null, sign in zip(slow.limits(quantile), (1, -1), strict=True):
                # A limit is off by its rounding, times how many standard errors the range has.
                assert effect.statistic(null) == pytest.approx(sign * quantile, rel=1e-8)
        statistic = effect.statistic(0.0)
        if abs(statistic) < 20:
            assert statistic == pytest.approx(slow.statistic(0.0), rel=1e-8, abs=1e-8)
