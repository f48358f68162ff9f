"""The limits of a mean of bounded values after each of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.verdict.boundaries.test_boundaries import at_most
from truthlag.boundaries import bounded_mean_limits

METHODS = ["empirical_bernstein_mixture", "hoeffding_mixture", "hoeffding"]


@pytest.mark.parametrize("method", METHODS)
def test_they_are_ever_wrong_as_seldom_as_they_say(method: str) -> None:
    random = np.random.default_rng(31)
    runs, alpha, crossed = 120, 0.2, 0
    for values in random.beta(1.0, 3.0, (runs, 200)):
        low, high = bounded_mean_limits(values, method=method, alpha=alpha)
        crossed += bool(((low > 0.25) | (high < 0.25)).any())
    assert at_most(crossed, runs, alpha)


@pytest.mark.parametrize("method", METHODS)
def test_of_other_bounds(method: str) -> None:
    values = np.random.default_rng(32).random(200)
    tuned_at = None if method == "hoeffding" else 7.0
    low, high = bounded_mean_limits(values, method=method, tuned_at=tuned_at)
    wide = bounded_mean_limits(
        24 * values - 4, method=method, bounds=(-4, 20), tuned_at=None if tuned_at is None else tuned_at * 24**2
    )
    assert wide[0] == pytest.approx(24 * low - 4, abs=1e-11) and wide[1] == pytest.approx(24 * high - 4, abs=1e-11)
    # By default they are as narrow in other units.
    low, high = bounded_mean_limits(values, method=method)
    wide = bounded_mean_limits(24 * values - 4, method=method, bounds=(-4, 20))
    assert wide[0] == pytest.approx(24 * low - 4, abs=1e-11)
    # What comes first does not know what follows.
    assert bounded_mean_limits(values[:50], method=method)[1] == pytest.approx(high[:50], rel=1e-12)


def test_which_is_narrow() -> None:
    def width(values: np.ndarray, method: str) -> float:
        low, high = bounded_mean_limits(values, method=method)
        return float((high - low)[-1])

    random = np.random.default_rng(33)
    # Of little variance those that see it, of the largest those that take it for granted.
    rare, even = random.random(500) < 0.05, random.random(500) < 0.5
    assert width(rare, METHODS[0]) < 0.7 * width(rare, METHODS[1])
    assert width(even, METHODS[1]) < width(even, METHODS[0])
    assert width(even, METHODS[1]) < width(even, METHODS[2])


def test_none() -> None:
    for method in METHODS:
        low, high = bounded_mean_limits([], method=method)
        assert low.shape == high.shape == (0,)


def test_arguments() -> None:
    with pytest.raises(ValueError, match=r"values\[1\] must be a number from 0 to 1, got 1.5"):
        bounded_mean_limits([0.5, 1.5])
    with pytest.raises(ValueError, match=r"values\[0\] must be a number from 0 to 1, got nan"):
        bounded_mean_limits([float("nan")])
    with pytest.raises(TypeError, match="values must be a list, a tuple or an array"):
        bounded_mean_limits(["a"])
    with pytest.raises(
        ValueError, match="method must be one of 'empirical_bernstein_mixture', 'hoeffding_mixture', 'hoeffding'"
    ):
        bounded_mean_limits([0.5], method="bennett")
    with pytest.raises(ValueError, match="tuned_at must be None with method 'hoeffding', got 3 of type int"):
        bounded_mean_limits([0.5], method="hoeffding", tuned_at=3)
    with pytest.raises(ValueError, match="tuned_at must be a finite number above 0"):
        bounded_mean_limits([0.5], tuned_at=-3)
    with pytest.raises(
        ValueError, match="bounds must be a tuple of two finite numbers, the lower one first, got 1 and 0"
    ):
        bounded_mean_limits([0.5], bounds=(1, 0))
