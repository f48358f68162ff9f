"""Bad arguments: the error names the argument, the value and what is allowed, and nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.check.logs import MONDAY, Log, right
from truthlag import DegradationDetector, ModelPerformanceTracker, RollingBaseline, SeasonalBaseline
from truthlag.metrics import Metric

TRACKER = right(200, 20)
SNAPSHOT = TRACKER.snapshot()
GIVEN = {"accuracy": 0.9, "recall": 0.8}
BETTER = '"higher" or "lower", whichever is better'
WINDOW = "a timedelta, or a mapping of arguments of ModelPerformanceTracker.snapshot"


@pytest.mark.parametrize(
    ("baseline", "options", "error", "told"),
    [
        (GIVEN, {"alpha": 0}, ValueError, "alpha must be a number above 0 and below 0.5, got 0 of type int"),
        (GIVEN, {"alpha": 0.5}, ValueError, "alpha must be a number above 0 and below 0.5, got 0.5 of type float"),
        (
            GIVEN,
            {"alpha": float("nan")},
            ValueError,
            "alpha must be a number above 0 and below 0.5, got nan of type float",
        ),
        (GIVEN, {"alpha": "5%"}, TypeError, "alpha must be a number above 0 and below 0.5, got '5%' of type str"),
        (GIVEN, {"alpha": True}, TypeError, "alpha must be a number above 0 and below 0.5, got True of type bool"),
        (
            GIVEN,
            {"metrics": "accuracy"},
            TypeError,
            "metrics must be a sequence of the names of metrics, at least one, or None, got 'accuracy' of type str",
        ),
        (
            GIVEN,
            {"metrics": []},
            ValueError,
            "metrics must be a sequence of the names of metrics, at least one, or None, got none",
        ),
        (GIVEN, {"metrics": ["accuracy", 3]}, TypeError, "metrics[1] must be a str, got 3 of type int"),
        (
            GIVEN,
            {"metrics": ["precision"]},
            ValueError,
            "metrics must name metrics of the baseline, got 'precision' of type str; it has accuracy, recall",
        ),
        (
            GIVEN,
            {"margins": -0.1},
            ValueError,
            "margins must be a finite number of at least 0, in units of the metric, got -0.1 of type float",
        ),
        (
            GIVEN,
            {"margins": {"recall": float("inf")}},
            ValueError,
            "margins['recall'] must be a finite number of at least 0, in units of the metric, got inf of type float",
        ),
        (
            GIVEN,
            {"margins": {"recall": None}},
            TypeError,
            "margins['recall'] must be a finite number of at least 0, in units of the metric, got None",
        ),
        (
            GIVEN,
            {"margins": {"f1": 0.1}},
            ValueError,
            "margins must name metrics that are judged, got 'f1' of type str; they are accuracy, recall",
        ),
        (
            GIVEN,
            {"margins": [0.1]},
            TypeError,
            "margins must be a finite number of at least 0, in units of the metric, got an object of type list",
        ),
        (
            GIVEN,
            {"directions": "lower"},
            TypeError,
            'directions must be a mapping of "higher" or "lower", whichever is better, by metric, or None, got \'lower\' of type str',
        ),
        (
            GIVEN,
            {"directions": {"recall": "up"}},
            ValueError,
            "directions['recall'] must be \"higher\" or \"lower\", whichever is better, got 'up' of type str",
        ),
        (
            GIVEN,
            {"directions": {"recall": 1}},
            TypeError,
            'directions[\'recall\'] must be "higher" or "lower", whichever is better, got 1 of type int',
        ),
        (
            {"clicks": 0.1},
            {"metrics": ["clicks"]},
            ValueError,
            (
                f"directions must say of 'clicks' whether it is {BETTER}, since the library does not know it: "
                "directions={'clicks': \"lower\"}"
            ),
        ),
        (
            SNAPSHOT,
            {"metrics": ["prevalence"]},
            ValueError,
            (
                f"directions must say of 'prevalence' whether it is {BETTER}, since the library does not know it: "
                "directions={'prevalence': \"lower\"}"
            ),
        ),
        (
            GIVEN,
            {"n": 2**53 + 1},
            ValueError,
            f"n must be a positive int of at most 2**53, got {2**53 + 1} of type int",
        ),
        (GIVEN, {"n": 0}, ValueError, "n must be a positive int, got 0 of type int"),
        (GIVEN, {"n": 10.0}, TypeError, "n must be a positive int, got 10.0 of type float"),
        (GIVEN, {"n": {"recall": -1}}, ValueError, "n['recall'] must be a positive int, got -1 of type int"),
        (
            GIVEN,
            {"n": {"precision": 5}},
            ValueError,
            "n must name metrics of baseline_metrics, got 'precision' of type str",
        ),
        (SNAPSHOT, {"n": 100}, ValueError, "n must be None, since this baseline knows its rows, got 100 of type int"),
        (
            {"accuracy": 1.5},
            {"n": 100},
            ValueError,
            "baseline_metrics['accuracy'] must be a share from 0 to 1, got 1.5 of type float",
        ),
        (
            {"accuracy": (5, 4)},
            {"margins": 0},
            ValueError,
            "baseline_metrics['accuracy'] must be counts as (k, n), ints with 0 <= k <= n and n > 0, got (5, 4)",
        ),
        (
            {"accuracy": (0.9, 4)},
            {"margins": 0},
            TypeError,
            "baseline_metrics['accuracy'] must be counts as (k, n), ints with 0 <= k <= n and n > 0, got 0.9 of type float, 4 of type int",
        ),
        (
            {"roc_auc": (9, 10)},
            {"margins": 0},
            ValueError,
            "baseline_metrics['roc_auc'] must be a finite number or a Metric, since it is no share of rows, got counts",
        ),
        (
            {"accuracy": float("nan")},
            {"margins": 0},
            ValueError,
            "baseline_metrics['accuracy'] must be a finite number, counts as (k, n), or a Metric, got nan of type float",
        ),
        (
            {"accuracy": "0.9"},
            {"margins": 0},
            TypeError,
            "baseline_metrics['accuracy'] must be a finite number, counts as (k, n), or a Metric, got '0.9' of type str",
        ),
        (
            {"confusion_matrix": {"tp": 1}},
            {"margins": 0},
            ValueError,
            (
                "baseline_metrics['confusion_matrix'] must be ConfusionCounts, or a mapping with the counts tp, fp, fn and tn, "
                "got an object of type dict"
            ),
        ),
        (
            {"confusion_matrix": {"tp": 1, "fp": 1, "fn": -1, "tn": 1}},
            {"margins": 0},
            TypeError,
            "baseline_metrics['confusion_matrix']['fn'] must be an int of at least 0, got -1 of type int",
        ),
        (5, {"margins": 0}, TypeError, "baseline_metrics must be a mapping of metrics by name, got 5 of type int"),
        (
            (TRACKER,),
            {},
            TypeError,
            f"baseline_metrics must be a tracker and a window as (tracker, {WINDOW}), got a tuple of 1",
        ),
        ((3, timedelta(1)), {}, TypeError, "baseline_metrics[0] must be a ModelPerformanceTracker, got 3 of type int"),
        (
            (TRACKER, 24),
            {},
            TypeError,
            "baseline_metrics[1] must be a timedelta, or a mapping of arguments of ModelPerformanceTracker.snapshot, got 24 of type int",
        ),
    ],
    ids=range(37),
)
def test_the_constructor(baseline: Any, options: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        DegradationDetector(baseline, **options)
    assert str(caught.value) == told


def test_a_share_that_is_no_float() -> None:
    with pytest.raises(ValueError, match=r"^min_coverage must be a number from 0 to 1, or None, got 1000"):
        DegradationDetector(GIVEN).check(TRACKER, min_coverage=10**400)


def test_nothing_to_judge() -> None:
    with pytest.raises(
        ValueError, match=r"^baseline_metrics must have a metric whose direction is known \(accuracy, .*, got none$"
    ):
        DegradationDetector({"sample_size": 100}, margins=0.1)


@pytest.mark.parametrize(
    ("subject", "options", "error", "told"),
    [
        (
            7,
            {},
            TypeError,
            (
                "snapshot_or_tracker must be a ModelPerformanceTracker, a PerformanceSnapshot, or a mapping of counts as (k, n) or "
                "Metrics, got 7 of type int"
            ),
        ),
        (
            SNAPSHOT,
            {"window": timedelta(1)},
            ValueError,
            "window must be None where no tracker is judged, got datetime.timedelta(days=1) of type timedelta",
        ),
        (
            {"accuracy": (9, 10)},
            {"min_age": timedelta(1)},
            ValueError,
            "min_age must be None where no tracker is judged, got datetime.timedelta(days=1) of type timedelta",
        ),
        (
            TRACKER,
            {"window": 24},
            TypeError,
            "window must be a timedelta of at least zero, or None (for hours write timedelta(hours=24)), got 24 of type int",
        ),
        (TRACKER, {"now": "today"}, TypeError, None),
        (
            TRACKER,
            {"min_coverage": 50},
            ValueError,
            "min_coverage must be a number from 0 to 1, or None, got 50 of type int",
        ),
        (
            TRACKER,
            {"min_coverage": True},
            TypeError,
            "min_coverage must be a number from 0 to 1, or None, got True of type bool",
        ),
        (
            TRACKER,
            {"min_coverage": float("nan")},
            ValueError,
            "min_coverage must be a number from 0 to 1, or None, got nan of type float",
        ),
        (
            TRACKER,
            {"labels": "positives"},
            ValueError,
            'labels must be "both", "positives_only" or None, got \'positives\' of type str',
        ),
        (TRACKER, {"labels": 1}, TypeError, 'labels must be "both", "positives_only" or None, got 1 of type int'),
        (
            {"accuracy": (9, 0)},
            {},
            ValueError,
            "snapshot_or_tracker['accuracy'] must be counts as (k, n), ints with 0 <= k <= n and n > 0, got (9, 0)",
        ),
        (
            {"accuracy": Metric("accuracy", float("inf"))},
            {},
            ValueError,
            "snapshot_or_tracker['accuracy'] must have a finite value, got inf of type float",
        ),
    ],
    ids=range(12),
)
def test_a_check(subject: Any, options: dict[str, Any], error: type[Exception], told: str | None) -> None:
    detector = DegradationDetector(GIVEN)
    with pytest.raises(error) as caught:
        detector.check(subject, **options)
    if told is not None:
        assert str(caught.value) == told
    assert detector.history == []


def test_a_new_baseline_that_is_no_good_changes_nothing() -> None:
    detector = DegradationDetector(GIVEN, metrics=["recall"])
    for baseline, n, error in (({"accuracy": 0.9}, None, ValueError), (None, None, TypeError), (GIVEN, -1, ValueError)):
        with pytest.raises(error):
            detector.rebaseline(baseline, n=n)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^note must be a str, got 3 of type int$"):
        detector.rebaseline(GIVEN, note=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^tracker must be a ModelPerformanceTracker, got None$"):
        detector.rejudge(None)  # type: ignore[arg-type]
    assert detector.baseline is GIVEN and detector.history == []


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: RollingBaseline(None, timedelta(1)), TypeError, "tracker must be a ModelPerformanceTracker, got None"),
        (
            lambda: RollingBaseline(TRACKER, timedelta(0)),
            ValueError,
            "window must be a timedelta above zero, got datetime.timedelta(0) of type timedelta",
        ),
        (lambda: RollingBaseline(TRACKER, 5), TypeError, "window must be a timedelta above zero, got 5 of type int"),
        (
            lambda: RollingBaseline(TRACKER, timedelta(1), gap=-timedelta(1)),
            ValueError,
            "gap must be a timedelta of at least zero, got datetime.timedelta(days=-1) of type timedelta",
        ),
        (lambda: SeasonalBaseline(TRACKER), ValueError, "either weeks must be given, or start and end"),
        (
            lambda: SeasonalBaseline(TRACKER, weeks=4, start=MONDAY, end=MONDAY),
            ValueError,
            "either weeks must be given, or start and end",
        ),
        (
            lambda: SeasonalBaseline(TRACKER, weeks=0),
            ValueError,
            "weeks must be an int from 1 to 520, got 0 of type int",
        ),
        (
            lambda: SeasonalBaseline(TRACKER, weeks=1.5),
            TypeError,
            "weeks must be an int from 1 to 520, got 1.5 of type float",
        ),
        (
            lambda: SeasonalBaseline(TRACKER, start=5, end=5),
            ValueError,
            "end must be after start, got 5 of type int and 5 of type int",
        ),
        (
            lambda: SeasonalBaseline(TRACKER, weeks=4, by="month"),
            ValueError,
            "by must be one of weekday_hour, weekday, hour, got 'month' of type str",
        ),
        (
            lambda: SeasonalBaseline(TRACKER, weeks=4, by=["hour"]),
            TypeError,
            "by must be one of weekday_hour, weekday, hour, got an object of type list",
        ),
        (
            lambda: SeasonalBaseline(TRACKER, weeks=4, time_zone="Europe/Berlin"),
            TypeError,
            "time_zone must be a datetime.tzinfo, got 'Europe/Berlin' of type str",
        ),
        (lambda: SeasonalBaseline(TRACKER, start=MONDAY), TypeError, None),
    ],
    ids=range(13),
)
def test_baselines_that_follow(make: Any, error: type[Exception], told: str | None) -> None:
    with pytest.raises(error) as caught:
        make()
    if told is not None:
        assert str(caught.value) == told


def test_baselines_that_follow_need_a_window() -> None:
    tracker = Log.of(1, 300).tracker()
    with pytest.raises(
        ValueError, match=r"^window must be given, since a rolling baseline ends where the window begins"
    ):
        DegradationDetector(RollingBaseline(tracker, timedelta(7))).check(tracker)
    with pytest.raises(ValueError, match=r"^window must have a beginning and an end"):
        DegradationDetector(SeasonalBaseline(tracker, weeks=1)).check(tracker.snapshot(timedelta(days=2)))


def test_times_are_those_of_the_tracker() -> None:
    detector = DegradationDetector(GIVEN)
    for now in (MONDAY, np.datetime64(MONDAY), MONDAY.replace(tzinfo=UTC).timestamp()):
        assert detector.check(TRACKER, now=now).asked == datetime(2026, 2, 2, tzinfo=UTC)
    clocked = ModelPerformanceTracker("fraud", clock=lambda: MONDAY)
    report = detector.check(clocked, window=timedelta(days=1), min_age=timedelta(days=3))
    assert (report.asked, report.end, report.start) == tuple(
        MONDAY.replace(tzinfo=UTC) - timedelta(days=days) for days in (0, 3, 4)
    )
