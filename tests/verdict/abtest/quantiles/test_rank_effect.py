"""The difference of two quantiles against trying all places, and its laws."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.quantiles import plain
from truthlag.abtest import Comparison, QuantileArm, Quantiles, compare
from truthlag.verdict.abtest.inference import AsymptoticSequence, Fixed
from truthlag.verdict.abtest.quantiles.quantile_effect import quantile_effect
from truthlag.verdict.abtest.quantiles.rank_effect import RankEffect

SMALL = [(5, 7, 0.5, True), (30, 12, 0.9, True), (25, 40, 0.5, False), (60, 60, 0.95, False), (80, 20, 0.2, True)]


def effect_of(control: QuantileArm, treatment: QuantileArm, *, is_anytime: bool = False) -> RankEffect:
    inference = AsymptoticSequence(0.05, 200) if is_anytime else Fixed(0.05)
    effect = quantile_effect(control, treatment, None, inference, one_sided=True)
    assert isinstance(effect, RankEffect)
    return effect


@pytest.mark.parametrize(("n", "m", "p", "has_ties"), SMALL)
def test_statistic(n: int, m: int, p: float, has_ties: bool) -> None:
    random = np.random.default_rng(n)
    for _ in range(4):
        control, treatment = (plain.sample(random, rows, has_ties=has_ties) for rows in (n, m))
        effect = effect_of(Quantiles.of(control).at(p), Quantiles.of(treatment).at(p))
        for null in (-2.0, -0.35, 0.0, 0.1, 0.75, 3.0):
            assert effect.statistic(null) == pytest.approx(
                plain.statistic(control, treatment, p, null), rel=1e-9, abs=1e-9
            )


@pytest.mark.parametrize(("n", "m", "p", "has_ties"), SMALL)
@pytest.mark.parametrize("is_anytime", [False, True], ids=["fixed", "any time"])
def test_limits_are_where_the_statistic_crosses(n: int, m: int, p: float, has_ties: bool, is_anytime: bool) -> None:
    random = np.random.default_rng(m)
    # Evidence that one may look at at any time begins with more.
    for quantile in (2.0, 2.8, 4.0) if is_anytime else (0.5, 1.6448536, 2.5):
        arms = [Quantiles.of(plain.sample(random, rows, has_ties=has_ties)).at(p) for rows in (n, m)]
        effect = effect_of(*arms, is_anytime=is_anytime)
        # Values are of size 10, and limits differences of them.
        low, high = effect.limits(quantile)
        step = 1e-9
        if math.isfinite(low):
            assert effect.statistic(low - step) >= quantile > effect.statistic(low + step)
        else:
            assert effect.statistic(-1e9) < quantile
        if math.isfinite(high):
            assert effect.statistic(high + step) <= -quantile < effect.statistic(high - step)
        else:
            assert effect.statistic(1e9) > -quantile


@pytest.mark.parametrize("is_anytime", [False, True], ids=["fixed", "any time"])
def test_arms_in_turn(is_anytime: bool) -> None:
    random = np.random.default_rng(5)
    control, treatment = (Quantiles.of(random.lognormal(size=n)).at(0.9) for n in (300, 200))
    there = effect_of(control, treatment, is_anytime=is_anytime)
    back = effect_of(treatment, control, is_anytime=is_anytime)
    for null in (-3.0, 0.0, 0.2, 4.0):
        assert there.statistic(null) == -back.statistic(-null)
    assert there.limits(2.0) == tuple(-limit for limit in reversed(back.limits(2.0)))


def test_beside_an_arm_without_error_it_is_the_interval_of_the_other() -> None:
    random = np.random.default_rng(6)
    values = random.lognormal(size=500)
    # All values the same: no rank of it is off.
    known, unknown = Quantiles.of(np.full(100_000, 2.0)).at(0.9), Quantiles.of(values).at(0.9)
    low, high = effect_of(known, unknown).limits(-float(stats.norm.ppf(0.025)))
    assert (low + 2, high + 2) == pytest.approx(unknown.interval(0.95), rel=1e-15)


def test_many_values_are_as_the_normal_approximation() -> None:
    # Of evenly spaced values, whose density is known: the standard error of a difference of medians is sqrt(1/4n + 1/4m).
    n, m = 400_000, 100_000
    control, treatment = (Quantiles.of(np.arange(rows) / rows).at(0.5) for rows in (n, m))
    low, high = effect_of(control, treatment).limits(1.96)
    reach = 1.96 * math.hypot(0.5 / math.sqrt(n), 0.5 / math.sqrt(m))
    # Rounding of ranks, of which there are 2 / (reach m) to either side.
    assert (-low, high) == pytest.approx((reach, reach), rel=0.02)
    assert effect_of(control, treatment).statistic(reach) == pytest.approx(-1.96, rel=0.02)


@pytest.mark.parametrize("is_anytime", [False, True], ids=["fixed", "any time"])
def test_relative_is_that_of_logarithms(is_anytime: bool) -> None:
    random = np.random.default_rng(7)
    values = [random.lognormal(size=n) for n in (400, 500)]
    of_values = effect_of(*(Quantiles.of(one).at(0.8) for one in values), is_anytime=is_anytime).relative()
    of_logarithms = effect_of(*(Quantiles.of(np.log(one)).at(0.8) for one in values), is_anytime=is_anytime)
    # Rounding of the logarithm.
    expected = [math.expm1(limit) for limit in of_logarithms.limits(1.96)]
    assert of_values.limits(1.96) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    for null in (-0.6, -0.2, 0.0, 0.3, 2.0):
        moved = math.log1p(null)
        assert of_values.statistic(null) == pytest.approx(of_logarithms.statistic(moved), rel=1e-9)
    assert of_values.statistic(-1.0) >= of_values.statistic(-0.999) > 5


def test_the_statistic_falls_with_the_value() -> None:
    random = np.random.default_rng(8)
    for is_anytime in (False, True):
        effect = effect_of(*(Quantiles.of(random.lognormal(size=200)).at(0.7) for _ in range(2)), is_anytime=is_anytime)
        statistics = [effect.statistic(float(null)) for null in np.linspace(-5, 5, 201)]
        assert all(np.diff(statistics) <= 0)


def test_what_is_known_of_ranks_does_not_change_the_answer() -> None:
    random = np.random.default_rng(9)
    control, treatment = random.lognormal(size=(2, 40_000))
    for p in (0.5, 0.99, 0.999):
        whole = compare(Quantiles.of(control).at(p), Quantiles.of(treatment).at(p), mode="fixed")
        part = compare(QuantileArm.of(control, p), QuantileArm.of(treatment, p), mode="fixed")
        assert part == whole


def test_the_guaranteed_interval_is_wider() -> None:
    random = np.random.default_rng(10)
    control, treatment = (Quantiles.of(random.lognormal(size=3_000)).at(0.95) for _ in range(2))
    narrow = compare(control, treatment, mode="fixed")
    wide = compare(control, treatment, mode="fixed", method="guaranteed")
    assert wide.difference_interval[0] < narrow.difference_interval[0] < 0 < narrow.difference_interval[1]
    assert wide.p_value > narrow.p_value
    assert wide.method == "binomial tails of ranks, guaranteed"


class TestDegenerate:
    """A status and a reason, never a silent answer nor an exception out of arithmetic."""

    def test_no_rows(self) -> None:
        none, some = QuantileArm.of([], 0.9), QuantileArm.of([1.0, 2.0], 0.9)
        for arms, told in (
            ((none, some), "control has"),
            ((some, none), "treatment has"),
            ((none, none), "control and the treatment have"),
        ):
            result = compare(*arms)
            assert (result.verdict, result.reasons) == ("undecided", (f"the {told} no rows.",))

    @pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
    def test_one_row(self, mode: str) -> None:
        result = compare(QuantileArm.of([5.0], 0.9), QuantileArm.of([6.0], 0.9), mode=mode)
        assert result.verdict == "undecided"
        assert result.difference == 1
        assert result.difference_interval == (-math.inf, math.inf)
        assert any("there are too few rows" in reason for reason in result.reasons)
        assert result.standard_error is None
        # One limit of one arm takes n rows with .9 ** n of at most .05; half of the evidence of each arm is left to the other.
        least = math.ceil(math.log(0.05) / math.log(0.9))
        assert result.additional_n is not None
        assert result.additional_n >= 2 * (2 * least - 1)

    def test_constants(self) -> None:
        # No distribution of which the p99 is 50 or more shows a thousand times 5 but with a chance of .99 ** 1000.
        arms = [QuantileArm.of(np.full(1_000, 5.0), 0.99) for _ in range(2)]
        options = {"mode": "fixed", "direction": "lower", "hypothesis": "non_inferiority", "margin": 50}
        result = compare(*arms, **options)
        assert (result.verdict, result.difference_interval) == ("non_inferior", (0.0, 0.0))
        assert 0 < result.p_value < 1e-4
        assert compare(*arms, mode="fixed").verdict == "undecided"
        assert compare(*(QuantileArm.of(np.full(100, 5.0), 0.99) for _ in range(2)), **options).verdict == "undecided"

    def test_a_control_of_zero_and_negative_values(self) -> None:
        zero = QuantileArm.of(np.zeros(500), 0.5)
        result = compare(zero, QuantileArm.of(np.arange(500.0), 0.5), mode="fixed")
        assert result.verdict == "better"
        assert result.relative_difference is None
        assert any("control is 0" in reason for reason in result.reasons)
        random = np.random.default_rng(1)
        negative = [QuantileArm.of(random.normal(-5, 1, 500), 0.5) for _ in range(2)]
        result = compare(*negative, mode="fixed", scale="relative")
        assert (result.verdict, result.p_value) == ("undecided", None)
        assert any("takes values from 0 on" in reason for reason in result.reasons)
        assert result.difference_interval[0] < 0 < result.difference_interval[1]

    def test_what_never_ended(self) -> None:
        values = np.arange(2_000.0)
        ended, lost = values.copy(), values.copy()
        ended[-1] = math.inf
        lost[-200:] = math.inf
        options = {"mode": "fixed", "direction": "lower", "hypothesis": "non_inferiority", "margin": 10}
        result = compare(QuantileArm.of(values, 0.99), QuantileArm.of(lost, 0.99), **options)
        assert (result.verdict, result.treatment.estimate, result.difference) == ("worse", None, None)
        assert result.difference_interval == (math.inf, math.inf)
        # What speaks for a p99 that did end is the tenth part that did not.
        assert result.p_value > 1 - 1e-8
        both = compare(QuantileArm.of(lost, 0.99), QuantileArm.of(lost, 0.99), **options)
        assert (both.verdict, both.difference_interval) == ("undecided", (-math.inf, math.inf))
        fine = compare(QuantileArm.of(ended, 0.5), QuantileArm.of(ended, 0.5), mode="fixed")
        assert fine.difference == 0

    def test_beyond_what_floats_hold(self) -> None:
        low, high = QuantileArm.of(np.full(500, -1.7e308), 0.5), QuantileArm.of(np.full(500, 1.7e308), 0.5)
        for mode in ("fixed", "confidence_sequence"):
            result = compare(low, high, mode=mode)
            assert (result.verdict, result.difference, result.difference_interval) == (
                "better",
                None,
                (math.inf, math.inf),
            )
            result = compare(high, high, mode=mode, scale="relative", hypothesis="equivalence", margin=0.5)
            assert (result.verdict, result.relative_interval) == ("equivalent", (0.0, 0.0))

    def test_different_quantiles(self) -> None:
        with pytest.raises(ValueError, match=r"^treatment must be the quantile of control \(0.9\), got that at 0.99$"):
            compare(QuantileArm.of([1], 0.9), QuantileArm.of([1], 0.99))

    def test_methods(self) -> None:
        arms = QuantileArm.of(range(5), 0.9), QuantileArm.of(range(5), 0.9)
        with pytest.raises(
            ValueError,
            match=r"^method must be None or one of 'ranks', 'guaranteed', 'outer' for a quantile, got 'welch'",
        ):
            compare(*arms, method="welch")
        result = compare(*arms, method="outer")
        assert (result.verdict, len(result.reasons)) == ("undecided", 1)
        assert "too few rows" in result.reasons[0]
        constant = QuantileArm.of([5] * 100, 0.5)
        assert "any spread" in compare(constant, constant, method="outer").reasons[0]


@pytest.mark.parametrize("p", [0.01, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("margin", [None, 1.0])
def test_that_a_sequence_says_from_how_many_rows_on_it_has_limits(p: float, margin: float | None) -> None:
    """With 1 000 rows it had none for a p99, and did not say why."""
    hypothesis = "superiority" if margin is None else "non_inferiority"

    def at(rows: int) -> Comparison:
        arm = QuantileArm.of(np.arange(float(rows)), p)
        return compare(arm, arm, hypothesis=hypothesis, margin=margin)

    few = at(12)
    told = re.search(r"has limits of such a quantile from ([\d,]+) rows on", few.reasons[-1])
    assert told is not None
    least = int(told.group(1).replace(",", ""))
    assert few.additional_n is not None
    assert few.additional_n >= 2 * (least - 12)
    assert at(least - 1).difference_interval == (-math.inf, math.inf)
    low, high = at(least).difference_interval or (-math.inf, math.inf)
    assert -math.inf < low < high < math.inf
    assert not any("too few rows" in reason for reason in at(least).reasons)


def test_that_few_rows_are_not_taken_for_a_control_that_may_be_zero() -> None:
    result = compare(QuantileArm.of([5.0] * 50, 0.99), QuantileArm.of([6.0] * 50, 0.99), mode="fixed")
    assert result.relative_interval is not None
    assert not any("may be 0" in reason for reason in result.reasons)
