"""Bounds of looks, against other libraries, other integrals and simulation; and the plan that remembers looks."""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import GroupSequentialPlan, Known, Mean, Proportion, compare
from truthlag.verdict.abtest.inference.crossing import Bounds, Path, crossing_chances, sided
from truthlag.verdict.abtest.inference.group_sequential import GroupSequential
from truthlag.verdict.abtest.inference.group_sequential_plan import MAGIC
from truthlag.verdict.abtest.inference.spent_bounds import Design, level_of, spent_bounds
from truthlag.verdict.abtest.inference.stage_wise import at_least, shifts
from truthlag.verdict.detectors.state_bytes import packed, unpacked

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
SPENDINGS: list[Any] = ["obrien_fleming", "pocock", 1.0, 2.0, 3.0]
#: Plenty of looks, near and far from each other.
UNEVEN = (0.02, 0.1, 0.101, 0.35, 0.9, 0.95, 1.0)


def arms(difference: float, n: int = 5_000) -> tuple[Proportion, Proportion]:
    return Proportion(round(0.12 * n), n), Proportion(round((0.12 + difference) * n), n)


class TestBounds:
    @pytest.mark.parametrize(
        ("name", "spending"),
        [("gst_lan_demets_pocock_five_equal", "pocock"), ("gst_lan_demets_power1_five_equal", 1.0)],
    )
    def test_lan_demets(self, name: str, spending: Any) -> None:
        entry = vector(name)
        shares = tuple(entry["inputs"]["information"])
        found = spent_bounds(Design(spending, entry["inputs"]["alpha_two_sided"], 2), shares)
        for place, (z, alpha) in enumerate(
            zip(entry["expected"]["z"], entry["expected"]["cumulative_alpha"], strict=True)
        ):
            assert agrees(found.bounds[place], entry, z)
            assert agrees(found.spent[place], entry, alpha)

    @pytest.mark.parametrize(
        ("name", "exponent"),
        [
            ("gst_spotify_uneven_two_sided", 2.0),
            ("gst_spotify_five_equal_phi1", 1.0),
            ("gst_spotify_five_equal_phi3", 3.0),
        ],
    )
    def test_spotify(self, name: str, exponent: float) -> None:
        # One bound at alpha / 2, as if the other were not there, on a coarse grid: to the fourth digit.
        entry = vector(name)
        shares = tuple(entry["inputs"]["information"])
        for sides, alpha in ((1, entry["inputs"]["alpha"] / 2), (2, entry["inputs"]["alpha"])):
            found = spent_bounds(Design(exponent, alpha, sides), shares)
            assert all(agrees(one, entry, z) for one, z in zip(found.bounds, entry["expected"]["z"], strict=True))

    def test_obrien_fleming_as_published(self) -> None:
        # The documentation of ldbounds, whose grid leaves an error in the fourth digit, for alpha .05 on two sides or .025 on one.
        published = (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)
        assert spent_bounds(Design("obrien_fleming", 0.05, 2), FIVE).bounds == pytest.approx(published, abs=1.5e-4)
        assert spent_bounds(Design("obrien_fleming", 0.025, 1), FIVE).bounds == pytest.approx(published, abs=1.5e-4)

    @pytest.mark.parametrize("sides", [1, 2])
    @pytest.mark.parametrize("spending", SPENDINGS)
    def test_two_looks_by_another_integral(self, spending: Any, sides: int) -> None:
        design = Design(spending, 0.05, sides)
        share = 0.37
        first, second = spent_bounds(design, (share, 1.0)).bounds
        assert sides * stats.norm.sf(first) == pytest.approx(design.spent(share), rel=1e-11)

        def crossing(z: float) -> float:
            """Of the second bound, after a first statistic."""
            root = math.sqrt(1 - share)
            up = stats.norm.sf((second - z * math.sqrt(share)) / root)
            down = stats.norm.cdf((-second - z * math.sqrt(share)) / root) if sides == 2 else 0.0
            return float(stats.norm.pdf(z) * (up + down))

        least = -first if sides == 2 else -12.0
        chance, _ = integrate.quad(crossing, least, first, epsabs=1e-13, epsrel=1e-12, limit=200)
        assert chance == pytest.approx(0.05 - design.spent(share), abs=1e-11)

    @pytest.mark.parametrize("sides", [1, 2])
    @pytest.mark.parametrize("spending", SPENDINGS)
    def test_looks_that_stop_nothing_change_nothing(self, spending: Any, sides: int) -> None:
        # The same chances over other points: a look between two others has no bounds.
        design = Design(spending, 0.05, sides)
        found = spent_bounds(design, UNEVEN)
        between = [0.03, 0.2, 0.5, 0.7, 0.93, 0.999]
        shares = sorted([*UNEVEN, *between])
        bounds = [
            sided(found.bounds[UNEVEN.index(share)], sides) if share in UNEVEN else Bounds(-math.inf, math.inf)
            for share in shares
        ]
        chances = crossing_chances(Path.begin(), shares, bounds)
        crossed = np.cumsum(chances.above) + (np.cumsum(chances.below) if sides == 2 else 0)
        at_looks = [crossed[shares.index(share)] for share in UNEVEN]
        # Gauss and Legendre's error for a step is some 1e-13 of a panel.
        assert at_looks == pytest.approx(found.spent, abs=2e-11)

    @pytest.mark.parametrize("spending", SPENDINGS)
    def test_many_looks(self, spending: Any) -> None:
        shares = tuple((place + 1) / 181 for place in range(181))
        found = spent_bounds(Design(spending, 0.05, 2), shares)
        assert found.spent[-1] == 0.05
        assert all(math.isfinite(bound) and bound > 1.9 for bound in found.bounds)

    @pytest.mark.parametrize("drift", [0.0, 1.5, 3.24])
    def test_power_by_simulation(self, drift: float) -> None:
        random = np.random.default_rng(5)
        runs = 200_000
        bounds = spent_bounds(Design("obrien_fleming", 0.05, 2), FIVE).bounds
        scores = np.cumsum(random.normal(drift * 0.2, math.sqrt(0.2), (runs, 5)), axis=1)
        crossed = (np.abs(scores / np.sqrt(FIVE)) >= bounds).any(axis=1).mean()
        chances = crossing_chances(Path.begin(drift), FIVE, [sided(bound, 2) for bound in bounds])
        chance = sum(chances.above) + sum(chances.below)
        assert crossed == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / runs))


