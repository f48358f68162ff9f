"""Evidence that may be looked at any time: its false alarms over all looks together, what it counts, and what it refuses."""

from __future__ import annotations

import copy
import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag import DegradationDetector, ModelPerformanceTracker, RollingBaseline
from truthlag.metrics.counts import ConfusionCounts

START = 1_700_000_000


def log(tracker: ModelPerformanceTracker, first: int, decisions: Any, actuals: Any, delay: float = 60) -> None:
    numbers = np.arange(first, first + len(decisions))
    tracker.log_predictions(numbers, decisions, timestamps=START + numbers)
    tracker.log_ground_truths(numbers, actuals, timestamps=START + numbers + delay)


def looks(
    seed: int, rate: float, baseline: Any, *, each: int = 100, count: int = 20, margin: float = 0.02
) -> list[str]:
    """The verdicts on precision at each of many looks at a growing log."""
    rng = np.random.default_rng(seed)
    if baseline is None:
        baseline = (int(rng.binomial(1_000, 0.9)), 1_000)
    detector = DegradationDetector({"precision": baseline}, margins=margin)
    tracker = ModelPerformanceTracker("model", retention=None)
    verdicts = []
    for look in range(count):
        log(tracker, look * each, np.ones(each), rng.random(each) < rate)
        verdicts.append(detector.check(tracker, evidence="any time")["precision"].verdict)
    return verdicts


@pytest.mark.parametrize("baseline", [0.9, None], ids=["known", "counted"])
def test_false_alarms_over_all_looks_are_at_most_alpha(baseline: Any) -> None:
    runs = 150
    at_baseline = [looks(seed, 0.90, baseline) for seed in range(runs)]
    at_margin = [looks(1_000 + seed, 0.88, baseline) for seed in range(runs)]
    # Three standard errors of a share of 0.05 in 150 runs.
    allowed = runs * (0.05 + 3 * math.sqrt(0.05 * 0.95 / runs))
    assert sum("warning" in run or "critical" in run for run in at_baseline) <= allowed
    assert sum("critical" in run for run in at_margin) <= allowed
    assert sum("improved" in run for run in at_baseline) <= allowed


@pytest.mark.parametrize("baseline", [0.9, (9_000, 10_000)], ids=["known", "counted"])
def test_a_loss_of_twice_the_margin_is_found_and_an_alarm_stays(baseline: Any) -> None:
    found = 0
    for seed in range(20):
        verdicts = looks(seed, 0.80, baseline, each=500, count=20, margin=0.05)
        found += verdicts[-1] == "critical"
        if "critical" in verdicts:
            assert set(verdicts[verdicts.index("critical") :]) == {"critical"}
    assert found >= 19


def test_what_is_surely_within_the_margin_is_ok_and_a_gain_is_one() -> None:
    assert looks(1, 0.90, 0.9, each=5_000, count=3)[-1] == "ok"
    assert looks(1, 0.95, 0.9, each=1_000, count=3)[-1] == "improved"


