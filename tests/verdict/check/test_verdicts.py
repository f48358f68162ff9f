"""The rules from p-values to verdicts, and their words."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verdict.check.logs import Log, right
from truthlag import DegradationDetector, DegradationReport, VerdictTable
from truthlag.verdict.degradation.report_text import worse_or_better
from truthlag.verdict.two_sample import holm, proportion_loss

NAMES = ("accuracy", "precision", "recall")


def by_hand(baseline: dict[str, Any], current: dict[str, Any], margin: float, alpha: float) -> dict[str, str]:
    """The rules as they are written, one after the other."""
    tests = {name: proportion_loss(baseline[name], *current[name]) for name in baseline}
    beyond = holm({name: test.p_value(margin) for name, test in tests.items()})
    any_loss = holm({name: test.p_value() for name, test in tests.items()})
    gain = holm({name: test.gain_p_value() for name, test in tests.items()})
    verdicts = {}
    for name, test in tests.items():
        if beyond[name] <= alpha:
            verdicts[name] = "critical"
        elif any_loss[name] <= alpha:
            verdicts[name] = "warning"
        elif gain[name] <= alpha:
            verdicts[name] = "improved"
        elif test.interval(1 - 2 * alpha)[1] < margin:
            verdicts[name] = "ok"
        else:
            verdicts[name] = "undecided"
    return verdicts


rates = st.sampled_from([0.5, 0.8, 0.9, 0.95, 1.0])


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(rates, rates, rates),
    st.tuples(rates, rates, rates),
    st.sampled_from([150, 400, 3000]),
    st.sampled_from([0.0, 0.02, 0.2]),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_the_rules_as_they_are_written(before: Any, now: Any, n: int, margin: float, alpha: float) -> None:
    baseline = {name: (round(share * 1000), 1000) for name, share in zip(NAMES, before, strict=True)}
    current = {name: (round(share * n), n) for name, share in zip(NAMES, now, strict=True)}
    report = DegradationDetector(baseline, margins=margin, alpha=alpha).check(current)
    expected = by_hand(baseline, current, margin, alpha)
    assert {name: verdict.verdict for name, verdict in report.verdicts.items()} == expected
    assert report.alarms == tuple(name for name in NAMES if expected[name] in {"critical", "warning"})
    said = set(expected.values())
    worst = next((one for one in ("critical", "warning") if one in said), None)
    assert report.severity == (worst or ("undecided" if "undecided" in said else "ok"))


class TestOneMetric:
    @pytest.mark.parametrize(
        ("now", "verdict"),
        [
            ((860, 1000), "critical"),
            ((925, 1000), "warning"),
            ((949, 1000), "ok"),
            ((985, 1000), "improved"),
            ((37, 40), "undecided"),
        ],
    )
    def test_each_verdict(self, now: tuple[int, int], verdict: str) -> None:
        found = DegradationDetector({"accuracy": (950, 1000)}, margins=0.03).check({"accuracy": now})["accuracy"]
        assert found.verdict == verdict
        assert found.sentence.startswith("accuracy ") and str(found) == found.sentence
        assert found.is_alarm == (verdict in {"critical", "warning"})

    def test_the_default_margin_is_five_percent_of_the_baseline(self) -> None:
        assert DegradationDetector({"accuracy": 0.8}).check({"accuracy": (80, 100)})["accuracy"].margin == 0.05 * 0.8
        margins = {"accuracy": 0.01}
        report = DegradationDetector({"accuracy": 0.8, "recall": 0.6}, margins=margins).check(
            {"accuracy": (8, 10), "recall": (6, 10)}
        )
        assert (report["accuracy"].margin, report["recall"].margin) == (0.01, 0.05 * 0.6)
        lower = DegradationDetector({"matthews_correlation": -0.4}).check(right(50, 5))
        assert lower["matthews_correlation"].margin == 0.05 * 0.4

    def test_an_ok_can_be_read_off_the_limits(self) -> None:
        found = DegradationDetector({"accuracy": (950, 1000)}, margins=0.03).check({"accuracy": (949, 1000)})[
            "accuracy"
        ]
        assert found.loss_interval is not None and found.margin is not None
        assert found.loss_interval[0] < found.loss < found.loss_interval[1] < found.margin  # type: ignore[operator]

    def test_a_single_metric_is_not_adjusted(self) -> None:
        found = DegradationDetector({"accuracy": 0.9}).check({"accuracy": (85, 100)})["accuracy"]
        assert found.p_value == found.adjusted_p_value
        assert found.loss_p_value == found.adjusted_loss_p_value

    def test_a_rising_loss_is_no_good_news(self) -> None:
        before, worse = Log.of(1, 3000).tracker().snapshot(), Log.of(2, 3000, signal=1.0).tracker().snapshot()
        report = DegradationDetector(before, metrics=["log_loss", "brier_score"]).check(worse)
        assert [verdict.verdict for verdict in report.verdicts.values()] == ["critical", "critical"]
        assert "log_loss rose from" in report["log_loss"].sentence
        report = DegradationDetector(worse, metrics=["log_loss", "brier_score"]).check(before)
        assert [verdict.verdict for verdict in report.verdicts.values()] == ["improved", "improved"]


class TestFewRows:
    def test_below_a_hundred_relevant_rows_nothing_is_said(self) -> None:
        base = Log.of(3, 5000).tracker().snapshot()
        small = Log.of(4, 90).tracker().snapshot()
        report = DegradationDetector(base).check(small)
        for name in ("f1_score", "roc_auc", "brier_score", "log_loss", "balanced_accuracy", "average_precision"):
            assert report[name].verdict == "undecided", name
            assert "relevant rows" in report[name].sentence and report[name].p_value is None
        assert all(report[name].p_value is not None for name in ("accuracy", "precision", "recall", "specificity"))

    def test_the_rarer_class_counts(self) -> None:
        base = Log.of(5, 20_000).tracker().snapshot()
        rare = Log.of(6, 2000, prevalence=0.02).tracker().snapshot()
        report = DegradationDetector(base).check(rare)
        assert "by those of the rarer class" in report["roc_auc"].sentence
        assert report["log_loss"].p_value is not None

    def test_the_baseline_must_have_them_too(self) -> None:
        base = Log.of(5, 80).tracker().snapshot()
        report = DegradationDetector(base, metrics=["log_loss"]).check(Log.of(6, 2000).tracker())
        assert report["log_loss"].sentence.endswith(
            "the baseline has 80 relevant rows, and the test of this metric needs 100."
        )

    def test_no_spread_is_no_certainty(self) -> None:
        scores = np.repeat([0.25, 0.75], 200)
        log = Log(np.datetime64("2026-02-03", "us") + np.arange(400), (scores > 0.5).astype(int), scores)
        report = DegradationDetector({"roc_auc": 0.9, "brier_score": 0.01}).check(log.tracker())
        assert report["brier_score"].verdict == "undecided"
        assert "show no spread in the window" in report["brier_score"].sentence
        # At the end of its range the rows alone say how certain it is.
        low, high = report["roc_auc"].loss_interval or (0, 0)
        assert report["roc_auc"].current.standard_error is None
        assert low == pytest.approx(-0.1) and -0.1 < high < -0.05
        log = Log(log.times, log.labels, np.full(400, 0.5))
        tied = DegradationDetector({"roc_auc": 0.9}).check(log.tracker())["roc_auc"]
        assert (tied.current.value, tied.verdict) == (0.5, "undecided")

    def test_a_metric_without_a_test_is_judged_only_where_it_is_named(self) -> None:
        base, now = Log.of(5, 3000).tracker().snapshot(), Log.of(6, 3000).tracker().snapshot()
        assert "expected_calibration_error" not in DegradationDetector(base).check(now).verdicts
        named = DegradationDetector(base, metrics=["expected_calibration_error"]).check(now)
        assert named["expected_calibration_error"].verdict == "undecided"
        assert "no standard error" in named["expected_calibration_error"].sentence


class TestWhatBinsHide:
    def test_the_limits_allow_for_it(self) -> None:
        base, now = Log.of(7, 3000).tracker(), Log.of(8, 3000, signal=1.5).tracker()
        exact = DegradationDetector(base.snapshot(exact=True), metrics=["roc_auc"]).check(now.snapshot(exact=True))[
            "roc_auc"
        ]
        binned = DegradationDetector(base.snapshot(), metrics=["roc_auc"]).check(now.snapshot())["roc_auc"]
        (low, high), (exact_low, exact_high) = binned.loss_interval or (0, 0), exact.loss_interval or (0, 0)
        assert low <= exact_low < exact_high <= high
        assert high - low < 1.1 * (exact_high - exact_low)
        assert (binned.verdict, exact.verdict) == ("critical", "critical")


class TestTheReport:
    report = DegradationDetector(Log.of(9, 4000).tracker().snapshot()).check(Log.of(10, 3000, prevalence=0.1).tracker())

    def test_it_is_a_value(self) -> None:
        again = pickle.loads(pickle.dumps(self.report))
        assert again == self.report and hash(again) == hash(self.report)
        assert again.verdicts == self.report.verdicts and isinstance(again.verdicts, VerdictTable)
        with pytest.raises(AttributeError):
            self.report.alpha = 0.1  # type: ignore[misc]
        with pytest.raises(KeyError, match="no verdict of 'auc'; there are accuracy, "):
            self.report["auc"]

    def test_it_goes_to_json(self) -> None:
        written = json.loads(json.dumps(self.report.to_dict(), allow_nan=False))
        assert written["verdicts"]["accuracy"]["loss"] == self.report["accuracy"].loss
        assert (written["severity"], written["evidence"]) == (self.report.severity, "one look")
        assert written["counts"]["true_positives"] == self.report.counts.true_positives  # type: ignore[union-attr]

    def test_it_reads(self) -> None:
        lines = str(self.report).splitlines()
        assert lines[0] == f"severity  {self.report.severity} (one look at alpha 0.05, p adjusted by Holm)"
        assert any(line.startswith("precision ") and "critical" in line for line in lines)
        for verdict in self.report.verdicts.values():
            assert verdict.sentence in lines

    def test_values_are_those_of_the_snapshot(self) -> None:
        snapshot = Log.of(10, 3000, prevalence=0.1).tracker().snapshot()
        for name, verdict in self.report.verdicts.items():
            assert verdict.current == snapshot.metrics[name]

    def test_all_numbers_are_plain(self) -> None:
        def walk(value: Any) -> None:
            assert type(value) in {dict, list, str, float, int, bool, type(None)}, type(value)
            for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
                walk(part)

        walk(self.report.to_dict())


def test_severities() -> None:
    def severity(**verdicts: str) -> str:
        from datetime import UTC, datetime

        made = DegradationDetector(dict.fromkeys(verdicts, 0.9)).check(dict.fromkeys(verdicts, (9, 10)))
        from dataclasses import replace

        table = VerdictTable(replace(made[name], verdict=said) for name, said in verdicts.items())  # type: ignore[arg-type]
        return DegradationReport(datetime.now(UTC), None, None, None, None, "", table, 0.05, 0.95).severity

    assert severity(accuracy="ok", recall="improved") == "ok"
    assert severity(accuracy="ok", recall="warning", precision="critical") == "critical"
    assert severity(accuracy="undecided", recall="warning", precision="immature") == "warning"
    assert severity(accuracy="ok", recall="no_data") == "undecided"
    assert severity(accuracy="immature", recall="no_data") == "immature"
    assert severity(accuracy="no_data", recall="no_data") == "no_data"


def test_the_p_of_the_table_is_that_of_the_verdict_beside_it() -> None:
    baseline = dict.fromkeys(("accuracy", "precision", "recall", "specificity"), (900, 1000))
    now = {"accuracy": (700, 1_000), "precision": (850, 1_000), "recall": (960, 1_000), "specificity": (899, 1_000)}
    report = DegradationDetector(baseline, margins=0.05).check(now)
    said = {name: verdict.verdict for name, verdict in report.verdicts.items()}
    assert said == {"accuracy": "critical", "precision": "warning", "recall": "improved", "specificity": "ok"}
    lines = str(report).splitlines()
    for name, field in {
        "accuracy": "adjusted_p_value",
        "precision": "adjusted_loss_p_value",
        "recall": "adjusted_gain_p_value",
        "specificity": "adjusted_loss_p_value",
    }.items():
        verdict = report[name]
        assert verdict.verdict_p_value == getattr(verdict, field) == verdict.to_dict()["verdict_p_value"]
        shown = next(line for line in lines if line.startswith(f"{name} ") and verdict.verdict in line.split()).split()[
            -1
        ]
        assert verdict.verdict == "ok" or f"(adjusted p = {shown})" in verdict.sentence


def test_limits_on_both_sides_of_no_change_are_told_as_better_and_worse() -> None:
    undecided = DegradationDetector({"accuracy": (900, 1_000)}, margins=0.001).check({"accuracy": (899, 1_000)})[
        "accuracy"
    ]
    low, high = undecided.loss_interval or (0.0, 0.0)
    assert f": {-low:.4f} better to {high:.4f} worse, where 0.0010 is tolerated" in undecided.sentence
    for ends, words in {
        (0.01, 0.02): "0.0100 to 0.0200 worse",
        (-0.02, -0.01): "0.0100 to 0.0200 better",
        (-1e-9, 0.02): "0.0000 to 0.0200 worse",
        (-0.02, 1e-9): "0.0000 to 0.0200 better",
    }.items():
        assert worse_or_better(*ends, 4) == words
