"""Quantiles against numbers of scipy, GrowthBook, confseq and the mission document's own code."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.lcg import latencies
from tests.verdict.abtest.vectors import agrees, vector
from truthlag import ModelABTestMonitor
from truthlag.abtest import QuantileArm, Quantiles, compare, quantile_from_limits
from truthlag.verdict.abtest.quantiles.uniform_bands import empirical_process_bound, stitched_bound


@cache
def arms() -> tuple[list[float], list[float]]:
    control, treatment = latencies(31, 3.5, 3.55)
    return control, treatment


def test_the_stream_is_that_of_the_numbers() -> None:
    entry = vector("quantile_data_lcg31")
    expected = entry["expected"]
    for name, values in zip("ab", arms(), strict=True):
        assert values[:5] == expected[f"{name}_first5"]
        assert agrees(sum(values), entry, expected[f"{name}_sum"])


@pytest.mark.parametrize("p", [0.5, 0.95])
def test_one_sample(p: float) -> None:
    entry = vector(f"quantile_one_sample_lcg31_p{1000 * p:.0f}")
    expected = entry["expected"]
    control, _ = arms()
    arm = Quantiles.of(control).at(p)
    assert agrees(arm.estimate, entry, expected["linear_type7"])
    for name in ("exact_binomial_ci", "scipy_quantile_test_ci95"):
        assert all(agrees(limit, entry, told) for limit, told in zip(arm.interval(), expected[name], strict=True))
    outer = arm.interval(method="outer")
    assert all(agrees(limit, entry, told) for limit, told in zip(outer, expected["outer_ci"], strict=True))
    ordered = np.sort(control)
    ranks = [int(np.searchsorted(ordered, limit)) + 1 for limit in arm.interval()]
    assert ranks == expected["exact_binomial_indices_1based"]
    chances = stats.binom(1_000, p).cdf([ranks[1] - 1, ranks[0] - 1])
    assert agrees(chances[0] - chances[1], entry, expected["exact_coverage"])
    assert agrees(arm.harrell_davis, entry, expected["harrell_davis"])
    assert agrees(arm.maritz_jarrett_error, entry, expected["maritz_jarrett_se"])
    # Values without clusters are not sorted as a whole.
    assert QuantileArm.of(control, p).interval() == arm.interval()


def test_difference_by_outer_intervals() -> None:
    entry = vector("quantile_diff_outer_ci_lcg31_p990")
    expected = entry["expected"]
    control, treatment = (Quantiles.of(values).at(0.99) for values in arms())
    result = compare(control, treatment, mode="fixed", method="outer")
    assert agrees(result.difference, entry, expected["diff"])
    assert agrees(result.standard_error, entry, expected["se"])
    assert all(
        agrees(limit, entry, told) for limit, told in zip(result.difference_interval, expected["ci95"], strict=True)
    )
    assert agrees(result.p_value, entry, expected["pvalue"])
    assert agrees(result.difference / result.standard_error, entry, expected["z"])


def test_quantiles_of_a_database() -> None:
    entry = vector("quantile_gbstats_freq_absolute")
    means = []
    for arm, told in (("control", "var_control_over_n"), ("treatment", "var_treatment_over_n")):
        given = entry["inputs"][arm]
        limits = given["quantile_hat"], given["quantile_lower"], given["quantile_upper"]
        means.append(quantile_from_limits(given["n"], *limits, rows=given["n_star"]))
        assert agrees(means[-1].standard_error ** 2, entry, entry["expected"][told])
    result = compare(*means, mode="fixed", alpha=entry["inputs"]["alpha"])
    expected = entry["expected"]
    assert agrees(result.difference, entry, expected["expected"])
    assert agrees(result.standard_error, entry, expected["stddev"])
    assert agrees(result.p_value, entry, expected["pValue"])
    assert all(
        agrees(limit, entry, told) for limit, told in zip(result.difference_interval, expected["ci"], strict=True)
    )


def test_at_any_time() -> None:
    entry = vector("cs_quantile_ab_p_0.9_55")
    given = entry["inputs"]
    control, treatment = Quantiles.of(range(1, 1_001)), Quantiles.of(range(56, 1_056))
    p = given["quantile"]
    # Narrow at so many values of each arm.
    result = compare(control.at(p), treatment.at(p), alpha=given["alpha_opt"], expected_n=2 * given["t_opt"])
    assert agrees(result.p_value, entry, entry["expected"]["pvalue"])


@pytest.mark.parametrize(("p", "offset", "p_value"), [(0.5, 70, 0.814704), (0.5, 85, 0.0838055), (0.5, 100, 0.0054947)])
def test_at_any_time_as_asserted_by_confseq(p: float, offset: int, p_value: float) -> None:
    # test/uniform_boundaries_unittest.cpp of confseq, QuantileABTest.TestPValue, to the digits that stand there.
    control, treatment = Quantiles.of(range(1, 1_001)), Quantiles.of(range(offset + 1, offset + 1_001))
    assert compare(control.at(p), treatment.at(p), expected_n=200).p_value == pytest.approx(p_value, abs=1e-5)


def test_bands_around_all_quantiles() -> None:
    entry = vector("cs_double_stitching_0.9")
    given = entry["inputs"]
    bound = stitched_bound(given["quantile_p"], given["t"], given["alpha"], given["t_opt"])
    assert agrees(bound, entry, entry["expected"]["value"])
    entry = vector("cs_empirical_process_lil")
    given = entry["inputs"]
    bound = empirical_process_bound(given["t"], given["alpha"], given["t_min"], given["A"])
    assert agrees(bound, entry, entry["expected"]["value"])


def test_the_mission_documents_answer() -> None:
    entry = vector("seed_guardrail_lcg31")
    control, treatment = arms()
    expected = entry["expected"]
    monitor = ModelABTestMonitor("old", "new")
    for result in (
        monitor.check_guardrails(control, treatment, entry["inputs"]["max_p99_increase_ms"]),
        monitor.check_guardrails(control, treatment, entry["inputs"]["max_p99_increase_ms"], mode="fixed"),
    ):
        for name in ("control_p99_ms", "treatment_p99_ms", "increase_ms"):
            assert agrees(result[name], entry, expected[name])
        assert result["passed"] is expected["passed"]
    # The treatment is 5 percent slower, and looks faster: what is known is that it is not slower by 50 ms.
    low, high = result["increase_interval_ms"]
    assert result["status"] == "pass"
    assert low < 0 < high < 50
