"""The exact unconditional test against one that looks at every outcome and many rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from truthlag.verdict.two_sample import proportion_loss
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import F1, Identity, Scale
from truthlag.verdict.two_sample.unconditional_test import BERGER_BOOS, UnconditionalTest

SCALES = st.sampled_from([Identity(), F1()])
MARGINS = st.sampled_from([0.0, 0.02, 0.1, 0.5, -0.05, -0.3])


@st.composite
def pairs(draw: st.DrawFn, most: int = 14) -> Pair:
    n1, n2 = draw(st.integers(1, most)), draw(st.integers(1, most))
    return Pair(draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2)


def region(curve: NullCurve, pair: Pair) -> NDArray[np.bool_]:
    """Which outcomes have a statistic as large: one row for each baseline, one column for each current outcome."""
    n1, n2 = int(pair.baseline_trials), int(pair.trials)
    outcomes = [[curve.statistic(Pair(k1, n1, k2, n2)) for k2 in range(n2 + 1)] for k1 in range(n1 + 1)]
    # Ties differ by rounding.
    return np.array(outcomes) >= curve.statistic(pair) - 1e-9


@given(pairs(), MARGINS, SCALES)
def test_more_baseline_successes_or_fewer_current_ones_never_leave_the_region(
    pair: Pair, margin: float, scale: Scale
) -> None:
    # Barnard's condition, by which the largest chance lies where the loss is the margin.
    inside = region(NullCurve(margin, scale), pair).astype(int)
    assert (np.diff(inside, axis=0) >= 0).all()
    assert (np.diff(inside, axis=1) <= 0).all()


@given(pairs(), MARGINS, SCALES)
def test_the_p_value_is_the_largest_chance_of_the_region(pair: Pair, margin: float, scale: Scale) -> None:
    curve = NullCurve(margin, scale)
    inside = region(curve, pair)
    metrics = curve.lowest + (curve.highest - curve.lowest) * np.sin(np.linspace(0, math.pi / 2, 1500)) ** 2
    first, second = map(np.vectorize(scale.proportion), (np.clip(metrics + margin, 0, 1), metrics))
    mass1 = stats.binom.pmf(np.arange(pair.baseline_trials + 1)[:, None], pair.baseline_trials, first)
    mass2 = stats.binom.pmf(np.arange(pair.trials + 1)[:, None], pair.trials, second)
    naive = float(np.einsum("am,ab,bm->m", mass1, inside, mass2).max())
    # Both look at points: ours within 1e-4 of the largest, the naive one within the square of its steps.
    assert UnconditionalTest(pair, scale, "exact", 0.0).p_value(margin) == pytest.approx(naive, rel=2e-4)
    # The chance at the boundary is the largest of the whole null hypothesis: at a smaller loss it is no larger.
    smaller = np.clip(second + 0.3 * np.maximum(0, first - second) + 0.01, 0, 1)
    mass2 = stats.binom.pmf(np.arange(pair.trials + 1)[:, None], pair.trials, smaller)
    assert float(np.einsum("am,ab,bm->m", mass1, inside, mass2).max()) <= naive + 1e-12


@given(pairs(60), MARGINS)
def test_the_search_within_limits_only_lowers_the_p_value(pair: Pair, margin: float) -> None:
    within = UnconditionalTest(pair, Identity(), "exact").p_value(margin)
    everywhere = UnconditionalTest(pair, Identity(), "exact", 0.0).p_value(margin)
    # Where the outcome is far inside of the null hypothesis the p-value is not computed but 1.
    assert within == 1 or within <= everywhere * (1 + 2e-4) + BERGER_BOOS
    assert within >= BERGER_BOOS or (margin <= -1)


@given(pairs(60), st.sampled_from([0.5, 0.9, 0.95, 0.99]), SCALES)
def test_limits_are_where_the_test_turns(pair: Pair, confidence: float, scale: Scale) -> None:
    test = UnconditionalTest(pair, scale, "exact")
    low, high = test.interval(confidence)
    level = (1 - confidence) / 2
    assert -1 <= low <= test.estimate <= high <= 1
    if low > -1:
        assert test.p_value(low) <= level
    # The p-value jumps by the chance of single outcomes, which is what a limit may be off.
    within = 0.002 * (test.estimate - low) + 1e-9
    assert (
        low == test.estimate
        or test.p_value(min(low + within, test.estimate)) > level
        or jumps(test, low, within, level)
    )


def jumps(test: UnconditionalTest, low: float, within: float, level: float) -> bool:
    """Whether the p-value passes the level more than once above a limit."""
    return any(test.p_value(low + within * step) > level for step in np.linspace(0, 1, 21))


@pytest.mark.parametrize(
    ("counts", "margin"),
    [((9000, 10_000, 165, 200), 0.0), ((2900, 3000, 270, 300), 0.02), ((95, 100, 8900, 10_000), 0.0)],
)
def test_large_samples(counts: tuple[int, int, int, int], margin: float) -> None:
    # Every outcome that has a chance, at rates inside of the exact limits of both samples.
    pair = Pair(*counts)
    curve = NullCurve(margin, Identity())
    test = UnconditionalTest(pair, Identity(), "exact")
    tails = np.array([BERGER_BOOS / 4, 1 - BERGER_BOOS / 4])
    low1, high1 = stats.beta.ppf(tails, counts[0] + np.array([0, 1]), counts[1] - counts[0] + np.array([1, 0]))
    low2, high2 = stats.beta.ppf(tails, counts[2] + np.array([0, 1]), counts[3] - counts[2] + np.array([1, 0]))
    rates = np.linspace(max(low2, low1 - margin), min(high2, high1 - margin), 201)
    k1 = np.arange(
        stats.binom.ppf(1e-9, counts[1], rates[0] + margin), stats.binom.isf(1e-9, counts[1], rates[-1] + margin) + 1
    )
    k2 = np.arange(stats.binom.ppf(1e-9, counts[3], rates[0]), stats.binom.isf(1e-9, counts[3], rates[-1]) + 1)
    # The statistic written anew, at a restricted estimate found by another way.
    p1, p2 = k1[:, None] / pair.baseline_trials, k2[None, :] / pair.trials
    z = (p1 - p2 - margin) / np.sqrt(restricted_variance(p1, pair.baseline_trials, p2, pair.trials, margin))
    inside = z >= curve.statistic(pair) - 1e-9
    first = stats.binom.pmf(k1[:, None], pair.baseline_trials, rates + margin)
    second = stats.binom.pmf(k2[:, None], pair.trials, rates)
    naive = float(np.einsum("am,ab,bm->m", first, inside, second, optimize=True).max())
    assert test.p_value(margin) == pytest.approx(naive + BERGER_BOOS, rel=2e-3)


def restricted_variance(
    p1: NDArray[np.float64], n1: float, p2: NDArray[np.float64], n2: float, margin: float
) -> NDArray[np.float64]:
    rate = np.clip((n1 * (p1 - margin) + n2 * p2) / (n1 + n2), 1e-6, 1 - margin - 1e-6)
    for _ in range(60):
        # Weighted means of both estimates of the rate, by the information of each.
        w1, w2 = n1 / ((rate + margin) * (1 - rate - margin)), n2 / (rate * (1 - rate))
        rate = np.clip((w1 * (p1 - margin) + w2 * p2) / (w1 + w2), 1e-6, 1 - margin - 1e-6)
    return (rate + margin) * (1 - rate - margin) / n1 + rate * (1 - rate) / n2


def test_swapping_the_samples_swaps_loss_and_gain() -> None:
    loss, gain = proportion_loss((95, 100), 80, 100), proportion_loss((80, 100), 95, 100)
    assert loss.p_value() == gain.gain_p_value()
    # The search starts at limits of the score test, which are found to 1e-12.
    assert loss.interval(0.9) == pytest.approx([-limit for limit in reversed(gain.interval(0.9))], abs=1e-11)


def test_failures_turn_the_loss_round() -> None:
    # For a metric of which less is better the caller gives the failures.
    rates, failures = proportion_loss((30, 1000), 50, 900), proportion_loss((970, 1000), 850, 900)
    assert failures.p_value() == pytest.approx(rates.gain_p_value(), rel=1e-4)
    assert failures.estimate == pytest.approx(-rates.estimate)
