"""The two plain rules give what the class that they replace was seen to give, and its faults are known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verdict.reference_numbers import each, is_near
from truthlag import DegradationDetector


def check_same(entry: dict[str, Any], result: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert set(expected) <= set(result)
        for key, value in expected.items():
            check_same(entry, result[key], value)
    elif isinstance(expected, float):
        assert is_near(result, entry, expected)
    else:
        assert result == expected


@each("seed_parity")
def test_it_answers_as_the_plain_class(entry: dict[str, Any]) -> None:
    inputs, expected = entry["inputs"], entry["expected"]
    if "values" in inputs:
        detector = DegradationDetector({})
        result = detector.check_trend_degradation("accuracy", inputs["values"], inputs["window"], inputs["min_slope"])
    else:
        result = DegradationDetector(inputs["baseline"]).check_absolute_degradation(inputs["current"])
        assert set(result["alerts"]) == set(expected["alerts"])
    check_same(entry, result, expected)


@each("seed_weakness")
def test_it_has_the_faults_of_the_plain_class(entry: dict[str, Any]) -> None:
    if "current" not in entry["inputs"]:
        pytest.skip("an operating characteristic of a rule, not a result of a call")
    result = DegradationDetector(entry["inputs"]["baseline"]).check_absolute_degradation(entry["inputs"]["current"])
    expected = entry["expected"]
    if "seed_output" in expected:
        check_same(entry, result, expected["seed_output"])
    else:
        assert list(result["alerts"]) == expected["seed_alerts"]
        assert result["degradation_detected"] is expected["seed_degradation_detected"]