class TestPValue:
    @settings(max_examples=40, deadline=None)
    @given(st.sampled_from(SPENDINGS), st.integers(1, 2), st.integers(1, 5), st.floats(-6, 6))
    def test_it_says_what_the_bound_says(self, spending: Any, sides: int, number: int, statistic: float) -> None:
        design, shares = Design(spending, 0.05, sides), FIVE[:number]
        statistic = abs(statistic) if sides == 2 else statistic
        p_value = level_of(design, shares, statistic)
        assert 0 < p_value <= 1
        assert (p_value <= 0.05) == (statistic >= spent_bounds(design, shares).bounds[-1])
        if 1e-300 < p_value < 0.999:
            again = spent_bounds(Design(spending, p_value, sides), shares).bounds[-1]
            # The logarithm of p is found to 1e-10, and a bound moves by less than it.
            assert again == pytest.approx(statistic, abs=1e-8)

    def test_one_look_is_the_fixed_test(self) -> None:
        control, treatment = arms(0.015)
        fixed = compare(control, treatment, mode="fixed")
        once = compare(control, treatment, mode="group_sequential", planned_n=10_000, looks=1)
        assert once.p_value == pytest.approx(fixed.p_value, rel=1e-9)
        assert once.difference_interval == pytest.approx(fixed.difference_interval, rel=1e-9)
        assert once.verdict == fixed.verdict

    def test_t_has_its_own_bounds(self) -> None:
        random = np.random.default_rng(2)
        a, b = random.normal(0, 1, 6), random.normal(0.5, 1, 6)
        fixed = compare(a, b, mode="fixed")
        once = compare(a, b, mode="group_sequential", planned_n=12, looks=1)
        assert once.p_value == pytest.approx(fixed.p_value, rel=1e-9)
        assert once.difference_interval == pytest.approx(fixed.difference_interval, rel=1e-9)


