"""Ratios after Lin's regression and with the help of predictions: by hand, by numpy, and how often they err."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import (
    MeanWithCovariate,
    PredictionPowered,
    PredictionPoweredRatio,
    Ratio,
    RatioWithCovariate,
    compare,
    statistic_from_dict,
)

RUNS = 1_000
MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)
METRICS = ["accuracy", "precision", "recall", "specificity", "negative_predictive_value", "prevalence", "f1_score"]


def clicks(rng: Any, users: int, slope: float = 1.0) -> tuple[Any, ...]:
    """Clicks over views by user, with the same of the weeks before."""
    taste = rng.beta(3, 7, users)
    views, views_before = rng.poisson(20, users) + 1, rng.poisson(30, users) + 1
    rate = np.clip(0.3 + slope * (taste - 0.3), 0, 1)
    return rng.binomial(views, rate), views, rng.binomial(views_before, taste), views_before


class TestLin:
    @pytest.mark.parametrize("ratio_before", [True, False])
    def test_it_is_a_regression_in_each_arm_of_the_ratio_made_linear(self, ratio_before: bool) -> None:
        rng = np.random.default_rng(1)
        arms, values, errors = [], [], []
        data = [clicks(rng, users, slope) for users, slope in ((300, 0.5), (120, 1.4))]
        lines = []
        for top, bottom, top_before, bottom_before in data:
            ratio = top.sum() / bottom.sum()
            z = ratio + (top - ratio * bottom) / bottom.mean()
            if ratio_before:
                before = top_before.sum() / bottom_before.sum()
                x = (before + (top_before - before * bottom_before) / bottom_before.mean())[:, None]
                arms.append(RatioWithCovariate.of(top, bottom, before=(top_before, bottom_before)))
            else:
                x = np.column_stack([top_before, bottom_before]).astype(float)
                arms.append(RatioWithCovariate.of(top, bottom, covariates=[top_before, bottom_before]))
            lines.append((z, x))
        middle = sum(x.sum(axis=0) for _, x in lines) / sum(len(x) for _, x in lines)
        for z, x in lines:
            design = np.column_stack([np.ones(len(x)), x - middle])
            coefficients, left, *_ = np.linalg.lstsq(design, z, rcond=None)
            freedom = len(z) - design.shape[1]
            values.append(coefficients[0])
            errors.append(math.sqrt(left[0] / freedom * np.linalg.inv(design.T @ design)[0, 0]))
        result = compare(*arms, mode="fixed", method="lin")
        assert result.difference == pytest.approx(values[1] - values[0], rel=1e-9)
        assert result.standard_error == pytest.approx(math.hypot(*errors), rel=1e-9)
        assert "Lin" in result.method

    def test_arms_with_slopes_of_their_own_need_less(self) -> None:
        rng = np.random.default_rng(2)
        arms = []
        for users, slope in ((2_000, 0.0), (200, 2.5)):
            top, bottom, *before = clicks(rng, users, slope)
            arms.append(RatioWithCovariate.of(top, bottom, before=tuple(before)))
        own, pooled = (compare(*arms, mode="fixed", method=method).standard_error for method in ("lin", "regression"))
        assert own < 0.8 * pooled

    def test_equal_arms(self) -> None:
        rng, found = np.random.default_rng(3), 0
        for _ in range(RUNS):
            arms = []
            for users in (60, 240):
                top, bottom, *before = clicks(rng, users)
                arms.append(RatioWithCovariate.of(top, bottom, before=tuple(before)))
            found += compare(*arms, mode="fixed", method="lin").is_decided
        assert found / RUNS <= MOST

    @pytest.mark.parametrize("method", ["regression", "lin"])
    def test_at_any_time(self, method: str) -> None:
        rng, found = np.random.default_rng(4), 0
        for _ in range(300):
            data = [clicks(rng, 600) for _ in range(2)]
            for users in range(50, 601, 50):
                arms = [
                    RatioWithCovariate.of(one[0][:users], one[1][:users], before=(one[2][:users], one[3][:users]))
                    for one in data
                ]
                if compare(*arms, expected_n=1_200, method=method).is_decided:
                    found += 1
                    break
        assert found / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)

    def test_rows_of_units(self) -> None:
        rng = np.random.default_rng(5)
        unit, n = rng.integers(0, 40, 300), 300
        top, bottom, score, age = rng.random(n), np.ones(n), rng.random(n), rng.normal(40, 9, 40)[unit]
        users = np.unique(unit)

        def added(values: Any) -> Any:
            return np.array([values[unit == user].sum() for user in users])

        found = RatioWithCovariate.of(top, bottom, before=(score, bottom), cluster=unit)
        expected = RatioWithCovariate.of(added(top), added(bottom), before=(added(score), added(bottom)))
        assert np.allclose(found.moments.comoments, expected.moments.comoments) and found.n == len(users)
        assert found.standard_error == pytest.approx(Ratio.of(top, bottom, cluster=unit).standard_error)
        averaged = RatioWithCovariate.of(top, bottom, covariates=[age], cluster=unit)
        assert averaged.moments.means[2] == pytest.approx(np.mean([age[unit == user][0] for user in users]))
        with pytest.raises(ValueError, match=r"before\[1\]\[3\] must be a finite number"):
            RatioWithCovariate.of(top, bottom, before=(score, [1.0, 1.0, 1.0, math.nan] * 75), cluster=unit)
        with pytest.raises(ValueError, match="cluster must have a cluster for each of the 300 rows"):
            RatioWithCovariate.of(top, bottom, covariates=[age], cluster=unit[1:])


def judged(rng: Any, n: int, few: int, threshold: float = 0.4) -> tuple[Any, Any, Any]:
    """Labels of which few have come, decisions, and probabilities that are too high."""
    probability = rng.beta(0.5, 1.5, n)
    labels = (rng.random(n) < probability).astype(float)
    labels[few:] = math.nan
    return labels, probability >= threshold, np.sqrt(probability)


def by_hand(metric: str, labels: Any, decisions: Any) -> float:
    known = ~np.isnan(labels)
    y, d = labels[known] == 1, decisions[known].astype(bool)
    tp, fp, fn, tn = (y & d).sum(), (~y & d).sum(), (y & ~d).sum(), (~y & ~d).sum()
    return {
        "accuracy": (tp + tn) / len(y),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "negative_predictive_value": tn / (tn + fn),
        "prevalence": (tp + fn) / len(y),
        "f1_score": 2 * tp / (2 * tp + fp + fn),
    }[metric]


class TestPredictionPoweredRatio:
    @pytest.mark.parametrize("metric", METRICS)
    def test_without_tuning_it_is_the_ratio_of_the_labels(self, metric: str) -> None:
        labels, decisions, scores = judged(np.random.default_rng(6), 2_000, 300)
        arm = PredictionPoweredRatio.of_labels(metric, labels, decisions, scores, tuning=0.0)
        assert arm.estimate == pytest.approx(by_hand(metric, labels, decisions), rel=1e-12)
        helped = PredictionPoweredRatio.of_labels(metric, labels, decisions, scores)
        # Where predictions tell little it is no gain, and no loss beyond chance.
        assert helped.standard_error < 1.001 * arm.standard_error
        # All labels: nothing is left to be helped.
        whole = PredictionPoweredRatio.of_labels(metric, labels[:300], decisions[:300], scores[:300])
        assert whole.weight == 0.0 and whole.estimate == pytest.approx(arm.estimate, rel=1e-12)

    def test_a_mean_is_that_of_prediction_powered(self) -> None:
        rng = np.random.default_rng(7)
        labels, _, scores = judged(rng, 3_000, 400)
        found = PredictionPoweredRatio.of_labels("prevalence", labels, scores > 0.5, scores, tuning=0.8)
        expected = PredictionPowered.of(labels[:400], scores[:400], scores[400:], tuning=0.8)
        assert found.estimate == pytest.approx(expected.estimate, rel=1e-12)
        # They differ in n and n - 1 alone.
        assert found.standard_error == pytest.approx(expected.standard_error, rel=3 / 400)
        tuned = PredictionPowered.of(labels[:400], scores[:400], scores[400:])
        own = PredictionPoweredRatio.of_labels("prevalence", labels, scores > 0.5, scores)
        # They take the spread of the predictions from all rows, and from both parts.
        assert own.weight == pytest.approx(tuned.weight, rel=0.1)

    def test_its_variance_is_the_least(self) -> None:
        labels, decisions, scores = judged(np.random.default_rng(8), 3_000, 400)
        arm = PredictionPoweredRatio.of_labels("f1_score", labels, decisions, scores)

        def error(tuning: float) -> float:
            return PredictionPoweredRatio(arm.moments, arm.labelled, tuning).standard_error or math.inf

        around = [error(arm.weight + step) for step in (-0.3, -0.15, 0.15, 0.3)]
        # The weight is set at the ratio of the labels, the error is at that of the estimate.
        assert error(arm.weight) <= min(around)

    def test_its_error_is_that_of_the_jackknife(self) -> None:
        rng = np.random.default_rng(9)
        labels, decisions, scores = judged(rng, 300, 300)
        labels[rng.random(300) < 0.6] = math.nan
        unit = rng.integers(0, 90, 300)
        ask: dict[str, Any] = {"metric": "recall", "tuning": 0.6}

        def without(user: int | None) -> float:
            kept = unit != user
            arm = PredictionPoweredRatio.of_labels(
                labels=labels[kept], decisions=decisions[kept], probabilities=scores[kept], cluster=unit[kept], **ask
            )
            assert arm.estimate is not None
            return arm.estimate

        users = np.unique(unit)
        left_out = np.array([without(user) for user in users])
        jackknife = math.sqrt((len(users) - 1) / len(users) * ((left_out - left_out.mean()) ** 2).sum())
        arm = PredictionPoweredRatio.of_labels(
            labels=labels, decisions=decisions, probabilities=scores, cluster=unit, **ask
        )
        # To the order of 1 / units.
        assert arm.standard_error == pytest.approx(jackknife, rel=0.06)
        assert arm.units == len(users) and arm.n == len(np.unique(unit[~np.isnan(labels)]))

    @pytest.mark.parametrize("clustered", [False, True])
    def test_equal_arms(self, clustered: bool) -> None:
        rng, found, covered = np.random.default_rng(10), 0, 0
        for _ in range(RUNS):
            arms = []
            for _arm in range(2):
                labels, decisions, scores = judged(rng, 1_500, 1_500, 0.3)
                unit = None
                if clustered:
                    # Three rows of a unit that are all alike, of which any may have its label.
                    labels, decisions, scores = (np.repeat(one[:500], 3) for one in (labels, decisions, scores))
                    unit = np.repeat(np.arange(500), 3)
                labels = np.where(rng.random(1_500) < 0.2, labels, math.nan)
                arms.append(PredictionPoweredRatio.of_labels("recall", labels, decisions, scores, cluster=unit))
            result = compare(*arms, mode="fixed")
            found += result.is_decided
            covered += abs(arms[0].estimate - TRUE_RECALL) <= 1.96 * arms[0].standard_error
        assert found / RUNS <= MOST
        # A ratio of few labels is a little skewed.
        assert covered / RUNS >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / RUNS) - 0.01

    def test_at_any_time(self) -> None:
        rng, found = np.random.default_rng(11), 0
        for _ in range(300):
            arms = []
            for _arm in range(2):
                labels, decisions, scores = judged(rng, 3_000, 3_000)
                arms.append((np.where(rng.random(3_000) < 0.25, labels, math.nan), decisions, scores))
            for n in range(500, 3_001, 500):
                looked = [PredictionPoweredRatio.of_labels("precision", *(one[:n] for one in given)) for given in arms]
                if compare(*looked, expected_n=1_500).is_decided:
                    found += 1
                    break
        assert found / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)

    def test_halves_make_the_whole(self) -> None:
        labels, decisions, scores = judged(np.random.default_rng(12), 1_000, 1_000)
        labels[::3] = math.nan
        whole = PredictionPoweredRatio.of_labels("recall", labels, decisions, scores)
        first, second = (
            PredictionPoweredRatio.of_labels("recall", labels[half], decisions[half], scores[half])
            for half in (slice(0, 300), slice(300, None))
        )
        both = first + second
        assert both.estimate == pytest.approx(whole.estimate, rel=1e-12) and both.n == whole.n
        assert both.standard_error == pytest.approx(whole.standard_error, rel=1e-12)
        assert statistic_from_dict(json.loads(json.dumps(whole.to_dict()))) == whole

    def test_degenerate(self) -> None:
        nothing = PredictionPoweredRatio.of_labels("recall", [], [], [])
        unlabelled = PredictionPoweredRatio.of_labels("recall", [None, None], [0, 1], [0.5, 0.5])
        no_positive = PredictionPoweredRatio.of_labels("recall", [0, 0, None], [0, 1, 1], [0.5, 0.4, 0.3], tuning=0.0)
        for arm in (nothing, unlabelled, no_positive):
            assert arm.estimate is None and arm.standard_error is None and arm.weight == 0.0
            result = compare(arm, arm, mode="fixed")
            assert result.verdict == "undecided" and result.reasons and result.p_value is None
        same = PredictionPoweredRatio.of_labels("accuracy", [1, 1, 1, None], [1, 1, 1, 1], [0.5] * 4)
        assert compare(same, same).reasons[0].startswith("neither arm has any spread")

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"metric": "roc_auc"}, "metric must be one of"),
            ({"labels": [2.0, 0.0]}, r"labels\[0\] must be 0, 1 or None, got 2.0"),
            ({"decisions": [0, math.nan]}, r"decisions\[1\] must be 0 or 1, got nan"),
            ({"probabilities": [0.5, 1.2]}, r"probabilities\[1\] must be from 0 to 1, got 1.2"),
            ({"probabilities": [0.5]}, "probabilities must have a value for each of the 2 rows"),
        ],
    )
    def test_wrong_arguments(self, change: dict[str, Any], error: str) -> None:
        given: dict[str, Any] = {
            "metric": "recall",
            "labels": [1, None],
            "decisions": [0, 1],
            "probabilities": [0.5, 0.5],
        }
        with pytest.raises(ValueError, match=error):
            PredictionPoweredRatio.of_labels(**{**given, **change})

    def test_wrong_rows(self) -> None:
        with pytest.raises(ValueError, match="denominator must be NaN where numerator is"):
            PredictionPoweredRatio.of([1.0, math.nan], [1.0, 1.0], [1, 1], [1, 1])
        with pytest.raises(ValueError, match=r"predicted_numerator\[1\] must be a finite number, got nan"):
            PredictionPoweredRatio.of([1.0, math.nan], [1.0, math.nan], [1, math.nan], [1, 1])
        with pytest.raises(ValueError, match="moments must be of 8 columns, got 2"):
            PredictionPoweredRatio(MeanWithCovariate.of([1, 2], [1, 2]), 1)


def _true_recall() -> float:
    """Of the labels of `judged` at a threshold of .3: the share of a beta distribution's mean that lies above."""
    from scipy import stats

    # y is 1 with probability p, so that positives have the distribution of p tilted by itself.
    return float(stats.beta.sf(0.3, 1.5, 1.5))


TRUE_RECALL = _true_recall()
