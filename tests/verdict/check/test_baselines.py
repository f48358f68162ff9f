"""The forms of a baseline: the same rows give the same verdicts, whichever way they are given."""

from __future__ import annotations

import math
from collections import UserDict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.verdict.check.logs import MONDAY, Log, right
from truthlag import DegradationDetector, DegradationReport, ModelPerformanceTracker
from truthlag.metrics import ConfusionCounts, Metric

COUNTED = ["accuracy", "precision", "recall", "f1_score", "balanced_accuracy"]


def told(report: DegradationReport) -> Any:
    """The verdicts without the interval of the baseline, whose level the forms may differ in."""
    return {
        name: replace(verdict, baseline=replace(verdict.baseline, low=None, high=None))
        for name, verdict in report.verdicts.items()
    }


TRACKER = Log.of(1, 4000).tracker()
SNAPSHOT = TRACKER.snapshot()
CURRENT = Log.of(2, 2000, signal=1.8).tracker().snapshot()


class TestForms:
    @pytest.mark.parametrize(
        "baseline",
        [
            SNAPSHOT.counts,
            {"confusion_matrix": SNAPSHOT.counts},
            {"counts": SNAPSHOT.counts, "status": "fine", "model": None},
            {name: SNAPSHOT.metrics[name] for name in COUNTED} | {"counts": SNAPSHOT.counts},
            (TRACKER, None),
            (TRACKER, timedelta(days=28)),
            (TRACKER, {"start": MONDAY, "end": MONDAY + timedelta(days=28)}),
            UserDict(
                confusion_matrix={
                    "tp": SNAPSHOT.counts.true_positives,
                    "fp": SNAPSHOT.counts.false_positives,
                    "fn": SNAPSHOT.counts.false_negatives,
                    "tn": SNAPSHOT.counts.true_negatives,
                }
            ),
        ],
        ids=range(8),
    )
    def test_the_same_rows_give_the_same_verdicts(self, baseline: Any) -> None:
        expected = DegradationDetector(SNAPSHOT, metrics=COUNTED).check(CURRENT)
        found = DegradationDetector(baseline, metrics=COUNTED).check(CURRENT)
        assert told(found) == told(expected)
        assert expected.severity == "critical"

    def test_counts_of_one_metric(self) -> None:
        counts = SNAPSHOT.counts
        pair = (counts.true_positives, counts.true_positives + counts.false_negatives)
        recall = SNAPSHOT.recall
        assert recall is not None
        expected = DegradationDetector(SNAPSHOT, metrics=["recall"]).check(CURRENT)["recall"]
        for baseline, n in (
            ({"recall": pair}, None),
            ({"recall": recall}, pair[1]),
            ({"recall": recall}, {"recall": pair[1]}),
        ):
            found = DegradationDetector(baseline, metrics=["recall"], n=n).check(CURRENT)["recall"]
            assert found.p_value == expected.p_value
            assert found.loss_interval == expected.loss_interval
            # Wilson's interval, once here and once in the core.
            assert found.baseline.interval == pytest.approx(expected.baseline.interval, rel=1e-12)
            assert found.baseline.n == pair[1]

    def test_metrics_of_a_snapshot(self) -> None:
        names = ["roc_auc", "brier_score", "log_loss", "average_precision"]
        baseline = {name: SNAPSHOT.metrics[name] for name in names}
        expected = DegradationDetector(SNAPSHOT, metrics=names).check(CURRENT)
        found = DegradationDetector(baseline, metrics=names).check(CURRENT)
        for name in names:
            # Without the counts the tails of ranking metrics are those of all rows, not of the rarer class: 4000 for 1200.
            assert found[name].p_value == pytest.approx(expected[name].p_value, rel=1e-2 if name in names[::3] else 0)
            assert found[name].loss == expected[name].loss
        assert found["brier_score"].at_baseline_prevalence is not None
        assert found["brier_score"].at_baseline_prevalence.reason == "the baseline has no prevalence"

    def test_f1_and_its_rows_are_its_counts(self) -> None:
        counts = SNAPSHOT.counts
        rows = counts.true_positives + counts.false_positives + counts.false_negatives
        f1 = SNAPSHOT.f1_score
        assert f1 is not None
        expected = DegradationDetector(SNAPSHOT, metrics=["f1_score"]).check(CURRENT)["f1_score"]
        found = DegradationDetector({"f1_score": f1}, n=rows).check(CURRENT)["f1_score"]
        assert found.loss == pytest.approx(expected.loss, abs=1e-15)
        # The variance of F1 depends on the sum of both errors alone.
        assert found.p_value == pytest.approx(expected.p_value, rel=1e-9)

    def test_a_number_is_exact_unless_its_rows_are_told(self) -> None:
        current = right(400, 40).snapshot()
        widths = []
        for n in (None, 100_000, 1000, 100):
            verdict = DegradationDetector({"accuracy": 0.95}, n=n).check(current)["accuracy"]
            low, high = verdict.loss_interval or (0.0, 0.0)
            widths.append(high - low)
            assert verdict.baseline.n == (n or 0)
            assert (verdict.baseline.interval is None) == (n is None)
        # That of an exact number comes from another exact test.
        assert widths[1:] == sorted(widths[1:]) and widths[1] < 0.8 * widths[-1]
        assert widths[1] == pytest.approx(widths[0], rel=0.05)

    def test_the_spread_of_a_number_is_that_of_the_window(self) -> None:
        """A mean of which only the rows are known has rows like those of the window."""
        current = CURRENT.metrics["log_loss"]
        assert current.standard_error is not None
        n = 500
        error = current.standard_error * math.sqrt(current.n / n)
        given = Metric("log_loss", 0.3, n=n, standard_error=error)
        expected = DegradationDetector({"log_loss": given}).check(CURRENT)["log_loss"]
        found = DegradationDetector({"log_loss": 0.3}, n=n).check(CURRENT)["log_loss"]
        assert found.loss_interval == expected.loss_interval

    def test_metrics_that_are_judged_by_default(self) -> None:
        judged = list(DegradationDetector(SNAPSHOT).check(CURRENT).verdicts)
        assert {"accuracy", "recall", "roc_auc", "log_loss", "average_precision", "cohen_kappa"} <= set(judged)
        assert not {"sample_size", "mean_score", "score_std", "prevalence", "prediction_positive_rate"} & set(judged)
        result = TRACKER.compute_metrics(24 * 28, now=MONDAY + timedelta(days=28))
        assert list(DegradationDetector(result).check(CURRENT).verdicts) == [
            "accuracy",
            "precision",
            "recall",
            "f1_score",
        ]
        counts = TRACKER.snapshot(now=MONDAY + timedelta(days=28)).counts
        accuracy = DegradationDetector(result).check(CURRENT)["accuracy"]
        assert (accuracy.baseline.n, accuracy.baseline.value) == (counts.labelled, SNAPSHOT.accuracy)

    def test_descriptions_need_a_direction(self) -> None:
        detector = DegradationDetector(
            SNAPSHOT,
            metrics=["prediction_positive_rate", "mean_score"],
            directions={"prediction_positive_rate": "lower", "mean_score": "lower"},
        )
        report = detector.check(CURRENT)
        assert [report[name].higher_is_better for name in report.verdicts] == [False, False]
        assert report["mean_score"].method is not None

    def test_a_direction_can_be_turned(self) -> None:
        higher = DegradationDetector({"recall": (90, 100)}).check({"recall": (60, 100)})
        lower = DegradationDetector({"recall": (90, 100)}, directions={"recall": "lower"}).check({"recall": (60, 100)})
        assert (higher.severity, lower["recall"].verdict, lower.severity) == ("critical", "improved", "ok")

    @pytest.mark.parametrize("name", ["f1_score", "f_half_score", "f2_score", "balanced_accuracy"])
    def test_some_directions_cannot(self, name: str) -> None:
        with pytest.raises(
            ValueError, match=f"^directions\\['{name}'\\] must be \"higher\", the only way it is tested"
        ):
            DegradationDetector({name: 0.9}, directions={name: "lower"})

    def test_metrics_of_ones_own(self) -> None:
        detector = DegradationDetector(
            {"complaints": (20, 1000), "recall": 0.9}, directions={"complaints": "lower"}, margins=0.01
        )
        report = detector.check({"complaints": (80, 1000), "recall": (450, 500), "unknown": "x"})
        assert list(report.verdicts) == ["recall", "complaints"]
        assert (report["complaints"].verdict, report["recall"].verdict) == ("critical", "undecided")
        assert report["complaints"].loss == pytest.approx(0.06)
        latency = Metric("latency", 105.0, n=400, standard_error=1.0)
        detector = DegradationDetector(
            {"latency": Metric("latency", 100.0, n=900, standard_error=0.5)}, directions={"latency": "lower"}, margins=1
        )
        found = detector.check({"latency": latency})["latency"]
        assert (found.verdict, found.loss) == ("critical", 5.0)


