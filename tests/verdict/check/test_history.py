"""What was said when, what became of it, and baselines that are set anew."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.check.logs import MONDAY, Log
from truthlag import BaselineEntry, CheckEntry, DegradationDetector, ModelPerformanceTracker, RollingBaseline

DAY = timedelta(days=1)


class Feed:
    """A tracker whose labels take a day, and those of what was rightly left alone five."""

    def __init__(self, seed: int = 1, rows: int = 6000) -> None:
        self.log = Log.of(seed, rows)
        self.now = MONDAY
        self.tracker = ModelPerformanceTracker("fraud", "v1", clock=lambda: self.now, retention=timedelta(days=20))
        self.known = np.zeros(rows, dtype=bool)
        self.seen = np.zeros(rows, dtype=bool)

    def go_to(self, days: float) -> None:
        """Lets the days pass: predictions are made, labels come."""
        self.now = MONDAY + days * DAY
        now, log = np.datetime64(self.now, "us"), self.log
        fresh = np.flatnonzero(~self.seen & (log.times <= now))
        self.tracker.log_predictions(fresh, log.decisions[fresh], log.scores[fresh], timestamps=log.times[fresh])
        self.seen[fresh] = True
        delay = np.where((log.labels | log.decisions) == 1, 1, 5).astype("m8[D]")
        come = np.flatnonzero(self.seen & ~self.known & (log.times + delay <= now))
        self.tracker.log_ground_truths(come, log.labels[come], timestamps=(log.times + delay)[come])
        self.known[come] = True


def said(entry: Any) -> list[str]:
    return [report["specificity"].verdict for report in (entry.report, *entry.rejudged)]


class TestRejudging:
    def test_what_was_said_too_early_is_set_right(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85}, margins=0.1)
        feed.go_to(8)
        early = detector.check(feed.tracker, window=2 * DAY, min_coverage=0)
        assert early.severity == "critical"
        feed.go_to(14)
        (entry,) = detector.rejudge(feed.tracker)
        assert entry is detector.history[0]
        assert (entry.report, said(entry), entry.was_revised) == (early, ["critical", "improved"], True)
        assert (entry.latest.start, entry.latest.end) == (early.start, early.end)
        assert entry.latest.asked > early.asked
        assert (
            entry.latest["specificity"].current
            == feed.tracker.snapshot(
                start=early.start,
                end=early.end + timedelta(microseconds=1),  # type: ignore[operator]
            ).metrics["specificity"]
        )

    def test_a_check_does_it_by_itself(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85}, margins=0.1)
        for day in range(2, 16):
            feed.go_to(day)
            detector.check(feed.tracker, window=DAY, min_coverage=0.7)
        entries = [entry for entry in detector.history if isinstance(entry, CheckEntry)]
        assert len(entries) == 14 and all(entry.report.severity == "immature" for entry in entries)
        # The labels of a day are all there six days later.
        assert all(entry.latest.coverage == 1 for entry in entries[:-6])
        assert all(said(entry)[-1] != "immature" for entry in entries[:-6])
        assert all(entry.latest.severity == "immature" for entry in entries[-3:])

    def test_nothing_new_is_not_said_twice(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85})
        feed.go_to(10)
        detector.check(feed.tracker, window=DAY, min_age=6 * DAY)
        assert detector.rejudge(feed.tracker) == []
        feed.go_to(10.01)
        assert detector.rejudge(feed.tracker) == []

    def test_a_corrected_label_is_another_judgement(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85})
        feed.go_to(10)
        report = detector.check(feed.tracker, window=DAY, min_age=6 * DAY)
        inside = np.flatnonzero(
            (feed.log.times >= np.datetime64(MONDAY + 3 * DAY)) & (feed.log.times <= np.datetime64(MONDAY + 4 * DAY))
        )
        feed.tracker.log_ground_truths(inside[:1], 1 - feed.log.labels[inside[:1]], timestamps=[MONDAY + 9.9 * DAY])
        (entry,) = detector.rejudge(feed.tracker)
        assert entry.latest.counts != report.counts and entry.latest.coverage == report.coverage == 1

    def test_windows_whose_predictions_have_expired_are_left_alone(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85})
        feed.go_to(1)
        detector.check(feed.tracker, window=DAY, min_coverage=0)
        feed.go_to(27)
        assert detector.rejudge(feed.tracker) == [] and said(detector.history[0]) == ["no_data"]

    def test_windows_without_an_end_and_other_models_are_left_alone(self) -> None:
        feed, other = Feed(), ModelPerformanceTracker("fraud", "v2")
        detector = DegradationDetector({"specificity": 0.85})
        feed.go_to(4)
        detector.check(feed.tracker)
        detector.check(feed.tracker.snapshot(DAY))
        detector.check({"specificity": (8, 10)})
        bounded = detector.check(feed.tracker.snapshot(DAY, now=feed.now), min_coverage=0)
        feed.go_to(12)
        assert detector.rejudge(other) == []
        assert [entry.report for entry in detector.rejudge(feed.tracker)] == [bounded]

    def test_the_baseline_of_the_time_is_kept(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": (850, 1000)}, margins=0.1)
        feed.go_to(8)
        detector.check(feed.tracker, window=2 * DAY)
        detector.rebaseline({"specificity": (990, 1000)}, note="v2", now=feed.now)
        feed.go_to(14)
        (entry,) = detector.rejudge(feed.tracker)
        assert entry.latest["specificity"].baseline.value == 0.85
        assert detector.check(feed.tracker, window=2 * DAY, min_age=5 * DAY)["specificity"].baseline.value == 0.99

    def test_a_rolling_baseline_is_that_of_the_window(self) -> None:
        feed = Feed()
        detector = DegradationDetector(RollingBaseline(feed.tracker, 4 * DAY), metrics=["recall"])
        feed.go_to(8)
        detector.check(feed.tracker, window=2 * DAY)
        feed.go_to(14)
        (entry,) = detector.rejudge(feed.tracker)
        expected = feed.tracker.snapshot(start=entry.report.start - 4 * DAY, end=entry.report.start)
        assert entry.latest["recall"].baseline.n == expected.metrics["recall"].n

    def test_later_judgements_are_bounded(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85})
        feed.go_to(5)
        first = detector.check(feed.tracker, window=2 * DAY)
        for step in range(110):
            feed.go_to(5 + step / 20)
            detector.rejudge(feed.tracker)
        assert len(detector.history[0].rejudged) == 32 and detector.history[0].report == first


class TestTheList:
    def test_entries(self) -> None:
        detector = DegradationDetector({"accuracy": 0.9})
        reports = [detector.check({"accuracy": (k, 10)}, now=k) for k in range(3)]
        detector.rebaseline({"accuracy": (8, 10)}, note="v3", now=7)
        assert [entry.report for entry in detector.history if isinstance(entry, CheckEntry)] == reports
        last = detector.history[-1]
        assert isinstance(last, BaselineEntry) and (last.note, last.time.timestamp()) == ("v3", 7)
        json.dumps([entry.to_dict() for entry in detector.history])

    def test_it_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(DegradationDetector, "_HISTORY_LIMIT", 5)
        detector = DegradationDetector({"accuracy": 0.9})
        for k in range(12):
            detector.check({"accuracy": (k, 20)})
        assert [entry.report["accuracy"].current.value for entry in detector.history] == [k / 20 for k in range(7, 12)]

    def test_a_detector_pickles_with_it(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85})
        feed.go_to(8)
        detector.check(feed.tracker, window=2 * DAY)
        again = pickle.loads(pickle.dumps(detector))
        assert again.history == detector.history
        feed.go_to(14)
        assert again.rejudge(feed.tracker) == detector.rejudge(feed.tracker)

    def test_it_may_hold_the_callers_own_entries(self) -> None:
        feed = Feed()
        detector = DegradationDetector({"specificity": 0.85})
        detector.history.append({"note": "ours"})  # type: ignore[arg-type]
        feed.go_to(8)
        detector.check(feed.tracker, window=2 * DAY)
        feed.go_to(14)
        assert len(detector.rejudge(feed.tracker)) == 1


def test_margins_follow_a_new_baseline() -> None:
    detector = DegradationDetector({"accuracy": 0.9})
    detector.rebaseline({"accuracy": 0.8})
    assert detector.check({"accuracy": (8, 10)})["accuracy"].margin == 0.05 * 0.8
