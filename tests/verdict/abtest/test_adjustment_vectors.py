"""Numbers of other engines for covariates, strata, predictions and capped values, to the tolerance that each states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import (
    LabelledRows,
    Mean,
    MeanWithCovariate,
    PredictionPowered,
    RatioWithCovariate,
    Strata,
    compare,
    winsorize,
)
from truthlag.verdict.abtest.difference.effect import NormalEffect
from truthlag.verdict.abtest.difference.effects import ratio_effect
from truthlag.verdict.abtest.difference.regression import adjusted_effect
from truthlag.verdict.abtest.difference.relative import relative_to_baseline
from truthlag.verdict.abtest.inference import Fixed


def uniforms(seed: int) -> Iterator[float]:
    """The generator of the notes: Knuth's linear congruence."""
    state = seed
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield state / 2**32


def arm_of_sums(given: dict[str, float]) -> MeanWithCovariate:
    n = int(given["n"])
    y, x = given["y"] / n, given["x"] / n
    together = given["xy"] - n * x * y
    table = ((given["yy"] - n * y * y, together), (together, given["xx"] - n * x * x))
    return MeanWithCovariate(n, (y, x), table)


class TestCuped:
    def test_growthbook_of_means(self) -> None:
        entry = vector("cuped_gbstats_mean_relative")
        arms = [arm_of_sums(entry["inputs"][name]) for name in ("control", "treatment")]
        result = compare(*arms, mode="fixed", method="cuped", scale="relative")
        expected = entry["expected"]
        assert agrees(result.relative_difference, entry, expected["expected"])
        self.check_relative(entry, *arms, adjusted_effect(*arms, "cuped"))
        # Where they have the plain difference in the error, ours is the adjusted one: near, and not equal.
        assert result.p_value == pytest.approx(expected["pValue"], rel=0.1)

    def test_growthbook_of_proportions(self) -> None:
        # Variances are p (1 - p), and the covariance has n where those of means have n - 1.
        entry = vector("cuped_gbstats_prop_relative")
        given = [entry["inputs"][name] for name in ("control", "treatment")]

        def moments(one: dict[str, float]) -> tuple[float, float, float, float, float]:
            y, x = one["y"] / one["n"], one["x"] / one["n"]
            return y, x, y * (1 - y), x * (1 - x), one["xy"] / one["n"] - x * y

        arms = []
        for one in given:
            y, x, first, second, together = moments(one)
            rest = one["n"] - 1
            table = ((first * rest, together * rest), (together * rest, second * rest))
            arms.append(MeanWithCovariate(int(one["n"]), (y, x), table))
        both = moments({name: given[0][name] + given[1][name] for name in ("n", "y", "x", "xy")})
        slope = both[4] / both[3]
        assert agrees(slope, entry, entry["expected"]["theta"])
        self.check_relative(entry, *arms, adjusted_effect(*arms, slope=(slope,)))

    @staticmethod
    def check_relative(
        entry: dict[str, Any], control: MeanWithCovariate, treatment: MeanWithCovariate, effect: NormalEffect
    ) -> None:
        """Estimate, error, interval and p-value, with the plain difference in the error as GrowthBook has it."""
        expected = entry["expected"]
        assert effect.baseline is not None
        relative = relative_to_baseline(effect, effect.baseline, "delta")
        assert agrees(relative.estimate, entry, expected["expected"])
        difference = treatment.means[0] - control.means[0]
        plain = NormalEffect(difference, effect.standard_error, effect.degrees_of_freedom, effect.method)
        error = relative_to_baseline(plain, effect.baseline, "delta").standard_error
        assert agrees(error, entry, expected["stddev"])
        theirs = NormalEffect(relative.estimate, error, expected["dof"], "")
        low, high = theirs.limits(Fixed(0.05).quantile(expected["dof"], 6001, one_sided=False))
        assert agrees(low, entry, expected["ci"][0]) and agrees(high, entry, expected["ci"][1])
        evidence = Fixed(0.05).evidence(theirs.statistic(0.0), expected["dof"], 6001, one_sided=False)
        assert agrees(evidence.p_value, entry, expected["pValue"])

    def test_raw_values(self) -> None:
        entry = vector("cuped_raw_lcg11")
        given, expected = entry["inputs"], entry["expected"]
        d, x, y = (np.array(given[name]) for name in "dxy")
        arms = [MeanWithCovariate.of(y[d == arm], x[d == arm], sandwich=True) for arm in (0, 1)]
        plain = compare(arms[0].values, arms[1].values, mode="fixed")
        assert agrees(plain.difference, entry, expected["unadjusted_effect"])
        assert agrees(plain.standard_error, entry, expected["unadjusted_se"])
        cuped = compare(*arms, mode="fixed", method="cuped")
        assert agrees(cuped.difference, entry, expected["effect"])
        assert agrees(cuped.standard_error, entry, expected["se"])
        assert agrees(cuped.p_value, entry, expected["pValue"])
        assert agrees(cuped.difference_interval[0], entry, expected["ci"][0])
        assert agrees(cuped.difference_interval[1], entry, expected["ci"][1])
        assert agrees(1 - (cuped.standard_error / plain.standard_error) ** 2, entry, expected["variance_reduction"])
        # The analysis of covariance has the same slope as ours, and another estimate of its error.
        pooled = compare(*arms, mode="fixed")
        assert agrees(pooled.difference, entry, expected["ols_hc2_effect"])
        assert pooled.standard_error == pytest.approx(expected["ols_hc2_se"], rel=5e-3)
        lin = compare(*arms, mode="fixed", method="lin")
        assert agrees(lin.difference, entry, expected["lin_hc2_effect"])
        assert agrees(lin.standard_error, entry, expected["lin_hc2_se"])

    def test_ratio(self) -> None:
        entry = vector("cuped_ratio_improving")
        given = entry["inputs"]
        arms = [
            RatioWithCovariate.of(one["m_post"], one["d_post"], before=(one["m_pre"], one["d_pre"]))
            for one in (given["control"], given["treatment"])
        ]
        effect = ratio_effect(*arms, None, slope=(given["theta"],))
        relative = relative_to_baseline(effect, effect.baseline, "delta")
        assert agrees(relative.estimate, entry, entry["expected"]["lift"])
        assert agrees(relative.standard_error, entry, entry["expected"]["se"])


