"""Alarms and warnings against slow transcriptions of the papers, which count everything anew at each value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from truthlag.detectors import ECDD, FHDDM, RDDM, STEPD

STREAMS = 300
Found = tuple[list[int], list[int]]


def random_stream(seed: int) -> list[int]:
    """Errors at a rate that changes, once, slowly or not; every tenth stream is of one kind of answer until then."""
    rng = np.random.default_rng(seed)
    length = int(rng.integers(100, 500))
    before, after = rng.uniform(0, 0.6, 2)
    if seed % 10 == 0:
        before = seed // 10 % 2
    times, change = np.arange(length), rng.uniform(0, length)
    width = [1e-9, length / 3, 1e9][seed % 3]
    rates = before + (after - before) * np.clip((times - change) / width, 0, 1)
    return [int(error) for error in rng.random(length) < rates]


def walked(detector: Any, values: list[int]) -> Found:
    alarms, warnings = [], []
    for position, value in enumerate(values):
        if detector.update(value):
            alarms.append(position)
        if detector.warning_detected:
            warnings.append(position)
    return alarms, warnings


def check(slow: Any, made: Any, least: int) -> None:
    """The same alarms and warnings on all streams, at least so many alarms in all."""
    found = 0
    for seed in range(STREAMS):
        values = random_stream(seed)
        alarms, warnings = slow(values)
        assert walked(made(), values) == (alarms, warnings), seed
        assert made().update_many(values).tolist() == alarms
        found += len(alarms)
    assert found >= least, found


def fhddm(values: list[int], n: int, delta: float, short: int | None) -> Found:
    """Right answers in a sliding window, and in a second, short one; drift when a share falls too far below its maximum."""
    windows = [size for size in (n, short) if size is not None]
    alarms: list[int] = []
    answers: list[int] = []
    most = dict.fromkeys(windows, 0.0)
    for position, error in enumerate(values):
        answers.append(1 - error)
        if len(answers) < n:
            continue
        is_drift = False
        for size in windows:
            share = sum(answers[-size:]) / size
            most[size] = max(most[size], share)
            epsilon = math.sqrt(math.log(1 / delta) / (2 * size))
            is_drift = is_drift or most[size] - share >= epsilon
        if is_drift:
            alarms.append(position)
            answers, most = [], dict.fromkeys(windows, 0.0)
    return alarms, []


@pytest.mark.parametrize(
    ("n", "delta", "short"), [(100, 1e-6, None), (30, 0.01, None), (50, 1e-3, 10), (25, 0.1, 25), (7, 0.3, 1)]
)
def test_fhddm(n: int, delta: float, short: int | None) -> None:
    check(lambda values: fhddm(values, n, delta, short), lambda: FHDDM(n, delta, short), 5)


def stepd(values: list[int], w: int, alpha_drift: float, alpha_warning: float, two_sided: bool) -> Found:
    """Right answers among the last w and among all before them; the test of equal proportions with a correction."""
    alarms, warnings = [], []
    answers: list[int] = []
    for position, error in enumerate(values):
        answers.append(1 - error)
        if len(answers) < 2 * w:
            continue
        recent, older = answers[-w:], answers[:-w]
        n_r, n_o, r_r, r_o = len(recent), len(older), sum(recent), sum(older)
        p = (r_o + r_r) / (n_o + n_r)
        spread = 1 / n_o + 1 / n_r
        distance = abs(r_o / n_o - r_r / n_r) - 0.5 * spread
        p_value = 1.0
        if distance > 0 and (two_sided or r_o / n_o > r_r / n_r):
            statistic = distance / math.sqrt(p * (1 - p) * spread)
            p_value = math.erfc(statistic / math.sqrt(2)) / (1 if two_sided else 2)
        if p_value < alpha_drift:
            alarms.append(position)
            answers = []
        elif p_value < alpha_warning:
            warnings.append(position)
    return alarms, warnings


@pytest.mark.parametrize(
    ("w", "alpha_drift", "alpha_warning", "two_sided"),
    [
        (30, 0.003, 0.05, False),
        (30, 0.003, 0.05, True),
        (50, 1e-5, 0.3, False),
        (10, 0.02, 0.01, True),
        (1, 0.4, 0.45, False),
    ],
)
def test_stepd(w: int, alpha_drift: float, alpha_warning: float, two_sided: bool) -> None:
    check(
        lambda values: stepd(values, w, alpha_drift, alpha_warning, two_sided),
        lambda: STEPD(w, alpha_drift, alpha_warning, two_sided),
        20,
    )


def rddm(values: list[int], n: int, warning: float, drift: float, most: int, least: int, limit: int) -> Found:
    """DDM on the values of a concept, of which at most the last `least` are remembered for a new beginning.

    As the authors' own program has it, whose paper leaves open which values are remembered after an alarm (those since the
    warning began) and whether they count towards `n` and `most` (they do).
    """
    alarms, warnings = [], []
    concept: list[int] = []
    remembered: list[int] = []
    lowest: tuple[float, float] | None = None
    warned = 0

    def level(errors: list[int]) -> tuple[float, float]:
        p = sum(errors) / len(errors)
        return p, math.sqrt(p * (1 - p) / len(errors))

    def lower(one: tuple[float, float], other: tuple[float, float] | None) -> tuple[float, float]:
        # A hair's breadth, since a level that comes back is the same level.
        return one if other is None or sum(one) < sum(other) - 1e-13 else other

    for position, error in enumerate(values):
        concept.append(error)
        remembered = [*remembered, error][-least:]
        if len(concept) < n:
            continue
        p, s = level(concept)
        lowest = lower((p, s), lowest)
        p_min, s_min = lowest
        is_drift = p + s > p_min + drift * s_min + 1e-13
        is_warning = not is_drift and p + s > p_min + warning * s_min + 1e-13
        is_forced = is_warning and warned >= limit
        if is_drift or is_forced:
            alarms.append(position)
            remembered = remembered[-1:] if is_forced or not warned else remembered[-(warned + 1) :]
            concept, warned, lowest = list(remembered), 0, None
            for length in range(n + 1, len(concept) + 1):
                lowest = lower(level(concept[:length]), lowest)
        elif is_warning:
            warnings.append(position)
            warned += 1
        else:
            warned = 0
            if len(concept) >= most:
                concept = list(remembered)
    return alarms, warnings


@pytest.mark.parametrize(
    "given",
    [
        (129, 1.773, 2.258, 40_000, 7_000, 1_400),
        (30, 1.773, 2.258, 40_000, 7_000, 1_400),
        (30, 1.773, 2.258, 200, 60, 20),
        (20, 1.0, 4.0, 150, 50, 25),
        (50, 0.5, 3.0, 120, 100, 5),
        (10, 2.5, 2.0, 300, 30, 1),
    ],
)
def test_rddm(given: tuple[int, float, float, int, int, int]) -> None:
    check(lambda values: rddm(values, *given), lambda: RDDM(*given), 20)


LIMITS = {
    100: (2.76, -6.23, 18.12, -312.45, 1002.18),
    400: (3.97, -6.56, 48.73, -330.13, 848.18),
    1000: (1.17, 7.56, -21.24, 112.12, -987.23),
}


def ecdd(values: list[int], weight: float, run_length: int, share: float, least: int) -> Found:
    alarms, warnings, start = [], [], 0
    for position in range(len(values)):
        seen = values[start : position + 1]
        t = len(seen)
        if t < least:
            continue
        p = sum(seen) / t
        z = sum(weight * (1 - weight) ** age * error for age, error in enumerate(reversed(seen)))
        spread = math.sqrt(p * (1 - p) * weight / (2 - weight) * (1 - (1 - weight) ** (2 * t)))
        limit = sum(
            coefficient * p**power for coefficient, power in zip(LIMITS[run_length], (0, 1, 3, 5, 7), strict=True)
        )
        # A hair's breadth: with no errors at all, or nothing else, both sides are the same number.
        if z > p + limit * spread + 1e-13:
            alarms.append(position)
            start = position + 1
        elif z > p + share * limit * spread + 1e-13:
            warnings.append(position)
    return alarms, warnings


@pytest.mark.parametrize("given", [(0.2, 400, 0.5, 30), (0.2, 100, 0.5, 30), (0.2, 1000, 0.7, 50), (0.05, 400, 0.9, 1)])
def test_ecdd(given: tuple[float, int, float, int]) -> None:
    found = 0
    for seed in range(60):
        values = random_stream(seed)[:400]
        alarms, warnings = ecdd(values, *given)
        assert walked(ECDD(*given), values) == (alarms, warnings), seed
        found += len(alarms)
    assert found > 10