def test_counts_each_row_once_by_the_label_that_it_has_when_its_time_comes() -> None:
    tracker = ModelPerformanceTracker("model", "v2", retention=None)
    detector = DegradationDetector({"accuracy": 0.9, "recall": 0.9, "f1_score": 0.9, "roc_auc": 0.9})
    rng = np.random.default_rng(2)
    decisions, actuals = rng.random(2_000) < 0.5, rng.random(2_000) < 0.5
    log(tracker, 0, decisions, actuals)
    report = detector.check(tracker, min_age=timedelta(minutes=10), evidence="any time")
    # The newest label is a minute younger than the last row; rows from ten minutes before it on wait.
    matured = 2_000 + 60 - 600
    counts = ConfusionCounts(
        true_positives=int((decisions & actuals)[:matured].sum()),
        false_positives=int((decisions & ~actuals)[:matured].sum()),
        false_negatives=int((~decisions & actuals)[:matured].sum()),
        true_negatives=int((~decisions & ~actuals)[:matured].sum()),
    )
    assert report.counts == counts
    assert (report.evidence, report.model, report.version) == ("any time", "model", "v2")
    assert report.start == datetime.fromtimestamp(START, UTC)
    assert report.end == datetime.fromtimestamp(START + matured - 1, UTC)
    assert report["roc_auc"].verdict == "no_data" and "may be looked at any time" in report["roc_auc"].sentence
    assert report["accuracy"].method == "beta-binomial e-process"
    # Corrections and the rows once more change nothing that has been counted.
    tracker.log_ground_truths(np.arange(100), ~actuals[:100], timestamps=START + 10_000 + np.arange(100))
    again = detector.check(tracker, min_age=timedelta(minutes=10), evidence="any time")
    assert again.counts is not None
    assert again.counts.labelled == 2_000
    hits = int((decisions == actuals).sum())
    assert again.counts.true_positives + again.counts.true_negatives == hits
    assert json.loads(json.dumps(again.to_dict()))["evidence"] == "any time"
    assert "any time" in str(again)


def test_the_evidence_is_the_mixture_of_robbins() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    log(tracker, 0, np.ones(200), np.arange(200) >= 60)
    verdict = DegradationDetector({"precision": 0.8}, margins=0.0).check(tracker, evidence="any time")["precision"]
    # A uniform prior on rates below 0.8, against 0.8 itself.
    logarithms = np.log(np.linspace(0, 0.8, 2_000_001)[1:-1])
    likelihood = np.exp(140 * logarithms + 60 * np.log1p(-np.exp(logarithms)) - stats.binom.logpmf(140, 200, 0.8))
    likelihood *= math.exp(math.log(math.comb(200, 140)))
    # Midpoints of two million steps.
    assert verdict.loss_p_value == pytest.approx(1 / likelihood.mean(), rel=1e-5)


def test_the_margin_of_f1_is_in_units_of_f1() -> None:
    """F1 at its margin is not rejected, and clearly below it is."""
    for true_positives, expected in [(1_600, "undecided"), (1_200, "critical")]:
        tracker = ModelPerformanceTracker("model", retention=None)
        errors = 400
        decisions = np.ones(true_positives + errors)
        actuals = np.arange(true_positives + errors) < true_positives
        log(tracker, 0, decisions, actuals)
        f1 = 2 * true_positives / (2 * true_positives + errors)
        detector = DegradationDetector({"f1_score": 1_600 * 2 / 3_600 + 0.05}, margins=0.05)
        verdict = detector.check(tracker, evidence="any time")["f1_score"]
        assert verdict.current.value == pytest.approx(f1, rel=1e-12)
        assert verdict.loss == pytest.approx(1_600 * 2 / 3_600 + 0.05 - f1, rel=1e-9)
        assert verdict.verdict in {expected, "warning"} if expected == "undecided" else verdict.verdict == expected


def test_begins_after_the_baseline_of_the_same_model() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    log(tracker, 0, np.ones(1_000), np.arange(1_000) % 10 > 0)
    baseline = tracker.snapshot(start=START, end=START + 1_000)
    detector = DegradationDetector(baseline, metrics=["precision"])
    report = detector.check(tracker, evidence="any time")
    assert report["precision"].verdict == "no_data"
    log(tracker, 1_000, np.ones(500), np.arange(500) % 2)
    report = detector.check(tracker, evidence="any time")
    assert (report["precision"].current.n, report["precision"].verdict) == (500, "critical")
    # Entries of this kind are not judged anew: they count all that has come.
    assert detector.rejudge(tracker) == []
    # Rows that were taken have been held against the baseline of their time.
    detector.rebaseline({"precision": (250, 500)})
    assert detector.check(tracker, evidence="any time")["precision"].verdict == "no_data"
    log(tracker, 2_000, np.ones(300), np.arange(300) % 2)
    assert detector.check(tracker, evidence="any time")["precision"].current.n == 300
    endless = DegradationDetector(tracker.snapshot(), metrics=["precision"])
    with pytest.raises(ValueError, match=r"^baseline_metrics must be a window with an end at any time"):
        endless.check(tracker, evidence="any time")


