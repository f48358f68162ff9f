"""Gates that are given to a comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.gates.late_arms import DAY, late_arm
from truthlag.abtest import (
    Calibration,
    Counts,
    FMeasure,
    GateReport,
    GroupSequentialPlan,
    LabelledRows,
    MetricPlan,
    Proportion,
    compare,
    compare_at_age,
    compare_many,
    label_arrival_parity,
    run_gates,
    sample_ratio_chi_square,
)
from truthlag.metrics import ConfusionCounts

CONTROL, TREATMENT = Proportion(600, 5_000), Proportion(775, 5_000)
UNEVEN = run_gates(sample_ratio=sample_ratio_chi_square([5_000, 4_600], [1, 1]))
SOUND = run_gates(sample_ratio=sample_ratio_chi_square([5_000, 5_010], [1, 1]))
LATE = run_gates(label_arrival=label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000)))
COUNTS = Counts(500, 100, 100, 4_300), Counts(580, 20, 20, 4_380)
PLAIN = compare(CONTROL, TREATMENT)


@pytest.mark.parametrize(
    "gates",
    [UNEVEN, UNEVEN["sample_ratio"], list(UNEVEN.gates), iter(UNEVEN.gates)],
    ids=["report", "gate", "list", "iterator"],
)
def test_a_failure_makes_the_verdict_invalid_and_changes_nothing_else(gates: Any) -> None:
    result = compare(CONTROL, TREATMENT, gates=gates)
    reason = f"sample_ratio failed: {UNEVEN['sample_ratio'].reason}"
    assert result == replace(PLAIN, verdict="invalid", additional_n=None, reasons=(reason, *PLAIN.reasons))


@pytest.mark.parametrize("gates", [None, SOUND, GateReport(()), []])
def test_what_passed_changes_nothing(gates: Any) -> None:
    assert compare(CONTROL, TREATMENT, gates=gates) == PLAIN
    assert compare_many({"a": {"m": CONTROL}, "b": {"m": TREATMENT}}, gates=gates) == compare_many(
        {"a": {"m": CONTROL}, "b": {"m": TREATMENT}}
    )


ROWS = [LabelledRows([0, 1] * 200, [0, 1] * wrong + [1, 0] * (200 - wrong), cluster=None) for wrong in (100, 180)]


@pytest.mark.parametrize(
    ("control", "treatment", "metric"),
    [
        (*COUNTS, "accuracy"),
        (*(ConfusionCounts(500 + k, 100, 100, 4_300) for k in (0, 80)), "recall"),
        (FMeasure(500, 100, 100), FMeasure(700, 20, 20), None),
        (*ROWS, "accuracy"),
        (Calibration.of([0, 1] * 50, [0.4] * 100), Calibration.of([0, 1] * 50, [0.4] * 100), None),
    ],
    ids=["counts", "confusion counts", "f1", "rows", "calibration"],
)
def test_arms_made_of_labels_are_known_to_be(control: Any, treatment: Any, metric: str | None) -> None:
    result = compare(control, treatment, metric=metric, gates=LATE)
    assert result.verdict == "invalid" and result.reasons[0].startswith("label_arrival failed: ")
    plain = compare(control, treatment, metric=metric)
    assert compare(control, treatment, metric=metric, gates=LATE, labelled_only=False) == plain


def test_of_others_the_caller_says_and_is_asked() -> None:
    assert compare(CONTROL, TREATMENT, gates=LATE, labelled_only=True).verdict == "invalid"
    assert compare(CONTROL, TREATMENT, gates=LATE, labelled_only=False) == PLAIN
    unsaid = compare(CONTROL, TREATMENT, gates=LATE)
    assert unsaid.verdict == PLAIN.verdict
    assert unsaid.reasons[:-1] == PLAIN.reasons and "labelled_only" in unsaid.reasons[-1]


def test_raw_values_with_winsorizing() -> None:
    result = compare([1.0, 2.0, 3.0] * 9, [2.0, 3.0, 90.0] * 9, winsorize=0.9, gates=UNEVEN)
    assert result.verdict == "invalid" and "capped" in result.reasons[-1]


def test_a_plan_logs_the_look_as_it_was_seen() -> None:
    plan = GroupSequentialPlan(20_000)
    result = compare(CONTROL, TREATMENT, mode="group_sequential", looks=plan, gates=UNEVEN)
    assert result.verdict == "invalid" and plan.taken[0].verdict == "better"


def test_wrong_gates_are_refused_before_a_look_is_logged() -> None:
    plan = GroupSequentialPlan(20_000)
    ask: dict[str, Any] = {"mode": "group_sequential", "looks": plan}
    for wrong in ("failed", 3, [UNEVEN], {"b": UNEVEN}):
        with pytest.raises(TypeError, match="gates must be a GateReport, a Gate or several"):
            compare(CONTROL, TREATMENT, gates=wrong, **ask)
    with pytest.raises(TypeError, match="labelled_only must be True, False or None, got 'yes'"):
        compare(CONTROL, TREATMENT, labelled_only="yes", **ask)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="labelled_only must be"):
        MetricPlan(labelled_only=1)  # type: ignore[arg-type]
    assert not plan.taken


class TestMany:
    ARMS: dict[str, dict[str, Any]] = {  # noqa: RUF012 - never changed
        "v1": {"clicks": CONTROL, "accuracy": COUNTS[0]},
        "v2": {"clicks": TREATMENT, "accuracy": COUNTS[1]},
        "v3": {"clicks": TREATMENT, "accuracy": COUNTS[1]},
    }

    def verdicts(self, **ask: Any) -> dict[tuple[str, str, str | None], str]:
        segments = {"de": self.ARMS}
        table = compare_many(self.ARMS, segments=segments, **ask)
        return {(row.arm, row.metric, row.segment): row.verdict for row in table}

    @pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
    def test_everything_is_invalid(self, mode: Any) -> None:
        plain = self.verdicts(mode=mode)
        assert set(plain.values()) == {"better"}
        assert set(self.verdicts(mode=mode, gates=UNEVEN).values()) == {"invalid"}
        assert compare_many(self.ARMS, mode=mode).ready == ("v2", "v3")
        assert compare_many(self.ARMS, mode=mode, gates=UNEVEN).ready == ()

    def test_of_one_treatment(self) -> None:
        assert {key[0] for key, verdict in self.verdicts(gates={"v3": UNEVEN}).items() if verdict == "invalid"} == {
            "v3"
        }
        with pytest.raises(ValueError, match=r"gates must be of treatments \('v2', 'v3'\), got 'v1'"):
            compare_many(self.ARMS, gates={"v1": UNEVEN})

    def test_label_arrival(self) -> None:
        table = self.verdicts(gates=LATE)
        assert {key[1] for key, verdict in table.items() if verdict == "invalid"} == {"accuracy"}
        plans = {"clicks": MetricPlan("primary", labelled_only=True), "accuracy": MetricPlan(labelled_only=False)}
        table = self.verdicts(gates=LATE, metrics=plans)
        assert {key[1] for key, verdict in table.items() if verdict == "invalid"} == {"clicks"}


def test_at_equal_age() -> None:
    random = np.random.default_rng(1)
    arms = [late_arm(random, mean, only_positives=False) for mean in (25, 12)]
    ask: dict[str, Any] = {"metric": "prevalence", "now": 75 * DAY}
    sound = compare_at_age(*arms, min_age=timedelta(days=60), **ask)
    assert sound.verdict == "undecided"
    failed = compare_at_age(*arms, min_age=timedelta(days=60), gates=UNEVEN, **ask)
    assert failed.verdict == "invalid" and failed.reasons[0].startswith("sample_ratio failed")
    both = compare_at_age(*arms, min_age=timedelta(days=20), gates=UNEVEN, **ask)
    assert [reason.split()[0] for reason in both.reasons[:2]] == ["label_arrival", "sample_ratio"]
    with pytest.raises(ValueError, match="labelled_only must be None"):
        compare_at_age(*arms, min_age=timedelta(days=20), labelled_only=True, **ask)