class TestThePlainRulesBesideThem:
    def test_a_mapping_is_the_callers(self) -> None:
        given = {"accuracy": 0.95}
        detector = DegradationDetector(baseline_metrics=given)
        assert detector.baseline is given and detector.history == []
        given["accuracy"] = 0.5
        assert detector.check({"accuracy": (50, 100)})["accuracy"].loss == 0
        detector.baseline = {"recall": 0.7}
        assert list(detector.check({"recall": (70, 100)}).verdicts) == ["recall"]
        assert detector.check_absolute_degradation({"recall": 0.1})["severity"] == "warning"

    def test_other_baselines_are_metrics_that_may_fall(self) -> None:
        snapshot = Log.of(3, 500).tracker().snapshot()
        detector = DegradationDetector(snapshot)
        assert detector.baseline["accuracy"] == snapshot.accuracy
        assert not {"log_loss", "brier_score", "mean_score"} & set(detector.baseline)
        current = {name: value * 0.5 for name, value in detector.baseline.items()}
        assert detector.check_absolute_degradation(current)["severity"] == "critical"

    def test_a_plain_mapping_may_hold_anything_until_it_is_checked(self) -> None:
        detector = DegradationDetector({"accuracy": "x"})  # type: ignore[dict-item]
        with pytest.raises(TypeError, match=r"^baseline_metrics\['accuracy'\] must be a finite number, counts"):
            detector.check({"accuracy": (1, 2)})
        with pytest.raises(TypeError, match=r"^baseline_metrics must be a mapping of metrics by name, got None"):
            DegradationDetector(None).check({"accuracy": (1, 2)})  # type: ignore[arg-type]


