"""Two arms of equal final rate whose labels come at different speed: how often they are found different."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.gates.late_arms import DAY, late_arm
from truthlag.abtest import ArmLog, Proportion, compare, compare_at_age
from truthlag.verdict.abtest.gates.times import NEVER

RUNS = 1_500


def positives_so_far(log: ArmLog) -> Proportion:
    known = (log.labelled_at != NEVER) & (log.labelled_at <= 75 * DAY * 1e6)
    return Proportion(int(np.count_nonzero(known & (log.actuals == 1))), len(log))


def shares(age: float, *, runs: int = RUNS, only_positives: bool = True, **options: Any) -> dict[str, float]:
    """Of each answer, over pairs of arms with mean delays of 25 and 12 days that are cut off at 60, 75 days into the test."""
    rng = np.random.default_rng(20)
    found = {"different": 0, "invalid": 0, "naive": 0}
    unlabelled = "negative" if only_positives else "missing"
    for _ in range(runs):
        slow, quick = (late_arm(rng, mean, only_positives=only_positives) for mean in (25, 12))
        result = compare_at_age(
            slow,
            quick,
            metric="prevalence",
            min_age=timedelta(days=age),
            now=75 * DAY,
            unlabelled=unlabelled,  # type: ignore[arg-type]
            **options,
        )
        found["different"] += result.is_decided
        found["invalid"] += result.verdict == "invalid"
        found["naive"] += compare(positives_so_far(slow), positives_so_far(quick), mode="fixed").is_decided
    return {name: number / runs for name, number in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("only_positives", [True, False])
def test_at_the_age_at_which_all_labels_are_there(only_positives: bool) -> None:
    found = shares(60, only_positives=only_positives, mode="fixed")
    assert 0.81 <= found["naive"] <= 0.87
    assert found["different"] <= 0.06
    assert found["invalid"] <= 0.10


def test_at_any_time() -> None:
    found = shares(60, runs=200, mode="confidence_sequence", expected_n=2_400)
    assert found["different"] <= 0.05 and found["invalid"] <= 0.10


@pytest.mark.parametrize("age", [15, 30])
def test_at_an_age_that_is_too_small_the_gate_says_so(age: float) -> None:
    for only_positives in (True, False):
        found = shares(age, runs=100, only_positives=only_positives, mode="fixed")
        assert found["invalid"] >= 0.95
        assert found["different"] <= 0.05


@pytest.mark.slow
def test_equal_delays_are_rarely_invalid_at_any_look() -> None:
    # Looks every four days at an age at which many labels are still to come; .01 + 3 standard errors of 300 runs = .0272.
    rng = np.random.default_rng(21)
    failed = 0
    for _ in range(300):
        first, second = (late_arm(rng, 25, rows=3_000) for _ in range(2))
        failed += any(
            compare_at_age(
                first,
                second,
                metric="prevalence",
                min_age=timedelta(days=15),
                start=0,
                now=day * DAY,
                unlabelled="negative",
            ).verdict
            == "invalid"
            for day in range(17, 76, 4)
        )
    assert failed <= 0.0272 * 300
