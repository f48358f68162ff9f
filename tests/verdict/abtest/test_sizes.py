"""How often proportions are found different that are not, and how often intervals hold the truth: by enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.abtest import Comparison, Proportion, compare

#: What is left out has less mass than that altogether, and is counted against us.
NEGLIGIBLE = 1e-7


def outcomes(n: int, p: float, m: int, q: float) -> Iterator[tuple[Proportion, Proportion, float]]:
    """All pairs of control and treatment that may well be, with their chances."""

    def likely(rows: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
        low, high = stats.binom.ppf([NEGLIGIBLE / 8, 1 - NEGLIGIBLE / 8], rows, rate)
        counts = np.arange(low, high + 1)
        return counts, stats.binom.pmf(counts, rows, rate)

    first, second = likely(n, p), likely(m, q)
    for k, chance in zip(*first, strict=True):
        for j, other in zip(*second, strict=True):
            if chance * other > 1e-12:
                yield Proportion(int(k), n), Proportion(int(j), m), chance * other


def frequencies(n: int, p: float, m: int, q: float, **options: Any) -> dict[str, float]:
    """The chance of each verdict, and that the interval misses the true difference on either side."""
    found = {"better": 0.0, "worse": 0.0, "above": 0.0, "below": 0.0, "mass": 0.0, "contradicted": 0.0}
    for control, treatment, chance in outcomes(n, p, m, q):
        result = compare(control, treatment, mode="fixed", **options)
        low, high = result.difference_interval
        found["mass"] += chance
        if result.is_decided:
            found[result.verdict] += chance
        found["above"] += chance * (low > q - p)
        found["below"] += chance * (high < q - p)
        found["contradicted"] += chance * contradicts(result)
    rest = 1 - found["mass"]
    assert rest < 10 * NEGLIGIBLE
    return found


def contradicts(result: Comparison) -> bool:
    """Whether the interval says anything else than the p-value."""
    low, high = result.difference_interval
    return (low > 0 or high < 0) != (result.p_value <= result.alpha)


@pytest.mark.parametrize(("n", "m"), [(1_000, 10_000), (10_000, 1_000)])
@pytest.mark.parametrize("p", [0.002, 0.003])
def test_two_sided_at_few_successes(n: int, m: int, p: float) -> None:
    found = frequencies(n, p, m, p)
    assert found["better"] + found["worse"] <= 0.055
    assert found["above"] + found["below"] <= 0.055
    assert max(found["better"], found["worse"]) <= 0.0275
    assert found["contradicted"] == 0


@pytest.mark.parametrize(("n", "m"), [(1_000, 10_000), (10_000, 1_000)])
@pytest.mark.parametrize("p", [0.0025, 0.003])
@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_sided_at_few_successes(n: int, m: int, p: float, alternative: str) -> None:
    found = frequencies(n, p, m, p, alternative=alternative)
    assert found["better"] + found["worse"] <= 0.055
    assert found["above"] + found["below"] <= 0.055


@pytest.mark.parametrize(("q", "most"), [(0.001, 0.06), (0.006, 0.055), (0.012, 0.055)])
def test_coverage_where_there_is_a_difference(q: float, most: float) -> None:
    # With 3 and 10 successes on average there are few outcomes, and the coverage of any interval that is not wider than need be
    # on the whole goes up and down with the rates: here it is .941.
    found = frequencies(1_000, 0.003, 10_000, q)
    assert found["above"] + found["below"] <= most


@pytest.mark.parametrize(("n", "m", "p"), [(1_000, 10_000, 0.01), (50, 2_000, 0.1), (200, 200, 0.01)])
def test_elsewhere(n: int, m: int, p: float) -> None:
    found = frequencies(n, p, m, p)
    assert found["better"] + found["worse"] <= 0.055
    assert found["contradicted"] == 0


def test_non_inferiority_at_few_successes() -> None:
    # At the margin itself, which is the hardest case of the hypothesis that the loss is larger.
    margin = 0.004
    passed = 0.0
    for control, treatment, chance in outcomes(10_000, 0.007, 1_000, 0.003):
        result = compare(control, treatment, mode="fixed", hypothesis="non_inferiority", margin=margin)
        passed += chance * (result.verdict == "non_inferior")
    assert passed <= 0.055
