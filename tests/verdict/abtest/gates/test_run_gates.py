"""All gates at one look, and what they do to a comparison."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

import truthlag.abtest
from tests.verdict.abtest.gates.late_arms import DAY, late_arm
from truthlag.abtest import (
    DoubleExposure,
    Gate,
    Proportion,
    SampleRatioTest,
    arms_at_age,
    compare,
    label_arrival_parity,
    pre_period_balance,
    run_gates,
    sample_ratio_chi_square,
)

SHIP = compare(Proportion(600, 5_000), Proportion(775, 5_000), metric="conversion")
UNEQUAL = label_arrival_parity(Proportion(4_600, 5_000), Proportion(4_480, 5_000))


def sound() -> dict[str, object]:
    test = SampleRatioTest([1, 1])
    test.update([5_000, 5_010])
    arm = late_arm(np.random.default_rng(1), 12, only_positives=False)
    return {
        "sample_ratio": test,
        "double_exposure": DoubleExposure(10_010, 0),
        "pre_period_balance": pre_period_balance({"x": list(range(50))}, {"x": list(range(50))}),
        "label_arrival": arms_at_age(arm, arm, min_age=timedelta(days=60), now=75 * DAY),
    }


def test_all_passed() -> None:
    report = run_gates(**sound())  # type: ignore[arg-type]
    assert [gate.status for gate in report.gates] == ["passed"] * 4
    assert report.status == "passed" and not report.failed
    assert report.applied_to(SHIP) == SHIP
    assert str(report).count("\n") == 3 and "label_arrival" in str(report)
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["status"] == "passed"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sample_ratio", sample_ratio_chi_square([600, 400], [1, 1])),
        ("double_exposure", DoubleExposure(10_000, 500)),
        ("pre_period_balance", pre_period_balance({"x": list(range(50))}, {"x": list(range(500, 550))})),
    ],
)
def test_one_that_failed_makes_all_metrics_invalid(name: str, given: object) -> None:
    report = run_gates(**{**sound(), name: given})  # type: ignore[arg-type]
    assert [gate.name for gate in report.failed] == [name] and report.status == "failed"
    result = report.applied_to(SHIP)
    assert result.verdict == "invalid" and result.additional_n is None and not result.is_decided
    assert result.reasons[0].startswith(f"{name} failed: ")
    assert result.p_value == SHIP.p_value


def test_label_arrival_makes_metrics_of_labelled_rows_invalid() -> None:
    report = run_gates(label_arrival=UNEQUAL)
    assert report.applied_to(SHIP, labelled_only=True).verdict == "invalid"
    assert report.applied_to(SHIP).verdict == "better"
    assert report["label_arrival"] is UNEQUAL
    with pytest.raises(KeyError):
        report["weather"]


def test_nothing_was_run() -> None:
    report = run_gates()
    assert report.status == "not_run" and {gate.status for gate in report.gates} == {"not_run"}
    assert report.applied_to(SHIP, labelled_only=True) == SHIP


def test_refusals() -> None:
    with pytest.raises(TypeError, match="sample_ratio must be one of SampleRatioTest"):
        run_gates(sample_ratio=[1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="double_exposure must be a gate of that name"):
        run_gates(double_exposure=UNEQUAL)
    assert isinstance(UNEQUAL, Gate)


def test_what_is_public_is_listed_once() -> None:
    assert len(set(truthlag.abtest.__all__)) == len(truthlag.abtest.__all__)
    assert all(hasattr(truthlag.abtest, name) for name in truthlag.abtest.__all__)