class TestCompare:
    def test_schedules_say_the_same(self) -> None:
        control, treatment = arms(0.02)
        options: list[Any] = [
            4,
            [0.25, 0.5, 0.75, 1.0],
            [5_000, 10_000, 15_000, 20_000],
            np.array([0.25, 0.5, 1.0]),
            (5_000,),
        ]
        results = [compare(control, treatment, mode="group_sequential", planned_n=20_000, looks=one) for one in options]
        assert all(result == results[0] for result in results)
        plan = GroupSequentialPlan(20_000)
        plan.look(5_000)
        assert compare(control, treatment, mode="group_sequential", looks=plan) == results[0]
        assert json.loads(json.dumps(results[0].to_dict()))["mode"] == "group_sequential"

    @pytest.mark.parametrize("hypothesis", ["superiority", "non_inferiority", "equivalence"])
    @pytest.mark.parametrize("difference", [-0.03, -0.012, 0.0, 0.012, 0.03])
    def test_verdict_p_value_and_interval_agree(self, hypothesis: Any, difference: float) -> None:
        margin = None if hypothesis == "superiority" else 0.02
        result = compare(
            *arms(difference),
            mode="group_sequential",
            planned_n=20_000,
            looks=3,
            hypothesis=hypothesis,
            margin=margin,
        )
        low, high = result.difference_interval
        shown = {
            "superiority": low > 0 or high < 0,
            "non_inferiority": low > -0.02,
            "equivalence": low > -0.02 and high < 0.02,
        }[hypothesis]
        assert shown == (result.p_value <= 0.05)
        assert shown == (result.verdict in {"better", "non_inferior", "equivalent"} or
                         (hypothesis == "superiority" and result.verdict == "worse"))  # fmt: skip

    def test_how_many_more(self) -> None:
        # Where the estimates stay, the look at that many units is the first to find the difference.
        for difference in (0.008, 0.012, 0.015):
            first = GroupSequentialPlan(30_000)
            now = compare(*arms(difference), mode="group_sequential", looks=first)
            assert now.verdict == "undecided"
            for offset, verdict in ((0.99, "undecided"), (1.01, "better")):
                plan = GroupSequentialPlan.from_bytes(first.to_bytes())
                n = round((10_000 + now.additional_n) * offset / 2)
                if n > 5_050:
                    effect = Known(n, 0.0, 0.0), Known(n, difference, now.standard_error * math.sqrt(5_000 / n))
                    plan._question = None
                    assert compare(*effect, mode="group_sequential", looks=plan).verdict == verdict

    def test_more_units_than_planned_are_the_last_look(self) -> None:
        plan = GroupSequentialPlan(20_000)
        plan.look(10_000)
        logged = compare(*arms(0.005, 12_000), mode="group_sequential", looks=plan)
        for looks in (2, [0.5, 1.0], [10_000, 20_000], [10_000]):
            assert compare(*arms(0.005, 12_000), mode="group_sequential", planned_n=20_000, looks=looks) == logged
        assert logged.verdict == "undecided" and logged.additional_n is None
        assert logged.reasons[-1] == "this is the last look: all of alpha is spent."

    def test_next_to_nothing_to_spend(self) -> None:
        result = compare(*arms(0.5, 10), mode="group_sequential", planned_n=10**9, looks=3)
        assert result.verdict == "undecided" and result.p_value > 0.05 and result.additional_n > 0

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({}, "needs a GroupSequentialPlan as looks"),
            ({"planned_n": 10}, "needs a GroupSequentialPlan as looks"),
            ({"planned_n": 10, "looks": 0}, "looks must be an int from 1 to 400"),
            ({"planned_n": 100, "looks": [0.5, 0.4]}, "looks must rise"),
            ({"planned_n": 100, "looks": "all"}, "looks must be a number of looks"),
            ({"planned_n": 100, "looks": 4, "spending": "all"}, "spending must be 'obrien_fleming'"),
            ({"planned_n": 100, "looks": 4, "spending": -1.0}, "spending must be"),
            ({"planned_n": 100, "looks": 4, "expected_n": 7}, "expected_n must be None"),
            ({"mode": "fixed", "looks": 4}, "looks must be None"),
            ({"mode": "fixed", "looks": GroupSequentialPlan(10)}, "mode must be 'group_sequential'"),
            ({"looks": GroupSequentialPlan(10), "alpha": 0.01}, "alpha must be that of the plan"),
            ({"looks": GroupSequentialPlan(10), "planned_n": 11}, "planned_n must be that of the plan"),
            ({"looks": GroupSequentialPlan(10), "spending": 2.0}, "spending must be that of the plan"),
            ({"looks": GroupSequentialPlan(10), "method": "exact"}, "method must be another"),
        ],
    )
    def test_arguments(self, options: dict[str, Any], error: str) -> None:
        with pytest.raises((TypeError, ValueError), match=error):
            compare(*arms(0.01), **{"mode": "group_sequential", **options})

    @pytest.mark.parametrize(
        "pair",
        [
            (Mean(10, 1.0, 0.0), Mean(10, 1.0, 0.0)),
            (Mean(1, 1.0, 0.0), Mean(1, 2.0, 0.0)),
            (Mean(0, 0.0, 0.0), Mean(0, 0.0, 0.0)),
            (Proportion(0, 0), Proportion(0, 0)),
            (Proportion(0, 5), Proportion(0, 5)),
            (Known(5, None, None), Known(5, None, None)),
        ],
    )
    def test_arms_of_which_nothing_can_be_said(self, pair: tuple[Any, Any]) -> None:
        plan = GroupSequentialPlan(100)
        result = compare(*pair, mode="group_sequential", looks=plan)
        assert result.verdict == "undecided" and result.reasons
        assert len(plan.taken) == (1 if pair[0].n else 0)
        assert GroupSequentialPlan.from_bytes(plan.to_bytes()) == plan


