"""The statistics agree with scipy, statsmodels, and numbers of other libraries; where they differ on purpose, so it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.verdict.reference_numbers import each, is_near
from truthlag.verdict.trend import check_trend, cochran_armitage, mann_kendall, theil_sen
from truthlag.verdict.trend.between import between
from truthlag.verdict.trend.crossing import crossing
from truthlag.verdict.trend.line import fit_line, scales, slow_waves


@each("trend")
def test_reference_numbers(entry: dict[str, Any]) -> None:
    inputs, expected = entry["inputs"], entry["expected"]
    if "successes" in inputs:
        z, p_value = cochran_armitage(inputs["successes"], inputs["trials"])
        assert is_near(z, entry, expected["z"]) and is_near(p_value, entry, expected["pvalue"])
        total = np.array(inputs["trials"], dtype=float)
        line = fit_line(np.arange(5.0), np.array(inputs["successes"]) / total, total)
        assert is_near(line.slope, entry, expected["weighted_slope"])
        return
    y = np.array(inputs["y"])
    test = mann_kendall(y)
    uncorrected = expected["var_s"]
    # Hamed and Rao's own correction where it makes the variance larger; where it shrinks it, none.
    corrected = max(uncorrected, expected["hamed_rao"]["var_s"])
    assert test.s == expected["s"] and is_near(test.variance, entry, corrected)
    assert is_near(test.z, entry, expected["z"] * np.sqrt(uncorrected / corrected))
    if corrected == uncorrected:
        assert is_near(test.p_value, entry, expected["p"])
    slope, low, high = theil_sen(y)
    assert is_near(slope, entry, expected["sen_slope"])
    assert is_near(low, entry, expected["theil_sen"]["ci95"][0])
    assert is_near(high, entry, expected["theil_sen"]["ci95"][1])
    line = fit_line(np.arange(float(len(y))), y, np.ones(len(y)))
    ols = expected["ols"]
    assert is_near(line.slope, entry, ols["slope"]) and is_near(line.at(0), entry, ols["intercept"])
    residual = next(
        scale
        for scale in scales(line, np.arange(float(len(y))), y, np.ones(len(y)), known=None, floor=0.0)
        if scale.name == "residual"
    )
    assert is_near(np.sqrt(residual.variance / line.spread), entry, ols["stderr"])
    assert is_near(residual.p_value(line), entry, ols["p"])
    half = residual.reach(0.05) / np.sqrt(line.spread)
    assert is_near(line.slope - half, entry, ols["ci95"][0]) and is_near(line.slope + half, entry, ols["ci95"][1])


@pytest.mark.parametrize("seed", range(20))
def test_theil_sen_is_that_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    k = int(random.integers(3, 40))
    y = np.round(random.normal(0.9, 0.02, k), int(random.integers(1, 8)))
    x = np.sort(random.choice(200, k, replace=False)).astype(float)
    slope, low, high = theil_sen(y, x, alpha=0.1)
    expected = stats.theilslopes(y, x, alpha=0.9)
    # The same pairs in the same arithmetic.
    assert (slope, low, high) == pytest.approx((expected.slope, expected.low_slope, expected.high_slope), rel=1e-13)
    assert np.sign(mann_kendall(y, x).s) == np.sign(np.nan_to_num(stats.kendalltau(x, y).statistic))


def test_the_order_of_times_does_not_matter() -> None:
    random = np.random.default_rng(3)
    y, x = random.random(25), random.permutation(25) * 1.5
    order = np.argsort(x)
    assert theil_sen(y, x) == theil_sen(y[order], x[order])
    assert mann_kendall(y, x) == mann_kendall(y[order], x[order])


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.6, 0.9])
def test_the_correction_of_hamed_and_rao(rho: float) -> None:
    """Against a loop over lags, as in the paper; never below 1."""
    random = np.random.default_rng(5)
    below = 0
    for _ in range(20):
        k = int(random.integers(14, 50))
        y = np.zeros(k)
        for at in range(k):
            y[at] = rho * y[at - 1] + random.normal()
        slope = stats.theilslopes(y, np.arange(k)).slope
        ranks = stats.rankdata(y - slope * np.arange(k))
        ranks = ranks - ranks.mean()
        total = 0.0
        for lag in range(1, k):
            correlation = sum(ranks[at] * ranks[at + lag] for at in range(k - lag)) / sum(ranks**2)
            if abs(correlation) > stats.norm.ppf(0.975) / np.sqrt(k):
                total += (k - lag) * (k - lag - 1) * (k - lag - 2) * correlation
        paper = 1 + 2 / (k * (k - 1) * (k - 2)) * total
        below += paper < 1
        test = mann_kendall(y)
        assert test.correction == pytest.approx(max(1.0, paper), rel=1e-12)
        assert test.correction >= 1
    if rho < 0:
        assert below


@pytest.mark.parametrize("seed", range(10))
def test_lines_are_those_of_statsmodels(seed: int) -> None:
    models = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(seed)
    k = int(random.integers(5, 40))
    x = np.sort(random.uniform(0, 60, k))
    errors = random.uniform(0.005, 0.05, k)
    y = 0.4 + 0.001 * x + random.normal(0, errors)
    weights = 1 / errors**2
    fitted = models.WLS(y, models.add_constant(x), weights=weights).fit()
    line = fit_line(x, y, weights)
    found = {scale.name: scale for scale in scales(line, x, y, weights, known=1.0, floor=0.0)}
    # Two ways to solve the same equations, whose condition is about 1e4.
    assert line.slope == pytest.approx(fitted.params[1], rel=1e-10)
    assert found["residual"].p_value(line) == pytest.approx(fitted.pvalues[1], rel=1e-9)
    assert np.sqrt(found["residual"].variance / line.spread) == pytest.approx(fitted.bse[1], rel=1e-10)
    assert np.sqrt(1 / line.spread) == pytest.approx(np.sqrt(fitted.normalized_cov_params[1, 1]), rel=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_rates_are_those_of_a_quasi_binomial_model(seed: int) -> None:
    """The score test of a logistic slope is that of Cochran and Armitage; Wald's differs by what one more step would."""
    models = pytest.importorskip("statsmodels.api")
    random = np.random.default_rng(seed)
    k = 20
    n = random.integers(200, 5000, k)
    good = random.binomial(n, 0.9 - 0.0004 * np.arange(k))
    z, _ = cochran_armitage(good, n)
    exog = models.add_constant(np.arange(k, dtype=float))
    fitted = models.GLM(np.column_stack([good, n - good]), exog, family=models.families.Binomial()).fit()
    null = models.GLM(np.column_stack([good, n - good]), exog[:, :1], family=models.families.Binomial()).fit()
    residuals = n * (good / n - null.fittedvalues)
    score = float(exog[:, 1] @ residuals)
    rate = good.sum() / n.sum()
    centre = float(exog[:, 1] @ n) / n.sum()
    information = rate * (1 - rate) * float(n @ (exog[:, 1] - centre) ** 2)
    assert z == pytest.approx(score / np.sqrt(information), rel=1e-9)
    # Pearson's chi-squared about a line and about a logistic curve, over a change of one point.
    found = check_trend("accuracy", good, trials=n).dispersion
    assert found == pytest.approx(max(1.0, fitted.pearson_chi2 / fitted.df_resid), rel=0.02)


