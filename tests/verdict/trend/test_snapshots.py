"""Trends of snapshots, and of a tracker cut into periods by prediction time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker, PerformanceSnapshot
from truthlag.verdict.trend import check_trend

FIRST = datetime(2026, 3, 1)
DAYS = 30
DAY = timedelta(days=1)
METRICS = (
    "accuracy",
    "precision",
    "recall",
    "f1_score",
    "specificity",
    "negative_predictive_value",
    "balanced_accuracy",
    "matthews_correlation",
    "cohen_kappa",
    "f_half_score",
    "f2_score",
    "brier_score",
    "log_loss",
    "roc_auc",
    "average_precision",
    "expected_calibration_error",
)


def tracker_of(decline: float, *, seed: int = 1, unlabelled: int = 0) -> ModelPerformanceTracker:
    """Thirty days of 80 to 119 predictions, whose scores mean less from day to day; the last days have no labels."""
    random = np.random.default_rng(seed)
    tracker = ModelPerformanceTracker("m", retention=None, clock=lambda: FIRST + DAYS * DAY + timedelta(hours=5))
    for day in range(DAYS):
        size = 80 + 13 * day % 40
        ids = [f"{day}-{row}" for row in range(size)]
        scores = random.random(size)
        sharp = 6 * (1 - decline * day)
        labels = random.random(size) < 1 / (1 + np.exp(-sharp * (scores - 0.5)))
        moments = [FIRST + day * DAY + timedelta(minutes=10 * row) for row in range(size)]
        tracker.log_predictions(ids, (scores > 0.5).astype(int), scores, timestamps=moments)
        if day < DAYS - unlabelled:
            tracker.log_ground_truths(ids, labels.astype(int), timestamps=[moment + DAY for moment in moments])
    return tracker


def snapshots_of(tracker: ModelPerformanceTracker) -> list[PerformanceSnapshot]:
    return [tracker.snapshot(start=FIRST + day * DAY, end=FIRST + (day + 1) * DAY) for day in range(DAYS)]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric(metric: str) -> None:
    worse = check_trend(metric, tracker_of(1 / 30))
    flat = check_trend(metric, tracker_of(0))
    # The bins of a hundred rows are too coarse for a calibration error to show a trend.
    assert worse.verdict == ("declining" if metric != "expected_calibration_error" else worse.verdict)
    assert flat.verdict == "stable"
    assert (worse.periods, worse.skipped) == (DAYS, {"no_data": 1})


def test_a_tracker_is_its_snapshots_is_its_counts() -> None:
    tracker = tracker_of(1 / 30)
    snapshots = snapshots_of(tracker)
    of_tracker = check_trend("accuracy", tracker)
    of_snapshots = check_trend("accuracy", snapshots)
    good = [snapshot.counts.true_positives + snapshot.counts.true_negatives for snapshot in snapshots]
    of_counts = check_trend("accuracy", good, trials=[snapshot.sample_size for snapshot in snapshots])
    for report in (of_tracker, of_snapshots):
        # Days since the epoch and from 0 differ by the rounding of the former.
        assert report.slope == pytest.approx(of_counts.slope, rel=1e-9)
        assert report.p_value == pytest.approx(of_counts.p_value, rel=1e-6)
    assert of_snapshots.crossing_days is None
    assert check_trend("accuracy", snapshots[::-1]) == of_snapshots


@pytest.mark.parametrize(
    ("metric", "of"),
    [
        ("precision", lambda c: (c.true_positives, c.true_positives + c.false_positives)),
        ("recall", lambda c: (c.true_positives, c.true_positives + c.false_negatives)),
        ("specificity", lambda c: (c.true_negatives, c.true_negatives + c.false_positives)),
        ("negative_predictive_value", lambda c: (c.true_negatives, c.true_negatives + c.false_negatives)),
        ("prevalence", lambda c: (c.true_positives + c.false_negatives, c.labelled)),
        ("prediction_positive_rate", lambda c: (c.true_positives + c.false_positives, c.labelled)),
    ],
)
def test_shares_are_rates_of_their_own_rows(metric: str, of: Any) -> None:
    snapshots = snapshots_of(tracker_of(1 / 30))
    good, asked = zip(*(of(snapshot.counts) for snapshot in snapshots), strict=True)
    by_counts = check_trend(metric, good, trials=asked, higher_is_better=True)
    report = check_trend(metric, snapshots, higher_is_better=True)
    assert (report.kind, report.verdict) == ("rate", by_counts.verdict)
    assert report.slope == pytest.approx(by_counts.slope, rel=1e-9)
    # They are the values that the snapshots show.
    assert report.current == pytest.approx(snapshots[-1].metrics[metric].value, rel=1e-12)


def test_the_error_of_a_mean_is_that_of_its_rows() -> None:
    """The interval of the Brier score is that of the mean of its rows."""
    random = np.random.default_rng(4)
    tracker = ModelPerformanceTracker("m", retention=None)
    moments: list[tuple[float, float]] = []
    for day in range(20):
        scores, labels = random.random(200), random.integers(0, 2, 200)
        ids = [f"{day}-{row}" for row in range(200)]
        tracker.log_predictions(ids, [1] * 200, scores, timestamps=[FIRST + day * DAY] * 200)
        tracker.log_ground_truths(ids, labels, timestamps=[FIRST + day * DAY] * 200)
        rows = (scores - labels) ** 2
        moments.append((rows.mean(), (rows**2).mean()))
    snapshots = [tracker.snapshot(start=FIRST + day * DAY, end=FIRST + (day + 1) * DAY) for day in range(20)]
    means, squares = zip(*moments, strict=True)
    expected = check_trend("brier_score", means, second_moments=squares, sizes=[200] * 20)
    report = check_trend("brier_score", snapshots)
    # Scores are held to 2^-40; the interval may divide by 200 or by 199.
    assert report.slope == pytest.approx(expected.slope, rel=1e-6)
    assert report.p_value == pytest.approx(expected.p_value, rel=0.01)
    assert report.dispersion == pytest.approx(expected.dispersion, rel=0.01)


class TestPeriods:
    def test_the_last_31_whole_days(self) -> None:
        report = check_trend("accuracy", tracker_of(0))
        # Thirty days hold predictions; the present one is not over.
        assert (report.periods, report.skipped) == (30, {"no_data": 1})

    def test_weeks_from_a_start(self) -> None:
        report = check_trend("accuracy", tracker_of(1 / 30), period=timedelta(days=7), start=FIRST)
        assert (report.periods, report.skipped) == (4, {})
        daily = check_trend("accuracy", tracker_of(1 / 30))
        # A slope a day, whatever the period.
        assert report.slope == pytest.approx(daily.slope, rel=0.3)

    def test_young_periods_are_immature(self) -> None:
        tracker = tracker_of(1 / 30, unlabelled=6)
        report = check_trend("accuracy", tracker, start=FIRST, end=FIRST + DAYS * DAY, min_age=timedelta(days=7))
        assert (report.periods, report.skipped) == (23, {"immature": 7})
        assert report.sentence.endswith("; not looked at: 7 immature.")
        assert check_trend("accuracy", tracker, min_age=timedelta(days=7), last=20).periods == 20
        listed = check_trend(
            "accuracy", snapshots_of(tracker), min_age=timedelta(days=7), now=FIRST + DAYS * DAY + timedelta(hours=5)
        )
        assert (listed.periods, listed.skipped) == (23, {"immature": 7})

    def test_periods_with_few_labels_are_immature(self) -> None:
        tracker = tracker_of(0, unlabelled=6)
        tracker.log_ground_truth("29-0", 1, timestamp=FIRST + 31 * DAY)
        assert check_trend("accuracy", tracker, last=30).skipped == {"no_data": 5}
        assert check_trend("accuracy", tracker, last=30, min_coverage=0.9).skipped == {"immature": 6}

    def test_a_period_in_the_future_is_immature(self) -> None:
        report = check_trend("accuracy", tracker_of(0), start=FIRST, end=FIRST + (DAYS + 5) * DAY)
        assert (report.periods, report.skipped) == (30, {"immature": 5})

    def test_now_is_what_it_is_told(self) -> None:
        report = check_trend("accuracy", tracker_of(0), start=FIRST, now=FIRST + 12 * DAY + timedelta(hours=1))
        assert report.periods == 12

    def test_an_outlier_has_its_day(self) -> None:
        tracker = tracker_of(0)
        for row in range(100):
            tracker.log_prediction(f"bad-{row}", 1, 0.9, timestamp=FIRST + 9 * DAY + timedelta(hours=1))
            tracker.log_ground_truth(f"bad-{row}", 0, timestamp=FIRST + 10 * DAY)
        report = check_trend("accuracy", tracker)
        assert (report.verdict, len(report.outliers)) == ("outlier", 1)
        assert report.outliers[0].time == (FIRST + 9 * DAY).replace(tzinfo=UTC)
        assert "accuracy of 2026-03-10 (" in report.sentence

    def test_decisions_anew(self) -> None:
        tracker = tracker_of(0)
        assert check_trend("recall", tracker, threshold=0.9).current < check_trend("recall", tracker).current  # type: ignore[operator]

    def test_an_empty_tracker(self) -> None:
        report = check_trend("accuracy", ModelPerformanceTracker("m"))
        assert (report.verdict, report.periods, report.skipped) == ("undecided", 0, {"no_data": 31})
        assert check_trend("log_loss", ModelPerformanceTracker("m"), start=FIRST, end=FIRST).periods == 0


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "error", "told"),
        [
            ({"period": 1}, TypeError, "period must be a timedelta, got 1 of type int"),
            ({"period": timedelta()}, ValueError, "period must be above 0, got datetime.timedelta(0)"),
            ({"last": 0}, ValueError, "last must be from 1 to 2000, got 0"),
            ({"last": 2.0}, TypeError, "last must be an int, got 2.0 of type float"),
            (
                {"period": timedelta(microseconds=1), "start": FIRST},
                ValueError,
                "period must cut the tracker into at most 2000 periods, got ",
            ),
            ({"start": "x"}, TypeError, "start must be a datetime"),
            ({"min_age": 1}, TypeError, "min_age must be a timedelta, or None, got 1 of type int"),
            ({"min_age": -DAY}, ValueError, "min_age must be at least 0, got datetime.timedelta(days=-1)"),
            ({"min_coverage": 2}, ValueError, "min_coverage must be a number from 0 to 1, or None, got 2 of type int"),
            ({"times": [1]}, TypeError, "times must be None where periods are a tracker, got an object of type list"),
        ],
    )
    def test_of_a_tracker(self, arguments: dict[str, Any], error: type[Exception], told: str) -> None:
        with pytest.raises(error) as caught:
            check_trend("accuracy", tracker_of(0), **arguments)
        assert str(caught.value).startswith(told)

    def test_of_snapshots(self) -> None:
        snapshots: list[Any] = snapshots_of(tracker_of(0))[:3]
        with pytest.raises(ValueError, match=r"metric_name must be a metric of periods\[0\] \(accuracy, .*\), got 'x'"):
            check_trend("x", snapshots, higher_is_better=True)
        with pytest.raises(ValueError, match=r"times must be given, since the window of periods\[1\] has no start"):
            check_trend("accuracy", [snapshots[0], replace(snapshots[1], start=None)])
        with pytest.raises(TypeError, match=r"periods\[3\] must be a snapshot, as the others are, got 5 of type int"):
            check_trend("accuracy", [*snapshots, 5])
        with pytest.raises(TypeError, match="sizes must be None where periods are snapshots"):
            check_trend("accuracy", snapshots, sizes=[1, 2, 3])
        with pytest.raises(ValueError, match="times must have one number for each of 3 periods, got 2"):
            check_trend("accuracy", snapshots, times=[1, 2])
        assert check_trend("accuracy", [replace(one, start=None) for one in snapshots], times=[1, 2, 4]).periods == 3