class TestPlan:
    def test_bytes_and_back(self) -> None:
        plan = GroupSequentialPlan(20_000, looks=[0.1, 0.5, 1], spending=2.0, alpha=0.01)
        compare(*arms(0.015), mode="group_sequential", looks=plan, metric="conversion")
        others = [GroupSequentialPlan.from_bytes(plan.to_bytes()), pickle.loads(pickle.dumps(plan))]
        for other in others:
            assert other == plan and other.taken == plan.taken and other.question == plan.question
        results = [
            compare(*arms(0.02, 9_000), mode="group_sequential", looks=one, metric="conversion", alpha=0.01)
            for one in (plan, *others)
        ]
        assert results[0] == results[1] == results[2] and others[0] == plan
        assert json.loads(json.dumps([look.to_dict() for look in plan.taken]))[1]["n"] == 18_000

    def test_bytes_that_are_none(self) -> None:
        data = GroupSequentialPlan(100).to_bytes()
        for wrong in (data[:-1], b"", data[:20] + b"x" + data[21:]):
            with pytest.raises(ValueError, match="data must be bytes of a plan of looks"):
                GroupSequentialPlan.from_bytes(wrong)
        with pytest.raises(TypeError, match="data must be bytes"):
            GroupSequentialPlan.from_bytes("text")  # type: ignore[arg-type]

    def test_bytes_whose_content_is_another(self) -> None:
        """With a right checksum: none is taken as a plan that breaks at its next look, or has another answer."""
        plan = GroupSequentialPlan(20_000, looks=4)
        compare(*arms(0.015), mode="group_sequential", looks=plan, metric="conversion")
        kept = unpacked(MAGIC, "a plan of looks", plan.to_bytes())[1]
        wrong: list[Any] = ["x", [], [1], math.nan, -1, {}]
        for path in (
            ("ends",),
            ("question",),
            *((name,) for name in kept["question"]),
            *(("look", name) for name in kept["taken"][0]),
        ):
            for value in wrong:
                other = copy.deepcopy(kept)
                if path[0] == "look":
                    other["taken"][0][path[1]] = value
                elif path[0] in other["question"]:
                    other["question"][path[0]] = value
                else:
                    other[path[0]] = value
                is_right = (path == ("metric",) and value == "x") or (
                    path[-1] in ("estimate", "statistic", "bound") and value == -1
                )
                data = packed(MAGIC, "GroupSequentialPlan", other, [])
                if is_right:
                    GroupSequentialPlan.from_bytes(data)
                    continue
                with pytest.raises(ValueError, match="data must be bytes of a plan of looks, got some whose content"):
                    GroupSequentialPlan.from_bytes(data)
        twice = copy.deepcopy(kept)
        twice["taken"] *= 2
        with pytest.raises(ValueError, match="content is another"):
            GroupSequentialPlan.from_bytes(packed(MAGIC, "GroupSequentialPlan", twice, []))

    def test_units_of_numpy_go_to_bytes(self) -> None:
        plan = GroupSequentialPlan(1_000)
        plan.look(np.int64(400))  # type: ignore[arg-type]
        assert GroupSequentialPlan.from_bytes(plan.to_bytes()) == plan

    def test_it_is_frozen_at_the_first_look(self) -> None:
        plan = GroupSequentialPlan(20_000)
        plan.revise(planned_n=30_000, alpha=0.01)
        compare(*arms(0.0), mode="group_sequential", looks=plan, metric="a")
        for change in ({"planned_n": 20_000}, {"alpha": 0.05}, {"spending": "pocock"}, {"looks": 4}):
            with pytest.raises(ValueError, match=f"{next(iter(change))} must stay"):
                plan.revise(**change)
        plan.revise(alpha=0.01)
        with pytest.raises(TypeError, match="changes must be of"):
            plan.revise(power=1)
        with pytest.raises(AttributeError):
            plan.alpha = 0.2  # type: ignore[misc]
        others: list[dict[str, Any]] = [
            {"metric": "b"},
            {"metric": "a", "direction": "lower"},
            {"metric": "a", "margin": 0.1},
            {"metric": "a", "hypothesis": "non_inferiority", "margin": 0.1},
            {"metric": "a", "alternative": "greater"},
            {"metric": "a", "scale": "relative"},
        ]
        for question in others:
            with pytest.raises(ValueError, match="must stay"):
                compare(*arms(0.0, 6_000), mode="group_sequential", looks=plan, **question)
        assert len(plan.taken) == 1

    def test_the_same_look_is_logged_once(self) -> None:
        plan = GroupSequentialPlan(20_000)
        first = compare(*arms(0.01), mode="group_sequential", looks=plan)
        again = compare(*arms(0.01), mode="group_sequential", looks=plan)
        assert first == again and len(plan.taken) == 1
        for n in (10_001, 10_009, 9_000):
            with pytest.raises(ValueError, match="n must be that of the last look"):
                plan.look(n)
        assert plan.look(10_100).n == 10_100

    def test_more_units_than_planned(self) -> None:
        # All of alpha is spent, over the information there is: the last bound is a little lower than at the planned size.
        plan, other = GroupSequentialPlan(1_000, looks=2, spending=2.0), GroupSequentialPlan(1_000, spending=2.0)
        plan.look(500)
        other.look(500)
        late, right = plan.look(1_300), other.look(1_000)
        assert late.spent == right.spent == 0.05 and late.information == 1.3
        assert plan.is_over and plan.units() == (500, 1_300)
        # Less of the first look is left in the last one: more is new, and more is to be spent against.
        assert 1.96 < right.bound < late.bound < 2.05
        root = math.sqrt(500 / 1_300)
        chance = stats.multivariate_normal.cdf(
            [plan.taken[0].bound, late.bound], lower_limit=[-plan.taken[0].bound, -late.bound],
            cov=[[1, root], [root, 1]], abseps=1e-9, releps=1e-9,
        )  # fmt: skip
        assert 1 - chance == pytest.approx(0.05, abs=1e-7)
        with pytest.raises(ValueError, match="where all of alpha was spent"):
            plan.look(1_400)
        with pytest.raises(ValueError, match="must not have had its last look"):
            plan.end_early()

    def test_fewer_units_than_planned(self) -> None:
        plan = GroupSequentialPlan(1_000, looks=[0.4, 1.0])
        plan.look(400)
        plan.end_early()
        plan = GroupSequentialPlan.from_bytes(plan.to_bytes())
        last = plan.look(700)
        assert last.is_final and last.spent == 0.05 and plan.is_over
        assert plan.bounds()[-1] == last.bound
        assert plan.look(700) == last

    @pytest.mark.parametrize("planned_n", [0, -1, 1.5, True, "many", None])
    def test_sizes(self, planned_n: Any) -> None:
        with pytest.raises((TypeError, ValueError), match="planned_n must be an int"):
            GroupSequentialPlan(planned_n)

    @pytest.mark.parametrize("alpha", [0, 0.5, 1, -0.1, math.nan, "x"])
    def test_alphas(self, alpha: Any) -> None:
        with pytest.raises((TypeError, ValueError), match="alpha must be"):
            GroupSequentialPlan(100, alpha=alpha)