def test_post_stratification() -> None:
    entry = vector("post_stratification_relative")
    arms = [
        Strata(
            {
                str(place): Mean.from_sums(one[name]["n"], one[name]["sum"], one[name]["sum_squares"])
                for place, one in enumerate(entry["inputs"]["strata"])
            }
        )
        for name in ("control", "treatment")
    ]
    result = compare(*arms, mode="fixed", scale="relative")
    expected = entry["expected"]
    assert agrees(result.relative_difference, entry, expected["estimate"])
    low, high = result.relative_interval
    from scipy import stats

    from truthlag.verdict.abtest.difference.stratified import stratified_effect

    freedom = stratified_effect(*arms).degrees_of_freedom
    assert agrees((high - low) / 2 / stats.t.isf(0.025, freedom), entry, expected["se"])
    plain = [sum(one.by_stratum.values(), Mean(0, 0.0, 0.0)) for arm in [0, 1] for one in [arms[arm]]]
    unweighted = compare(*plain, mode="fixed")
    assert agrees(unweighted.relative_difference, entry, expected["unstratified_estimate"])


def test_winsorising() -> None:
    entry = vector("winsorize_lcg41_p99")
    draws = uniforms(41)
    values = [round(math.exp(1 + 1.2 * (sum(islice(draws, 12)) - 6)), 6) for _ in range(2000)]
    capped = winsorize(values[:800], values[800:], upper=entry["inputs"]["q"])
    expected = entry["expected"]
    both = Mean.of(np.concatenate([capped.control, capped.treatment]))
    assert agrees(capped.high, entry, expected["cap"])
    assert sum(capped.capped) == expected["n_capped"]
    assert agrees(both.mean, entry, expected["mean_winsorized"])
    assert agrees(both.variance, entry, expected["var_winsorized"])
    raw = Mean.of(values)
    assert agrees(raw.mean, entry, expected["mean_raw"]) and agrees(raw.variance, entry, expected["var_raw"])


class TestPredictionPowered:
    @staticmethod
    def rows() -> tuple[list[float], list[float], list[float]]:
        draws = uniforms(61)
        labels, predictions, others = [], [], []
        for place in range(3300):
            score = next(draws)
            label = 1.0 if next(draws) < 0.8 * score + 0.1 else 0.0
            if place < 300:
                labels.append(label)
                predictions.append(score)
            else:
                others.append(score)
        return labels, predictions, others

    @staticmethod
    def population_error(arm: PredictionPowered) -> float:
        """With n for n - 1 in both variances, as ppi-python has them."""
        weight, n = arm.weight, arm.n
        table = arm.labelled.comoments
        left = (table[0][0] - 2 * weight * table[0][1] + weight**2 * table[1][1]) / n
        return math.sqrt(left / n + weight**2 * arm.unlabelled.m2 / arm.unlabelled.n**2)

    def test_its_tuning(self) -> None:
        entry = vector("ppi_power_tuned_formula")
        labels, predictions, others = self.rows()
        checks = entry["expected"]["data_checks"]
        assert agrees(sum(labels), entry, checks["sum_y"]) and agrees(sum(others), entry, checks["sum_u"])
        arm = PredictionPowered.of(labels, predictions, others)
        assert agrees(arm.weight, entry, entry["expected"]["lambda_"])
        assert agrees(arm.estimate, entry, entry["expected"]["point"])
        assert agrees(self.population_error(arm), entry, entry["expected"]["se"])
        # With n - 1, as for all means here.
        assert arm.standard_error == pytest.approx(entry["expected"]["se"], rel=2e-3)
        assert arm.standard_error > entry["expected"]["se"]

    @pytest.mark.parametrize("name", ["ppi_mean_lam_1.0", "ppi_mean_lam_None", "ppi_classical"])
    def test_ppi_python(self, name: str) -> None:
        entry = vector(name)
        labels, predictions, others = self.rows()
        both = np.array(predictions + others)
        # It takes the variance of all predictions with n - 1, and the covariance with n.
        tuned = np.cov(predictions, labels, ddof=0)[0, 1] / (1.1 * both.var(ddof=1))
        tuning = {"ppi_mean_lam_1.0": 1.0, "ppi_mean_lam_None": float(tuned), "ppi_classical": 0.0}[name]
        arm = PredictionPowered.of(labels, predictions, others, tuning=tuning)
        error = self.population_error(arm)
        assert agrees(arm.estimate, entry, entry["expected"]["point"])
        assert agrees(arm.estimate - 1.959963984540054 * error, entry, entry["expected"]["ci"][0])
        assert agrees(arm.estimate + 1.959963984540054 * error, entry, entry["expected"]["ci"][1])


def test_delong() -> None:
    entry = vector("delong_paired_lcg51")
    given: dict[str, Any] = entry["inputs"]
    for name in "ab":
        known = LabelledRows(given["y"], [0] * len(given["y"]), given[f"score_{name}"]).statistic("roc_auc")
        assert agrees(known.estimate, entry, entry["expected"][f"auc_{name}"])
        assert agrees(known.standard_error, entry, entry["expected"][f"se_{name}"])
