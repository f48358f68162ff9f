"""The ratio of two proportions by the score test: against statsmodels, by enumeration, and where nothing varies."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats

from truthlag.abtest import Guardrail, Mean, Proportion, compare
from truthlag.verdict.abtest.difference.score_ratio import ScoreRatio


def plain_statistic(k: int, n: int, j: int, m: int, ratio: float) -> float:
    """The same with a search for the likeliest chance in place of the root of a quadratic."""
    most = min(1.0, 1 / ratio)

    def loss(chance: float) -> float:
        return -float(
            special.xlogy(k, chance)
            + special.xlog1py(n - k, -chance)
            + special.xlogy(j, ratio * chance)
            + special.xlog1py(m - j, -min(1.0, ratio * chance))
        )

    chance = optimize.minimize_scalar(loss, bounds=(0.0, most), method="bounded", options={"xatol": 1e-14}).x
    other = min(1.0, ratio * chance)
    variance = (other * (1 - other) / m + ratio**2 * chance * (1 - chance) / n) * (n + m) / (n + m - 1)
    return float((j / m - ratio * k / n) / math.sqrt(variance))


@given(st.integers(5, 400), st.integers(5, 400), st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(0.2, 4.0))
def test_the_statistic_is_that_of_a_search(n: int, m: int, first: float, second: float, ratio: float) -> None:
    k, j = max(1, round(first * n)), round(second * m)
    expected = plain_statistic(k, n, j, m, ratio)
    # The search knows the chance to about 1e-8, where its loss is flat.
    assert ScoreRatio(Proportion(k, n), Proportion(j, m)).statistic(ratio - 1) == pytest.approx(
        expected, rel=1e-5, abs=1e-5
    )


@pytest.mark.parametrize(
    ("k", "n", "j", "m"), [(20, 100, 30, 110), (3, 1_000, 41, 10_000), (90, 100, 99, 100), (7, 9, 2, 12)]
)
def test_limits_are_those_of_statsmodels(k: int, n: int, j: int, m: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.confint_proportions_2indep(j, m, k, n, method="score", compare="ratio", correction=True)
    result = compare(Proportion(k, n), Proportion(j, m), mode="fixed", relative_method="score")
    assert result.relative_interval is not None
    # As near as that search goes.
    assert np.add(result.relative_interval, 1) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@given(
    arms=st.tuples(st.integers(1, 60), st.integers(1, 60)).flatmap(
        lambda sizes: st.tuples(st.integers(1, sizes[0]), st.integers(0, sizes[1]), st.just(sizes))
    ),
    margin=st.floats(0.01, 0.9),
)
def test_verdict_and_interval_agree(mode: Any, arms: tuple[int, int, tuple[int, int]], margin: float) -> None:
    k, j, (n, m) = arms
    result = compare(
        Proportion(k, n),
        Proportion(j, m),
        mode=mode,
        scale="relative",
        relative_method="score",
        hypothesis="non_inferiority",
        margin=margin,
    )
    assert result.relative_interval is not None
    low, high = result.relative_interval
    assert -1 <= low <= (result.relative_difference or 0) + 1e-12
    assert high >= (result.relative_difference or 0) - 1e-12
    if not math.isclose(low, -margin, abs_tol=1e-9) and not math.isclose(high, -margin, abs_tol=1e-9):
        expected = "non_inferior" if low > -margin else "worse" if high < -margin else "undecided"
        assert result.verdict == expected


@pytest.mark.parametrize(("chance", "ratio"), [(0.05, 1.0), (0.3, 1.5), (0.6, 0.5), (0.97, 1.0)])
def test_it_errs_as_often_as_it_says(chance: float, ratio: float) -> None:
    n, m = 60, 90
    k, j = np.arange(1, n + 1), np.arange(m + 1)
    chances = np.outer(stats.binom.pmf(k, n, chance), stats.binom.pmf(j, m, chance * ratio))
    wrong = [
        abs(ScoreRatio(Proportion(a, n), Proportion(b, m)).statistic(ratio - 1)) >= special.ndtri(0.975)
        for a, b in itertools.product(k.tolist(), j.tolist())
    ]
    # Exact but for outcomes without a success of the control, which have no ratio; the score test is not exact at these sizes.
    assert chances.ravel()[wrong].sum() <= 0.06


class TestNoSpread:
    def test_all_against_none(self) -> None:
        rail = Guardrail("recall", "higher", 0.01, scale="relative", mode="fixed")
        result = rail.check(Proportion(1_000, 1_000), Proportion(0, 1_000))
        assert result.status == "block"
        assert "score on the relative scale" in result.comparison.method

    def test_all_in_both(self) -> None:
        result = compare(Proportion(1_000, 1_000), Proportion(1_000, 1_000), mode="fixed")
        assert result.relative_difference == 0
        assert result.relative_interval is not None
        # 1 - q² / (n + q²), without the N / (N - 1).
        quantile = special.ndtri(0.975) ** 2
        assert result.relative_interval[0] == pytest.approx(-quantile / (1_000 + quantile), rel=2e-3)
        rail = Guardrail("recall", "higher", 0.01, scale="relative", mode="fixed")
        assert rail.check(Proportion(1_000, 1_000), Proportion(1_000, 1_000)).status == "pass"
        assert rail.check(Proportion(10, 10), Proportion(10, 10)).status == "undecided"

    def test_none_in_the_treatment(self) -> None:
        result = compare(Proportion(30, 1_000), Proportion(0, 1_000), mode="fixed", scale="relative")
        assert (result.verdict, result.relative_difference) == ("worse", -1)
        assert result.relative_interval is not None
        assert result.relative_interval[0] == -1
        assert -1 < result.relative_interval[1] < -0.8

    def test_none_in_the_control(self) -> None:
        for method in ("delta", "score"):
            result = compare(
                Proportion(0, 10), Proportion(5, 10), mode="fixed", scale="relative", relative_method=method
            )
            assert (result.verdict, result.relative_interval) == ("undecided", None)
            assert any("the control is 0" in reason for reason in result.reasons)


def test_means_have_none() -> None:
    with pytest.raises(
        ValueError, match=r"^relative_method must be 'delta', 'log' or 'fieller' for a mean, got 'score'"
    ):
        compare(Mean(10, 1.0, 1.0), Mean(10, 1.0, 1.0), relative_method="score")
