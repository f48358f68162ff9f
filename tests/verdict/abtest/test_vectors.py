"""The numbers of other engines, to the tolerance that each states."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import Comparison, Mean, Proportion, Ratio, compare
from truthlag.verdict.abtest.difference import relative_effect
from truthlag.verdict.abtest.difference.effect import NormalEffect
from truthlag.verdict.abtest.inference import AsymptoticSequence, Fixed
from truthlag.verdict.abtest.inference.fixed import upper_tail
from truthlag.verdict.abtest.statistics.ratio import ratio_variance
from truthlag.verdict.two_sample.mean import degrees_of_freedom


def mean(arm: dict[str, float]) -> Mean:
    return Mean.from_sums(arm["n"], arm["sum"], arm["sum_squares"])


def of_scale(result: Comparison, scale: str) -> tuple[float | None, tuple[float, float] | None]:
    if scale == "relative":
        return result.relative_difference, result.relative_interval
    return result.difference, result.difference_interval


class TestMeans:
    @pytest.mark.parametrize(
        ("name", "alternative"),
        [
            ("welch_two_sided_relative", "two_sided"),
            ("welch_two_sided_absolute", "two_sided"),
            ("welch_two_sided_multidim", "two_sided"),
            ("welch_one_sided_greater_relative", "greater"),
            ("welch_one_sided_lesser_relative", "less"),
        ],
    )
    def test_growthbook(self, name: str, alternative: Any) -> None:
        entry = vector(name)
        inputs, expected = entry["inputs"], entry["expected"]
        scale = inputs.get("difference_type", "relative")
        result = compare(
            mean(inputs["a"]),
            mean(inputs["b"]),
            mode="fixed",
            alpha=inputs["alpha"],
            scale=scale,
            alternative=alternative,
        )
        difference, interval = of_scale(result, scale)
        assert agrees(difference, entry, expected["expected"])
        assert interval is not None
        assert agrees(interval[0], entry, expected["ci"][0]) and agrees(interval[1], entry, expected["ci"][1])
        assert agrees(result.p_value, entry, expected["pValue"])

    @pytest.mark.parametrize(
        ("name", "method"),
        [("ttest_from_stats_doc_welch", "welch"), ("ttest_from_stats_unequal_n_unequal_var_pooled", "student")],
    )
    def test_scipy(self, name: str, method: str) -> None:
        entry = vector(name)
        given = entry["inputs"]
        first = Mean(given["n1"], given["mean1"], given["std1"] ** 2 * (given["n1"] - 1))
        second = Mean(given["n2"], given["mean2"], given["std2"] ** 2 * (given["n2"] - 1))
        result = compare(second, first, mode="fixed", method=method)
        assert agrees(result.difference / result.standard_error, entry, entry["expected"]["statistic"])
        assert agrees(result.p_value, entry, entry["expected"]["pvalue"])

    def test_scipy_on_raw_values(self) -> None:
        entry = vector("welch_raw_lcg7")
        result = compare(entry["inputs"]["b"], entry["inputs"]["a"], mode="fixed")
        expected = entry["expected"]
        assert agrees(result.p_value, entry, expected["pvalue"])
        low, high = result.difference_interval
        assert agrees(low, entry, expected["ci95_mean_a_minus_b"][0])
        assert agrees(high, entry, expected["ci95_mean_a_minus_b"][1])

    @pytest.mark.parametrize("name", ["t_two_sided_tail_25_5000.5", "t_two_sided_tail_40_30"])
    def test_tails_that_are_not_zero(self, name: str) -> None:
        entry = vector(name)
        given = entry["inputs"]
        assert agrees(2 * upper_tail(given["t"], given["df"]), entry, entry["expected"]["pvalue"])
        effect = NormalEffect(given["t"], 1.0, given["df"], "")
        assert agrees(
            Fixed(0.05).evidence(effect.statistic(0.0), given["df"], 10, one_sided=False).p_value,
            entry,
            entry["expected"]["pvalue"],
        )

    def test_spotify_confidence(self) -> None:
        entry = vector("spotify_ttest_us_control_vs_test")
        result = compare(mean(entry["inputs"]["a"]), mean(entry["inputs"]["b"]), mode="fixed")
        assert agrees(result.difference, entry, entry["expected"]["difference"])
        assert agrees(result.p_value, entry, entry["expected"]["p-value"])
        assert agrees(result.difference_interval[0], entry, entry["expected"]["ci"][0])
        assert agrees(result.difference_interval[1], entry, entry["expected"]["ci"][1])

    def test_the_example_of_the_plain_monitor(self) -> None:
        entry = vector("seed_example_ab")
        given, expected = entry["inputs"], entry["expected"]
        n, m = given["n"]
        control, treatment = Proportion(given["control_successes"], n), Proportion(given["treatment_successes"], m)
        welch = compare(*(Mean(arm.n, arm.estimate, arm.k * (arm.n - arm.k) / arm.n) for arm in (control, treatment)),
                        mode="fixed")  # fmt: skip
        assert agrees(welch.p_value, entry, expected["welch_p"])
        assert agrees(welch.difference_interval[0], entry, expected["welch_ci_diff"][0])
        assert agrees(welch.relative_difference, {**entry, "tolerance": 5e-6}, expected["seed_lift_percent"] / 100)
        assert agrees(compare(control, treatment, mode="fixed", method="pooled").p_value, entry, expected["pooled_z_p"])
        newcombe = compare(control, treatment, mode="fixed", method="newcombe")
        assert agrees(newcombe.difference_interval[0], entry, expected["newcombe_ci_diff"][0])
        assert agrees(newcombe.difference_interval[1], entry, expected["newcombe_ci_diff"][1])


class TestProportions:
    def test_pooled(self) -> None:
        entry = vector("prop_z_pooled_doc")
        (k, j), (n, m) = entry["inputs"]["count"], entry["inputs"]["nobs"]
        result = compare(Proportion(j, m), Proportion(k, n), mode="fixed", method="pooled")
        assert agrees(result.difference / result.standard_error, entry, entry["expected"]["z"])
        assert agrees(result.p_value, entry, entry["expected"]["pvalue"])

    @pytest.mark.parametrize(
        ("name", "method"),
        [
            ("prop_ci_diff_wald_600_5000_675_5000", "wald"),
            ("prop_ci_diff_agresti-caffo_7_34_1_34", "agresti_caffo"),
            ("prop_ci_diff_newcomb_600_5000_675_5000", "newcombe"),
        ],
    )
    def test_intervals_of_the_difference(self, name: str, method: str) -> None:
        entry = vector(name)
        control, treatment = arms(entry)
        low, high = compare(control, treatment, mode="fixed", method=method).difference_interval
        assert agrees(low, entry, entry["expected"]["ci"][0]) and agrees(high, entry, entry["expected"]["ci"][1])

    @pytest.mark.parametrize("name", ["prop_ci_diff_score_7_34_1_34", "prop_ci_diff_score_600_5000_675_5000"])
    def test_score_intervals_with_the_right_cubic(self, name: str) -> None:
        # statsmodels solves the cubic of Miettinen and Nurminen with the successes of a sample where their L1 has its rows:
        # its restricted estimates are not of maximum likelihood. So the limits are near and not equal; at each of ours the
        # statistic, with the estimates found by a search for the maximum itself, is the quantile.
        entry = vector(name)
        control, treatment = arms(entry)
        limits = compare(control, treatment, mode="fixed", method="score").difference_interval
        for limit, theirs, quantile in zip(limits, entry["expected"]["ci"], (1, -1), strict=True):
            assert limit == pytest.approx(theirs, abs=2e-3)
            assert searched_statistic(control, treatment, limit) == pytest.approx(
                quantile * 1.959963984540054, abs=1e-7
            )

    @pytest.mark.parametrize(
        ("name", "method"),
        [("prop_test_2indep_diff_score", None), ("prop_test_2indep_diff_agresti-caffo", "agresti_caffo")],
    )
    def test_tests(self, name: str, method: str | None) -> None:
        entry = vector(name)
        result = compare(*arms(entry), mode="fixed", method=method)
        assert agrees(result.p_value, entry, entry["expected"]["pvalue"])

    @pytest.mark.parametrize(
        ("name", "method"),
        [
            ("prop_ci_ratio_log_7_34_1_34", "log"),
            ("prop_ci_ratio_log-adjusted_7_34_1_34", "log_adjusted"),
            ("prop_ci_ratio_log-adjusted_600_5000_675_5000", "log_adjusted"),
        ],
    )
    def test_ratios(self, name: str, method: str) -> None:
        entry = vector(name)
        low, high = compare(*arms(entry), mode="fixed", relative_method=method).relative_interval
        assert agrees(low + 1, entry, entry["expected"]["ci"][0]) and agrees(
            high + 1, entry, entry["expected"]["ci"][1]
        )

    @pytest.mark.parametrize(
        "name",
        [
            "prop_ci_odds-ratio_logit_600_5000_675_5000",
            "prop_ci_odds-ratio_logit-adjusted_600_5000_675_5000",
            "prop_ci_odds-ratio_logit-smoothed_7_34_1_34",
            "prop_ci_odds-ratio_logit-smoothed_600_5000_675_5000",
            "prop_ci_odds-ratio_score_7_34_1_34",
        ],
    )
    def test_odds_ratios(self, name: str) -> None:
        entry = vector(name)
        method = entry["inputs"]["method"].replace("-", "_")
        low, high = compare(*arms(entry), mode="fixed", odds_ratio=method).odds_ratio_interval
        assert agrees(low, entry, entry["expected"]["ci"][0]) and agrees(high, entry, entry["expected"]["ci"][1])

    def test_equivalence(self) -> None:
        entry = vector("prop_tost_2indep_wald")
        result = compare(*arms(entry), mode="fixed", method="wald", hypothesis="equivalence", margin=0.02)
        assert result.verdict == "equivalent"
        assert agrees(result.p_value, entry, entry["expected"]["pvalue"])


def arms(entry: dict[str, Any]) -> tuple[Proportion, Proportion]:
    """The second sample is the control, since differences there are of the first less the second."""
    given = entry["inputs"]
    return Proportion(given["count2"], given["nobs2"]), Proportion(given["count1"], given["nobs1"])


def searched_statistic(control: Proportion, treatment: Proportion, margin: float) -> float:
    from scipy import optimize

    def surprise(p: float) -> float:
        q = p + margin
        return -(
            treatment.k * math.log(q)
            + (treatment.n - treatment.k) * math.log1p(-q)
            + control.k * math.log(p)
            + (control.n - control.k) * math.log1p(-p)
        )

    bounds = (max(0.0, -margin) + 1e-9, min(1.0, 1 - margin) - 1e-9)
    p = optimize.minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    q, rows = p + margin, control.n + treatment.n
    variance = (p * (1 - p) / control.n + q * (1 - q) / treatment.n) * rows / (rows - 1)
    return (treatment.estimate - control.estimate - margin) / math.sqrt(variance)


class TestRatios:
    def test_ratio_of_units(self) -> None:
        entry = vector("ratio_stat_small")
        ratio = Ratio.of(entry["inputs"]["m"], entry["inputs"]["d"])
        assert agrees(ratio.estimate, entry, entry["expected"]["mean"])
        assert agrees(ratio.variance, entry, entry["expected"]["variance"])
        assert agrees(ratio.comoment / 3, entry, entry["expected"]["covariance"])

    def test_growthbook(self) -> None:
        # Its sums are made up: those of squares are smaller than any units with such sums have, and `Ratio` refuses them. The
        # formulas take them all the same.
        entry = vector("ratio_delta_gbstats_absolute")
        found = []
        for arm in (entry["inputs"]["control"], entry["inputs"]["treatment"]):
            n = arm["users"]
            top, bottom = arm["main_sum"] / n, arm["denominator_sum"] / n
            squares = [
                (arm["main_sum_squares"] - n * top * top) / (n - 1),
                (arm["denominator_sum_squares"] - n * bottom * bottom) / (n - 1),
                (arm["main_denominator_sum_product"] - n * top * bottom) / (n - 1),
            ]
            found.append((top / bottom, ratio_variance(top, bottom, *squares) / n, n))
            with pytest.raises(ValueError, match="denominator_squares must be at least"):
                Ratio.from_sums(n, arm["main_sum"], arm["denominator_sum"], arm["main_sum_squares"],
                                arm["denominator_sum_squares"], arm["main_denominator_sum_product"])  # fmt: skip
        (before, before_variance, n), (now, now_variance, m) = found
        error = math.sqrt(before_variance + now_variance)
        freedom = degrees_of_freedom(math.sqrt(before_variance), n, math.sqrt(now_variance), m)
        effect = NormalEffect(now - before, error, freedom, "delta method")
        assert agrees(effect.estimate, entry, entry["expected"]["expected"])
        assert agrees(error, entry, entry["expected"]["stddev"])
        low, high = effect.limits(Fixed(0.05).quantile(freedom, 220, one_sided=False))
        assert agrees(low, entry, entry["expected"]["ci"][0]) and agrees(high, entry, entry["expected"]["ci"][1])
        evidence = Fixed(0.05).evidence(effect.statistic(0.0), freedom, 220, one_sided=False)
        assert agrees(evidence.p_value, entry, entry["expected"]["pValue"])


class TestRelativeDifferences:
    @pytest.mark.parametrize("method", ["fieller", "delta", "log"])
    def test_noisy_denominator(self, method: str) -> None:
        entry = vector("fieller_noisy_denominator")
        given = entry["inputs"]
        # Statsig divides by n - 1 for Fieller's interval, and by n for the others.
        less = 1 if method == "fieller" else 0
        first = math.sqrt(given["var_c"] / (given["n_c"] - less))
        second = math.sqrt(given["var_t"] / (given["n_t"] - less))
        effect = relative_effect(given["mean_c"], first, given["mean_t"] - given["mean_c"], second, math.inf, method)
        low, high = effect.limits(Fixed(0.05).quantile(math.inf, 400, one_sided=False))
        expected = entry["expected"][{"log": "log_ratio_ci"}.get(method, f"{method}_ci")]
        assert agrees(effect.estimate, entry, entry["expected"]["lift"])
        assert agrees(low, entry, expected[0]) and agrees(high, entry, expected[1])
        # The statistic at a limit is the quantile of the limit.
        assert effect.statistic(low) == pytest.approx(1.959963984540054, abs=1e-9)
        assert effect.statistic(high) == pytest.approx(-1.959963984540054, abs=1e-9)

    def test_variance_of_a_difference(self) -> None:
        entry = vector("delta_variance_abs")
        given = entry["inputs"]
        first, second = (
            Mean(given[f"n_{arm}"], given[f"mean_{arm}"], given[f"var_{arm}"] * (given[f"n_{arm}"] - 1)) for arm in "ab"
        )
        assert agrees(compare(first, second, mode="fixed").standard_error ** 2, entry, entry["expected"]["variance"])

    def test_negative_baseline(self) -> None:
        entry = vector("relative_lift_negative_baseline_-10_-5")
        given = entry["inputs"]
        first, second = (
            Mean(given["n"], given[name], given["var"] * (given["n"] - 1)) for name in ("mean_a", "mean_b")
        )
        effect = relative_effect(
            first.mean, first.standard_error, second.mean - first.mean, second.standard_error, math.inf, "delta"
        )
        assert agrees(effect.estimate, entry, entry["expected"]["lift"])
        assert agrees(effect.standard_error, entry, entry["expected"]["se"])
        assert compare(first, second, mode="fixed").verdict == "better"


class TestNonInferiority:
    def test_spotify_decrease(self) -> None:
        entry = vector("nim_spotify_decrease")
        given, expected = entry["inputs"], entry["expected"]
        control = mean(given["a"])
        result = compare(
            control,
            mean(given["b"]),
            mode="fixed",
            method="z",
            hypothesis="non_inferiority",
            direction="lower",
            margin=given["relative_margin"] * control.mean,
            alpha=given["alpha"],
        )
        assert result.verdict == "non_inferior"
        assert agrees(result.margin, entry, expected["null_hypothesis"])
        assert agrees(result.difference, entry, expected["difference"])
        assert agrees(result.difference_interval[1], entry, expected["ci"][1])
        assert agrees(result.p_value, entry, expected["p-value"])

    @pytest.mark.parametrize(
        ("name", "alternative"),
        [("nim_spotify_onesided_increase", "greater"), ("nim_spotify_onesided_decrease", "less")],
    )
    def test_spotify_one_sided(self, name: str, alternative: Any) -> None:
        entry = vector(name)
        given, expected = entry["inputs"], entry["expected"]
        result = compare(
            mean(given["a"]), mean(given["b"]), mode="fixed", method="z", alternative=alternative, alpha=given["alpha"]
        )
        assert agrees(result.difference_interval[0], entry, expected["ci"][0])
        assert agrees(result.difference_interval[1], entry, expected["ci"][1])
        assert agrees(result.p_value, entry, expected["p-value"])


class TestConfidenceSequence:
    @pytest.mark.parametrize(
        ("name", "alternative"),
        [
            ("asympcs_two_sided_mean_rel_N1000", "two_sided"),
            ("asympcs_one_sided_greater_relative", "greater"),
            ("asympcs_one_sided_lesser_relative", "less"),
            ("asympcs_one_sided_lesser_absolute", "less"),
        ],
    )
    def test_growthbook(self, name: str, alternative: Any) -> None:
        entry = vector(name)
        given, expected = entry["inputs"], entry["expected"]
        scale = given["difference_type"]
        result = compare(
            mean(given["a"]),
            mean(given["b"]),
            alpha=given["alpha"],
            expected_n=int(given["tuning"]),
            scale=scale,
            alternative=alternative,
        )
        difference, interval = of_scale(result, scale)
        assert agrees(difference, entry, expected["expected"])
        assert agrees(interval[0], entry, expected["ci"][0]) and agrees(interval[1], entry, expected["ci"][1])
        # Of one side they are capped at .4999.
        if alternative == "two_sided":
            assert agrees(result.p_value, entry, expected["pValue"])
        else:
            assert result.p_value > 0.4999

    def test_growthbook_of_proportions(self) -> None:
        # Their variance of a row is p (1 - p) too.
        entry = vector("asympcs_two_sided_prop_rel")
        given, expected = entry["inputs"], entry["expected"]
        result = compare(
            *(Proportion(int(given[arm]["sum"]), given[arm]["n"]) for arm in "ab"), expected_n=5000, scale="relative"
        )
        assert agrees(result.relative_difference, entry, expected["expected"])
        assert agrees(result.relative_interval[0], entry, expected["ci"][0])
        assert agrees(result.relative_interval[1], entry, expected["ci"][1])
        assert result.p_value == pytest.approx(expected["pValue"], rel=1e-9)

    def test_its_precision(self) -> None:
        entry = vector("asympcs_two_sided_mean_rel_N1000")
        sequence = AsymptoticSequence(0.05, 1000)
        assert agrees(math.sqrt(sequence._two_sided), entry, entry["expected"]["rho"])
        entry = vector("asympcs_one_sided_lesser_absolute")
        sequence = AsymptoticSequence(0.05, 5000)
        assert agrees(math.sqrt(sequence._one_sided), {**entry, "tolerance": 1e-9}, entry["expected"]["rho"])