def test_a_copy_begins_anew() -> None:
    detector = DegradationDetector({"precision": 0.9})
    tracker = ModelPerformanceTracker("model", retention=None)
    log(tracker, 0, np.ones(100), np.zeros(100))
    assert detector.check(tracker, evidence="any time").severity == "critical"
    for other in (pickle.loads(pickle.dumps(detector)), copy.deepcopy(detector)):
        fresh = ModelPerformanceTracker("model", retention=None)
        log(fresh, 0, np.ones(100), np.ones(100))
        report = other.check(fresh, evidence="any time")
        assert (report.severity, report["precision"].current.n) == ("ok", 100)


def test_directions_that_are_lower_are_mirrored() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    log(tracker, 0, np.arange(1_000) % 2, np.ones(1_000))
    detector = DegradationDetector(
        {"prediction_positive_rate": 0.3}, directions={"prediction_positive_rate": "lower"}, margins=0.05
    )
    verdict = detector.check(tracker, evidence="any time")["prediction_positive_rate"]
    assert (verdict.verdict, verdict.loss) == ("critical", pytest.approx(0.2))


def test_coverage_is_that_of_rows_whose_time_has_come_though_they_have_expired() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    tracker = ModelPerformanceTracker("model", retention=timedelta(days=10), clock=lambda: datetime(2026, 6, 1))
    detector = DegradationDetector({"accuracy": 0.9})
    for day in range(40):
        numbers = np.arange(day * 500, (day + 1) * 500)
        times = now.timestamp() + 86_400 * day + 172 * np.arange(500)
        tracker.log_predictions(numbers, np.ones(500), timestamps=times)
        tracker.log_ground_truths(numbers[::5], np.arange(100) % 10 > 0, timestamps=times[::5] + 3_600)
        report = detector.check(tracker, min_age=timedelta(hours=2), evidence="any time")
        assert report["accuracy"].verdict == "immature"
        assert report.coverage == pytest.approx(0.2, abs=0.01)


def test_the_family_is_all_metrics_that_may_ever_be_judged() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    detector = DegradationDetector({"accuracy": 0.9, "recall": 0.9}, margins=0.0)
    log(tracker, 0, np.zeros(60), np.zeros(60))
    first = detector.check(tracker, evidence="any time")["accuracy"]
    assert first.gain_p_value is not None and first.adjusted_gain_p_value is not None
    assert first.adjusted_gain_p_value == min(1.0, 2 * first.gain_p_value)


def test_an_alarm_that_is_past_says_when_it_was_proven_and_what_all_rows_say() -> None:
    hour = iter(range(10))
    tracker = ModelPerformanceTracker("model", retention=None, clock=lambda: datetime(2026, 3, 1, next(hour)))
    detector = DegradationDetector({"precision": 0.9}, margins=0.02)
    log(tracker, 0, np.ones(400), np.arange(400) % 10 > 2)
    first = detector.check(tracker, evidence="any time")
    assert first["precision"].verdict == "critical" and first["precision"].proven_at is None
    log(tracker, 400, np.ones(20_000), np.arange(20_000) % 100 > 2)
    verdict = detector.check(tracker, evidence="any time")["precision"]
    assert (verdict.verdict, verdict.proven_at, verdict.p_value) == (
        "critical",
        first.asked,
        first["precision"].p_value,
    )
    assert verdict.to_dict()["proven_at"] == first.asked.isoformat()
    assert verdict.sentence.startswith(
        "precision was proven to be worse than the baseline by more than the margin of 0.0200 "
        f"at the look of 2026-03-01 {first.asked.hour:02}:00:00+00:00 (adjusted p = "
    )
    low, high = verdict.loss_interval or (0.0, 0.0)
    assert verdict.sentence.endswith(
        f"of all rows by now it is 0.9647, 0.9000 in the baseline: {-high:.4f} to {-low:.4f} better."
    )


