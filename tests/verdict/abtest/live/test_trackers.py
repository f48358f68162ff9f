"""Labels that come through the trackers of the arms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.live.events import DAY
from truthlag import ModelPerformanceTracker
from truthlag.abtest import Guardrail, ModelABTest, Proportion, Strata, TrackerMetric, compare, compare_at_age


def tracked(
    test: ModelABTest,
    rates: dict[str, tuple[float, ...]],
    delays: dict[str, float],
    *,
    days: int = 40,
    rows: int = 150,
    seed: int = 1,
) -> dict[str, ModelPerformanceTracker]:
    """Rows of each day, scored and labelled after an exponential delay of so many days; a rate of right decisions by period."""
    random = np.random.default_rng(seed)
    trackers = {arm: ModelPerformanceTracker("fraud", arm, retention=None) for arm in test.arms}
    for day in range(days):
        for number in range(rows):
            unit = day * rows + number
            time = day * DAY + number
            arm = test.log_exposure(unit, timestamp=time)
            if arm is None:
                continue
            share = rates[arm][min(day // 20, len(rates[arm]) - 1)]
            actual = int(random.random() < 0.3)
            decision = actual if random.random() < share else 1 - actual
            score = min(0.99, max(0.01, 0.5 + (0.3 if decision else -0.3) + float(random.normal(0, 0.1))))
            trackers[arm].log_prediction(unit, decision, score, timestamp=time)
            arrives = time + min(20.0, float(random.exponential(delays[arm]))) * DAY
            if arrives <= days * DAY:
                trackers[arm].log_ground_truth(unit, actual, timestamp=arrives)
    for arm, tracker in trackers.items():
        test.attach(arm, tracker)
    return trackers


def made(metrics: dict[str, Any], **options: Any) -> ModelABTest:
    return ModelABTest("fraud", ["v1", "v2"], **{"salt": "trackers", "metrics": metrics, **options})


AGE = timedelta(days=10)
ALIKE = {"v1": 2.0, "v2": 2.0}


def test_metrics_of_trackers_are_compared_at_equal_age() -> None:
    test = made(
        {
            "accuracy": TrackerMetric(min_age=AGE),
            "recall": TrackerMetric(min_age=AGE),
            "f1_score": TrackerMetric(min_age=AGE),
        },
        guardrails=[(Guardrail("precision", "higher", 0.2), TrackerMetric(min_age=AGE))],
    )
    trackers = tracked(test, {"v1": (0.80,), "v2": (0.92,)}, ALIKE)
    now = 40 * DAY
    report = test.report(now=now)
    plain = compare_at_age(trackers["v1"], trackers["v2"], metric="accuracy", min_age=AGE, start=0.0, now=now)
    found = report.metric("accuracy").comparison
    assert (found.difference, found.p_value) == (plain.difference, plain.p_value)
    assert found.control.n == plain.control.n
    assert (found.control.coverage, found.treatment.coverage) == (plain.control.coverage, plain.treatment.coverage)
    assert report.metric("recall").comparison.method == "Farrington-Manning score test"
    assert report.metric("f1_score").comparison.difference is not None
    assert report.gates["label_arrival"].status == "passed"
    assert report.guardrails[0].status == "pass"
    assert report.status == "ship"


def test_labels_of_other_speed_invalidate_metrics_of_labels() -> None:
    test = made({"accuracy": TrackerMetric(min_age=AGE), "bought": "any"})
    tracked(test, {"v1": (0.8,), "v2": (0.8,)}, {"v1": 9.0, "v2": 1.0})
    report = test.report(now=40 * DAY)
    assert report.gates["label_arrival"].status == "failed"
    assert report.status == "invalid"
    assert report.metric("accuracy").verdict == "invalid"
    # What is logged as outcomes needs no label.
    assert report.metric("bought").verdict == "undecided"


def test_a_ramp_that_changes_weights_makes_no_paradox_of_labels() -> None:
    """On day 20 the task gets harder, and half of the new units get the second version: neither is better."""
    test = made({"accuracy": TrackerMetric(min_age=AGE)}, weights=[9, 1], share=0.3)
    test.ramp(1.0, weights=[1, 1], at=20 * DAY)
    trackers = tracked(test, {"v1": (0.95, 0.75), "v2": (0.95, 0.75)}, ALIKE, days=60, rows=300)
    now = 60 * DAY
    report = test.report(now=now)
    naive = compare_at_age(trackers["v1"], trackers["v2"], metric="accuracy", min_age=AGE, start=0.0, now=now)
    assert naive.verdict == "worse"
    row = report.metric("accuracy")
    assert row.verdict == "undecided"
    assert row.comparison.method == "post-stratification"
    # The counts of the rows of each period, by the tracker itself.
    spans = ((0, 20), (20, 50))
    arms = []
    for tracker in trackers.values():
        shown = [
            tracker.snapshot(
                start=datetime.fromtimestamp(first * DAY, UTC), end=datetime.fromtimestamp(last * DAY, UTC)
            ).counts
            for first, last in spans
        ]
        right = [one.true_positives + one.true_negatives for one in shown]
        arms.append(
            Strata({str(i): Proportion(k, one.labelled) for i, (k, one) in enumerate(zip(right, shown, strict=True))})
        )
    # Labels later than the age are in these, and not in the test: less than a percent.
    assert row.comparison.difference == pytest.approx(compare(*arms).difference, abs=0.01)


def test_what_does_not_average_over_strata_is_of_the_newest_weights() -> None:
    test = made({"roc_auc": TrackerMetric(min_age=AGE), "f1_score": TrackerMetric()}, weights=[9, 1], share=0.5)
    test.ramp(1.0, weights=[1, 1], at=20 * DAY)
    tracked(test, {"v1": (0.9,), "v2": (0.9,)}, ALIKE)
    report = test.report(now=40 * DAY)
    assert report.metric("roc_auc").comparison.difference is not None
    notes = " ".join(report.notes)
    assert "roc_auc is that of predictions since the weights changed last" in notes
    assert "f1_score is that of predictions since the weights changed last" in notes


def test_every_metric_of_a_tracker_is_compared() -> None:
    names = [
        *ModelPerformanceTracker("none").snapshot().metrics,
        "prevalence",
        "specificity",
        "negative_predictive_value",
        "calibration_error",
    ]
    test = made({name: TrackerMetric() for name in dict.fromkeys(names)})
    tracked(test, {"v1": (0.85,), "v2": (0.85,)}, ALIKE)
    report = test.report(now=40 * DAY)
    assert {row.metric for row in report.metrics if row.comparison.difference is None} == set()


def test_arms_without_a_tracker_are_named() -> None:
    test = made({"accuracy": TrackerMetric()})
    test.attach("v1", ModelPerformanceTracker("fraud", "v1"))
    with pytest.raises(ValueError, match="arm 'v2' must have a tracker attached"):
        test.report(now=0.0)
    assert test.looks == ()
    test.attach("v2", ModelPerformanceTracker("fraud", "v2"))
    assert test.report(now=0.0).status == "no_data"


def test_trackers_without_exposures_are_enough() -> None:
    source = made({"accuracy": TrackerMetric(min_age=AGE)})
    trackers = tracked(source, {"v1": (0.80,), "v2": (0.92,)}, ALIKE)
    test = made({"accuracy": TrackerMetric(min_age=AGE)})
    for arm, tracker in trackers.items():
        test.attach(arm, tracker)
    report = test.report(now=40 * DAY)
    assert report.metric("accuracy").verdict == "better"
    assert report.gates["sample_ratio"].status == "not_run"