class TestStopped:
    def test_stage_wise_chances_are_uniform(self) -> None:
        # At the true drift the chance of a more extreme outcome is uniform: intervals have their level, and half of the
        # estimates are too large.
        random = np.random.default_rng(8)
        bounds = spent_bounds(Design("pocock", 0.05, 2), FIVE).bounds
        for drift in (0.0, 2.5):
            scores = np.cumsum(random.normal(drift * 0.2, math.sqrt(0.2), (400, 5)), axis=1) / np.sqrt(FIVE)
            crossed = np.abs(scores) >= bounds
            last = np.where(crossed.any(axis=1), crossed.argmax(axis=1), 4)
            chances = [
                at_least(FIVE[: at + 1], bounds[:at], statistics[at], drift, sides=2)
                for statistics, at in zip(scores, last, strict=True)
            ]
            assert stats.kstest(chances, "uniform").pvalue > 0.01

    def test_first_look_is_the_plain_interval(self) -> None:
        low, middle, high = shifts((0.2,), (), 5.2, 0.025, sides=2)
        assert (low, middle, high) == pytest.approx((5.2 - 1.959963984540054, 5.2, 5.2 + 1.959963984540054), abs=1e-8)

    @pytest.mark.parametrize("alternative", ["two_sided", "greater", "less"])
    def test_what_is_seen_is_shrunk(self, alternative: Any) -> None:
        sign = -1 if alternative == "less" else 1
        plan = GroupSequentialPlan(20_000, looks=4, spending="pocock")
        for difference, n in ((0.01 * sign, 2_500), (0.025 * sign, 5_000)):
            compare(*arms(difference, n), mode="group_sequential", looks=plan, alternative=alternative)
        found = plan.estimate()
        assert plan.taken[-1].verdict == ("better" if sign > 0 else "worse")
        assert found.seen == pytest.approx(0.025 * sign) and 0 < sign * found.estimate < 0.025
        assert found.p_value < 0.05 and found.low < found.estimate < found.high
        assert (found.low > 0 or found.high < 0) and json.dumps(found.to_dict())

    def test_it_is_refused_where_it_is_not_known(self) -> None:
        plan = GroupSequentialPlan(10_000)
        compare(*arms(0.0), mode="group_sequential", looks=plan, hypothesis="non_inferiority", margin=0.1)
        with pytest.raises(ValueError, match="superiority"):
            plan.estimate()


def test_means_of_few_rows_keep_alpha() -> None:
    # Welch's t at looks from 5 rows of an arm on.
    random = np.random.default_rng(3)
    runs, looks = 2_000, (5, 10, 20, 40)
    values = random.normal(0, 1, (runs, 2, 40))
    found = np.zeros(runs, dtype=bool)
    rule = GroupSequential(0.05, 80, tuple(2 * n for n in looks), 1.0)
    for n in looks:
        seen = values[:, :, :n]
        variances = seen.var(axis=2, ddof=1) / n
        error = np.sqrt(variances.sum(axis=1))
        freedom = variances.sum(axis=1) ** 2 / (variances**2).sum(axis=1) * (n - 1)
        statistics = (seen[:, 1].mean(axis=1) - seen[:, 0].mean(axis=1)) / error
        bound = rule.quantile(math.inf, 2 * n, one_sided=False)
        found |= stats.t.sf(np.abs(statistics), freedom) <= stats.norm.sf(bound)
        assert rule.quantile(float(freedom[0]), 2 * n, one_sided=False) == pytest.approx(
            stats.t.isf(stats.norm.sf(bound), freedom[0]), rel=1e-8
        )
    assert found.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