class TestNothingToCompare:
    def test_no_rows_at_all(self) -> None:
        empty = ModelPerformanceTracker("fraud", "v1")
        report = DegradationDetector({"accuracy": 0.9, "log_loss": 0.3}).check(empty)
        assert {verdict.verdict for verdict in report.verdicts.values()} == {"no_data"}
        assert (report.severity, report.coverage) == ("no_data", None)

    def test_an_empty_baseline(self) -> None:
        report = DegradationDetector(ModelPerformanceTracker("fraud").snapshot()).check(right(100, 3))
        assert report.severity == "no_data"
        assert "the baseline has none: no labelled predictions in the window" in report["accuracy"].sentence
        assert report.notes == (
            "The baseline has no labelled rows and stays as it is: no window can be compared with it. Set another.",
        )

    def test_a_window_without_labels_is_no_baseline(self) -> None:
        tracker = ModelPerformanceTracker("fraud", "v1", retention=None, clock=lambda: datetime(2026, 6, 1))
        tracker.log_predictions([1, 2], [1, 1], timestamps=[datetime(2026, 1, 1), datetime(2026, 5, 31)])
        tracker.log_ground_truth(1, 1)
        message = (
            r"^baseline_metrics must be a window with labelled predictions, which are taken now once and for all, got one of "
            r"1 predictions without any label, from 2026-05-04 00:00:00\+00:00 to 2026-06-01 00:00:00\+00:00$"
        )
        with pytest.raises(ValueError, match=message):
            DegradationDetector((tracker, timedelta(days=28)))
        detector = DegradationDetector((tracker, None), metrics=["precision"])
        with pytest.raises(ValueError, match=message):
            detector.rebaseline((tracker, timedelta(days=28)))
        assert detector.check(tracker)["precision"].baseline.value == 1

    def test_a_metric_that_is_missing_now(self) -> None:
        report = DegradationDetector({"accuracy": 0.9, "specificity": 0.9}).check(right(300, 30))
        # All decisions are 1: labels of 0 are false positives.
        assert report["specificity"].verdict == "critical"
        report = DegradationDetector({"accuracy": 0.9, "specificity": 0.9}).check(right(300, 0))
        assert (report["accuracy"].verdict, report["specificity"].verdict) == ("improved", "no_data")
        assert report["specificity"].sentence == "specificity has no value: no labels of 0 in the window."
        assert report.severity == "undecided"
        report = DegradationDetector({"accuracy": 0.9, "recall": 0.9}).check({"accuracy": (90, 100)})
        assert report["recall"].verdict == "no_data"

    def test_a_number_without_rows_proves_nothing(self) -> None:
        report = DegradationDetector({"accuracy": 0.9}).check({"accuracy": 0.1})  # type: ignore[dict-item]
        assert report["accuracy"].verdict == "undecided"
        assert "give counts as (k, n)" in report["accuracy"].sentence


