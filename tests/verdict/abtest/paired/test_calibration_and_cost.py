"""Calibration errors and costs of pairs, against loops over their definitions."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import Calibration, Counts, GroupSequentialPlan, LabelledRows, PairedRows, compare, compare_paired
from truthlag.verdict.abtest.statistics.calibration import shared_edges


def made(n: int = 400, seed: int = 1, *, shift: float = 0.0, clusters: int | None = None) -> PairedRows:
    """Two models whose scores hang together; the first one's are calibrated, the second one's are off by a shift of their logits."""
    random = np.random.default_rng(seed)
    cluster = None if clusters is None else random.integers(clusters, size=n)
    logits = random.normal(-0.5, 1.2, n) + (0 if cluster is None else random.normal(0.0, 0.8, clusters or 1)[cluster])
    rate = 1 / (1 + np.exp(-logits))
    scores = [rate, 1 / (1 + np.exp(-(logits + shift)))]
    return PairedRows(
        labels=(random.random(n) < rate).astype(int),
        control_predictions=(scores[0] > 0.5).astype(int),
        treatment_predictions=(scores[1] > 0.45).astype(int),
        control_scores=scores[0],
        treatment_scores=scores[1],
        cluster=cluster,
    )


def tenths(rows: PairedRows) -> list[float]:
    """Bins of equal weight in both models together."""
    ones = np.ones(len(rows))
    return shared_edges((rows.control_scores, ones), (rows.treatment_scores, ones))


def naive(labels: Any, scores: Any, edges: list[float], clusters: Any = None) -> float:
    """The mean over rows of (mean gap of the bin)² less what chance makes of that; bins of one row have none."""
    bins: dict[int, list[tuple[float, Any]]] = defaultdict(list)
    for row, (label, score) in enumerate(zip(labels, scores, strict=True)):
        bins[sum(edge <= score for edge in edges)].append((label - score, row if clusters is None else clusters[row]))
    units = len(set(range(len(labels)) if clusters is None else clusters))
    total = rows = 0.0
    for members in bins.values():
        n = len(members)
        if n < 2:
            continue
        mean = sum(gap for gap, _ in members) / n
        if clusters is None:
            noise = sum((gap - mean) ** 2 for gap, _ in members) / (n - 1) / n
        else:
            by_unit: dict[Any, float] = defaultdict(float)
            for gap, unit in members:
                by_unit[unit] += (gap - mean) / n
            noise = sum(one * one for one in by_unit.values()) * units / (units - 1)
        total += n * (mean * mean - noise)
        rows += n
    return total / rows


@pytest.mark.parametrize("clusters", [None, 40])
def test_the_errors_are_those_of_the_definition(clusters: int | None) -> None:
    rows = made(shift=0.6, clusters=clusters)
    edges = tenths(rows)
    result = compare_paired(rows, metric="calibration_error", resamples=100)
    for arm, scores in ((result.control, rows.control_scores), (result.treatment, rows.treatment_scores)):
        assert arm.estimate == pytest.approx(naive(rows.labels, scores, edges, rows.cluster), abs=1e-12)
        # As the statistic of one arm has it.
        alone = Calibration.of(rows.labels, scores, edges=edges, cluster=rows.cluster)
        assert arm.estimate == pytest.approx(alone.estimate, abs=1e-12)
    assert result.direction == "lower" and result.metric == "calibration_error"
    assert result.method.startswith("paired bootstrap of clusters" if clusters else "paired bootstrap")
    assert result == compare_paired(rows, metric="calibration", resamples=100)


def test_clusters_without_labels_are_none() -> None:
    rows = made(shift=0.6, clusters=20)
    labels = np.where(rows.cluster % 3 == 0, np.nan, rows.labels)
    some = PairedRows(
        labels=labels, control_scores=rows.control_scores, treatment_scores=rows.treatment_scores, cluster=rows.cluster
    )
    result = compare_paired(some, metric="calibration_error", resamples=100)
    there = ~np.isnan(labels)
    edges = shared_edges(
        *((scores[there], np.ones(there.sum())) for scores in (some.control_scores, some.treatment_scores))
    )
    wanted = naive(labels[there], rows.control_scores[there], edges, rows.cluster[there])
    assert result.control.estimate == pytest.approx(wanted, abs=1e-12)
    assert result.units == len(set(rows.cluster[there].tolist()))


def draws_of_a_loop(rows: PairedRows, resamples: int, seed: int) -> np.ndarray[Any, Any]:
    """The differences that samples tell: rows around shrunk gaps, one sample after the other."""
    random, edges = np.random.default_rng(seed), tenths(rows)
    n, sides = len(rows), []
    for scores in (rows.control_scores, rows.treatment_scores):
        where = [sum(edge <= score for edge in edges) for score in scores]
        gap_of = defaultdict(list)
        for place in range(n):
            gap_of[where[place]].append(rows.labels[place] - scores[place])
        mean = {place: sum(one) / len(one) for place, one in gap_of.items()}
        error = naive(rows.labels, scores, edges)
        plain = sum(len(gap_of[place]) * mean[place] ** 2 for place in mean if len(gap_of[place]) > 1)
        plain /= sum(len(one) for one in gap_of.values() if len(one) > 1)
        factor = math.sqrt(max(0.0, error) / plain)
        # A label that has such a gap with the score: a number that is no longer 0 or 1.
        labels = [rows.labels[place] - (1 - factor) * mean[where[place]] for place in range(n)]
        sides.append((np.array(labels), np.asarray(scores), error))
    found = []
    for _ in range(resamples):
        places = random.integers(n, size=n)
        told = [
            error - (naive(labels[places], scores[places], edges) - max(0.0, error)) for labels, scores, error in sides
        ]
        found.append(told[1] - told[0])
    return np.array(found)


def test_the_interval_is_that_of_a_loop_over_samples() -> None:
    rows = made(150, shift=0.7)
    draws = draws_of_a_loop(rows, 200, seed=3)
    result = compare_paired(rows, metric="calibration_error", mode="fixed", resamples=200, seed=3)
    assert result.standard_error == pytest.approx(draws.std(ddof=1), rel=1e-9)
    shares = (np.arange(200) + 0.5) / 200
    wanted = np.interp([0.025, 0.975], shares, np.sort(draws))
    assert result.difference_interval == pytest.approx(wanted, rel=1e-9)


def test_a_cluster_that_is_drawn_twice_is_two() -> None:
    """With a cluster for each row, and rows in any order, draws of clusters are those of rows."""
    plain = made(150, shift=0.7)
    columns = {
        name: getattr(plain, name)
        for name in ("labels", "control_predictions", "treatment_predictions", "control_scores", "treatment_scores")
    }
    alone = PairedRows(**columns, cluster=np.arange(150))
    one, other = (
        compare_paired(rows, metric="calibration_error", mode="fixed", resamples=200, seed=3) for rows in (plain, alone)
    )
    # The noise of a bin is over its own rows less one, and with clusters over all of them: a factor of near to 1.
    assert other.difference == pytest.approx(one.difference, rel=0.05)
    assert other.standard_error == pytest.approx(one.standard_error, rel=0.05)


@pytest.mark.parametrize(("shift", "clusters"), [(0.0, None), (0.5, None), (0.5, 60)])
def test_intervals_cover_the_truth(shift: float, clusters: int | None) -> None:
    """Two calibrated models, whose scores differ; and one that is off. The truth is that of half a million rows in the same bins."""
    n, runs, misses = 600, 150, 0
    whole = made(500_000, 10_000, shift=shift, clusters=None if clusters is None else 50_000)
    for seed in range(runs):
        rows = made(n, seed, shift=shift, clusters=clusters)
        if not shift:
            # Another calibrated model: that knows less.
            random = np.random.default_rng(seed)
            object.__setattr__(rows, "treatment_scores", coarse(rows.control_scores, random))
            truth = 0.0
        else:
            edges = tenths(rows)
            truth = (Calibration.of(whole.labels, whole.treatment_scores, edges=edges).estimate or 0.0) - (
                Calibration.of(whole.labels, whole.control_scores, edges=edges).estimate or 0.0
            )
        result = compare_paired(rows, metric="calibration_error", mode="fixed", resamples=200, seed=seed)
        low, high = result.difference_interval or (math.nan, math.nan)
        misses += not low <= truth <= high
    # 5 percent of 150 are 7.5 with a standard deviation of 2.7; percentiles of 200 draws and bins of 60 rows add some.
    assert misses <= 18


def coarse(scores: Any, random: Any) -> Any:
    """Scores of the same rates that tell less: the mean rate of rows with near scores."""
    del random
    where = np.minimum((scores * 8).astype(int), 7)
    means = np.bincount(where, weights=scores, minlength=8) / np.maximum(np.bincount(where, minlength=8), 1)
    return means[where]


def test_a_model_that_is_off_is_found() -> None:
    result = compare_paired(made(4_000, shift=1.0), metric="calibration_error", mode="fixed")
    assert result.verdict == "worse" and (result.difference or 0.0) > 0.01
    again = compare_paired(made(4_000, shift=1.0), metric="calibration_error")
    assert again.verdict == "worse" and "normal" in again.method


def test_blocks_of_rows_in_order() -> None:
    result = compare_paired(made(shift=0.8), metric="calibration_error", mode="fixed", block=20.0, resamples=100)
    assert "blocks of 20 rows" in result.method and result.difference_interval is not None


@pytest.mark.parametrize("metric", ["calibration_error", "cost"])
def test_degenerate_pairs_have_a_reason(metric: str) -> None:
    costs = {"false_positive": 1.0, "false_negative": 5.0} if metric == "cost" else {}
    for labels, before, now in (
        ([], [], []),
        ([1], [0.3], [0.4]),
        ([1, 0], [0.3, 0.4], [0.4, 0.3]),
        ([None, None, None], [0.3, 0.4, 0.2], [0.4, 0.3, 0.2]),
        ([0, 1, 0, 1], [0.5] * 4, [0.5] * 4),
        ([0, 0, 0, 0], [0.0] * 4, [0.0] * 4),
        ([1, 1, 1, 1], [0.0] * 4, [1.0] * 4),
        ([0, 1, 0, 1], [0.2, 0.9, 0.1, 3.0], [0.5] * 4),
    ):
        for cluster in (None, [0] * len(labels), list(range(len(labels)))):
            rows = PairedRows(
                labels=labels,
                control_predictions=[int(one > 0.5) for one in before],
                treatment_predictions=[int(one > 0.35) for one in now],
                control_scores=before,
                treatment_scores=now,
                cluster=cluster if labels else None,
            )
            for mode in ("fixed", "confidence_sequence"):
                result = compare_paired(rows, metric=metric, mode=mode, resamples=100, **costs)  # type: ignore[arg-type]
                assert result.reasons
                assert result.verdict == "undecided" or result.p_value is not None


def test_scores_are_needed_and_probabilities() -> None:
    decisions = PairedRows(labels=[0, 1], control_predictions=[0, 1], treatment_predictions=[1, 1])
    with pytest.raises(
        ValueError, match="metric must be one of decisions where the pairs have no scores, got 'calibration_error'"
    ):
        compare_paired(decisions, metric="calibration_error")
    rows = PairedRows(labels=[0, 1, 1], control_scores=[0.1, 0.2, 2.0], treatment_scores=[0.1, 0.2, 0.3])
    assert "scores outside 0 to 1" in compare_paired(rows, metric="calibration_error").reasons[0]


@pytest.mark.parametrize("clusters", [None, 30])
@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
def test_a_cost_is_the_mean_of_what_errors_cost(clusters: int | None, mode: Any) -> None:
    rows = made(shift=0.6, clusters=clusters)
    fp, fn = 1.5, 7.0

    def cost(predictions: Any, labels: Any, scores: Any) -> Any:
        del scores
        return np.array(
            [fp if p and not y else fn if y and not p else 0.0 for p, y in zip(predictions, labels, strict=True)]
        )

    result = compare_paired(rows, metric="cost", false_positive=fp, false_negative=fn, mode=mode)
    wanted = compare_paired(rows, metric=cost, direction="lower", mode=mode)
    for name in ("difference", "standard_error", "p_value", "difference_interval", "correlation", "label_ratio"):
        assert getattr(result, name) == pytest.approx(getattr(wanted, name), rel=1e-12), name
    assert result.direction == "lower" and result.metric == "cost"
    for arm, predictions in (
        (result.control, rows.control_predictions),
        (result.treatment, rows.treatment_predictions),
    ):
        alone = LabelledRows(rows.labels, predictions).cost(false_positive=fp, false_negative=fn)
        assert arm.estimate == pytest.approx(alone.estimate, rel=1e-12)
    drawn = compare_paired(
        rows, metric="cost", false_positive=fp, false_negative=fn, mode=mode, method="bootstrap", resamples=400
    )
    assert drawn.difference == pytest.approx(result.difference, rel=1e-12)
    # A standard deviation of 400 draws is known to 3.5 percent.
    assert drawn.standard_error == pytest.approx(result.standard_error, rel=0.15)


def test_pairs_say_of_a_cost_what_separate_arms_need_more_rows_for() -> None:
    rows = made(2_000, shift=0.6)
    result = compare_paired(rows, metric="cost", false_positive=1.0, false_negative=10.0, mode="fixed")
    arms = []
    for predictions in (rows.control_predictions, rows.treatment_predictions):
        cells = [
            int(np.count_nonzero((predictions == p) & (rows.labels == y))) for p, y in ((1, 1), (1, 0), (0, 1), (0, 0))
        ]
        arms.append(Counts(*cells).cost(false_positive=1.0, false_negative=10.0))
    separate = compare(*arms, direction="lower", mode="fixed")
    assert result.difference == pytest.approx(separate.difference, rel=1e-9)
    assert (result.standard_error or 1.0) < 0.7 * (separate.standard_error or 0.0)


def test_missing_labels_leave_a_cost_between_bounds() -> None:
    labels = [1, 0, None, None]
    rows = PairedRows(labels=labels, control_predictions=[1, 1, 0, 1], treatment_predictions=[1, 0, 1, 1])
    result = compare_paired(rows, metric="cost", false_positive=2.0, false_negative=10.0)
    found = []
    for third in (0, 1):
        for fourth in (0, 1):
            whole = [*labels[:2], third, fourth]
            apart = 0.0
            for label, before, now in zip(whole, rows.control_predictions, rows.treatment_predictions, strict=True):
                apart += sum(
                    sign * (0.0 if decided == label else 10.0 if label else 2.0)
                    for sign, decided in ((1, now), (-1, before))
                )
            found.append(apart / 4)
    assert result.bounds == pytest.approx((min(found), max(found)))


def test_a_plan_holds_to_what_errors_cost() -> None:
    plan = GroupSequentialPlan(800)
    rows = made(400)
    compare_paired(rows, metric="cost", false_positive=1.0, false_negative=2.0, mode="group_sequential", looks=plan)
    with pytest.raises(ValueError, match="metric"):
        compare_paired(
            made(800), metric="cost", false_positive=1.0, false_negative=3.0, mode="group_sequential", looks=plan
        )


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"metric": "cost"}, ValueError, "false_positive must be given with metric 'cost'"),
        ({"metric": "cost", "false_positive": 1.0}, ValueError, "false_negative must be given with metric 'cost'"),
        (
            {"metric": "cost", "false_positive": -1.0, "false_negative": 1.0},
            ValueError,
            "false_positive must be a finite number of at least 0",
        ),
        (
            {"metric": "cost", "false_positive": "1", "false_negative": 1.0},
            TypeError,
            "false_positive must be a finite number",
        ),
        ({"false_positive": 1.0}, ValueError, "false_positive must be None unless the metric is 'cost'"),
    ],
)
def test_costs_are_checked(given: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        compare_paired(made(50), **given)


def test_values_may_be_called_a_cost() -> None:
    result = compare_paired([1.0, 2.0, 4.0], [1.0, 2.5, 4.5], metric="cost", mode="fixed")
    assert result.metric == "cost" and result.difference == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="unless the metric is 'cost', of decisions"):
        compare_paired([1.0, 2.0], [1.0, 2.5], metric="cost", false_positive=1.0)
