"""Arms at equal label age: which rows, which labels, and what the comparison says of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.gates.late_arms import DAY, late_arm
from truthlag import ModelPerformanceTracker
from truthlag.abtest import (
    AgedArm,
    ArmLog,
    Comparison,
    Counts,
    arm_logs,
    arms_at_age,
    compare,
    compare_at_age,
)

WEEK = timedelta(days=7)
NOW = 30 * DAY


def random_columns(seed: int, rows: int = 400) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    made = rng.integers(0, 30 * 24, rows) * 3_600.0
    delay = rng.exponential(6, rows) * DAY
    known = np.where(rng.random(rows) < 0.8, made + delay, np.nan)
    return {
        "predicted_at": made.tolist(),
        "labelled_at": [None if np.isnan(time) else time for time in known],
        "actuals": rng.integers(0, 2, rows).tolist(),
        "predictions": rng.integers(0, 2, rows).tolist(),
    }


def plainly(columns: dict[str, list[Any]], start: float) -> tuple[dict[str, int], int]:
    """The cells of a row-by-row count, and the late labels."""
    cells: dict[str, int] = {}
    late = 0
    for made, known, actual, decision in zip(*columns.values(), strict=True):
        if made < start or made > NOW - 7 * DAY:
            continue
        told = known is not None and known <= NOW
        if told and known - made <= 7 * DAY:
            name = f"{'true' if actual == decision else 'false'}_{'positives' if decision else 'negatives'}"
        else:
            name = f"pending_{'positives' if decision else 'negatives'}"
            late += told
        cells[name] = cells.get(name, 0) + 1
    return cells, late


def tracked(columns: dict[str, list[Any]], **options: Any) -> ModelPerformanceTracker:
    tracker = ModelPerformanceTracker("model", retention=None, clock=lambda: NOW, **options)
    rows = range(len(columns["predicted_at"]))
    tracker.log_predictions(rows, columns["predictions"], timestamps=columns["predicted_at"])
    for row, known, actual in zip(rows, columns["labelled_at"], columns["actuals"], strict=True):
        if known is not None and known <= NOW:
            tracker.log_ground_truth(row, actual, timestamp=known)
    return tracker


class TestRows:
    @pytest.mark.parametrize("seed", range(4))
    def test_against_a_count_row_by_row(self, seed: int) -> None:
        first, second = random_columns(seed), random_columns(seed + 100)
        arms = arms_at_age(ArmLog(**first), ArmLog(**second), min_age=WEEK, start=3 * DAY, now=NOW)
        for arm, columns in ((arms.control, first), (arms.treatment, second)):
            cells, late = plainly(columns, 3 * DAY)
            assert {name: number for name, number in arm.counts.to_dict().items() if number} == cells
            assert arm.late_labels == late

    @pytest.mark.parametrize("seed", range(2))
    def test_trackers_are_as_their_logs(self, seed: int) -> None:
        first, second = random_columns(seed), random_columns(seed + 100)
        by_log = arms_at_age(ArmLog(**first), ArmLog(**second), min_age=WEEK, start=3 * DAY, now=NOW)
        by_tracker = arms_at_age(tracked(first), tracked(second), min_age=WEEK, start=3 * DAY)
        assert by_tracker == by_log
        assert by_tracker.control.arrivals is not None and by_log.control.arrivals is not None
        assert np.array_equal(np.sort(by_tracker.control.arrivals.delays), np.sort(by_log.control.arrivals.delays))

    def test_trackers_without_ids_count_labels_whenever_they_came(self) -> None:
        first, second = random_columns(1), random_columns(2)
        by_log = arms_at_age(ArmLog(**first), ArmLog(**second), min_age=WEEK, start=3 * DAY, now=NOW)
        lean = arms_at_age(
            tracked(first, keep_ids=False), tracked(second, keep_ids=False), min_age=WEEK, start=3 * DAY, now=NOW
        )
        assert lean.control.eligible == by_log.control.eligible
        assert lean.control.labelled == by_log.control.labelled + by_log.control.late_labels
        assert lean.control.late_labels is None
        assert lean.parity("prevalence", unlabelled="negative").status == "not_run"
        with pytest.raises(ValueError, match="start must be given"):
            arms_at_age(tracked(first, keep_ids=False), tracked(second), min_age=WEEK, now=NOW)
        early = arms_at_age(
            tracked(first, keep_ids=False),
            tracked(second, keep_ids=False),
            min_age=timedelta(days=60),
            start=0,
            now=NOW,
        )
        assert early.control.eligible == 0

    def test_the_past_can_be_asked(self) -> None:
        log = ArmLog([0, 0], [5 * DAY, 20 * DAY])
        arm = arms_at_age(log, log, min_age=WEEK, now=10 * DAY).control
        assert (arm.labelled, arm.late_labels) == (1, 0)
        assert arms_at_age(log, log, min_age=WEEK, now=25 * DAY).control.late_labels == 1
        assert arms_at_age(log, log, min_age=timedelta(days=20), now=25 * DAY).control.labelled == 2

    def test_rows_of_the_time_when_there_was_one_arm_only_are_left_out(self) -> None:
        long = ArmLog(np.arange(20) * DAY, np.arange(20) * DAY)
        short = ArmLog(np.arange(15, 20) * DAY, np.arange(15, 20) * DAY)
        arms = arms_at_age(long, short, min_age=timedelta(days=1), now=30 * DAY)
        assert (arms.control.eligible, arms.treatment.eligible) == (5, 5)
        assert arms.start == datetime(1970, 1, 16, tzinfo=UTC)

    def test_times_of_all_kinds(self) -> None:
        made = [datetime(2026, 3, day) for day in (1, 2, 3)]
        known = [datetime(2026, 3, 4), None, datetime(2026, 3, 5, tzinfo=UTC)]
        expected = ArmLog(made, known)
        numpy_known = np.array(["2026-03-04", "NaT", "2026-03-05"], "datetime64[D]")
        seconds = [moment.replace(tzinfo=UTC).timestamp() for moment in made]
        for log in (ArmLog(np.array(made, "datetime64[s]"), numpy_known), ArmLog(seconds, numpy_known)):
            assert np.array_equal(log.predicted_at, expected.predicted_at)
            assert np.array_equal(log.labelled_at, expected.labelled_at)
        assert repr(expected) == "<ArmLog of 3 rows, 2 labels>"

    def test_a_label_that_comes_at_the_age_itself_comes_in_time(self) -> None:
        # In floats, prediction and age do not add up to the label.
        made = np.random.default_rng(1).uniform(20_000, 20_010, 5_000)
        log = ArmLog(made * DAY, (made + 7) * DAY)
        assert arms_at_age(log, log, min_age=WEEK, now=20_020 * DAY).control.late_labels == 0

    def test_one_log_with_arms(self) -> None:
        first, second = random_columns(1), random_columns(2)
        both = {name: first[name] + second[name] for name in first}
        order = np.random.default_rng(0).permutation(len(both["predicted_at"]))
        columns = {name: [values[place] for place in order] for name, values in both.items()}
        names = np.repeat(["new", "old"], [len(first["actuals"]), len(second["actuals"])])[order]
        logs = arm_logs(names, **columns)
        assert list(logs) == ["new", "old"]
        apart = arms_at_age(ArmLog(**first), ArmLog(**second), min_age=WEEK, start=0, now=NOW)
        assert arms_at_age(logs["new"], logs["old"], min_age=WEEK, start=0, now=NOW) == apart


class TestComparison:
    def test_it_is_that_of_the_counts(self) -> None:
        first, second = (late_arm(np.random.default_rng(seed), 12, only_positives=False) for seed in (1, 2))
        ask: dict[str, Any] = {"min_age": timedelta(days=60), "now": 75 * DAY}
        result = compare_at_age(first, second, metric="prevalence", mode="fixed", **ask)
        arms = arms_at_age(first, second, **ask)
        plain = compare(
            arms.control.counts_of("missing"), arms.treatment.counts_of("missing"), metric="prevalence", mode="fixed"
        )
        assert (result.p_value, result.difference_interval) == (plain.p_value, plain.difference_interval)
        assert result.control.coverage == 1.0 and plain.control.coverage is None
        assert "coverage" in str(result) and "100.00%" in str(result) and "coverage" not in str(plain)
        assert Comparison.from_dict(json.loads(json.dumps(result.to_dict()))) == result
        assert any("60 days" in reason for reason in result.reasons)

    def test_unequal_coverage_is_invalid(self) -> None:
        rng = np.random.default_rng(3)
        first, second = (late_arm(rng, mean, only_positives=False) for mean in (25, 12))
        result = compare_at_age(first, second, metric="prevalence", min_age=timedelta(days=20), now=75 * DAY)
        assert result.verdict == "invalid" and result.additional_n is None
        assert result.reasons[0].startswith("label_arrival failed")
        assert result.difference_interval is not None
        assert result.control.coverage < result.treatment.coverage
        lenient = compare_at_age(
            first, second, metric="prevalence", min_age=timedelta(days=20), now=75 * DAY, arrival_margin=0.5
        )
        assert lenient.verdict != "invalid"

    def test_what_is_not_labelled_is_negative_where_only_positives_are_sent(self) -> None:
        log = ArmLog([0] * 10, [DAY] * 3 + [None] * 7, predictions=[1, 0] * 5)
        result = compare_at_age(log, log, metric="prevalence", min_age=WEEK, now=NOW, unlabelled="negative")
        assert (result.control.estimate, result.control.n) == (0.3, 10)
        assert result.control.coverage == 0.3

    def test_only_positives_without_saying_so_is_remarked(self) -> None:
        log = late_arm(np.random.default_rng(1), 5)
        result = compare_at_age(log, log, metric="prevalence", min_age=WEEK, now=NOW)
        assert any("unlabelled must be 'negative'" in reason for reason in result.reasons)

    def test_the_gate_of_precision_is_about_its_rows(self) -> None:
        # Labels of rows with decision 0 come in one arm only.
        made = np.arange(4_000) * 600.0
        decisions = np.arange(4_000) % 2
        full = ArmLog(made, made, decisions, decisions)
        half = ArmLog(made, np.where(decisions == 1, made, np.nan), decisions, decisions)
        ask: dict[str, Any] = {"min_age": WEEK, "now": 60 * DAY}
        assert compare_at_age(full, half, metric="precision", **ask).verdict != "invalid"
        assert compare_at_age(full, half, metric="accuracy", **ask).verdict == "invalid"
        assert compare_at_age(full, half, metric="negative_predictive_value", **ask).verdict == "invalid"

    def test_nothing_of_that_age_yet(self) -> None:
        log = ArmLog([0.0, 1.0], [1.0, 2.0])
        for unlabelled in ("missing", "negative"):
            result = compare_at_age(log, log, metric="accuracy", min_age=WEEK, now=DAY, unlabelled=unlabelled)
            assert result.verdict == "undecided" and result.control.coverage is None
            json.dumps(result.to_dict(), allow_nan=False)
        empty = ArmLog([], [])
        assert compare_at_age(empty, empty, metric="recall", min_age=WEEK, now=DAY).verdict == "undecided"

    def test_counts(self) -> None:
        arm = arms_at_age(
            *[ArmLog([0] * 4, [1, 1, None, None], [1, 0, 0, 0], [1, 1, 1, 0])] * 2, min_age=WEEK, now=NOW
        ).control
        assert arm.counts_of("missing") == Counts(1, 1, 0, 0)
        assert arm.counts_of("negative") == Counts(1, 2, 0, 1)
        assert isinstance(arm, AgedArm) and json.loads(json.dumps(arm.to_dict()))["labelled"] == 2


@pytest.mark.parametrize(
    ("columns", "kind", "match"),
    [
        (([0, 1], [0]), ValueError, "labelled_at must have a time for each of the 2 rows"),
        (([0, None], [0, 1]), ValueError, r"predicted_at\[1\] must be a time"),
        (([0, np.nan], [0, 1]), ValueError, r"predicted_at\[1\] must be a time"),
        (([0, np.inf], [0, 1]), ValueError, r"predicted_at\[1\]"),
        ((["a", "b"], [0, 1]), TypeError, "predicted_at must be"),
        (([[0], [1]], [0, 1]), ValueError, "2 dimensions"),
        (([0, 1], [0, object()]), TypeError, r"labelled_at\[1\]"),
        (([0, 1], [0, 1], [0, 2]), ValueError, r"actuals\[1\] must be 0 or 1"),
        (([0, 1], [0, 1], [0, "1"]), TypeError, "actuals"),
        (([0, 1], [0, 1], [0]), ValueError, "actuals must have one value for each"),
        (([0, 1], [0, 1], [0, 1], [0, None]), ValueError, r"predictions\[1\] must be 0 or 1"),
    ],
)
def test_refused_columns(columns: Any, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        ArmLog(*columns)


def test_labels_that_are_not_known_are_not_looked_at() -> None:
    assert ArmLog([0, 1], [5, None], [1, None]).labels == 1
    assert ArmLog([0, 1], [5, None], np.array([1, np.nan])).labels == 1


def test_other_refusals() -> None:
    log = ArmLog([0], [1])
    with pytest.raises(TypeError, match="min_age must be a timedelta"):
        arms_at_age(log, log, min_age=7, now=NOW)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="min_age must be a timedelta of at least 0"):
        arms_at_age(log, log, min_age=-WEEK, now=NOW)
    with pytest.raises(TypeError, match="treatment must be an ArmLog or a tracker"):
        arms_at_age(log, [1], min_age=WEEK, now=NOW)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unlabelled must be one of"):
        compare_at_age(log, log, metric="accuracy", min_age=WEEK, now=NOW, unlabelled="zero")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="window must be None"):
        compare_at_age(log, log, metric="accuracy", min_age=WEEK, now=NOW, window={})
    with pytest.raises(ValueError, match="metric must be one of"):
        compare_at_age(log, log, metric="roc_auc", min_age=WEEK, now=NOW)
    with pytest.raises(ValueError, match="keep_ids=True"):
        ArmLog.of_tracker(ModelPerformanceTracker("m", keep_ids=False))
    with pytest.raises(TypeError, match="tracker must be"):
        ArmLog.of_tracker(log)  # type: ignore[arg-type]
