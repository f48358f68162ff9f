"""`compare` beside scipy and statsmodels, on random arms and on extreme ones."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from truthlag.abtest import (
    Mean,
    MeanWithCovariate,
    Proportion,
    Ratio,
    compare,
    dunnett,
    power,
    sample_ratio_chi_square,
    sample_size,
)

ALTERNATIVES = {"two_sided": "two-sided", "greater": "greater", "less": "less"}
SHIFTS = [0.0, 1e6, -3.0, -1e6]


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two samples of any size, place and spread; every fourth treatment is far away."""
    random = np.random.default_rng(seed)
    n, m = random.integers(2, 200, 2)
    place, spread = float(random.choice(SHIFTS)), 10.0 ** random.uniform(-3, 3)
    far = 40 * spread if seed % 4 == 0 else 0.0
    return (
        random.normal(place, spread, n),
        random.normal(place + far + random.normal(0, 0.3) * spread, 10 ** random.uniform(-1, 1) * spread, m),
    )


@pytest.mark.parametrize("seed", range(40))
def test_means(seed: int) -> None:
    control, treatment = drawn(seed)
    # What is lost where numbers of a million are taken from each other.
    lost = 1e-11 * (1 + np.abs(control).max() / min(control.std(), treatment.std()))
    for method, is_pooled in (("welch", False), ("student", True)):
        for ours, theirs in ALTERNATIVES.items():
            expected = stats.ttest_ind(treatment, control, equal_var=is_pooled, alternative=theirs)
            found = compare(control, treatment, mode="fixed", method=method, alternative=ours)
            assert found.difference / found.standard_error == pytest.approx(expected.statistic, rel=lost, abs=lost)
            # A tail moves by its statistic times what that is off.
            slack = lost * max(1.0, expected.statistic**2)
            assert found.p_value == pytest.approx(expected.pvalue, rel=max(1e-9, slack), abs=1e-300)
            if ours == "two_sided":
                limits = expected.confidence_interval()
                width = limits.high - limits.low
                assert found.difference_interval == pytest.approx(
                    (limits.low, limits.high), abs=max(1e-9, lost) * width
                )


def test_far_tails_of_means() -> None:
    # Their two-sided p-value is twice a survival function too, and goes down to 1e-308.
    for gap in (3.0, 10.0, 25.0, 37.0):
        arms = Mean(4_000, 0.0, 4_000.0), Mean(4_000, gap * math.sqrt(2 / 4_000), 4_000.0)
        expected = stats.ttest_ind_from_stats(
            arms[1].mean, math.sqrt(4_000 / 3_999), 4_000, 0.0, math.sqrt(4_000 / 3_999), 4_000, equal_var=False
        ).pvalue
        assert 0 < expected < 3e-3
        # The statistic of 37 is off by one part in 1e16, its tail by 37² times that.
        assert compare(*arms, mode="fixed").p_value == pytest.approx(expected, rel=1e-11)


COUNTS = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None, max_examples=60)
@given(COUNTS, COUNTS)
def test_proportions(control: tuple[int, int], treatment: tuple[int, int]) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    (k, n), (j, m) = control, treatment
    if n == 0 or m == 0:
        return
    arms = Proportion(k, n), Proportion(j, m)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for ours, theirs in (("score", "score"), ("agresti_caffo", "agresti-caffo"), ("wald", "wald")):
            try:
                expected = proportion.test_proportions_2indep(j, m, k, n, method=theirs)
            except (ValueError, ZeroDivisionError):
                continue
            found = compare(*arms, mode="fixed", method=ours)
            if math.isfinite(expected.statistic):
                # Where a rate is 0 or 1 in both arms theirs is 0 divided by 0, and ours no evidence; 1e-9 is their search's.
                assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)
        for ours, theirs in (("newcombe", "newcomb"), ("agresti_caffo", "agresti-caffo")):
            limits = proportion.confint_proportions_2indep(j, m, k, n, method=theirs)
            # Ours do not leave what differences can be.
            limits = np.clip(limits, -1, 1)
            assert compare(*arms, mode="fixed", method=ours).difference_interval == pytest.approx(limits, abs=1e-10)
        if k + j not in (0, n + m):
            _, p_value = proportion.proportions_ztest([j, k], [m, n])
            assert compare(*arms, mode="fixed", method="pooled").p_value == pytest.approx(p_value, rel=1e-9)


