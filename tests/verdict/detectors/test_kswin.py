"""KSWIN against River with the same seed, its samples against Python's, its p-values against scipy's."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.stats import ks_2samp

from truthlag.detectors import KSWIN

drift = pytest.importorskip("river.drift")


def stream(seed: int, length: int) -> list[float]:
    rng = np.random.default_rng(seed)
    before, after = rng.normal(0, 1, length // 2), rng.normal(seed % 3, 1 + seed % 2, length - length // 2)
    # Many values that are equal, few, or none.
    return np.concatenate([before, after]).round([0, 1, 9][seed % 3]).tolist()


@pytest.mark.parametrize(
    ("alpha", "window_size", "stat_size"),
    [(0.005, 100, 30), (0.05, 60, 30), (0.2, 20, 3), (0.01, 400, 20), (1.0, 30, 7)],
)
def test_the_same_alarms_and_p_values_as_river_with_the_same_seed(
    alpha: float, window_size: int, stat_size: int
) -> None:
    found = tests = 0
    for seed in range(6):
        theirs = drift.KSWIN(alpha, window_size, stat_size, seed=seed)
        ours = KSWIN(alpha, window_size, stat_size, seed=seed)
        for position, value in enumerate(stream(seed, max(400, 2 * window_size))):
            theirs.update(value)
            assert ours.update(value) == theirs.drift_detected, (seed, position)
            if ours.p_value is not None:
                # The same products in the same order. Where rounding takes them above 1, scipy falls back to an approximation.
                assert ours.p_value == pytest.approx(theirs.p_value, rel=1e-14 if ours.p_value < 1 else 1e-3)
                tests += 1
            found += theirs.drift_detected
    assert found > 2
    assert tests > 50


@pytest.mark.parametrize("stat_size", [1, 2, 5, 30, 100, 1000])
def test_p_values_are_those_of_scipy(stat_size: int) -> None:
    rng = np.random.default_rng(stat_size)
    for shift in (0.0, 0.2, 1.0, 5.0):
        values = np.concatenate([rng.normal(0, 1, stat_size), rng.normal(shift, 1, stat_size)])
        # Of a window of twice the size all older values are drawn.
        detector = KSWIN(0.0, 2 * stat_size, stat_size)
        detector.update_many(values)
        expected = ks_2samp(values[:stat_size], values[stat_size:], method="exact").pvalue
        assert detector.p_value == pytest.approx(expected, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize(("population", "size"), [(30, 30), (70, 30), (300, 6), (3_000, 40), (21, 1), (5_000, 2)])
@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1, 2**32, 2**53 - 1])
def test_samples_are_those_of_python(population: int, size: int, seed: int) -> None:
    # The older values are their places, and the newest lie all between two of them: the largest difference is the share of the
    # drawn ones on the greater side.
    expected = random.Random(seed).sample(range(population), size)
    for bound in (population // 4, population // 2, 3 * population // 4):
        detector = KSWIN(0.0, population + size, size, seed=seed)
        detector.update_many([float(place) for place in range(population)] + [bound + 0.5] * size)
        below = sum(place <= bound for place in expected)
        steps = max(below, size - below)
        p_value = ks_2samp([0.0] * steps + [1.0] * (size - steps), [1.0] * size, method="exact").pvalue
        assert detector.p_value == pytest.approx(p_value, rel=1e-12)


def test_it_is_deterministic_and_begins_again_after_an_alarm() -> None:
    values = stream(5, 1_000)
    alarms = KSWIN(0.02).update_many(values).tolist()
    assert alarms
    assert (
        alarms
        == KSWIN(0.02, seed=None).update_many(values).tolist()
        == KSWIN(0.02, seed=0).update_many(values).tolist()
    )
    after = values[alarms[0] + 1 :]
    assert KSWIN(0.02).update_many(after).tolist() == [position - alarms[0] - 1 for position in alarms[1:]]
    assert any(KSWIN(0.02, seed=seed).update_many(values).tolist() != alarms for seed in range(1, 6))


def test_an_alarm_that_resets_nothing_leaves_the_newest_values() -> None:
    detector = KSWIN(reset="never", seed=1)
    alarms = detector.update_many([0.0] * 150 + [1.0] * 250)
    assert alarms.size >= 1
    before = KSWIN(reset="never", seed=1)
    before.update_many(([0.0] * 150 + [1.0] * 250)[: alarms[0] + 1])
    assert before.drift_detected
    assert before.statistics["n"] == 30
