"""Late labels: coverage, the age of predictions, and feeds that report positives alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.verdict.check.logs import MONDAY, Log
from truthlag import DegradationDetector, DegradationReport, ModelPerformanceTracker

LOG = Log.of(1, 4000)
EVERY = np.arange(4000)


class TestCoverage:
    def report(self, share: float, **options: object) -> DegradationReport:
        labelled = np.random.default_rng(2).random(4000) < share
        return DegradationDetector({"accuracy": 0.85, "precision": 0.8}).check(
            LOG.tracker(labelled=labelled), **options
        )  # type: ignore[arg-type]

    def test_too_few_labels_are_immature(self) -> None:
        report = self.report(0.4)
        assert {verdict.verdict for verdict in report.verdicts.values()} == {"immature"}
        assert (report.severity, report.min_coverage) == ("immature", 0.5)
        accuracy = report["accuracy"]
        assert accuracy.p_value is None and accuracy.loss is None
        assert accuracy.sentence.startswith("accuracy cannot be judged yet: ")
        assert accuracy.sentence.endswith(" percent of the predictions have a label, at least 50 percent are needed.")
        assert report.coverage == pytest.approx(0.4, abs=0.03)

    def test_the_least_share_can_be_given(self) -> None:
        assert self.report(0.4, min_coverage=0.3)["accuracy"].p_value is not None
        assert self.report(0.9, min_coverage=0.95).severity == "immature"
        assert self.report(0.01, min_coverage=0)["accuracy"].verdict != "immature"

    def test_a_baseline_says_what_can_be_expected(self) -> None:
        """A model of which every tenth prediction is ever labelled."""
        random = np.random.default_rng(3)
        base = LOG.tracker(labelled=random.random(4000) < 0.1).snapshot()
        detector = DegradationDetector(base, metrics=["accuracy"])
        tenth, twentieth = (LOG.tracker(labelled=random.random(4000) < share) for share in (0.1, 0.05))
        report = detector.check(tenth)
        assert base.coverage is not None and report.min_coverage == pytest.approx(0.8 * base.coverage)
        assert report["accuracy"].verdict != "immature"
        assert detector.check(twentieth).severity == "immature"

    def test_a_metric_of_some_predictions_needs_their_labels(self) -> None:
        """Only decisions of 0 have their label: precision is not to be judged, though most predictions are labelled."""
        labelled = LOG.decisions == 0
        report = DegradationDetector({"precision": 0.8, "negative_predictive_value": 0.9}).check(
            LOG.tracker(labelled=labelled)
        )
        assert report["precision"].verdict == "immature"
        assert (report["precision"].coverage, report["negative_predictive_value"].coverage) == (0, report.coverage)
        assert report["negative_predictive_value"].p_value is not None

    def test_no_labels_and_no_predictions(self) -> None:
        nothing = EVERY < 0
        assert DegradationDetector({"accuracy": 0.9}).check(LOG.tracker(labelled=nothing)).severity == "immature"
        assert DegradationDetector({"accuracy": 0.9}).check(ModelPerformanceTracker("m")).severity == "no_data"

    def test_immature_metrics_do_not_make_the_others_less_sure(self) -> None:
        labelled = LOG.decisions == 0
        detector = DegradationDetector({"precision": 0.8, "negative_predictive_value": 0.9})
        verdict = detector.check(LOG.tracker(labelled=labelled))["negative_predictive_value"]
        assert verdict.adjusted_p_value == verdict.p_value


class TestAge:
    def test_fresh_predictions_are_left_out(self) -> None:
        """Labels take a day, and those of what was rightly left alone three: the fresh ones look bad."""
        now = MONDAY + timedelta(days=28)
        age = (np.datetime64(now, "us") - LOG.times).astype(float) / 86_400e6
        tracker = LOG.tracker(now=now, labelled=age > np.where((LOG.labels | LOG.decisions) == 1, 1, 3))
        detector = DegradationDetector(
            (tracker, {"start": MONDAY, "end": MONDAY + timedelta(days=14)}), metrics=["specificity", "precision"]
        )
        hasty = detector.check(tracker, window=timedelta(days=3), min_coverage=0)
        assert hasty["specificity"].current.value == 0 and hasty["specificity"].verdict == "critical"
        assert detector.check(tracker, window=timedelta(days=3)).severity == "immature"
        mature = detector.check(tracker, window=timedelta(days=7), min_age=timedelta(days=3))
        assert (mature.coverage, mature.min_coverage) == (1, 0.8)
        assert {verdict.verdict for verdict in mature.verdicts.values()} <= {"ok", "undecided"}


class TestPositivesOnly:
    positives = LOG.labels == 1
    tracker = LOG.tracker(labelled=positives)
    base = DegradationDetector({"recall": 0.9, "precision": 0.8, "accuracy": 0.9})

    def test_the_coverage_rule_is_off_and_recall_alone_is_judged(self) -> None:
        report = self.base.check(self.tracker)
        assert (report.labels, report.min_coverage) == ("positives_only", None)
        assert report.coverage is not None and report.coverage < 0.5
        assert report["recall"].p_value is not None
        assert [report[name].verdict for name in ("precision", "accuracy")] == ["undecided"] * 2
        # All labels that came are 1, so that every predicted positive seems right: no value is shown.
        assert self.tracker.snapshot().metrics["precision"].value == 1
        assert report["precision"].current.value is None and " 1.0000" not in str(report).split("precision cannot")[0]
        assert report["precision"].sentence == (
            "precision cannot be judged: only labels of 1 are reported, and of those recall alone can be told."
        )
        assert "recall alone can be told" in report["precision"].sentence
        assert len(report.notes) == 2 and "it is taken that labels of 0 are never reported" in report.notes[0]

    def test_it_can_be_said(self) -> None:
        said = self.base.check(self.tracker, labels="positives_only")
        assert said.labels == "positives_only" and len(said.notes) == 1
        assert self.base.check(self.tracker, labels="both").severity == "immature"
        # A window that holds a label of 0 as well is taken at the caller's word.
        both = LOG.tracker(labelled=self.positives | (np.flatnonzero(LOG.labels == 0)[0] == EVERY))
        assert self.base.check(both).labels == "both"
        assert self.base.check(both, labels="positives_only").labels == "positives_only"

    def test_slow_labels_of_0_are_not_taken_for_none(self) -> None:
        """The labels of 0 of earlier predictions are there: those of the window will come."""
        early = LOG.times < np.datetime64(datetime(2026, 2, 20), "us")
        tracker = LOG.tracker(labelled=self.positives | early)
        report = self.base.check(tracker, window=timedelta(days=7))
        assert (report.labels, report.severity) == ("both", "immature")
        counts = report.counts
        assert counts is not None and counts.true_negatives + counts.false_positives == 0

    def test_a_baseline_with_labels_of_0_says_that_they_come(self) -> None:
        detector = DegradationDetector(LOG.tracker().snapshot(), metrics=["recall"])
        assert detector.check(self.tracker.snapshot()).severity == "immature"

    def test_decisions_of_1_that_are_labelled_first_are_no_gain(self) -> None:
        report = self.base.check(self.tracker, labels="both")
        counts = report.counts
        assert counts is not None and counts.true_positives > counts.pending_positives and counts.false_positives == 0
        assert report["precision"].verdict == "immature"

    def test_a_few_labels_of_1_say_nothing(self) -> None:
        few = np.isin(EVERY, np.flatnonzero(self.positives)[:20])
        assert self.base.check(LOG.tracker(labelled=few)).labels == "both"
