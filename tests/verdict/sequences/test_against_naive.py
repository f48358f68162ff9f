"""The same limits as the papers' formulas give, computed anew from all values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.verdict.sequences import naive
from truthlag.detectors import BetaBinomialSequence, BettingSequence, EmpiricalBernsteinSequence

SIDES = ["both", "lower", "upper"]


def streams() -> list[naive.Floats]:
    rng = np.random.default_rng(20)
    return [
        rng.beta(2, 8, 400),
        rng.random(300),
        (rng.random(400) < 0.05).astype(float),
        (rng.random(200) < 0.9).astype(float),
        np.full(300, 0.25),
        np.zeros(100),
        np.ones(100),
        np.concatenate([rng.beta(1, 9, 200), rng.beta(9, 1, 200)]),
    ]


def walk(sequence: Any, x: naive.Floats) -> tuple[naive.Floats, naive.Floats]:
    limits = []
    for value in x.tolist():
        sequence.update(value)
        limits.append(sequence.interval)
    low, high = np.array(limits).T
    return low, high


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.5])
def test_empirical_bernstein(alpha: float, side: str) -> None:
    for x in streams():
        low, high = naive.empirical_bernstein(x, alpha, side)
        ours = walk(EmpiricalBernsteinSequence(alpha, side=side), x)
        # Sums of some hundred numbers of about 1.
        np.testing.assert_allclose(ours, (low, high), rtol=0, atol=1e-12)
        running = walk(EmpiricalBernsteinSequence(alpha, side=side, running_intersection=True), x)
        np.testing.assert_allclose(running, (np.maximum.accumulate(low), np.minimum.accumulate(high)), atol=1e-12)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.5])
def test_betting_on_a_grid(alpha: float, side: str) -> None:
    grid = np.linspace(0.01, 0.99, 99).tolist()
    for x in streams():
        low, high = naive.betting(x, alpha, side, grid)
        # Limits are means of the grid: equal, or not the same at all.
        np.testing.assert_array_equal(walk(BettingSequence(alpha, side=side, grid=grid), x), (low, high))
        running = BettingSequence(alpha, side=side, grid=grid, running_intersection=True)
        lowest, highest = np.maximum.accumulate(low), np.minimum.accumulate(high)
        ours = walk(running, x)
        whole = lowest < highest
        np.testing.assert_array_equal(ours[0][whole], lowest[whole])
        np.testing.assert_array_equal(ours[1][whole], highest[whole])
        assert running.is_empty == bool((lowest >= highest)[-1])


def test_the_grid_is_rounded_outwards_by_less_than_a_step() -> None:
    for x in streams()[:4]:
        exact = naive.exact_betting_limit(x, 0.025), 1 - naive.exact_betting_limit(1 - x, 0.025)
        for count in (20, 200, 1_000, 5_000):
            sequence = BettingSequence(grid=count)
            sequence.update_many(x)
            low, high = sequence.interval
            step = math.pi / (count + 1)
            # The grid is even in the angle asin(sqrt(mean)); a step of that is pi / 2 over one more than there are means.
            angles = [math.asin(math.sqrt(one)) for one in (low, *exact, high)]
            assert 0 <= angles[1] - angles[0] <= step / 2 + 1e-12
            assert 0 <= angles[3] - angles[2] <= step / 2 + 1e-12


def test_capital_at_means_of_the_grid() -> None:
    x = streams()[0]
    for mean in (0.1, 0.2, 0.4):
        above = naive.log_capital_above(x, mean, 0.025)[-1]
        below = naive.log_capital_below(x, mean, 0.025)[-1]
        sequence = BettingSequence(0.05, grid=[0.1, 0.2, 0.4])
        sequence.update_many(x)
        assert sequence.log_e_value(mean) == pytest.approx(max(above, below) - math.log(2), abs=1e-10)
        one_sided = BettingSequence(0.025, side="lower", grid=[0.1, 0.2, 0.4])
        one_sided.update_many(x)
        assert one_sided.log_e_value(mean) == pytest.approx(above, abs=1e-10)
    # Between two means each gambler's capital is at least that at the mean where it is less.
    exact = max(naive.log_capital_above(x, 0.15, 0.025)[-1], naive.log_capital_below(x, 0.15, 0.025)[-1]) - math.log(2)
    assert sequence.log_e_value(0.15) <= exact


COUNTS = [(0, 1), (1, 0), (1, 1), (0, 20), (3, 50), (29, 1), (500, 500), (7, 9_993), (8_800, 1_200), (10_000, 0)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.3])
def test_beta_binomial(alpha: float, side: str) -> None:
    settings: list[tuple[dict[str, Any], naive.Prior]] = [
        ({}, lambda p: (1.0, 1.0)),
        ({"prior": (2.0, 5.0)}, lambda p: (2.0, 5.0)),
        ({"narrow_at": 30}, naive.prior_narrow_at(30, alpha, side)),
        ({"narrow_at": 1_000}, naive.prior_narrow_at(1_000, alpha, side)),
    ]
    if side == "both":
        settings.append(({"prior": (0.5, 0.5)}, lambda p: (0.5, 0.5)))
    for given, prior in settings:
        for ones, zeros in COUNTS:
            sequence = BetaBinomialSequence(alpha, side=side, **given)
            sequence.update_counts(ones, ones + zeros)
            expected = naive.beta_binomial(ones, zeros, alpha, prior, side)
            # The reference loses digits of gamma functions of 10 000.
            assert sequence.interval == pytest.approx(expected, abs=1e-9)
            for p in (0.03, 0.5, 0.8):
                reference = naive.log_ratio(ones, zeros, p, prior, side)
                if math.isfinite(reference):
                    assert sequence.log_e_value(p) == pytest.approx(reference, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_beta_binomial_ratio_by_quadrature(side: str) -> None:
    for given, prior in [
        ({"prior": (1.0, 2.0)}, lambda p: (1.0, 2.0)),
        ({"narrow_at": 60}, naive.prior_narrow_at(60, 0.05, side)),
    ]:
        for ones, zeros in [(1, 0), (2, 5), (12, 20)]:
            sequence = BetaBinomialSequence(0.05, side=side, **given)  # type: ignore[arg-type]
            sequence.update_counts(ones, ones + zeros)
            for p in (0.1, 0.35, 0.7):
                expected = naive.ratio_by_quadrature(ones, zeros, p, prior, side)
                assert sequence.e_value(p) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("n", [1_000, 10**6, 10**9, 10**12])
def test_beta_binomial_of_many_values(n: int) -> None:
    # With all rates alike the mixed likelihood is 1 / (n + 1) for every count, and that of p is binomial.
    ones = n // 10
    sequence = BetaBinomialSequence()
    sequence.update_counts(ones, n)
    for deviations in (-4, -1, 0, 3):
        p = 0.1 + deviations * math.sqrt(0.09 / n)
        expected = -math.log(n + 1) - math.log(stats.binom.pmf(ones, n, p))
        # The reference has about 1e-10 of its own at 10^12.
        assert sequence.log_e_value(p) == pytest.approx(expected, abs=1e-8)


def test_the_ratio_to_a_cut_prior_falls_until_it_is_below_1() -> None:
    # What makes the limit the least rate that is not excluded: searched for on a fine grid, not halved for.
    for side, other in (("lower", False), ("upper", True)):
        for given in ({"prior": (1.0, 1.0)}, {"prior": (3.0, 40.0)}, {"narrow_at": 3}, {"narrow_at": 2_000}):
            for ones, n in [(1, 1), (2, 7), (9, 300), (30, 31), (250, 1_000)]:
                sequence = BetaBinomialSequence(0.05, side=side, **given)  # type: ignore[arg-type]
                sequence.update_counts(n - ones if other else ones, n)
                rates = np.linspace(1e-4, ones / n, 400)[:-1]
                logs = np.array([sequence.log_e_value(1 - rate if other else rate) for rate in rates])
                falls = np.diff(logs) < 1e-9
                assert falls[logs[1:] > 0].all(), (side, given, ones, n)


def test_against_rates_that_are_next_to_nothing() -> None:
    # There the mass of the cut prior is lost to rounding, and what is given is no larger.
    for side, counts in (("lower", (3, 50)), ("upper", (47, 50))):
        sequence = BetaBinomialSequence(0.05, side=side, narrow_at=30)
        sequence.update_counts(*counts)
        logs = []
        for exponent in range(1, 300):
            p = 10.0**-exponent
            logs.append(sequence.log_e_value(p if side == "lower" else 1 - p))
            reference = naive.log_ratio(3, 47, p, naive.prior_narrow_at(30, 0.05, "lower"), "lower")
            if exponent <= 10:
                # 1 - p has the digits of p that are above 1e-16.
                assert logs[-1] == pytest.approx(reference, abs=1e-5)
            else:
                assert logs[-1] <= 3 * exponent * math.log(10) and math.isfinite(logs[-1])
        assert logs == sorted(logs)


def test_counts_are_values_in_any_order() -> None:
    rng = np.random.default_rng(1)
    x = rng.permutation([1] * 30 + [0] * 70)
    sequence, counted = BetaBinomialSequence(), BetaBinomialSequence()
    sequence.update_many(x)
    counted.update_counts(10, 60)
    counted.update_counts(20, 40)
    assert sequence.to_bytes() == counted.to_bytes()
    running = walk(BetaBinomialSequence(running_intersection=True), x.astype(float))
    plain = walk(BetaBinomialSequence(), x.astype(float))
    np.testing.assert_allclose(running[0], np.maximum.accumulate(plain[0]), atol=1e-14)
    np.testing.assert_allclose(running[1], np.minimum.accumulate(plain[1]), atol=1e-14)