class TestOverlap:
    def test_a_window_that_shares_rows_with_its_baseline_is_told(self) -> None:
        tracker = Log.of(4, 3000).tracker()
        detector = DegradationDetector((tracker, timedelta(days=28)))
        (note,) = detector.check(tracker, window=timedelta(days=7)).notes
        assert note.startswith("The window and the baseline share the time from 2026-02-23")
        before = {"start": MONDAY, "end": MONDAY + timedelta(days=14)}
        assert DegradationDetector((tracker, before)).check(tracker, window=timedelta(days=7)).notes == ()


def test_a_baseline_is_rated_by_its_own_threshold() -> None:
    tracker = Log.of(5, 2000).tracker()
    detector = DegradationDetector(
        (tracker, {"start": MONDAY, "end": datetime(2026, 2, 10), "threshold": 0.9}), metrics=["recall"]
    )
    assert detector.check(tracker.snapshot(threshold=0.9))["recall"].loss == pytest.approx(0, abs=0.1)
    assert detector.check(tracker.snapshot(threshold=0.2))["recall"].verdict == "improved"


def test_counts_of_numpy_are_counts() -> None:
    detector = DegradationDetector({"accuracy": (np.int64(90), np.int64(100))}, n=None)
    assert detector.check({"accuracy": (np.int32(90), 100)})["accuracy"].loss == 0
    assert (
        DegradationDetector(ConfusionCounts(true_positives=np.int64(5))).check({"accuracy": (5, 5)})["accuracy"].loss
        == 0
    )


class TestGivenByHand:
    @pytest.mark.parametrize(
        ("share", "rows", "successes"), [(0.9333, 15, 14), (0.89, 37, 33), (0.88, 50, 44), (0.95123, 700, 666)]
    )
    def test_a_share_that_was_rounded_is_the_nearest_count(self, share: float, rows: int, successes: int) -> None:
        now = {"accuracy": (40, 50)}
        given = DegradationDetector({"accuracy": share}, n=rows, margins=0.05).check(now)["accuracy"]
        counted = DegradationDetector({"accuracy": (successes, rows)}, margins=0.05).check(now)["accuracy"]
        assert (given.p_value, given.loss_low) == (counted.p_value, counted.loss_low)

    @pytest.mark.parametrize(
        ("share", "rows", "nearest"), [(0.9333, 10, "9 of 10 is 0.9"), (0.885, 50, "44 of 50 is 0.88")]
    )
    def test_a_share_that_no_count_of_its_rows_has_is_refused(self, share: float, rows: int, nearest: str) -> None:
        message = rf"^baseline_metrics\['accuracy'\] must be a share of its n = {rows} rows .*: {nearest}; give"
        with pytest.raises(ValueError, match=message):
            DegradationDetector({"accuracy": share}, n=rows)

    BAD: ClassVar[list[tuple[Any, str]]] = [
        (
            {"accuracy": Metric("accuracy", 0.9, n=-5)},
            r"\['accuracy'\] must have an int of at least 0 as its n, got -5",
        ),
        (
            {"accuracy": Metric("accuracy", 0.9, n=2.5)},
            r"\['accuracy'\] must have an int of at least 0 as its n, got 2.5",
        ),  # type: ignore[arg-type]
        (
            {"accuracy": Metric("accuracy", 1.9, n=5)},
            r"\['accuracy'\] must have a share from 0 to 1 as its value, got 1.9",
        ),
        ({"log_loss": Metric("log_loss", -0.5, n=500)}, r"\['log_loss'\] must be a number of at least 0, got -0.5"),
        ({"log_loss": -0.5}, r"\['log_loss'\] must be a number of at least 0, got -0.5"),
        ({"brier_score": 1.5}, r"\['brier_score'\] must be a number from 0 to 1, got 1.5"),
        (
            {"log_loss": Metric("log_loss", 0.5, n=500, standard_error=-0.1)},
            r"\['log_loss'\] must have a standard_error of at least 0, or None, got -0.1",
        ),
    ]

    @pytest.mark.parametrize(("given", "message"), BAD)
    def test_what_is_impossible_is_refused_by_name(self, given: Any, message: str) -> None:
        with pytest.raises(ValueError, match="^baseline_metrics" + message):
            DegradationDetector(given, metrics=list(given))
        with pytest.raises(ValueError, match="^snapshot_or_tracker" + message):
            DegradationDetector(dict.fromkeys(given, 0.5)).check(given)
