"""The confidence sequence for the ratio of two Poisson rates."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from tests.verdict.boundaries.test_boundaries import at_most
from truthlag.boundaries import PoissonRatioSequence
from truthlag.verdict.boundaries.tuning import precision


def naive_e_value(sequence: PoissonRatioSequence, control: Any, treatment: Any, ratio: float) -> float:
    """The binomial likelihood of each batch's events, averaged over ratios, by that under one."""
    worth = precision(sequence.tuned_at, sequence.alpha, "both") - 1
    weights = stats.beta(worth / 2, worth / 2)
    (before, span_before), (now, span_now) = (np.atleast_2d(np.transpose(arm)).T for arm in (control, treatment))

    def log_likelihood(ratio: float) -> float:
        share = ratio * span_now / (ratio * span_now + span_before)
        return float(stats.binom.logpmf(now, before + now, share).sum())

    at = log_likelihood(ratio)

    def density(p: float) -> float:
        return math.exp(log_likelihood(p / (1 - p)) - at) * float(weights.pdf(p))

    ends = [0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    return sum(integrate.quad(density, *pair, epsabs=0, epsrel=1e-10)[0] for pair in pairwise(ends))


CASES = [
    ((41, 1_000.0), (88, 1_000.0)),
    ((12, 50.0), (3, 10.0)),
    ((0, 100.0), (12, 100.0)),
    ((7, 300.0), (0, 100.0)),
    (([30, 11, 0], [900.0, 100.0, 5.0]), ([7, 81, 1], [100.0, 900.0, 3.0])),
]


@pytest.mark.parametrize(("control", "treatment"), CASES)
def test_the_definition(control: Any, treatment: Any) -> None:
    sequence = PoissonRatioSequence(80)
    for ratio in (0.3, 1.0, 2.5):
        # The reference is integrated to 1e-10 of each part.
        expected = naive_e_value(sequence, control, treatment, ratio)
        assert sequence.e_value(control, treatment, ratio) == pytest.approx(expected, rel=1e-8)
        assert sequence.p_value(control, treatment, ratio) == pytest.approx(min(1, 1 / expected), rel=1e-8)


@pytest.mark.parametrize(("control", "treatment"), CASES)
def test_limits_are_where_the_evidence_is_enough(control: Any, treatment: Any) -> None:
    for alpha in (1e-9, 0.05, 0.7):
        sequence = PoissonRatioSequence(80, alpha=alpha)
        low, high = sequence.interval(control, treatment)
        # Events of an arm are needed to bound the ratio from its side.
        assert (low > 0) == bool(np.any(treatment[0])) and (high < math.inf) == bool(np.any(control[0]))
        for limit in (low, high):
            if 0 < limit < math.inf:
                assert sequence.p_value(control, treatment, limit) == pytest.approx(alpha, rel=1e-9)
        # The other way round all is the other way round.
        back_low, back_high = sequence.interval(treatment, control)
        assert back_low == pytest.approx(1 / high if high < math.inf else 0.0, rel=1e-9)
        assert back_high == pytest.approx(1 / low if low > 0 else math.inf, rel=1e-9)


def test_batches_of_one_split_are_their_sum() -> None:
    sequence = PoissonRatioSequence(80)
    control, treatment = ([3, 4, 9], [10.0, 20.0, 40.0]), ([2, 0, 11], [5.0, 10.0, 20.0])
    whole = (16, 70.0), (13, 35.0)
    assert sequence.interval(control, treatment) == pytest.approx(sequence.interval(*whole), rel=1e-12)
    assert sequence.e_value(control, treatment) == pytest.approx(sequence.e_value(*whole), rel=1e-11)


def test_it_is_ever_wrong_as_seldom_as_it_says() -> None:
    # Rates that go up and down together, and a ramp from 10 to 50 percent: the sums would not do.
    random = np.random.default_rng(21)
    runs, days, ratio, alpha = 250, 16, 1.5, 0.1
    rate = 1 + 4 * (np.arange(days) % 7 > 4)
    share = np.where(np.arange(days) < 6, 0.1, 0.5)
    of_control = random.poisson(rate * (1 - share), (runs, days))
    of_treatment = random.poisson(ratio * rate * share, (runs, days))
    sequence = PoissonRatioSequence(60, alpha=alpha)
    crossed = sum(
        any(
            sequence.p_value((c[:day], 1 - share[:day]), (t[:day], share[:day]), ratio) <= alpha
            for day in range(1, days + 1)
        )
        for c, t in zip(of_control, of_treatment, strict=True)
    )
    assert at_most(crossed, runs, alpha)
    assert crossed > 0


def test_a_difference_is_found() -> None:
    random = np.random.default_rng(22)
    sequence = PoissonRatioSequence(150)
    for _ in range(20):
        low, high = sequence.interval((random.poisson(100), 100.0), (random.poisson(300), 100.0))
        assert 1 < low < 3.0 < 1.5 * high


def test_it_has_most_evidence_near_its_tuning() -> None:
    # Against no difference, of one that is just enough at this size: 3.1 standard errors.
    def evidence(tuned_at: float) -> float:
        return PoissonRatioSequence(tuned_at).e_value((451, 1.0), (549, 1.0))

    assert 20 < evidence(1_000) < 40
    assert all(evidence(1_000) > evidence(other) for other in (30, 300, 3_000, 30_000))


def test_many_events_and_none() -> None:
    sequence = PoissonRatioSequence()
    assert sequence.interval((0, 5.0), (0, 7.0)) == (0.0, math.inf)
    assert sequence.e_value((0, 5.0), (0, 7.0), 3.0) == pytest.approx(1.0, abs=1e-12)
    low, high = sequence.interval((10**9, 1e6), (10**9, 1e6))
    assert 1 - 1e-3 < low < 1 < high < 1 + 1e-3
    assert sequence.e_value((10**9, 1.0), (2 * 10**9, 1.0)) == math.inf
    assert sequence.p_value((10**9, 1.0), (2 * 10**9, 1.0)) == 0.0
    # Exposures of any units.
    assert sequence.interval((5, 1e-90), (9, 1e-90)) == pytest.approx(sequence.interval((5, 1e90), (9, 1e90)))


def test_arguments() -> None:
    with pytest.raises(ValueError, match="tuned_at must be a finite number from 1e-60"):
        PoissonRatioSequence(0)
    with pytest.raises(ValueError, match="tuned_at must be a finite number from 1e-60 to 1e\\+09, got"):
        PoissonRatioSequence(1e10)
    sequence = PoissonRatioSequence()
    with pytest.raises(TypeError, match=r"control must be a pair of events and exposure, .* got 3 of type int"):
        sequence.interval(3, (1, 2.0))
    with pytest.raises(ValueError, match=r"treatment must be a pair of events and exposure, .* got 3 values"):
        sequence.interval((1, 2.0), (1, 2, 3))
    with pytest.raises(
        ValueError,
        match=r"treatment\[1\] must be a number from 1e-100 to 1e\+100, or an array of such, got 0 of type int",
    ):
        sequence.interval((1, 2.0), (1, 0))
    with pytest.raises(ValueError, match=r"control must be a pair .*, got shapes \(2,\) and \(1,\)"):
        sequence.interval(([1, 2], [2.0]), (1, 2.0))
    with pytest.raises(ValueError, match=r"treatment must have as many batches as control \(2\), got 1"):
        sequence.interval(([1, 2], [2.0, 3.0]), (1, 2.0))
    with pytest.raises(ValueError, match="ratio must be a finite number from 1e-100 to 1e"):
        sequence.e_value((1, 2.0), (1, 2.0), 0)