def test_a_trend_of_counts_is_that_of_cochran_and_armitage() -> None:
    """With no more spread than sampling explains nothing else decides."""
    good, n = [96, 190, 47, 94, 280, 46, 91], [100, 200, 50, 100, 300, 50, 100]
    report = check_trend("accuracy", good, trials=n)
    _, p_value = cochran_armitage(good, n)
    assert (report.dispersion, report.method) == (
        1.0,
        "Cochran-Armitage slope of rates, errors of sampling alone",
    )
    assert report.p_value == pytest.approx(p_value, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_slow_waves_are_orthogonal_to_every_line(seed: int) -> None:
    random = np.random.default_rng(seed)
    times, weights = np.sort(random.uniform(0, 40, 31)), random.uniform(0.1, 9, 31)
    waves = slow_waves(times, weights)
    root = np.sqrt(weights)
    assert waves.shape == (31, 4)
    # Each product is a sum of 31 terms below 1.
    assert np.abs(waves.T @ waves - np.eye(4)).max() < 1e-13
    assert np.abs(waves.T @ np.column_stack([root, root * times])).max() < 1e-11


def test_slow_waves_of_times_nearly_all_the_same() -> None:
    times = np.concatenate([[0.0], 1000 + 1e-9 * np.arange(19)])
    assert slow_waves(times, np.ones(20)).shape == (20, 4)


@pytest.mark.parametrize("seed", range(5))
def test_the_variance_between_periods(seed: int) -> None:
    """The excess of Q has the mean that the moments say: by the trace of the residual maker, written out."""
    random = np.random.default_rng(seed)
    k = 12
    times, variances = np.sort(random.uniform(0, 30, k)), random.uniform(0.5, 5, k) * 1e-4
    values = random.normal(0.9, 0.05, k)
    weights = np.diag(1 / variances)
    design = np.column_stack([np.ones(k), times])
    maker = weights - weights @ design @ np.linalg.inv(design.T @ weights @ design) @ design.T @ weights
    q = values @ maker @ values
    found = between(times, values, variances)
    assert found.dispersion == pytest.approx(q / (k - 2), rel=1e-8)
    assert found.variance == pytest.approx((q - (k - 2)) / np.trace(maker), rel=1e-8)


def test_the_crossing_is_where_the_band_meets_the_limit() -> None:
    """Fieller's ends, looked up on a fine grid of the band about the line."""
    random = np.random.default_rng(8)
    times = np.arange(31.0)
    line = fit_line(times, 0.95 - 0.004 * times + random.normal(0, 0.02, 31), np.ones(31))
    ends = crossing(line, 0.8, 0.04)
    assert ends is not None
    grid = np.arange(-50.0, 200.0, 0.001)
    height = line.level + line.slope * (grid - line.centre)
    band = 0.04 * np.sqrt(1 / line.weight + (grid - line.centre) ** 2 / line.spread)
    inside = grid[np.abs(height - 0.8) <= band]
    # A step of the grid at either end.
    assert ends == pytest.approx((inside[0], inside[-1]), abs=0.002)
    assert crossing(line, 0.8, 10.0) is None
