"""Sizes, effects and chances, against other libraries, closed forms and simulation."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import (
    GroupSequentialPlan,
    Known,
    Mean,
    Proportion,
    additional_units,
    compare,
    duration,
    minimum_detectable_effect,
    outlook,
    power,
    sample_size,
)
from truthlag.verdict.abtest.inference import AsymptoticSequence
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds

MODES: list[dict[str, Any]] = [
    {},
    {"mode": "group_sequential", "looks": 5},
    {"mode": "group_sequential", "looks": [0.2, 0.9], "spending": 2.0, "alternative": "greater"},
    {"mode": "confidence_sequence"},
    {"mode": "confidence_sequence", "looks": 7, "expected_n": 3_000},
    {"ratio": 0.2},
    {"variance": "pooled"},
    {"variance": "baseline", "treatments": 3},
    {"variance": "arcsine"},
    {"alternative": "greater", "alpha": 0.01},
]


class TestVectors:
    @pytest.mark.parametrize("name", ["pwr_t_d1_n30", "pwr_t_d01_n20"])
    def test_noncentral_t(self, name: str) -> None:
        entry = vector(name)
        given = entry["inputs"]
        found = power(
            0.0, float(given["effect_size"]), 2 * given["nobs1"], standard_deviation=1.0, alpha=given["alpha"]
        )
        assert agrees(found.power, entry, entry["expected"]["power"])

    @pytest.mark.parametrize(
        ("variance", "field"),
        [("arcsine", "n_per_arm_arcsine"), ("unpooled", "n_per_arm_unpooled"), ("pooled", "n_per_arm_pooled_fleiss")],
    )
    def test_two_rates(self, variance: str, field: str) -> None:
        entry = vector("sample_size_two_prop_002_0025")
        given = entry["inputs"]
        plan = sample_size(given["p1"], given["p2"] - given["p1"], power=given["power"], variance=variance)
        assert agrees(plan.size / 2, entry, entry["expected"][field])
        assert plan.control_n == plan.treatment_n == math.ceil(plan.size / 2)

    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("sample_size_spotify_binom_large", {}),
            ("sample_size_spotify_binom_3arms", {"treatments": 2, "ratio": 0.5}),
        ],
    )
    def test_spotify(self, name: str, options: dict[str, Any]) -> None:
        # Its numbers are those of a power of .85 and of the baseline's variance in all arms.
        entry = vector(name)
        given = entry["inputs"]
        plan = sample_size(
            given["baseline_proportion"], given["absolute_percentage_mde"], power=0.85, variance="baseline", **options
        )
        assert agrees(plan.size, entry, entry["expected"]["n_total"])
        assert plan.control_n / plan.planned_n == pytest.approx(entry["expected"]["allocations"][0], abs=1e-5)

    def test_growthbook(self) -> None:
        entry = vector("mde_growthbook_fixed")
        given = entry["inputs"]
        found = minimum_detectable_effect(
            float(given["mean"]),
            given["n_total"],
            standard_deviation=math.sqrt(given["variance"]),
            scale="relative",
            treatments=given["n_variations"] - 1,
        )
        assert agrees(found.effect, entry, entry["expected"]["mde_relative"])

    @pytest.mark.parametrize("name", ["power_growthbook_sequential", "mde_growthbook_sequential"])
    def test_growthbook_sequential(self, name: str) -> None:
        # Its calculator takes a confidence sequence's interval for one of 1.96 of larger standard errors, and so for a
        # statistic with more noise. The bound is ours; the chance to cross it is the one with the noise there is.
        entry = vector(name)
        given = entry["inputs"]
        arm = given["n_total"] / given["n_variations"]
        tuned = AsymptoticSequence(given["alpha"], given["sequential_tuning"])
        bound = tuned.quantile(math.inf, round(2 * arm), one_sided=False)
        is_power = name.startswith("power")
        effect = given["relative_effect"] if is_power else entry["expected"]["mde_relative"]
        error = math.sqrt(given["variance"] / arm * (1 + (1 + effect) ** 2)) / given["mean"]
        z = -float(special.ndtri(given["alpha"] / 2))
        noisy = effect / error * z / bound
        theirs = float(special.ndtr(noisy - z) + special.ndtr(-noisy - z))
        expected = entry["expected"]["power"] if is_power else given["power"]
        assert theirs == pytest.approx(expected, abs=2e-6)
        ours = power(
            float(given["mean"]),
            effect,
            given["n_total"],
            standard_deviation=math.sqrt(given["variance"]),
            scale="relative",
            treatments=given["n_variations"] - 1,
            mode="confidence_sequence",
            looks=1,
            expected_n=given["sequential_tuning"],
        )
        assert ours.power == pytest.approx(
            stats.norm.sf(bound - effect / error) + stats.norm.cdf(-bound - effect / error), abs=1e-6
        )

    @pytest.mark.parametrize("name", ["midexperiment_power_freq", "midexperiment_power_seq"])
    def test_growthbook_in_the_middle(self, name: str) -> None:
        entry = vector(name)
        given = entry["inputs"]
        arms = (Mean.from_sums(*(given[arm][field] for field in ("n", "sum", "sum_squares"))) for arm in "ab")
        mode: Any = "confidence_sequence" if given["sequential"] else "fixed"
        now = compare(*arms, scale="relative", mode=mode)
        more = additional_units(now, given["target_mde"], power=given["target_power"])
        assert more is not None and agrees(more / 1_000, entry, entry["expected"]["scaling_factor"])


class TestSizes:
    @pytest.mark.parametrize("options", MODES)
    def test_they_agree_with_each_other(self, options: dict[str, Any]) -> None:
        plan = sample_size(0.1, 0.02, power=0.8, **options)
        found = power(0.1, 0.02, plan.planned_n, **options)
        # Rounding up adds a unit of an arm or two.
        assert 0.8 - 1e-6 <= found.power <= 0.803 and found.looks == plan.looks
        least = minimum_detectable_effect(0.1, plan.planned_n, power=0.8, **options)
        assert least.effect == pytest.approx(0.02, rel=2e-3)
        assert least.power == pytest.approx(0.8, abs=1e-6)
        assert plan.mean_n <= plan.size * (1 + 1e-12) and plan.mean_n <= plan.mean_n_without
        json.dumps(plan.to_dict(), allow_nan=False)
        assert f"{plan.planned_n:,} units" in str(plan)

    def test_as_statsmodels(self) -> None:
        library = pytest.importorskip("statsmodels.stats.power")
        for effect, ratio in ((0.3, 1.0), (0.5, 2.0), (0.05, 1.0)):
            expected = library.TTestIndPower().solve_power(effect, power=0.9, alpha=0.05, ratio=ratio)
            found = sample_size(5.0, 2 * effect, standard_deviation=2.0, power=0.9, ratio=ratio)
            # Beyond 10 000 degrees of freedom ours is normal.
            assert found.size / (1 + ratio) == pytest.approx(expected, rel=1e-3 if effect < 0.1 else 1e-7)

    def test_group_sequential_as_published(self) -> None:
        # Jennison and Turnbull (2000), the inflation of Pocock-like and O'Brien-Fleming-like spending is between that of no
        # looks and that of Pocock's test with 5 looks (1.229 for .9).
        one = sample_size(0.1, 0.02, power=0.9, variance="baseline").size
        many = {
            how: sample_size(
                0.1, 0.02, power=0.9, variance="baseline", mode="group_sequential", looks=5, spending=how
            ).size
            / one
            for how in ("obrien_fleming", 2.0, "pocock")
        }  # type: ignore[arg-type] # a test's own dict
        assert 1 < many["obrien_fleming"] < many[2.0] < many["pocock"] < 1.229
        # Of O'Brien and Fleming's own test it is 1.026.
        assert many["obrien_fleming"] == pytest.approx(1.026, abs=0.004)

    def test_statistics_of_the_past(self) -> None:
        past = Mean(400, 10.0, 399 * 9.0)
        assert sample_size(past, 0.5).size == pytest.approx(sample_size(10.0, 0.5, standard_deviation=3.0).size)
        assert sample_size(Proportion(12, 100), 0.03) == sample_size(0.12, 0.03)
        assert sample_size(Known(50, 0.9, 0.02), 0.01).size == pytest.approx(
            sample_size(0.9, 0.01, standard_deviation=0.02 * math.sqrt(50)).size
        )

    def test_non_inferiority(self) -> None:
        plan = sample_size(0.12, hypothesis="non_inferiority", margin=0.01, power=0.9)
        z = stats.norm.isf(0.05) + stats.norm.isf(0.1)
        assert plan.size == pytest.approx(4 * 0.12 * 0.88 * (z / 0.01) ** 2)
        lower = sample_size(0.12, 0.0, hypothesis="non_inferiority", margin=0.01, direction="lower", power=0.9)
        assert lower.size == pytest.approx(plan.size)
        worse = sample_size(0.12, -0.005, hypothesis="non_inferiority", margin=0.01, power=0.9)
        assert worse.size > 3.9 * plan.size
        assert power(0.12, -0.02, 20_000, hypothesis="non_inferiority", margin=0.01).power < 0.05
        with pytest.raises(ValueError, match="effect must be better"):
            sample_size(0.12, -0.01, hypothesis="non_inferiority", margin=0.01)

    @pytest.mark.parametrize(
        "rule", [{}, {"mode": "group_sequential", "looks": 3}, {"mode": "confidence_sequence", "looks": 3}]
    )
    @pytest.mark.parametrize("direction", ["higher", "lower"])
    @pytest.mark.parametrize("scale", ["absolute", "relative"])
    def test_the_worst_that_is_shown_not_to_be_inferior(self, rule: dict[str, Any], direction: str, scale: str) -> None:
        design: dict[str, Any] = {
            "margin": 0.01 if scale == "absolute" else 0.1,
            "direction": direction,
            "scale": scale,
        }
        design |= {"hypothesis": "non_inferiority", **rule}
        sign = 1 if direction == "higher" else -1
        for n in (5_000, 80_000):
            found = minimum_detectable_effect(0.1, n, **design)
            # A small test needs a better treatment, a large one takes a worse one, if not by the margin.
            assert (sign * found.effect < 0) == (n == 80_000) and sign * found.effect > -design["margin"]
            assert power(0.1, found.effect, n, **design).power == pytest.approx(0.8, abs=1e-9)

    def test_the_worst_of_a_mean_in_closed_form(self) -> None:
        found = minimum_detectable_effect(
            50.0, 40_000, standard_deviation=20.0, hypothesis="non_inferiority", margin=1.0
        )
        error = 20 * math.sqrt(2 / 20_000)
        assert found.effect == pytest.approx(-1 + (stats.norm.isf(0.05) + stats.norm.isf(0.2)) * error, rel=1e-9)

    def test_a_margin_that_leaves_no_room(self) -> None:
        found = minimum_detectable_effect(0.01, 10**6, hypothesis="non_inferiority", margin=0.5)
        assert -0.01 <= found.effect < -0.0099

    @pytest.mark.parametrize(
        ("arguments", "options", "error"),
        [
            ((0.0, 0.1), {}, "baseline must be a rate between 0 and 1"),
            ((1.5, 0.1), {}, "baseline must be a finite number from 0 to 1"),
            ((0.1, 0.0), {}, "effect must be better than what it is held against"),
            ((0.1, None), {}, "effect must be a finite number"),
            ((0.1, 0.95), {}, "effect must leave a rate from 0 to 1"),
            ((0.1, math.nan), {}, "effect must be a finite number"),
            ((0.1, 1e200), {"standard_deviation": 1.0}, "effect must be a finite number"),
            ((0.1, 1.0), {"standard_deviation": 1e200}, "standard_deviation must be a finite number"),
            ((0.1, 0.01), {"power": 1.0}, "power must be a number between 0 and 1"),
            ((0.1, 0.01), {"alpha": 0.5}, "alpha must be below"),
            ((0.1, 0.01), {"ratio": 0}, "ratio must be"),
            ((0.1, 0.01), {"looks": 3}, "looks must be None"),
            ((0.1, 0.01), {"mode": "group_sequential"}, "looks must be given"),
            (
                (0.1, 0.01),
                {"mode": "group_sequential", "looks": [100, 200]},
                "looks must be a number of looks or shares",
            ),
            ((0.1, 0.01), {"mode": "always"}, "mode must be"),
            ((0.1, 0.01), {"margin": 0.1}, r"effect must be better than what it is held against \(0.1\)"),
            ((0.1, -0.01), {"margin": 0.02}, r"effect must be better than what it is held against \(-0.02\)"),
            ((0.1, None), {"margin": 0.02}, "effect must be a finite number"),
            ((0.1, 0.01), {"hypothesis": "equivalence"}, "margin must be given for equivalence, got None"),
            ((0.1, 0.01), {"hypothesis": "non_inferiority"}, "margin must be given for non_inferiority, got None"),
            ((0.1, 0.01), {"hypothesis": "equivalence", "margin": 0.01}, "effect must be within the margin of 0.01"),
            ((0.1, -0.02), {"hypothesis": "equivalence", "margin": 0.01}, "effect must be within the margin of 0.01"),
            ((0.1, 0.01), {"hypothesis": "sameness", "margin": 0.01}, "hypothesis must be"),
            ((0.1, 0.01), {"sides": 1}, "design must be of"),
            ((0.1, 0.01), {"scale": "relative", "variance": "pooled"}, "variance must be 'unpooled'"),
            ((5.0, 1.0), {"standard_deviation": 0}, "standard_deviation must be"),
            ((0.0, 1.0), {"standard_deviation": 1.0, "scale": "relative"}, "baseline must not be 0"),
            ((Mean(9, 1.0, 0.0), 1.0), {}, "baseline must have some spread"),
            ((Mean(1, 1.0, 0.0), 1.0), {}, "baseline must have an estimate"),
        ],
    )
    def test_arguments(self, arguments: Any, options: dict[str, Any], error: str) -> None:
        with pytest.raises((TypeError, ValueError), match=error):
            sample_size(*arguments, **options)

    def test_no_effect_is_large_enough(self) -> None:
        with pytest.raises(ValueError, match="n must be what some test reaches"):
            minimum_detectable_effect(0.9, 10)


EQUIVALENCE_MODES: list[dict[str, Any]] = [
    {},
    {"mode": "group_sequential", "looks": 4},
    {"mode": "confidence_sequence", "looks": 4},
    {"mode": "confidence_sequence", "looks": 3, "expected_n": 10_000},
    {"scale": "relative", "margin": 0.1},
    {"variance": "pooled", "ratio": 0.5},
    {"variance": "arcsine"},
    {"variance": "baseline", "treatments": 2},
]


def ends(
    drifts: Any, width: float, bounds: Any, shares: Any, begin: tuple[float, float] = (0.0, 0.0), seed: int = 1
) -> tuple[float, float, float]:
    """The shares of simulated tests at two margins that end with equivalence and beyond a margin, and where they end on average.

    `begin` are information and score against the lower margin at the last look.
    """
    random = np.random.default_rng(seed)
    runs = 200_000
    steps = np.diff([begin[0], *shares])
    moves = random.normal(0, 1, (runs, len(steps))) * np.sqrt(steps) + drifts * steps
    roots = np.sqrt(shares)
    lower = (begin[1] + np.cumsum(moves, axis=1)) / roots
    upper = width * roots - lower
    inside = np.minimum(lower, upper) >= bounds
    outside = -np.minimum(lower, upper) >= bounds
    first = np.where(inside.any(axis=1), inside.argmax(axis=1), 99)
    other = np.where(outside.any(axis=1), outside.argmax(axis=1), 99)
    last = np.minimum(np.minimum(first, other), len(steps) - 1)
    return float((first < other).mean()), float((other < first).mean()), float(np.asarray(shares)[last].mean())


class TestEquivalence:
    @pytest.mark.parametrize("options", EQUIVALENCE_MODES)
    def test_they_agree_with_each_other(self, options: dict[str, Any]) -> None:
        design: dict[str, Any] = {"hypothesis": "equivalence", "margin": 0.02, **options}
        true = design["margin"] / 4
        plan = sample_size(0.1, true, **design)
        found = power(0.1, true, plan.planned_n, **design)
        assert 0.8 - 1e-6 <= found.power <= 0.803
        # A rate's variance rises with it, so that above is the side where less is shown.
        least = minimum_detectable_effect(0.1, plan.planned_n, **design)
        assert least.power == pytest.approx(0.8, abs=1e-8)
        if design.get("variance") not in ("arcsine", "baseline"):
            assert least.effect == pytest.approx(true, rel=5e-3)
        assert power(0.1, -0.99 * least.effect, plan.planned_n, **design).power >= 0.8
        assert (plan.hypothesis, plan.margin) == ("equivalence", design["margin"])
        assert "shows equivalence, margin" in str(plan) and "alpha 0.05 of each side" in str(plan)
        json.dumps(plan.to_dict(), allow_nan=False)
        assert duration(plan, 1_000).units == plan.planned_n

    def test_no_difference_in_closed_form(self) -> None:
        # Chow, Shao and Wang (2008), 4.2.3; their beta is halved where there is no difference.
        z = stats.norm.isf(0.05) + stats.norm.isf(0.1)
        plan = sample_size(0.12, hypothesis="equivalence", margin=0.01)
        assert plan.size == pytest.approx(4 * 0.12 * 0.88 * (z / 0.01) ** 2, rel=1e-9)

    def test_rates_in_closed_form(self) -> None:
        error = math.sqrt((0.12 * 0.88 + 0.125 * 0.875) / 20_000)
        expected = (
            stats.norm.cdf(0.015 / error - 1.6448536269514722) + stats.norm.cdf(0.005 / error - 1.6448536269514722) - 1
        )
        found = power(0.12, 0.005, 40_000, hypothesis="equivalence", margin=0.01)
        assert found.power == pytest.approx(expected, rel=1e-9)
        assert power(0.12, 0.0, 4_000, hypothesis="equivalence", margin=0.001).power == 0.0

    def test_means_as_published(self) -> None:
        # PowerTOST's sampleN.TOST(CV = 0.3): 40 subjects of a crossover, a power of 0.815845 by Owen's Q. A crossover's standard
        # error is that of two arms whose variance is half as large, with as many degrees of freedom.
        deviation = math.sqrt(math.log(1.09) / 2)
        design: dict[str, Any] = {
            "hypothesis": "equivalence",
            "margin": math.log(1.25),
            "standard_deviation": deviation,
        }
        assert power(0.0, math.log(0.95), 40, **design).power == pytest.approx(0.815845, abs=1e-6)
        assert sample_size(0.0, math.log(0.95), **design).planned_n == 40

    @pytest.mark.parametrize("arm", [2, 3, 12])
    def test_few_rows_by_simulation(self, arm: int) -> None:
        random = np.random.default_rng(arm)
        runs, margin, true = 200_000, 3.0, 0.5
        arms = random.normal(0, 1, (2, runs, arm))
        difference = true + arms[1].mean(axis=1) - arms[0].mean(axis=1)
        error = np.sqrt((arms[0].var(axis=1, ddof=1) + arms[1].var(axis=1, ddof=1)) / arm)
        reach = stats.t.isf(0.05, 2 * arm - 2) * error
        share = ((difference - reach >= -margin) & (difference + reach <= margin)).mean()
        found = power(0.0, true, 2 * arm, standard_deviation=1.0, hypothesis="equivalence", margin=margin)
        assert share == pytest.approx(found.power, abs=4 * math.sqrt(0.25 / runs))

    @pytest.mark.parametrize(
        "rule",
        [
            {"mode": "group_sequential", "looks": 4},
            {"mode": "group_sequential", "looks": [0.3, 0.8], "spending": "pocock"},
            {"mode": "confidence_sequence", "looks": 5},
        ],
    )
    @pytest.mark.parametrize("effect", [0.0, -0.006, 0.02])
    def test_many_looks_by_simulation(self, rule: dict[str, Any], effect: float) -> None:
        n = 60_000
        found = power(0.12, effect, n, variance="baseline", hypothesis="equivalence", margin=0.01, **rule)
        error = math.sqrt(2 * 0.12 * 0.88 / (n / 2))
        shares = [one / n for one in found.looks]
        inside, _, mean = ends((effect + 0.01) / error, 0.02 / error, found.bounds, shares)
        assert inside == pytest.approx(found.power, abs=4 * math.sqrt(0.25 / 200_000))
        assert mean * n == pytest.approx(found.mean_n, rel=4e-3)

    def test_a_relative_margin_by_simulation(self) -> None:
        random = np.random.default_rng(5)
        n, runs = 6_000, 100_000
        before, now = random.normal(50, 20 / math.sqrt(n), runs), random.normal(50.5, 20 / math.sqrt(n), runs)
        difference, error = now / before - 1, 20 / math.sqrt(n) / before * np.sqrt(1 + (now / before) ** 2)
        reach = stats.norm.isf(0.05) * error
        share = ((difference - reach >= -0.025) & (difference + reach <= 0.025)).mean()
        found = power(
            50.0, 0.01, 2 * n, standard_deviation=20.0, scale="relative", hypothesis="equivalence", margin=0.025
        )
        # The delta method is right to the order of the control's own relative error, 0.5%.
        assert share == pytest.approx(found.power, abs=0.01)

    def test_the_largest_in_closed_form(self) -> None:
        found = minimum_detectable_effect(50.0, 40_000, standard_deviation=20.0, hypothesis="equivalence", margin=1.0)
        error = 20 * math.sqrt(2 / 20_000)
        assert found.effect == pytest.approx(1 - (stats.norm.isf(0.05) + stats.norm.isf(0.2)) * error, rel=1e-6)
        # Both sides are alike, whatever is rounded.
        many: dict[str, Any] = {"mode": "confidence_sequence", "looks": 20, "hypothesis": "equivalence", "margin": 0.01}
        assert minimum_detectable_effect(0.0, 10**9, standard_deviation=1.0, **many).effect > 0

    def test_the_side_where_less_is_shown(self) -> None:
        assert minimum_detectable_effect(0.9, 80_000, hypothesis="equivalence", margin=0.01).effect < 0
        assert minimum_detectable_effect(0.1, 80_000, hypothesis="equivalence", margin=0.01).effect > 0
        assert minimum_detectable_effect(0.3, 10**6, hypothesis="equivalence", margin=0.9).effect == pytest.approx(0.7)
        # There is no lesser rate than 0, which is within the margin.
        assert 0 < minimum_detectable_effect(0.01, 10**6, hypothesis="equivalence", margin=0.012).effect < 0.012
        with pytest.raises(ValueError, match="n must be what some test reaches, got 100"):
            minimum_detectable_effect(0.1, 100, hypothesis="equivalence", margin=0.01)


class TestSuperiorityByAMargin:
    def test_in_closed_form(self) -> None:
        z = stats.norm.isf(0.025) + stats.norm.isf(0.2)
        for effect in (0.02, -0.02):
            found = sample_size(0.12, effect, margin=0.005, variance="baseline")
            assert found.size == pytest.approx(4 * 0.12 * 0.88 * (z / 0.015) ** 2, rel=1e-9)
        one_sided = sample_size(0.12, 0.02, margin=0.005, variance="baseline", alternative="greater", alpha=0.025)
        assert one_sided.size == pytest.approx(found.size, rel=1e-9)
        assert "shows superiority, margin 0.005, at a difference of -0.02" in str(found)

    @pytest.mark.parametrize("options", [{}, {"mode": "group_sequential", "looks": 3}, {"standard_deviation": 0.3}])
    def test_they_agree_with_each_other(self, options: dict[str, Any]) -> None:
        for direction, effect in (("higher", 0.03), ("lower", -0.03)):
            design = {"margin": 0.01, **options}
            plan = sample_size(0.12, effect, **design)
            assert power(0.12, effect, plan.planned_n, **design).power == pytest.approx(0.8, abs=2e-3)
            least = minimum_detectable_effect(0.12, plan.planned_n, direction=direction, **design)
            assert least.effect == pytest.approx(effect, rel=2e-3)

    def test_both_sides_by_simulation(self) -> None:
        n, margin = 8, 0.2
        random = np.random.default_rng(8)
        arms = random.normal(0, 1, (2, 200_000, n))
        difference = 0.3 + arms[1].mean(axis=1) - arms[0].mean(axis=1)
        error = np.sqrt((arms[0].var(axis=1, ddof=1) + arms[1].var(axis=1, ddof=1)) / n)
        share = (np.abs(difference) - margin >= stats.t.isf(0.025, 2 * n - 2) * error).mean()
        found = power(0.0, 0.3, 2 * n, standard_deviation=1.0, margin=margin)
        assert share == pytest.approx(found.power, abs=4 * math.sqrt(found.power / 200_000))

    def test_no_room(self) -> None:
        with pytest.raises(ValueError, match="margin must leave room for an effect beyond it"):
            minimum_detectable_effect(0.1, 1_000, margin=0.95)


class TestDuration:
    def test_by_counting_days(self) -> None:
        week = [100, 0, 250, 30, 30, 7, 0]
        for units in (1, 100, 101, 417, 418, 1_000, 123_456):
            days, left = 0, units
            while left > 0:
                left -= week[days % 7]
                days += 1
            assert duration(units, week).traffic_days == days

    def test_late_labels(self) -> None:
        found = duration(900, 100, label_share=0.9, label_age=14)
        assert (found.units, found.traffic_days, found.days) == (1_000, 10, 24)
        # To wait longer costs more than the units that it saves, until it does not.
        ages = {7: 0.5, 14: 0.9, 60: 1.0}
        assert duration(900, 100, label_share=ages).label_age == 14
        assert duration(90_000, 100, label_share=ages).label_age == 60
        assert duration(900, 1_000, share_in_test=0.1).days == 9
        assert json.dumps(found.to_dict())

    @pytest.mark.parametrize(
        ("arguments", "options", "error"),
        [
            ((100, 0), {}, "per_day must be"),
            ((100, []), {}, "per_day must be"),
            ((100, "many"), {}, "per_day must be"),
            ((100, [0, 0]), {}, "per_day must be"),
            ((100, [1, -1]), {}, r"per_day\[1\] must be"),
            ((10**9, 1), {}, "per_day must bring"),
            ((100, 1), {"label_share": 0}, "label_share must be"),
            ((100, 1), {"label_share": {}}, "label_share must have at least one age"),
            ((100, 1), {"label_share": {3: 0.5}, "label_age": 3}, "label_age must be None"),
            ((100, 1), {"is_mean": True}, "is_mean must be False"),
            ((0, 1), {}, "plan must be"),
        ],
    )
    def test_arguments(self, arguments: Any, options: dict[str, Any], error: str) -> None:
        with pytest.raises((TypeError, ValueError), match=error):
            duration(*arguments, **options)


def seen(difference: float, n: int = 5_000, **options: Any) -> Any:
    """A comparison of normal estimates whose standard error is that of two arms of n units with variance 1."""
    error = math.sqrt(1 / n)
    return compare(Known(n, 0.0, error), Known(n, difference, error), **options)


class TestOutlook:
    def test_one_look_in_closed_form(self) -> None:
        share, z, bound = 0.4, 1.2, stats.norm.isf(0.025)
        error = math.sqrt(2 / 4_000)
        found = outlook(
            seen(z * error, 4_000, mode="fixed", planned_n=20_000), 20_000, effect=2.5 * error * math.sqrt(share)
        )
        for drift, chance in ((z / math.sqrt(share), found.as_seen), (2.5, found.as_planned)):
            expected = stats.norm.cdf((z * math.sqrt(share) + drift * (1 - share) - bound) / math.sqrt(1 - share))
            assert chance == pytest.approx(expected, rel=1e-9)
        expected = stats.norm.cdf((z / math.sqrt(share) - bound) / math.sqrt((1 - share) / share))
        assert found.predictive_power == pytest.approx(expected, rel=1e-9)

    def test_group_sequential_by_simulation(self) -> None:
        plan = GroupSequentialPlan(20_000, looks=4)
        error = math.sqrt(2 / 2_500)
        now = seen(1.5 * error, 2_500, mode="group_sequential", looks=plan)
        drift = 2.8
        found = outlook(now, looks=plan, effect=drift * error * 0.5)
        other = outlook(seen(1.5 * error, 2_500, mode="group_sequential", planned_n=20_000, looks=4), 20_000, looks=4)
        assert other.predictive_power == found.predictive_power and other.as_seen == found.as_seen
        random = np.random.default_rng(4)
        runs = 100_000
        bounds = spent_bounds(Design("obrien_fleming", 0.05, 2), (0.25, 0.5, 0.75, 1.0)).bounds[1:]
        for kind in ("planned", "predictive"):
            drifts = drift if kind == "planned" else random.normal(1.5 / 0.5, 1 / 0.5, (runs, 1))
            scores = 1.5 * 0.5 + np.cumsum(random.normal(0, 0.5, (runs, 3)) + drifts * 0.25, axis=1)
            statistics = scores / np.sqrt([0.5, 0.75, 1.0])
            up, down = statistics >= bounds, statistics <= -np.array(bounds)
            first_up = np.where(up.any(axis=1), up.argmax(axis=1), 9)
            first_down = np.where(down.any(axis=1), down.argmax(axis=1), 9)
            share = (first_up < first_down).mean()
            chance = found.as_planned if kind == "planned" else found.predictive_power
            assert share == pytest.approx(chance, abs=4 * math.sqrt(0.25 / runs))

    def test_directions(self) -> None:
        error = math.sqrt(2 / 4_000)
        up = outlook(seen(error, 4_000, mode="fixed", planned_n=20_000), 20_000)
        down = outlook(seen(-error, 4_000, mode="fixed", planned_n=20_000, direction="lower"), 20_000)
        assert down.as_seen == pytest.approx(up.as_seen, rel=1e-9)
        wrong = outlook(seen(-error, 4_000, mode="fixed", planned_n=20_000), 20_000)
        assert wrong.predictive_power < up.predictive_power and wrong.is_futile
        guard = outlook(
            seen(0.0, 4_000, mode="fixed", planned_n=20_000, hypothesis="non_inferiority", margin=2 * error), 20_000
        )
        assert guard.as_seen > 0.95

    @pytest.mark.parametrize("mode", ["fixed", "confidence_sequence", "group_sequential"])
    def test_one_sided(self, mode: Any) -> None:
        error = math.sqrt(2 / 4_000)
        plan = {"looks": 4} if mode == "group_sequential" else {}
        options: dict[str, Any] = {"mode": mode, **plan}
        if mode != "confidence_sequence":
            options["planned_n"] = 20_000

        def ahead(statistic: float, **asked: Any) -> Any:
            return outlook(
                seen(statistic * error, 4_000, **options, **asked), 20_000, effect=0.1, looks=plan.get("looks")
            )

        wrong = ahead(1.0, alternative="less")
        assert (wrong.as_seen, wrong.as_planned, wrong.predictive_power, wrong.is_futile) == (0.0, 0.0, 0.0, True)
        right, both = ahead(1.0, alternative="greater"), ahead(1.0)
        assert right.as_seen > both.as_seen > 0.01
        mirrored = ahead(-1.0, alternative="less", direction="lower")
        assert mirrored.as_seen == pytest.approx(right.as_seen, rel=1e-9)
        assert ahead(-1.0, alternative="greater", direction="lower").as_seen == 0.0

    def test_equivalence_at_one_look_in_closed_form(self) -> None:
        share, bound = 0.4, stats.norm.isf(0.05)
        error = math.sqrt(2 / 4_000)
        margin = 2.1 * error
        now = seen(0.5 * error, 4_000, mode="fixed", planned_n=20_000, hypothesis="equivalence", margin=margin)
        found = outlook(now, 20_000, effect=-0.3 * error)
        last = error * math.sqrt(share)
        inside = margin - bound * last
        for true, chance in ((0.5, found.as_seen), (-0.3, found.as_planned)):
            mean, spread = share * 0.5 * error + (1 - share) * true * error, last * math.sqrt(1 - share)
            expected = stats.norm.cdf((inside - mean) / spread) - stats.norm.cdf((-inside - mean) / spread)
            assert chance == pytest.approx(expected, rel=1e-9)
        spread = error * math.sqrt(1 - share)
        expected = stats.norm.cdf((inside - 0.5 * error) / spread) - stats.norm.cdf((-inside - 0.5 * error) / spread)
        assert found.predictive_power == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("statistic", [0.8, -1.9])
    def test_equivalence_at_many_looks_by_simulation(self, statistic: float) -> None:
        plan = GroupSequentialPlan(20_000, looks=4)
        error, width = math.sqrt(2 / 2_500), 6.0
        now = seen(
            statistic * error,
            2_500,
            mode="group_sequential",
            looks=plan,
            hypothesis="equivalence",
            margin=width / 2 * error * 0.5,
        )
        assert now.verdict == "undecided"
        found = outlook(now, looks=plan, effect=0.0)
        shares = (0.25, 0.5, 0.75, 1.0)
        bounds = spent_bounds(Design("obrien_fleming", 0.05, 1), shares).bounds[1:]
        random = np.random.default_rng(3)
        # Against the lower margin, where the drift is that of the last look.
        begin = 0.25, (statistic + width / 4) * 0.5
        for drift, chance in (
            (width / 2, found.as_planned),
            (statistic / 0.5 + width / 2, found.as_seen),
            (random.normal(statistic / 0.5 + width / 2, 2.0, (200_000, 1)), found.predictive_power),
        ):
            inside, _, _ = ends(drift, width, bounds, shares[1:], begin)
            assert inside == pytest.approx(chance, abs=4 * math.sqrt(0.25 / 200_000))

    def test_a_margin_of_superiority_is_on_both_sides(self) -> None:
        # What is worse is shown beyond the lower margin, which so many standard errors below are not.
        plan = GroupSequentialPlan(20_000, looks=2)
        error = math.sqrt(2 / 5_000)
        now = seen(-1.5 * error, 5_000, mode="group_sequential", looks=plan, margin=2.0 * error)
        found = outlook(now, looks=plan, effect=20 * error)
        assert now.verdict == "undecided" and found.as_planned == pytest.approx(1.0, abs=1e-9)

    def test_confidence_sequence(self) -> None:
        error = math.sqrt(2 / 4_000)
        now = seen(error, 4_000, expected_n=20_000)
        found = [outlook(now, 20_000, looks=looks, expected_n=20_000).as_seen for looks in (1, 5, 50)]
        # The more looks, the likelier one of them finds something.
        assert found == sorted(found) and found[0] < found[2]

    def test_what_is_decided_is(self) -> None:
        assert outlook(seen(1.0, mode="fixed"), 20_000).predictive_power == 1.0
        assert outlook(seen(-1.0, mode="fixed"), 20_000).predictive_power == 0.0
        assert outlook(seen(0.0, mode="fixed"), 10_000).as_seen == 0.0
        assert json.dumps(outlook(seen(0.0, mode="fixed"), 10_000).to_dict())

    @pytest.mark.parametrize(
        ("make", "options", "error"),
        [
            ({"mode": "fixed"}, {}, "planned_n must be given"),
            ({"mode": "fixed"}, {"planned_n": 0}, "planned_n must be"),
            ({"mode": "fixed"}, {"planned_n": 20_000, "futile_below": 2}, "futile_below must be"),
            ({"mode": "fixed"}, {"planned_n": 20_000, "effect": "x"}, "effect must be"),
            (
                {"mode": "group_sequential", "planned_n": 20_000, "looks": 4},
                {"planned_n": 20_000},
                "looks must be a plan",
            ),
            (
                {"mode": "group_sequential", "planned_n": 20_000, "looks": 4},
                {"looks": GroupSequentialPlan(20_000)},
                "looks must be the plan that logged",
            ),
        ],
    )
    def test_arguments(self, make: dict[str, Any], options: dict[str, Any], error: str) -> None:
        with pytest.raises((TypeError, ValueError), match=error):
            outlook(seen(0.001, **make), **options)
        with pytest.raises(ValueError, match="comparison must have a difference"):
            outlook(compare(Mean(1, 1.0, 0.0), Mean(1, 1.0, 0.0), mode="fixed"), 100)


class TestMoreUnits:
    def test_enough_and_never(self) -> None:
        assert additional_units(seen(0.0, mode="fixed"), 1.0) == 0
        one_sided = seen(0.0, mode="fixed", alternative="greater")
        assert additional_units(one_sided, -0.01) is None
        assert additional_units(one_sided, 0.0) is None
        # Of what is worse too, on the side that is looked at.
        losing = seen(0.0, mode="fixed", alternative="less")
        assert additional_units(losing, 0.01) is None
        assert additional_units(losing, -0.01) == additional_units(one_sided, 0.01)

    def test_a_margin_counts_on_both_sides(self) -> None:
        now = seen(0.0, 1_000, mode="fixed", margin=0.02)
        assert additional_units(now, 0.07) == additional_units(now, -0.07)
        assert additional_units(now, 0.07) == additional_units(seen(0.0, 1_000, mode="fixed"), 0.05)
        assert additional_units(now, -0.01) is None

    def test_it_is_the_sample_size(self) -> None:
        more = additional_units(seen(0.3, 100, mode="fixed"), 0.1)
        expected = 4 * ((stats.norm.isf(0.025) + stats.norm.isf(0.2)) / 0.1) ** 2 - 200
        # The wrong side is counted too, and a part of a unit is one.
        assert more == pytest.approx(expected, abs=1)

    @pytest.mark.parametrize("asked", [{}, {"alternative": "greater"}, {"hypothesis": "equivalence", "margin": 0.2}])
    def test_of_a_plan_of_looks(self, asked: dict[str, Any]) -> None:
        plan = GroupSequentialPlan(4_000, looks=4)
        now = seen(0.0, 500, mode="group_sequential", looks=plan, **asked)
        bound = spent_bounds(Design("obrien_fleming", 0.05, 1 if asked else 2), (0.25, 0.5, 0.75, 1.0)).bounds[-1]
        if "margin" in asked:
            # No difference, and so both margins alike.
            needed = 4 * ((bound + stats.norm.isf(0.1)) / 0.2) ** 2
            more = additional_units(now, 0.0, looks=plan, power=0.8)
        else:
            needed = 4 * ((bound + stats.norm.isf(0.2)) / 0.1) ** 2
            more = additional_units(now, 0.1, looks=plan, power=0.8)
        assert more == (0 if needed < 1_000 else pytest.approx(needed - 1_000, abs=1))
        again = seen(0.0, 500, mode="group_sequential", planned_n=4_000, looks=4, **asked)
        assert additional_units(again, 0.1, looks=4, planned_n=4_000) == additional_units(now, 0.1, looks=plan)

    def test_a_plan_that_is_over(self) -> None:
        plan = GroupSequentialPlan(4_000, looks=4)
        now = seen(1.0, 500, mode="group_sequential", looks=plan)
        with pytest.raises(ValueError, match="looks must have one that is still to come"):
            additional_units(now, 0.1, looks=plan)

    @pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
    @pytest.mark.parametrize("true", [0.0, 0.015, -0.015])
    def test_equivalence(self, mode: Any, true: float) -> None:
        now = seen(0.0, 1_000, mode=mode, hypothesis="equivalence", margin=0.05)
        more = additional_units(now, true)
        rule = {} if mode == "fixed" else {"mode": mode, "looks": 1, "expected_n": 20_000}
        plan = sample_size(0.0, true, standard_deviation=1.0, hypothesis="equivalence", margin=0.05, **rule)
        if mode == "fixed":
            # The t of a plan against the z of a test that is running.
            assert more == pytest.approx(plan.size - 2_000, rel=1e-3)
        else:
            assert additional_units(now, true, expected_n=20_000) == math.ceil(plan.size - 2_000)
        assert additional_units(now, 0.05) is None and additional_units(now, -0.06) is None

    def test_arguments(self) -> None:
        now = seen(0.0, mode="group_sequential", planned_n=20_000, looks=4)
        with pytest.raises(ValueError, match="planned_n must be given where looks is no plan"):
            additional_units(now, 0.1)
        with pytest.raises(ValueError, match="looks must be a plan, or the looks"):
            additional_units(now, 0.1, planned_n=20_000)
        with pytest.raises(ValueError, match="looks must have one that is still to come after 10000 units"):
            additional_units(now, 0.1, planned_n=10_000, looks=2)
        with pytest.raises(ValueError, match="expected_n must be None with mode 'group_sequential'"):
            additional_units(now, 0.1, planned_n=20_000, looks=4, expected_n=5)
        with pytest.raises(ValueError, match="looks must be None with mode 'fixed'"):
            additional_units(seen(0.0, mode="fixed"), 0.1, looks=3)
        with pytest.raises(ValueError, match="planned_n must be None with mode 'confidence_sequence'"):
            additional_units(seen(0.0), 0.1, planned_n=3)
        with pytest.raises(ValueError, match="expected_n must be"):
            additional_units(seen(0.0), 0.1, expected_n=0)
        with pytest.raises(ValueError, match="expected_n must be None"):
            additional_units(seen(0.0, mode="fixed"), 0.1, expected_n=10)


def test_planned_n_refuses_a_verdict() -> None:
    early = compare(Proportion(100, 1_000), Proportion(200, 1_000), mode="fixed", planned_n=4_000)
    assert early.verdict == "undecided" and early.p_value < 1e-6 and early.additional_n == 2_000
    assert early.reasons[0].startswith("2,000 of the planned 4,000 units are there")
    assert compare(Proportion(200, 2_000), Proportion(400, 2_000), mode="fixed", planned_n=4_000).verdict == "better"
    once = compare(Proportion(100, 1_000), Proportion(200, 1_000), mode="fixed")
    assert once.verdict == "better" and "single look" in once.reasons[1]