def test_counts_that_are_huge() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for k, j, n in ((10**9, 10**9 + 10**5, 10**10), (10**12, 10**12 + 10**8, 10**13), (3, 7, 10**12)):
        arms = Proportion(k, n), Proportion(j, n)
        expected = proportion.test_proportions_2indep(j, n, k, n, method="score").pvalue
        assert compare(*arms, mode="fixed", method="score").p_value == pytest.approx(expected, rel=1e-5)
        assert compare(*arms, mode="fixed", method="pooled").p_value == pytest.approx(
            proportion.proportions_ztest([j, k], [n, n])[1], rel=1e-5
        )


@settings(deadline=None, max_examples=25)
@given(
    st.tuples(st.integers(1, 90), st.integers(91, 300)),
    st.tuples(st.integers(1, 90), st.integers(91, 300)),
    st.floats(0.01, 0.3),
)
def test_non_inferiority_of_proportions(control: tuple[int, int], treatment: tuple[int, int], margin: float) -> None:
    # By the likelihood's own maximum, since statsmodels' cubic is another one; Wald's by statsmodels.
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    (k, n), (j, m) = control, treatment
    arms = Proportion(k, n), Proportion(j, m)
    question: dict[str, Any] = {"mode": "fixed", "hypothesis": "non_inferiority", "margin": margin}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = proportion.test_proportions_2indep(
            j, m, k, n, value=-margin, method="wald", alternative="larger"
        ).pvalue
        tost = proportion.tost_proportions_2indep(j, m, k, n, -margin, margin, method="wald").pvalue
    assert compare(*arms, method="wald", **question).p_value == pytest.approx(expected, rel=1e-9)
    assert compare(*arms, method="wald", **question | {"hypothesis": "equivalence"}).p_value == pytest.approx(
        tost, rel=1e-9
    )
    # The constrained estimates of Farrington and Manning: the residuals balance.
    found = compare(*arms, method="score", **question)
    low, _ = compare(*arms, method="score", mode="fixed", alternative="greater").difference_interval
    assert (low > -margin) == (found.verdict == "non_inferior")


@pytest.mark.parametrize("seed", range(15))
def test_regression_on_covariates(seed: int) -> None:
    """Lin's regression is least squares with the arm, the centred covariates and their products; HC2 for its variance."""
    linear = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(seed)
    n, m, wide = int(random.integers(12, 90)), int(random.integers(12, 90)), int(random.integers(1, 4))
    x = random.normal(random.normal(0, 3), 10 ** random.uniform(-2, 2), (n + m, wide))
    y = x @ random.normal(0, 1, wide) / x.std() + random.normal(0, 1, n + m) * np.where(np.arange(n + m) < n, 1, 2.5)
    arm = (np.arange(n + m) >= n).astype(float)
    centred = x - x.mean(axis=0)
    design = np.column_stack([np.ones(n + m), arm, centred, centred * arm[:, None]])
    expected = linear.OLS(y, design).fit(cov_type="HC2")
    arms = [MeanWithCovariate.of(y[side], list(x[side].T), sandwich=True) for side in (slice(n), slice(n, None))]
    found = compare(*arms, mode="fixed", method="lin")
    assert found.difference == pytest.approx(expected.params[1], rel=1e-8, abs=1e-10)
    # Theirs leaves out that the covariates' own means are drawn too: a little less than ours, never more.
    assert found.standard_error >= (1 - 1e-9) * expected.bse[1]
    assert found.standard_error == pytest.approx(expected.bse[1], rel=0.35)


