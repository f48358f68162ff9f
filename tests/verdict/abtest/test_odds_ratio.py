"""Score intervals of odds ratios: of tiny arms, far from 1, and beside statsmodels."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import Proportion, compare
from truthlag.verdict.abtest.difference.odds_ratio import ScoreOddsRatio

SIZES = [(1, 1), (2, 2), (2, 5), (5, 3), (10, 10), (3, 40)]


def interval(k: int, n: int, j: int, m: int, **options: Any) -> tuple[float, float]:
    found = compare(Proportion(k, n), Proportion(j, m), odds_ratio="score", **options).odds_ratio_interval
    assert found is not None
    return found


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_turned_round_they_are_the_inverse(n: int, m: int, mode: str) -> None:
    for k, j in itertools.product(range(n + 1), range(m + 1)):
        low, high = interval(k, n, j, m, mode=mode)
        for turned in (interval(j, m, k, n, mode=mode), interval(n - k, n, m - j, m, mode=mode)):
            for limit, other in ((low, turned[1]), (high, turned[0])):
                inverse = math.inf if limit == 0 else 1 / limit
                # Found to 1e-10 in the statistic, which moves little with the ratio where rows are few.
                assert other == pytest.approx(inverse, rel=1e-6)
        assert low <= high
        if mode == "fixed" and 0 < k < n and 0 < j < m:
            assert 0 < low < high < math.inf


@pytest.mark.parametrize(
    ("k", "n", "j", "m"), [(1, 2, 1, 2), (0, 1, 1, 1), (3, 10, 7, 10), (1, 5, 3, 5), (2, 90, 30, 40)]
)
def test_the_statistic_falls_over_its_whole_range(k: int, n: int, j: int, m: int) -> None:
    ratio = ScoreOddsRatio(Proportion(k, n), Proportion(j, m))
    values = [ratio.statistic(null) for null in np.linspace(-60, 60, 1_201)]
    assert all(before >= after for before, after in itertools.pairwise(values))
    # In the middle it is the score statistic of the rates.
    assert ratio.statistic(0.0) == pytest.approx(
        compare(Proportion(k, n), Proportion(j, m), mode="fixed", method="pooled").difference
        / compare(Proportion(k, n), Proportion(j, m), mode="fixed", method="pooled").standard_error
        * math.sqrt((n + m - 1) / (n + m))
    )


def test_nothing_is_known_without_a_success_or_without_a_failure() -> None:
    assert interval(0, 30, 0, 40, mode="fixed") == (0.0, math.inf)
    assert interval(30, 30, 40, 40) == (0.0, math.inf)


@pytest.mark.parametrize("seed", range(4))
def test_as_statsmodels(seed: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    random = np.random.default_rng(seed)
    for _ in range(5):
        n, m = (int(size) for size in random.integers(10, 2_000, 2))
        k, j = int(random.integers(2, n - 2)), int(random.integers(2, m - 2))
        for ours, theirs in (
            ("score", "score"), ("logit", "logit"), ("logit_adjusted", "logit-adjusted"), ("logit_smoothed", "logit-smoothed"),
        ):  # fmt: skip
            with warnings.catch_warnings():
                # Of their search, which begins where nothing is defined.
                warnings.simplefilter("ignore", RuntimeWarning)
                expected = proportion.confint_proportions_2indep(j, m, k, n, compare="odds-ratio", method=theirs)
            found = compare(Proportion(k, n), Proportion(j, m), mode="fixed", odds_ratio=ours).odds_ratio_interval
            # Their search ends at 1e-5 of a statistic or so.
            assert found == pytest.approx(expected, rel=1e-4 if ours == "score" else 1e-10), (k, n, j, m, ours)
