"""The gate of label arrival, by coverage and by delays."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.gates.late_arms import DAY, late_arm
from tests.verdict.abtest.vectors import agrees, vector
from truthlag import ModelPerformanceTracker
from truthlag.abtest import ArmLog, Proportion, arms_at_age, compare, label_arrival_parity
from truthlag.metrics import ConfusionCounts


class TestCoverage:
    def test_vector(self) -> None:
        entry = vector("label_arrival_parity")
        arms = [
            Proportion(*pair) for pair in zip(entry["inputs"]["labelled"], entry["inputs"]["eligible"], strict=True)
        ]
        gate = label_arrival_parity(*arms)
        assert agrees(gate.numbers["z"], entry, entry["expected"]["z"])
        assert agrees(gate.numbers["one_look_p_value"], entry, entry["expected"]["pvalue"])
        # "Differential label arrival between arms invalidates a comparison on labelled rows only."
        assert gate.status == "failed" and gate.scope == "labelled_metrics"

    def test_it_is_the_comparison_with_a_margin(self) -> None:
        arms = Proportion(4_600, 5_000), Proportion(4_480, 5_000)
        for mode in ("confidence_sequence", "fixed"):
            gate = label_arrival_parity(*arms, margin=0.004, mode=mode)
            expected = compare(*arms, margin=0.004, mode=mode, alpha=0.01)
            assert gate.numbers["p_value"] == expected.p_value
            assert tuple(gate.numbers["gap_interval"]) == expected.difference_interval
            assert gate.has_failed == (expected.p_value <= 0.01)

    def test_arms_of_all_kinds(self) -> None:
        counts = ConfusionCounts(80, 20, 10, 390, pending_positives=50, pending_negatives=10)
        tracker = ModelPerformanceTracker("m")
        tracker.log_predictions(range(10), [1] * 10)
        tracker.log_ground_truths(range(4), [1] * 4)
        gate = label_arrival_parity(counts, tracker.snapshot())
        assert gate.numbers["control_labelled"] == 500 and gate.numbers["control_eligible"] == 560
        assert gate.numbers["treatment"] == 0.4
        assert label_arrival_parity(counts, counts, metric="precision").numbers["control_eligible"] == 150
        assert (
            label_arrival_parity(counts, counts, metric="negative_predictive_value").numbers["control_eligible"] == 410
        )

    @pytest.mark.parametrize(
        "arms",
        [
            (Proportion(0, 0), Proportion(0, 0)),
            (Proportion(1, 1), Proportion(0, 0)),
            (Proportion(0, 1), Proportion(1, 1)),
            (Proportion(100, 100), Proportion(100, 100)),
            (Proportion(0, 100), Proportion(0, 100)),
        ],
    )
    def test_little_to_look_at(self, arms: tuple[Proportion, Proportion]) -> None:
        gate = label_arrival_parity(*arms)
        assert gate.status == ("passed" if arms[0].n and arms[1].n else "not_run")
        json.dumps(gate.to_dict(), allow_nan=False)

    def test_all_against_none(self) -> None:
        assert label_arrival_parity(Proportion(200, 200), Proportion(0, 200)).has_failed

    @pytest.mark.parametrize(("coverage", "gap", "margin"), [(0.9, 0.0, 0.002), (0.999, 0.0, 0.0), (0.9, 0.02, 0.02)])
    def test_a_gap_within_the_margin_rarely_fails_however_often_one_looks(
        self, coverage: float, gap: float, margin: float
    ) -> None:
        # .01 + 3 standard errors of 400 runs = .0249.
        rng = np.random.default_rng(5)
        looks = np.unique(np.geomspace(20, 20_000, 20).astype(int))
        steps = np.diff(looks, prepend=0)
        failed = 0
        for _ in range(400):
            labelled = [np.cumsum(rng.binomial(steps, rate)) for rate in (coverage, coverage - gap)]
            failed += any(
                label_arrival_parity(
                    *(Proportion(int(arm[look]), int(looks[look])) for arm in labelled), margin=margin
                ).has_failed
                for look in range(len(looks))
            )
        assert failed <= 0.0249 * 400

    def test_refusals(self) -> None:
        with pytest.raises(TypeError, match="treatment must be a Proportion"):
            label_arrival_parity(Proportion(1, 2), 0.5)
        for name, value in (("margin", 1.0), ("margin", -0.1), ("alpha", 0.0), ("alpha", 0.7)):
            with pytest.raises(ValueError, match=name):
                label_arrival_parity(Proportion(1, 2), Proportion(1, 2), **{name: value})


def parity(first: ArmLog, second: ArmLog, age: float, now: float = 75.0) -> Any:
    arms = arms_at_age(first, second, min_age=timedelta(days=age), start=0, now=now * DAY)
    return arms.parity("prevalence", unlabelled="negative")


class TestDelays:
    def test_unequal_delays_do_no_harm_once_all_labels_are_there(self) -> None:
        rng = np.random.default_rng(1)
        gate = parity(late_arm(rng, 25, rows=40_000), late_arm(rng, 12, rows=40_000), 60)
        assert gate.numbers["shape_p_value"] < 1e-6
        assert gate.status == "passed" and "none comes after 60 days" in gate.reason

    @pytest.mark.parametrize("age", [10, 20, 30])
    def test_unequal_delays_fail_while_labels_are_still_to_come(self, age: float) -> None:
        rng = np.random.default_rng(2)
        gate = parity(late_arm(rng, 25), late_arm(rng, 12), age)
        assert gate.status == "failed" and "larger age" in gate.reason
        assert gate.numbers["control_late_share"] > gate.numbers["treatment_late_share"]
        json.dumps(gate.to_dict(), allow_nan=False)

    def test_unequal_delays_fail_while_nobody_can_know(self) -> None:
        # All rows were predicted in the same hour, and are as old as the age.
        rng = np.random.default_rng(3)
        arms = [late_arm(rng, mean, rows=20_000, days=0.01) for mean in (25, 12)]
        gate = parity(*arms, age=20, now=20.02)
        assert gate.status == "failed" and "too young" in gate.reason

    def test_equal_delays_pass_at_any_age(self) -> None:
        rng = np.random.default_rng(4)
        first, second = late_arm(rng, 25), late_arm(rng, 25)
        for age in (5, 20, 40, 60):
            assert parity(first, second, age).status == "passed"

    def test_no_labels(self) -> None:
        none = ArmLog(np.arange(100) * DAY / 10, [None] * 100)
        assert parity(none, none, 5).status == "not_run"
        assert parity(none, late_arm(np.random.default_rng(1), 12), 5).status == "not_run"


def test_the_plain_p_value_keeps_its_digits() -> None:
    gate = label_arrival_parity(Proportion(9_000, 10_000), Proportion(7_000, 10_000))
    assert gate.numbers["one_look_p_value"] == pytest.approx(2 * stats.norm.sf(gate.numbers["z"]), rel=1e-9)
    assert 0 < gate.numbers["one_look_p_value"] < 1e-200