def test_no_limits_contradict_what_is_said() -> None:
    """Bad days and a recovery: where the limits of all rows hold no loss, the sentence rests on the look that proved it."""
    tracker = ModelPerformanceTracker("model", retention=None)
    detector, random, told = DegradationDetector({"precision": (900, 1_000)}), np.random.default_rng(0), set()
    for day in range(30):
        log(tracker, 300 * day, np.ones(300), random.random(300) < (0.7 if 5 <= day < 8 else 0.9))
        verdict = detector.check(tracker, evidence="any time")["precision"]
        if verdict.is_alarm:
            low, _ = verdict.loss_interval or (0.0, 0.0)
            told.add((low > 0, "more than chance" in verdict.sentence, "was proven" in verdict.sentence))
    assert told == {(True, True, False), (False, False, True)}
    assert "better to 0.0452 worse." in verdict.sentence


def test_a_baseline_that_is_changed_in_place_has_evidence_of_its_own() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    baseline = {"precision": 0.90}
    detector = DegradationDetector(baseline, margins=0.0)
    log(tracker, 0, np.ones(500), np.arange(500) % 100 < 80)
    assert detector.check(tracker, evidence="any time").severity == "critical"
    baseline["precision"] = 0.80
    assert detector.check(tracker, evidence="any time").severity == "undecided"


def test_threads_that_look_at_once_count_each_row_once() -> None:
    rows = 1_100_000
    tracker = ModelPerformanceTracker("model", retention=None, keep_ids=False)
    log(tracker, 0, np.ones(rows), np.ones(rows))
    detector = DegradationDetector({"precision": 0.9})
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: detector.check(tracker, evidence="any time")["precision"].current.n, range(8)))
    assert seen == [rows] * 8


def test_f1_with_rows_is_counted() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    log(tracker, 0, np.ones(2_000), np.arange(2_000) % 10 > 4)
    report = DegradationDetector({"f1_score": 0.8}, n=1_000).check(tracker, evidence="any time")
    assert report["f1_score"].verdict == "critical"


def test_one_prediction_without_its_label_holds_up_all_and_that_is_said() -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    tracker.log_prediction("never", 1, timestamp=START - 10)
    log(tracker, 0, np.ones(500), np.ones(500))
    report = DegradationDetector({"precision": 0.9}).check(tracker, evidence="any time")
    assert report.severity == "no_data" and "Give a min_age" in report.notes[0]


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"evidence": "now"}, ValueError, 'evidence must be "one look" or "any time", got \'now\''),
    ({"evidence": None}, TypeError, 'evidence must be "one look" or "any time", got None'),
    ({"evidence": "any time", "window": timedelta(1)}, ValueError, "window must be None at any time"),
    ({"evidence": "any time", "now": START}, ValueError, "now must be None at any time"),
    ({"evidence": "any time", "min_age": 5}, TypeError, "min_age must be a timedelta of at least zero, got 5"),
    (
        {"evidence": "any time", "min_age": timedelta(1)},
        ValueError,
        "min_age must be that of the first look at any time",
    ),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_bad_arguments(given: dict[str, Any], error: type[Exception], message: str) -> None:
    tracker = ModelPerformanceTracker("model", retention=None)
    detector = DegradationDetector({"precision": 0.9})
    detector.check(tracker, evidence="any time")
    with pytest.raises(error) as raised:
        detector.check(tracker, **given)
    assert str(raised.value).startswith(message)
    with pytest.raises(TypeError, match=r"^snapshot_or_tracker must be a ModelPerformanceTracker"):
        detector.check(tracker.snapshot(), evidence="any time")
    moving = DegradationDetector(RollingBaseline(tracker, timedelta(days=1)), metrics=["precision"])
    with pytest.raises(TypeError, match=r"^baseline_metrics must not move with the window at any time"):
        moving.check(tracker, evidence="any time")
