"""Relative differences of rates of the same rows: no difference is the same on both scales."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from truthlag.abtest import PairedComparison, compare_paired

LOOKS = (4, 6, 8, 10, 12, 14, 16, 20, 25, 30, 40, 60, 100)


def of_counts(both: int, control_only: int, treatment_only: int, neither: int, **options: str) -> PairedComparison:
    cells = (both, control_only, treatment_only, neither)
    before, now = (np.repeat(np.array(side, dtype=float), cells) for side in ((1, 1, 0, 0), (1, 0, 1, 0)))
    return compare_paired(before, now, metric="rate", **options)  # type: ignore[arg-type]


def test_that_no_relative_difference_is_seldom_ruled_out_however_early_one_looks() -> None:
    """The linearised statistic did so in 8 percent of tests, at six to twenty pairs."""
    random = np.random.default_rng(6)
    runs, found = 400, 0
    for _ in range(runs):
        before, now = (random.random((2, LOOKS[-1])) < 0.3).astype(float)
        for n in LOOKS:
            if compare_paired(before[:n], now[:n], metric="rate", scale="relative").is_decided:
                found += 1
                break
    assert found / runs <= 0.03


@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize("relative_method", ["delta", "log"])
def test_that_both_scales_say_the_same(mode: str, relative_method: str) -> None:
    for both, first, second in product((3, 60), (0, 2, 5, 9, 30), (1, 4, 12, 20, 41)):
        options = {"mode": mode, "relative_method": relative_method}
        absolute = of_counts(both, first, second, 30, **options)
        relative = of_counts(both, first, second, 30, scale="relative", **options)
        assert (relative.verdict, relative.p_value) == (absolute.verdict, absolute.p_value)
        low, high = relative.relative_interval or (0.0, 0.0)
        assert low <= (relative.relative_difference or 0.0) <= high
        assert (low > 0 or high < 0) == relative.is_decided


def test_that_the_relative_interval_of_many_pairs_is_the_linearised_one() -> None:
    both, first, second, neither = 5_000, 700, 800, 3_500
    result = of_counts(both, first, second, neither, mode="fixed")
    n = both + first + second + neither
    before, now = (both + first) / n, (both + second) / n
    ratio = now / before
    # The delta method of a ratio of two means of the same rows.
    variance = (now * (1 - now) + ratio**2 * before * (1 - before) - 2 * ratio * (both / n - before * now)) / (n - 1)
    reach = 1.959963984540054 * np.sqrt(variance) / before
    assert result.relative_interval == pytest.approx((ratio - 1 - reach, ratio - 1 + reach), rel=1e-9)