@pytest.mark.parametrize("seed", range(10))
def test_ratios_clustered_by_unit(seed: int) -> None:
    """The delta method of means of rows clustered by unit is the regression on the arm with the sandwich of its clusters."""
    linear = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(seed)
    sides = []
    for _ in range(2):
        units = int(random.integers(20, 60))
        of_unit = np.repeat(np.arange(units), 1 + random.poisson(4, units))
        sides.append((random.normal(0, 1, units)[of_unit] + random.normal(3, 1, len(of_unit)), of_unit))
    (before, first), (now, second) = sides
    values = np.concatenate([before, now])
    arm = np.repeat([0.0, 1.0], [len(before), len(now)])
    groups = np.concatenate([first, second + first.max() + 1])
    fit = linear.OLS(values, np.column_stack([np.ones(len(values)), arm])).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    found = compare(before, now, cluster=(first, second), mode="fixed")
    sizes = [len(np.unique(units)) for units in (first, second)]
    # n - 1 of each arm for n, as for all variances here.
    parts = [fit.cov_params()[0, 0], fit.bse[1] ** 2 - fit.cov_params()[0, 0]]
    expected = math.sqrt(sum(part * size / (size - 1) for part, size in zip(parts, sizes, strict=True)))
    assert found.difference == pytest.approx(fit.params[1], rel=1e-10)
    assert found.standard_error == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_ratios_by_another_way(seed: int) -> None:
    # Of equal denominators a ratio is a mean.
    control, treatment = drawn(seed)
    ratios = [Ratio.of(values, np.full(len(values), 4.0)) for values in (control, treatment)]
    found, mean = compare(*ratios, mode="fixed"), compare(control / 4, treatment / 4, mode="fixed")
    assert found.p_value == pytest.approx(mean.p_value, rel=1e-5, abs=1e-300)
    assert found.difference_interval == pytest.approx(mean.difference_interval, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_sample_ratios(seed: int) -> None:
    random = np.random.default_rng(seed)
    arms = int(random.integers(2, 6))
    weights = random.uniform(0.1, 1, arms)
    observed = random.multinomial(int(10 ** random.uniform(1, 9)), weights / weights.sum())
    expected = stats.chisquare(observed, weights / weights.sum() * observed.sum())
    found = sample_ratio_chi_square(observed.tolist(), weights.tolist())
    assert found.chi_square == pytest.approx(expected.statistic, rel=1e-6)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)


def test_a_sample_ratio_that_is_impossible_is_not_zero() -> None:
    # Beyond what 1 - cdf has digits for.
    found = sample_ratio_chi_square([50_000, 60_000], [1, 1])
    assert found.p_value == pytest.approx(stats.chi2.sf(found.chi_square, 1), rel=1e-12)
    assert 0 < found.p_value < 1e-190


@pytest.mark.parametrize("effect", [0.05, 0.3, 1.5])
def test_power_of_the_t_test(effect: float) -> None:
    library = pytest.importorskip("statsmodels.stats.power").TTestIndPower()
    for n in (2, 10, 60, 400):
        expected = library.power(effect, n, 0.05)
        found = power(0.0, effect, 2 * n, standard_deviation=1.0).power
        # Theirs is NaN where the power is all but 1.
        assert found == pytest.approx(1.0 if math.isnan(expected) else expected, rel=1e-9)
    size = library.solve_power(effect, alpha=0.05, power=0.8)
    # Beyond 10 000 degrees of freedom ours is normal.
    assert sample_size(0.0, effect, standard_deviation=1.0).size == pytest.approx(
        2 * size, rel=2e-4 if effect == 0.05 else 1e-6
    )


@pytest.mark.parametrize("seed", range(3))
def test_dunnett(seed: int) -> None:
    random = np.random.default_rng(seed)
    control = random.normal(0, 1, 25)
    treatments = {name: random.normal(0.4 * place, 1, 15 + place) for place, name in enumerate("abc")}
    expected = stats.dunnett(*treatments.values(), control=control, rng=np.random.default_rng(0))
    found = dunnett(control, treatments)
    for one, statistic, p_value in zip(found.treatments, expected.statistic, expected.pvalue, strict=True):
        assert one.statistic == pytest.approx(statistic, rel=1e-9)
        # Theirs is by quasi-random draws.
        assert one.p_value == pytest.approx(p_value, abs=2e-3)
