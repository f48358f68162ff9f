"""Two proportions of which one is known much better than the other, or hardly at all: against adaptive integrals of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from truthlag.abtest import Proportion, beta_binomial

UNEVEN = [
    (4, 10, 500_000, 10**6),
    (1, 10, 500_000, 10**6),
    (500_000, 10**6, 4, 10),
    (9, 90, 10**8, 10**9),
    (10, 100, 10**5, 10**6),
]
FEW = [
    (0, 10, 0, 10),
    (0, 0, 0, 0),
    (5, 50, 9, 48),
    (0, 100, 3, 100),
    (1, 3, 2, 2),
    (0, 10, 10, 10),
    (2, 1_000, 5, 900),
]


@pytest.mark.parametrize("counts", UNEVEN)
def test_that_an_arm_that_is_known_exactly_is_held_against_the_other(counts: tuple[int, int, int, int]) -> None:
    """Integrated at points that were too far apart for the narrower arm, the chance was off by .0015 and a limit was -22 348."""
    first, second = (stats.beta(1.0 + k, 1.0 + n - k) for k, n in (counts[:2], counts[2:]))
    found = beta_binomial(Proportion(*counts[:2]), Proportion(*counts[2:]))
    is_first_narrow = first.var() < second.var()
    narrow, wide = (first, second) if is_first_narrow else (second, first)
    middle, spread = narrow.mean(), narrow.std()
    # Over nine standard deviations of the narrow arm, which is as good as normal.
    rates, weights = np.polynomial.legendre.leggauss(200)
    share = stats.norm.pdf(9 * rates) * 9 * weights
    chance = float(share @ wide.cdf(middle + 9 * spread * rates))
    # What that leaves out: the skewness of the narrow arm, one over the root of its rows.
    assert found.probability_better == pytest.approx(1 - chance if is_first_narrow else chance, abs=1e-6)
    assert found.interval is not None
    low, high = found.interval
    sign = 1 if is_first_narrow else -1
    expected = sorted(sign * (wide.ppf(tail) - middle) for tail in (0.025, 0.975))
    # The variance of the narrow arm beside that of the wide one.
    assert (low, high) == pytest.approx(expected, abs=spread**2 / wide.std() * 5 + 1e-9)
    assert found.expected_loss_if_kept - found.expected_loss_if_shipped == pytest.approx(found.effect, abs=1e-12)


@pytest.mark.parametrize("counts", FEW)
def test_credible_limits_of_few_rows(counts: tuple[int, int, int, int]) -> None:
    first, second = (stats.beta(1.0 + k, 1.0 + n - k) for k, n in (counts[:2], counts[2:]))

    def below(difference: float) -> float:
        low, high = max(0.0, -difference), min(1.0, 1 - difference)
        part, _ = integrate.quad(
            lambda rate: first.pdf(rate) * second.cdf(rate + difference), low, high, limit=500, epsabs=1e-13
        )
        return float(part + (first.sf(high) if difference > 0 else 0.0))

    found = beta_binomial(Proportion(*counts[:2]), Proportion(*counts[2:]))
    expected = [optimize.brentq(lambda d, tail=tail: below(d) - tail, -1, 1, xtol=1e-14) for tail in (0.025, 0.975)]
    # A secant stops where the next step is below 1e-8 standard deviations, squared.
    assert found.interval == pytest.approx(tuple(expected), abs=1e-9)


@pytest.mark.parametrize("counts", FEW[:4] + UNEVEN[:2])
def test_that_arms_and_outcomes_may_be_exchanged(counts: tuple[int, int, int, int]) -> None:
    k, n, j, m = counts
    found, exchanged = (
        beta_binomial(Proportion(k, n), Proportion(j, m)),
        beta_binomial(Proportion(j, m), Proportion(k, n)),
    )
    failures = beta_binomial(Proportion(m - j, m), Proportion(n - k, n))
    assert found.interval is not None
    low, high = found.interval
    assert exchanged.interval == pytest.approx((-high, -low), abs=1e-8)
    assert failures.interval == pytest.approx((low, high), abs=1e-8)
    assert exchanged.expected_loss_if_kept == pytest.approx(found.expected_loss_if_shipped, rel=1e-9)
