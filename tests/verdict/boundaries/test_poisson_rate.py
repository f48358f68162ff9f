"""The confidence sequence for a Poisson rate."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from tests.verdict.boundaries.test_boundaries import at_most
from truthlag.boundaries import GammaPoissonBoundary, PoissonRateSequence


def naive_e_value(sequence: PoissonRateSequence, rate: float, events: int, exposure: float) -> float:
    """The likelihood of the events, averaged over rates around one, by that under the one itself."""
    rho = sequence._boundary.rho
    low, high = {"both": (0, math.inf), "lower": (1, math.inf), "upper": (0, 1)}[sequence.side]
    weights = stats.gamma(rho, scale=1 / rho)

    def density(times: float) -> float:
        likelihood = events * math.log(times) - (times - 1) * rate * exposure if times > 0 else -math.inf
        return math.exp(likelihood) * float(weights.pdf(times))

    # The mass is near 1 and near what was observed.
    seen = max(events, 1) / (rate * exposure)
    places = sorted(
        {low, *(place for place in (0.1 * seen, 0.5 * seen, seen, 2 * seen, 0.5, 1.0, 2.0) if low < place < high)}
    )
    ends = [*places, min(high, 50.0 + 10 * seen)]
    total = sum(integrate.quad(density, *pair, epsabs=0, epsrel=1e-11)[0] for pair in pairwise(ends))
    return total / float(weights.cdf(high) - weights.cdf(low))


@pytest.mark.parametrize("side", ["both", "lower", "upper"])
def test_the_definition(side: str) -> None:
    sequence = PoissonRateSequence(30, side=side)
    for rate, events, exposure in ((1.0, 5, 2.0), (2.0, 31, 30.0), (0.5, 31, 30.0), (1.0, 0, 4.0), (0.1, 12, 100.0)):
        # The reference is integrated to 1e-11 of each part.
        expected = naive_e_value(sequence, rate, events, exposure)
        assert sequence.e_value(rate, events, exposure) == pytest.approx(expected, rel=1e-9)
        assert sequence.p_value(rate, events, exposure) == pytest.approx(min(1, 1 / expected), rel=1e-9)


@pytest.mark.parametrize("side", ["both", "lower", "upper"])
def test_limits_are_where_the_evidence_is_enough(side: str) -> None:
    sequence = PoissonRateSequence(50, alpha=0.1, side=side)
    events = np.array([0, 1, 2, 17, 400, 10**6, 10**12])
    exposure = np.array([3.0, 0.1, 8.0, 30.0, 1e-3, 5.0, 1e9])
    low, high = sequence.interval(events, exposure)
    rates = events / exposure
    assert (low <= rates).all() and (rates <= high).all()
    if side == "upper":
        assert (low == 0).all()
    else:
        assert (low[3:] > 0).all() and low[0] == 0
        is_there = low > 0
        # An expected number of 1e12 has 1e-4 as its last place, and a deviation 1e6: 1e-10 of that, times a log of some units.
        p_value = sequence.p_value(low[is_there], events[is_there], exposure[is_there])
        assert p_value == pytest.approx(0.1, rel=1e-8)
    if side == "lower":
        assert (high == math.inf).all()
    else:
        assert sequence.p_value(high, events, exposure) == pytest.approx(0.1, rel=1e-8)
    assert [sequence.interval(*pair)[0] for pair in zip(events, exposure, strict=True)] == pytest.approx(low, rel=1e-10)


@pytest.mark.parametrize("side", ["both", "lower", "upper"])
def test_it_is_ever_wrong_as_seldom_as_it_says(side: str) -> None:
    # Looked at just before and just after each event, between which the evidence moves one way.
    random = np.random.default_rng(11)
    runs, steps, rate, alpha = 1_000, 200, 0.7, 0.1
    times = random.exponential(1 / rate, (runs, steps)).cumsum(axis=1)
    events = np.arange(1, steps + 1)
    sequence = PoissonRateSequence(60, alpha=alpha, side=side)
    after = sequence.p_value(rate, events, times) <= alpha
    before = sequence.p_value(rate, events - 1, times) <= alpha
    crossed = (after | before).any(axis=1)
    assert at_most(int(crossed.sum()), runs, alpha)
    assert crossed.mean() > 0.04
    # The interval says the same.
    low, high = sequence.interval(events, times[:20])
    assert np.array_equal((low <= rate) & (rate <= high), ~after[:20])


def test_an_interval_of_one_look_is_sooner_or_later_wrong() -> None:
    # Looked at a hundred times, the exact interval of Garwood (1936).
    random = np.random.default_rng(12)
    runs, looks, alpha = 1_000, 100, 0.1
    events = random.poisson(2.0, (runs, looks)).cumsum(axis=1)
    expected = 2.0 * np.arange(1, looks + 1)
    low = np.where(events > 0, stats.gamma.ppf(alpha / 2, np.maximum(events, 1)), 0)
    high = stats.gamma.ppf(1 - alpha / 2, events + 1)
    assert ((low > expected) | (high < expected)).any(axis=1).mean() > 0.3
    crossed = (PoissonRateSequence(100, alpha=alpha).p_value(1.0, events, expected) <= alpha).any(axis=1)
    assert at_most(int(crossed.sum()), runs, alpha)


def test_it_is_narrowest_near_its_tuning() -> None:
    def width(tuned_at: float) -> float:
        low, high = PoissonRateSequence(tuned_at).interval(1_000, 1_000.0)
        return float(high - low)

    assert all(width(1_000) < width(other) for other in (30, 300, 3_000, 30_000))


def test_it_is_the_boundary_of_counts() -> None:
    # Of one rate it is a gamma-Poisson boundary; which side, is the other way round.
    sequence, boundary = PoissonRateSequence(20, side="lower"), GammaPoissonBoundary(20, side="upper")
    assert sequence.e_value(0.5, 31, 30.0) == boundary.e_value(31 - 15.0, 15.0)


def test_nothing_seen() -> None:
    sequence = PoissonRateSequence()
    assert sequence.interval(0, 0) == (0.0, math.inf)
    assert sequence.e_value(5.0, 0, 0) == pytest.approx(1.0, abs=1e-15)
    # What never happens has happened.
    assert sequence.e_value(0.0, 3, 1.0) == math.inf and sequence.p_value(0.0, 0, 1.0) == pytest.approx(1.0, abs=1e-15)
    assert PoissonRateSequence(side="upper").e_value(0.0, 3, 1.0) <= 1
    low, high = sequence.interval(0, [1.0, 10.0])
    assert (low == 0).all() and high[0] == pytest.approx(10 * high[1])


def test_each_with_each() -> None:
    sequence = PoissonRateSequence()
    events, exposure, rate = np.array([[3], [8]]), np.array([1.0, 2.0, 5.0]), np.array([0.5, 2.0, 3.0, 9.0])
    low, high = sequence.interval(events, exposure)
    evidence = sequence.e_value(rate[:, None, None], events, exposure)
    assert low.shape == high.shape == (2, 3) and evidence.shape == (4, 2, 3)
    # Of many values numpy may take other instructions than of one, which is some last digits.
    assert (low[1, 2], high[1, 2]) == pytest.approx(sequence.interval(8, 5.0), rel=1e-12)
    assert evidence[3, 1, 2] == pytest.approx(sequence.e_value(9.0, 8, 5.0), rel=1e-12)


def test_arguments() -> None:
    with pytest.raises(ValueError, match="tuned_at must be a finite number from 1e-60 to 1e\\+60, got -1"):
        PoissonRateSequence(-1)
    with pytest.raises(ValueError, match="side must be one of 'upper', 'lower', 'both', got 'left'"):
        PoissonRateSequence(side="left")
    with pytest.raises(ValueError, match="alpha must be a number between 0 and 1"):
        PoissonRateSequence(alpha=0)
    sequence = PoissonRateSequence()
    with pytest.raises(
        ValueError, match=r"events must be a whole number from 0 to 2\^53, or an array of such, got -1 of type int"
    ):
        sequence.interval(-1, 1)
    with pytest.raises(ValueError, match=r"events must be a whole number .*, got 1.5 at events\[1\]"):
        sequence.interval([1, 1.5], 1)
    with pytest.raises(
        ValueError, match=r"events must be a whole number from 0 to 2\^53, .*, got 10{79}\.\.\. of type int$"
    ):
        sequence.interval(10**400, 1)
    with pytest.raises(
        ValueError, match=r"exposure must be a number .*, got 10{79}\.\.\. of type int at exposure\[1\]"
    ):
        sequence.interval(1, [1.0, 10**400])
    with pytest.raises(ValueError, match=r"got nan at exposure\[1\]"):
        sequence.interval(1, [1.0, math.nan])
    with pytest.raises(TypeError, match="rate must be a number from 0 to 1e\\+100, or an array of such, got None"):
        sequence.p_value(None, 1, 1)
    with pytest.raises(
        ValueError,
        match=r"events and exposure must have shapes that broadcast as numpy's do, got shapes \(2,\) and \(3,\)",
    ):
        sequence.interval([1, 2], [1.0, 2.0, 3.0])
    with pytest.raises(
        ValueError,
        match=r"rate, events and exposure must have shapes that broadcast .*, got shapes \(4,\), \(2,\) and \(\)$",
    ):
        sequence.e_value([1.0, 2.0, 3.0, 4.0], [1, 2], 1.0)
