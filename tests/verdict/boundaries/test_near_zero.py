"""The differences that boundaries are made of, against logarithms with 60 digits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from tests.verdict.boundaries import naive
from truthlag.verdict.boundaries.near_zero import (
    Floats,
    less_log1p,
    less_one_less_self,
    relative_entropy,
    stirling_rest,
)

SMALL = [sign * size for size in (1e-12, 1e-6, 1e-3, 0.1, 0.19, 0.21, 0.249, 0.251, 0.6, 0.99) for sign in (-1, 1)]
LARGE = [2.0, 30.0, 500.0]


@pytest.mark.parametrize(
    ("function", "exact", "places"),
    [
        (less_log1p, lambda y: y - (1 + y).ln(), SMALL + LARGE),
        (less_one_less_self, lambda w: w.exp() - 1 - w, SMALL + LARGE),
        (relative_entropy, lambda y: (1 + y) * (1 + y).ln() - y, SMALL + LARGE),
        (
            stirling_rest,
            lambda a: naive.log_gamma(a) - (a - Decimal("0.5")) * a.ln() + a - (2 * naive.PI).ln() / 2,
            [1e-6, 0.01, 0.5, 1.0, 11.9, 12.1, 1e3, 1e9],
        ),
    ],
    ids=["less_log1p", "less_one_less_self", "relative_entropy", "stirling_rest"],
)
def test_all_digits(
    function: Callable[[Floats], Floats], exact: Callable[[Decimal], Decimal], places: list[float]
) -> None:
    expected = [naive.in_digits(exact, place) for place in places]
    # A digit is lost where the series ends; of the logarithm of a gamma function, some that are beyond those of what it is added to.
    tolerance = {"abs": 5e-15, "rel": 0} if function is stirling_rest else {"rel": 5e-15, "abs": 0}
    assert function(np.array(places)) == pytest.approx(expected, **tolerance)


def test_ends() -> None:
    assert relative_entropy(np.array([-1.0, 0.0])).tolist() == [1.0, 0.0]
    assert less_one_less_self(np.array([0.0, 1e4])).tolist() == [0.0, np.inf]
