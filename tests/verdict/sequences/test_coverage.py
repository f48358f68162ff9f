"""The mean is in every interval that is ever shown, with the probability that is promised."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.detectors import BetaBinomialSequence, BettingSequence, EmpiricalBernsteinSequence

ALPHA = 0.05
STREAMS = 400
LENGTH = 2_000
MOST = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / STREAMS)
"""The share of streams with a miss that would be surprising: three standard errors above alpha."""

Draw = Callable[[np.random.Generator], np.ndarray[Any, np.dtype[np.float64]]]


def rate(p: float) -> Draw:
    return lambda rng: (rng.random(LENGTH) < p).astype(float)


def beta(a: float, b: float) -> Draw:
    return lambda rng: rng.beta(a, b, LENGTH)


def moody(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Of mean .3 given what was before, but rare and large for a while after a value above it, and steady after another."""
    uniform, values, is_wild = rng.random(LENGTH), [], True
    for one in uniform.tolist():
        values.append(float(one < 0.3) if is_wild else 0.25 + one / 10)
        is_wild = values[-1] > 0.3
    return np.array(values)


RATES = [(rate(p), p) for p in (0.01, 0.1, 0.5, 0.95)]
MEANS = [(beta(2, 8), 0.2), (beta(0.1, 0.3), 0.25), (beta(40, 10), 0.8), (moody, 0.3)]
CASES: list[tuple[Any, Draw, float]] = [
    *[(lambda **given: BetaBinomialSequence(ALPHA, **given), *case) for case in RATES],
    *[(lambda **given: BetaBinomialSequence(ALPHA, narrow_at=500, **given), *case) for case in RATES[1::2]],
    *[(lambda **given: EmpiricalBernsteinSequence(ALPHA, **given), *case) for case in RATES + MEANS],
    *[(lambda **given: BettingSequence(ALPHA, grid=200, **given), *case) for case in RATES[:2] + MEANS],
]


def share_of_misses(make: Any, draw: Draw, mean: float, side: str) -> float:
    """The share of streams in which the mean was ever outside: outside the intersection of all intervals."""
    misses = 0
    for seed in range(STREAMS):
        sequence = make(side=side, running_intersection=True)
        sequence.update_many(draw(np.random.default_rng([seed, 7])))
        low, high = sequence.interval
        misses += not low <= mean <= high
    return misses / STREAMS


@pytest.mark.parametrize(("make", "draw", "mean"), CASES)
def test_the_mean_is_ever_missed_with_probability_alpha_at_most(make: Any, draw: Draw, mean: float) -> None:
    for side in ("both", "lower", "upper"):
        assert share_of_misses(make, draw, mean, side) <= MOST, side


def test_an_interval_for_one_look_is_missed_when_one_looks_always() -> None:
    # That the simulation can fail: Wilson's interval after each of the values.
    misses = 0
    for seed in range(100):
        ones = np.cumsum(rate(0.1)(np.random.default_rng([seed, 7])))
        n = np.arange(1, LENGTH + 1)
        z = stats.norm.isf(ALPHA / 2)
        centre, size = (ones + z**2 / 2) / (n + z**2), z / (n + z**2) * np.sqrt(ones * (n - ones) / n + z**2 / 4)
        misses += bool((np.abs(0.1 - centre) > size).any())
    assert misses > 40


def test_stopping_where_it_looks_best_misses_no_more() -> None:
    # Each stops the first time that the interval excludes .1, and else at the end.
    for make in (
        lambda: BetaBinomialSequence(ALPHA),
        lambda: EmpiricalBernsteinSequence(ALPHA),
        lambda: BettingSequence(ALPHA, grid=[0.05, 0.1, 0.2]),
    ):
        stopped = 0
        for seed in range(100):
            sequence: Any = make()
            for value in rate(0.1)(np.random.default_rng([seed, 8]))[:400].tolist():
                sequence.update(value)
                if sequence.excludes(0.1):
                    stopped += 1
                    break
        assert stopped <= 100 * (ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 100))


def test_e_values_are_ever_large_with_probability_of_their_inverse_at_most() -> None:
    for threshold in (4.0, 10.0):
        for make, draw, mean in (CASES[1], CASES[9], CASES[16]):
            large = 0
            for seed in range(60):
                sequence = make()
                largest = 0.0
                for part in np.split(draw(np.random.default_rng([seed, 9])), 50):
                    sequence.update_many(part)
                    largest = max(largest, sequence.e_value(mean))
                large += largest >= threshold
            assert large <= 60 / threshold + 3 * math.sqrt(60 / threshold * (1 - 1 / threshold))


def test_widths() -> None:
    def width(sequence: Any, draw: Draw) -> float:
        sequence.update_many(draw(np.random.default_rng(3)))
        return float(sequence.interval[1] - sequence.interval[0])

    # Where the variance is small betting is the narrowest.
    for draw in (beta(2, 8), beta(200, 800), beta(40, 10)):
        assert width(BettingSequence(grid=5_000), draw) < width(EmpiricalBernsteinSequence(), draw)
    # None is far from what a single look would allow, and none beats it.
    for p in (0.1, 0.5):
        one_look = 2 * 1.96 * math.sqrt(p * (1 - p) / LENGTH)
        for sequence in (BetaBinomialSequence(), BetaBinomialSequence(narrow_at=LENGTH), BettingSequence()):
            assert one_look < width(sequence, rate(p)) < 2.4 * one_look
    assert width(BetaBinomialSequence(narrow_at=LENGTH), rate(0.1)) < width(BetaBinomialSequence(), rate(0.1))
    # One limit is nearer than the same of two.
    for kind in (BetaBinomialSequence, BettingSequence, EmpiricalBernsteinSequence):
        both, lower = kind(), kind(side="lower")
        for sequence in (both, lower):
            sequence.update_many(rate(0.3)(np.random.default_rng(4)))
        assert both.interval[0] < lower.interval[0] < 0.3
