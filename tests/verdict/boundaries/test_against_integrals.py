"""The e-values of mixtures against the integrals that define them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tests.verdict.boundaries import naive
from truthlag.boundaries import (
    BetaBinomialBoundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    MixtureBoundary,
    NormalMixtureBoundary,
)

SIDES = ["upper", "lower", "both"]


def family_of(boundary: MixtureBoundary) -> Any:
    if isinstance(boundary, BetaBinomialBoundary):
        return naive.beta_binomial(boundary.rho, -boundary.bounds[0], boundary.bounds[1])
    if isinstance(boundary, GammaExponentialBoundary):
        return naive.gamma_exponential(boundary.rho, boundary.scale)
    if isinstance(boundary, GammaPoissonBoundary):
        return naive.gamma_poisson(boundary.rho, boundary.scale)
    return naive.normal(boundary.rho)


def boundaries(side: str) -> list[MixtureBoundary]:
    return [
        NormalMixtureBoundary(50, side=side),
        NormalMixtureBoundary(3, alpha=0.4, side=side),
        GammaExponentialBoundary(100, side=side),
        GammaExponentialBoundary(30, scale=0.2, alpha=1e-4, side=side),
        GammaExponentialBoundary(100, scale=2, side=side),
        GammaPoissonBoundary(100, side=side),
        GammaPoissonBoundary(30, scale=0.2, alpha=1e-4, side=side),
        GammaPoissonBoundary(40, scale=3, side=side),
        BetaBinomialBoundary(25, side=side),
        BetaBinomialBoundary(10, bounds=(-0.02, 0.98), side=side),
        BetaBinomialBoundary(60, bounds=(-7, 1), alpha=0.3, side=side),
    ]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("which", range(len(boundaries("both"))))
def test_the_definition(which: int, side: str) -> None:
    boundary = boundaries(side)[which]
    family = family_of(boundary)
    for v in (0.0, 0.7, 20.0, 3_000.0):
        for deviations in (-30.0, -4.0, -0.5, 0.0, 0.5, 4.0, 30.0):
            s = deviations * math.sqrt(v + 1)
            found = boundary.log_e_value(s, v)
            if math.isinf(found):
                # The integral has no end there, or needs not: a sum of this V cannot be so far out.
                reach = [boundary._reach(sign) for sign in (-1, 1)]
                rate = reach[s > 0]
                assert rate is not None and abs(s) > v * rate
                assert side in ("both", "upper" if s > 0 else "lower")
                continue
            # The general rule is told to stop at 1e-12 of each part.
            assert found == pytest.approx(naive.log_e_value(family, side, s, v), rel=1e-11, abs=1e-11), (s, v)


@pytest.mark.parametrize("v", [0.0, 1.0, 1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("deviations", [-5.0, 1e-3, 5.0, 40.0])
def test_sixty_digits(v: float, deviations: float) -> None:
    # Of both sides the integrals are gamma and beta functions, of which hardly a digit is left in floats at late times. As tolerance
    # the digits that s and v have: what 1e-16 of them would change.
    s = deviations * math.sqrt(v + 1)
    scale = 0.5
    poisson = GammaPoissonBoundary(100, scale=scale, side="both")

    def of_poisson(s: Decimal, v: Decimal, rho: Decimal, c: Decimal) -> Decimal:
        least, late = rho / c**2, (v + rho) / c**2
        first = least * least.ln() - naive.log_gamma(least)
        return first + naive.log_gamma(late + s / c) - (late + s / c) * late.ln() + v / c**2

    def of_waits(s: Decimal, v: Decimal, rho: Decimal, c: Decimal) -> Decimal:
        least, late = rho / c**2, (v + rho) / c**2
        first = least * least.ln() - naive.log_gamma(least)
        return first + naive.log_gamma(late) - late * (late + s / c).ln() + (c * s + v) / c**2

    waits = GammaExponentialBoundary(100, scale=scale, side="both")
    for boundary, formula in ((poisson, of_poisson), (waits, of_waits)):
        if s >= -v / scale:
            exact = naive.in_digits(formula, s, v, boundary.rho, scale)
            assert boundary.log_e_value(s, v) == pytest.approx(exact, rel=1e-13, abs=2e-14)

    rates = BetaBinomialBoundary(100, bounds=(-0.25, 0.75), side="both")
    if -v / 0.75 <= s <= v / 0.25:

        def of_rates(s: Decimal, v: Decimal, rho: Decimal) -> Decimal:
            g, h = Decimal("0.25"), Decimal("0.75")
            n, worth = v / (g * h), rho / (g * h) - 1
            ones, zeros = g * n + s, h * n - s

            def log_beta(a: Decimal, b: Decimal) -> Decimal:
                return naive.log_gamma(a) + naive.log_gamma(b) - naive.log_gamma(a + b)

            mixed = log_beta(ones + g * worth, zeros + h * worth) - log_beta(g * worth, h * worth)
            return mixed - ones * g.ln() - zeros * h.ln()

        exact = naive.in_digits(of_rates, s, v, rates.rho)
        assert rates.log_e_value(s, v) == pytest.approx(exact, rel=1e-13, abs=2e-14)


@pytest.mark.parametrize("side", ["upper", "lower"])
@pytest.mark.parametrize("v", [1e6, 1e9])
def test_one_side_at_late_times(v: float, side: str) -> None:
    # Where incomplete gamma and beta functions, a general library's at least, have some six digits.
    for boundary in (
        GammaExponentialBoundary(100, side=side),
        GammaPoissonBoundary(100, side=side),
        BetaBinomialBoundary(100, bounds=(-0.25, 0.75), side=side),
    ):
        for deviations in (-6.0, -2.0, 2.0, 6.0):
            s = deviations * math.sqrt(v)
            exact = naive.log_e_value(family_of(boundary), side, s, v)
            # psi has in the reference but the digits that a float leaves of it: 1e-16 / lambda, times its exponent.
            assert boundary.log_e_value(s, v) == pytest.approx(exact, rel=1e-16 * math.sqrt(v) * 1e3, abs=1e-9)


def test_without_a_scale_all_are_normal() -> None:
    # They differ by c / sqrt(v) and less.
    for side in SIDES:
        limits = np.array(NormalMixtureBoundary(100, side=side).limits([1.0, 100.0, 1e6]))
        is_finite = np.isfinite(limits)
        for kind in (GammaExponentialBoundary, GammaPoissonBoundary):
            near = np.array(kind(100, scale=1e-7, side=side).limits([1.0, 100.0, 1e6]))
            assert near[is_finite] == pytest.approx(limits[is_finite], rel=1e-6)
            assert np.array_equal(near[~is_finite], limits[~is_finite])
        near = np.array(BetaBinomialBoundary(100, bounds=(-1e-4, 1e-4), side=side).limits([1.0, 100.0, 1e6]))
        assert near[is_finite] == pytest.approx(limits[is_finite], rel=1e-6)


def test_rare_values_are_poisson() -> None:
    of_rows = BetaBinomialBoundary(100, bounds=(-1e-8, 1 - 1e-8))
    assert of_rows.at([5.0, 100.0, 1e4]) == pytest.approx(GammaPoissonBoundary(100).at([5.0, 100.0, 1e4]), rel=1e-6)
