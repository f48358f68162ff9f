"""The snapshot as a value: frozen, equal, hashable, picklable, JSON-able, readable."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import truthlag
from tests.metrics.cases import snapshot_of
from truthlag.metrics import CalibrationRow, Metric, MetricTable, PerformanceSnapshot

LABELS = [1, 0, 1, 0, 0, 1, 0, 0]
DECISIONS = [1, 0, 0, 0, 1, 1, 0, 0]
SCORES = [0.9, 0.2, 0.4, 0.1, 0.7, 0.8, 0.3, 0.05]


@pytest.fixture
def snapshot() -> PerformanceSnapshot:
    return snapshot_of(LABELS, DECISIONS, SCORES)


def test_it_is_a_value(snapshot: PerformanceSnapshot) -> None:
    same = snapshot_of(LABELS, DECISIONS, SCORES)
    assert snapshot == same
    assert hash(snapshot) == hash(same)
    assert snapshot != snapshot_of(LABELS, LABELS, SCORES)
    for duplicate in (copy.copy(snapshot), copy.deepcopy(snapshot), pickle.loads(pickle.dumps(snapshot))):
        assert duplicate == snapshot
        assert str(duplicate) == str(snapshot)


def test_it_does_not_change(snapshot: PerformanceSnapshot) -> None:
    with pytest.raises(FrozenInstanceError):
        snapshot.model = "other"
    with pytest.raises(TypeError):
        snapshot.metrics["accuracy"] = Metric("accuracy", 1.0)
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        snapshot.accuracy = 1.0
    with pytest.raises(FrozenInstanceError):
        snapshot.metrics["accuracy"].value = 1.0


def test_every_metric_is_an_attribute(snapshot: PerformanceSnapshot) -> None:
    for name, metric in snapshot.metrics.items():
        assert getattr(snapshot, name) == metric.value
        assert snapshot.intervals[name] == metric.interval
        assert metric.name == name
    with pytest.raises(KeyError, match=r"no metric 'auc'.*roc_auc"):
        snapshot.metrics["auc"]


def test_the_window_is_in_utc() -> None:
    tracker = truthlag.ModelPerformanceTracker("model")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for day in range(10):
        tracker.log_prediction(day, 1, timestamp=start + timedelta(days=day))
        tracker.log_ground_truth(day, 1, timestamp=start + timedelta(days=day))
    snapshot = tracker.snapshot(start=start, end=start + timedelta(days=5))
    assert snapshot.sample_size == 5
    assert snapshot.start == start
    # The last moment included: the end itself is not.
    assert snapshot.end == start + timedelta(days=5, microseconds=-1)
    everything = tracker.snapshot()
    assert (everything.start, everything.end, everything.coverage) == (None, None, 1.0)


def test_to_dict_is_json(snapshot: PerformanceSnapshot) -> None:
    back = json.loads(json.dumps(snapshot.to_dict(), allow_nan=False))
    assert back["model"] == "model"
    assert back["counts"]["true_positives"] == snapshot.counts.true_positives
    assert back["metrics"]["f1_score"]["value"] == snapshot.f1_score
    assert back["metrics"]["f1_score"]["low"] == snapshot.intervals["f1_score"][0]
    assert len(back["roc_curve"]) == len(snapshot.roc_curve)
    assert back["calibration"][0]["n"] == snapshot.calibration[0].n
    json.dumps(truthlag.ModelPerformanceTracker("model").snapshot().to_dict(), allow_nan=False)


def test_text_is_aligned_and_says_why(snapshot: PerformanceSnapshot) -> None:
    lines = str(snapshot).splitlines()
    heading = next(line for line in lines if line.startswith("metric "))
    assert "95% interval" in heading
    row = next(line for line in lines if line.startswith("accuracy "))
    assert row.split()[:2] == ["accuracy", "0.7500"]
    assert row.index("0.7500") + len("0.7500") == heading.index("value") + len("value")
    for name in snapshot.metrics:
        assert any(line.startswith(name) for line in lines)
    assert all(line == line.rstrip() for line in lines)
    undefined = str(snapshot_of([0], [0], threshold=None, confidence=0.9))
    assert "90% interval" in undefined
    assert "no predicted positives among the labelled predictions in the window" in undefined


def test_a_reason_is_said_once() -> None:
    snapshot = snapshot_of(LABELS, DECISIONS, [1.5, *SCORES[1:]])
    reason = "1 score lies outside [0, 1]: the scores are no probabilities"
    names = ("brier_score", "log_loss", "expected_calibration_error")
    assert [snapshot.metrics[name].reason for name in names] == [reason] * 3
    lines = {line.split()[0]: line for line in str(snapshot).splitlines() if line.startswith(names)}
    remarks = [lines[name].partition("  8  ")[2] for name in names]
    assert remarks == [reason, "see brier_score", "see brier_score"]
    html = snapshot._repr_html_()
    assert html.count(reason) == 1
    assert html.count("<td>see brier_score</td>") == 2
    # One reason for each kind of metric, whatever the number of metrics.
    empty = str(truthlag.ModelPerformanceTracker("model").snapshot())
    assert empty.count("no labelled predictions in the window") == 1
    assert empty.count("no labelled prediction in the window has a score") == 1
    assert empty.count(" see accuracy\n") == 12
    assert empty.count(" see mean_score") == 6


def test_html_is_escaped_and_self_contained() -> None:
    tracker = truthlag.ModelPerformanceTracker("<script>alert('a & b')</script>", "1 < 2")
    tracker.log_predictions(list(range(8)), DECISIONS, SCORES)
    tracker.log_ground_truths(list(range(8)), LABELS)
    html = tracker.snapshot()._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "http" not in html
    for tag in ("table", "thead", "tbody", "tr", "td", "th", "div"):
        assert html.count(f"<{tag}>") + html.count(f"<{tag} ") == html.count(f"</{tag}>")
    assert "positive rate" in html


def test_the_reliability_table() -> None:
    snapshot = snapshot_of([1, 0, 1, 1], [1, 0, 1, 1], [0.95, 0.15, 1.0, 0.1])
    assert [(row.lower, row.upper, row.n) for row in snapshot.calibration] == [(0.1, 0.2, 2), (0.9, 1.0, 2)]
    first, last = snapshot.calibration
    assert isinstance(first, CalibrationRow)
    assert first.positive_rate == 0.5
    assert first.mean_score == pytest.approx(0.125, abs=2**-40)
    assert first.gap == pytest.approx(-0.375, abs=2**-40)
    assert last.low < 1.0 == last.high


@pytest.mark.parametrize("beta", [0, -1, float("nan"), float("inf"), 10**400])
def test_a_beta_that_is_no_weight_is_refused(snapshot: PerformanceSnapshot, beta: float) -> None:
    with pytest.raises(ValueError, match="beta"):
        snapshot.f_beta(beta)


def test_a_beta_that_is_no_number_is_refused(snapshot: PerformanceSnapshot) -> None:
    for beta in ("1", None, [1]):
        with pytest.raises(TypeError, match="beta"):
            snapshot.f_beta(beta)


def test_f_beta(snapshot: PerformanceSnapshot) -> None:
    for beta, name in ((1, "f1_score"), (0.5, "f_half_score"), (2, "f2_score")):
        metric = snapshot.f_beta(beta)
        assert metric.name == "f_beta"
        assert (metric.value, metric.interval, metric.n) == (
            snapshot.metrics[name].value,
            snapshot.metrics[name].interval,
            snapshot.metrics[name].n,
        )
    assert snapshot.f_beta(np.float32(2)).value == snapshot.f2_score


def test_the_table_of_metrics() -> None:
    metrics = [Metric("b", 1.0, 0.5, 1.0, None, 3), Metric("a", None, reason="none")]
    table = MetricTable(metrics)
    assert list(table) == ["b", "a"]
    assert len(table) == 2
    assert table == MetricTable(reversed(metrics)) == {"a": metrics[1], "b": metrics[0]}
    assert hash(table) == hash(MetricTable(reversed(metrics)))
    assert pickle.loads(pickle.dumps(table)) == copy.deepcopy(table) == table
    assert repr(table).startswith("MetricTable([Metric(name='b'")
    assert str(metrics[0]) == "b 1.0000 (0.5000 to 1.0000)"
    assert str(metrics[1]) == "a undefined: none"
    assert str(Metric("c", 0.5, reason="one row")) == "c 0.5000 (no interval: one row)"
