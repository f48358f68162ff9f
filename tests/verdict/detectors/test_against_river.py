"""The same alarms as River's detectors with the same parameters, index for index, on random streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from truthlag import detectors

drift = pytest.importorskip("river.drift")
binary = pytest.importorskip("river.drift.binary")

STREAMS = 1000
PAIRS: dict[str, tuple[Any, Any]] = {
    "ADWIN": (detectors.ADWIN, drift.ADWIN),
    "DDM": (detectors.DDM, binary.DDM),
    "EDDM": (detectors.EDDM, binary.EDDM),
    "FHDDM": (lambda **given: detectors.FHDDM(polarity="river", **given), binary.FHDDM),
    "HDDMA": (detectors.HDDMA, binary.HDDMA),
    "HDDMW": (detectors.HDDMW, binary.HDDMW),
    "PageHinkley": (detectors.PageHinkley, drift.PageHinkley),
}
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("ADWIN", {"delta": 0.05, "clock": 1}),
    ("ADWIN", {"max_buckets": 2, "min_window_length": 10, "grace_period": 40}),
    ("DDM", {"warm_start": 5, "warning_threshold": 1.0, "drift_threshold": 1.5}),
    ("EDDM", {"warm_start": 10, "alpha": 0.8, "beta": 0.75}),
    ("FHDDM", {"sliding_window_size": 40, "confidence_level": 0.01}),
    ("FHDDM", {"sliding_window_size": 50, "confidence_level": 0.05, "short_window_size": 10}),
    ("HDDMA", {"two_sided_test": True, "drift_confidence": 0.05, "warning_confidence": 0.1}),
    ("HDDMW", {"two_sided_test": True, "lambda_val": 0.2, "drift_confidence": 0.01}),
    ("PageHinkley", {"threshold": 5.0, "alpha": 0.99, "mode": "up", "min_instances": 1}),
    ("PageHinkley", {"threshold": 5.0, "mode": "down", "delta": 0.0}),
]


def random_stream(seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Errors at a rate that changes, once, slowly or not."""
    rng = np.random.default_rng(seed)
    length = int(rng.integers(100, 1_200))
    before, after = rng.uniform(0, 0.6, 2)
    times = np.arange(length)
    change = rng.uniform(0, length)
    width = [1e-9, length / 3, 1e9][seed % 3]
    rates = before + (after - before) * np.clip((times - change) / width, 0, 1)
    return (rng.random(length) < rates).astype(np.int64)


def walk(other: Any, values: Any) -> tuple[list[int], list[int], float | None]:
    """Alarms, warnings, and what it estimates in the end, if it does."""
    alarms, warnings = [], []
    for position, value in enumerate(values.tolist()):
        other.update(value)
        if other.drift_detected:
            alarms.append(position)
        elif getattr(other, "warning_detected", False):
            warnings.append(position)
    return alarms, warnings, getattr(other, "estimation", None)


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_alarms_with_the_same_defaults(name: str) -> None:
    ours, theirs = PAIRS[name]
    found = 0
    for seed in range(STREAMS):
        values = random_stream(seed)
        alarms, _, _ = walk(theirs(), values)
        assert ours().update_many(values).tolist() == alarms, seed
        found += len(alarms)
    assert found > 50


@pytest.mark.parametrize(("name", "given"), OTHERS, ids=str)
def test_the_same_alarms_and_warnings_with_others(name: str, given: dict[str, Any]) -> None:
    ours, theirs = PAIRS[name]
    found = 0
    for seed in range(100):
        values = random_stream(seed)
        alarms, warnings, estimation = walk(theirs(**given), values)
        detector = ours(**given)
        expected_alarms, expected_warnings, _ = walk(detector, values)
        assert (expected_alarms, expected_warnings) == (alarms, warnings), seed
        if estimation is not None:
            # Both divide a sum of at most some hundred numbers.
            assert detector.estimation == pytest.approx(estimation, rel=1e-12)
        found += len(alarms)
    assert found > 10


@pytest.mark.parametrize("name", ["ADWIN", "PageHinkley"])
def test_the_same_alarms_on_real_numbers(name: str) -> None:
    ours, theirs = PAIRS[name]
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = np.concatenate([rng.normal(0, 1, 400), rng.normal(seed % 5, 1 + seed % 3, 400)]).round(6)
        alarms, _, _ = walk(theirs(), values)
        assert ours().update_many(values).tolist() == alarms, seed
        found += len(alarms)
    assert found > 50
