"""Every promise of `compare` looked at again and again: at the edge of each hypothesis, and for intervals, by the real function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import Mean, Proportion, Ratio, compare
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds

ALPHA = 0.05
RUNS = 2_000
BOUND = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)


def successes(seed: int, rate: float, units: np.ndarray) -> np.ndarray:
    """By run and look."""
    new = np.diff(units, prepend=0)
    return np.cumsum(np.random.default_rng(seed).binomial(new, rate, (RUNS, len(units))), axis=1)


UNITS = np.arange(250, 5_001, 250)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "rates", "wrong"),
    [
        ({"expected_n": 5_000, "alternative": "greater"}, (0.1, 0.1), "better"),
        ({"expected_n": 5_000, "hypothesis": "non_inferiority", "margin": 0.02}, (0.12, 0.10), "non_inferior"),
        ({"expected_n": 5_000, "hypothesis": "equivalence", "margin": 0.02}, (0.10, 0.12), "equivalent"),
        ({"expected_n": 5_000, "scale": "relative"}, (0.1, 0.1), "decided"),
    ],
)
def test_at_the_edge_of_a_hypothesis(options: dict[str, Any], rates: tuple[float, float], wrong: str) -> None:
    arms = [successes(place, rate, UNITS) for place, rate in enumerate(rates)]
    found = 0
    for control, treatment in zip(*arms, strict=True):
        for n, k, j in zip(UNITS.tolist(), control.tolist(), treatment.tolist(), strict=True):
            result = compare(Proportion(k, n), Proportion(j, n), **options)
            if result.is_decided if wrong == "decided" else result.verdict == wrong:
                found += 1
                break
    assert found / RUNS <= BOUND


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{}, {"method": "newcombe"}, {"hypothesis": "equivalence", "margin": 0.1, "alpha": 0.025}]
)
def test_intervals_hold_the_truth_at_all_looks(options: dict[str, Any]) -> None:
    truth = 0.03
    arms = successes(5, 0.1, UNITS), successes(6, 0.1 + truth, UNITS)
    missed = 0
    for control, treatment in zip(*arms, strict=True):
        for n, k, j in zip(UNITS.tolist(), control.tolist(), treatment.tolist(), strict=True):
            low, high = compare(Proportion(k, n), Proportion(j, n), expected_n=5_000, **options).difference_interval
            if not low <= truth <= high:
                missed += 1
                break
    assert missed / RUNS <= BOUND


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["skewed", "canary", "ratio"])
def test_means_and_ratios_at_any_time(kind: str) -> None:
    """Exponential values, a canary of a tenth with a noisier treatment, and ratios of skewed parts: 19 looks."""
    random = np.random.default_rng(len(kind))
    sizes = (500, 50) if kind == "canary" else (250, 250)
    looks, spread = 19, 3.0 if kind == "canary" else 1.0
    found = 0
    for _ in range(RUNS):
        arms: list[list[Any]] = []
        for size, scale in zip(sizes, (1.0, spread), strict=True):
            shape = looks, size
            if kind == "ratio":
                bottom = 1.0 + random.poisson(3, shape)
                parts = [bottom * random.exponential(1, shape), bottom]
            else:
                parts = [random.standard_normal(shape) * scale if kind == "canary" else random.exponential(1, shape)]
            arms.append(cumulative(parts))
        found += any(compare(*pair, expected_n=sum(sizes) * looks).is_decided for pair in zip(*arms, strict=True))
    assert found / RUNS <= BOUND


def cumulative(parts: list[np.ndarray]) -> list[Any]:
    """The statistic at each look, of all values until then."""
    n = np.arange(1, len(parts[0]) + 1) * parts[0].shape[1]
    sums = [np.cumsum(part.sum(axis=1)) for part in parts]
    squares = [np.cumsum((part * part).sum(axis=1)) for part in parts]
    if len(parts) == 1:
        return [Mean.from_sums(int(m), float(s), float(q)) for m, s, q in zip(n, sums[0], squares[0], strict=True)]
    products = np.cumsum((parts[0] * parts[1]).sum(axis=1))
    columns = zip(n, *sums, *squares, products, strict=True)
    return [Ratio.from_sums(int(m), *map(float, rest)) for m, *rest in columns]


@pytest.mark.slow
@pytest.mark.parametrize(("looks", "sides"), [(19, 1), (19, 2)])
@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock", 1.0, 2.0, 3.0])
def test_every_spending_at_uneven_looks(spending: Any, looks: int, sides: int) -> None:
    """Normal sums at looks that come as they like: what is spent in the end is alpha, neither more nor less."""
    random, runs = np.random.default_rng(looks), 20_000
    shares = np.sort(random.uniform(0.02, 1, looks))
    shares[-1] = 1.0
    bounds = np.array(spent_bounds(Design(spending, ALPHA, sides), tuple(shares.tolist())).bounds)
    crossed, place, last = np.zeros(runs, dtype=bool), np.zeros(runs), 0.0
    for share, bound in zip(shares, bounds, strict=True):
        place += math.sqrt(share - last) * random.standard_normal(runs)
        last = share
        z = place / math.sqrt(share)
        crossed |= (np.abs(z) if sides == 2 else z) >= bound
    assert crossed.mean() == pytest.approx(ALPHA, abs=3 * math.sqrt(ALPHA * (1 - ALPHA) / runs))
