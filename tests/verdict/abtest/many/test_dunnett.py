"""Dunnett's test and the analysis of variance, beside scipy, statsmodels, tables and simulation."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import Mean, Proportion, anova, dunnett
from truthlag.verdict.abtest.many.common_control import CommonControl


class TestCommonControl:
    @pytest.mark.parametrize("freedom", [1, 2, 5, 30, 1_000, 1e5, math.inf])
    @pytest.mark.parametrize("loading", [0.1, 0.7, 0.999])
    @pytest.mark.parametrize("two_sided", [True, False])
    def test_one_statistic_is_t(self, freedom: float, loading: float, two_sided: bool) -> None:
        for statistic in (0.5, 2.0, 10.0, 35.0):
            tail = stats.norm.sf(statistic) if math.isinf(freedom) else stats.t.sf(statistic, freedom)
            found = CommonControl((loading,), freedom, two_sided).tail(statistic)
            assert found == pytest.approx(tail * (2 if two_sided else 1), rel=1e-10)

    def test_independent_ones(self) -> None:
        expected = 1 - (1 - 2 * stats.norm.sf(2.0)) ** 3
        assert CommonControl((0.0, 0.0, 0.0)).tail(2.0) == pytest.approx(expected, rel=1e-12)

    def test_two_equal_ones_one_sided(self) -> None:
        # Correlation 1/2: the exact orthant of the bivariate normal distribution.
        assert CommonControl((0.5**0.5, 0.5**0.5), math.inf, False).tail(0.0) == pytest.approx(2 / 3, rel=1e-12)

    @pytest.mark.parametrize(("treatments", "freedom"), [(2, 5.0), (3, 10.0), (5, 20.0), (4, 200.0)])
    @pytest.mark.parametrize("two_sided", [True, False])
    def test_quantiles_as_scipy(self, treatments: int, freedom: float, two_sided: bool) -> None:
        loadings = np.linspace(0.3, 0.9, treatments)
        limit = CommonControl(tuple(loadings), freedom, two_sided).quantile(0.05)
        correlations = np.outer(loadings, loadings)
        np.fill_diagonal(correlations, 1.0)
        joint = stats.multivariate_t(shape=correlations, df=freedom, seed=0)
        limits = np.full(treatments, limit)
        inside = joint.cdf(limits, lower_limit=-limits if two_sided else None, maxpts=10_000 * treatments)
        # By quasi-Monte Carlo.
        assert 1 - inside == pytest.approx(0.05, abs=2e-4)

    def test_a_far_tail_is_not_zero(self) -> None:
        found = CommonControl((0.7, 0.6), math.inf).tail(25.0)
        # Two such events at once are next to impossible.
        assert found == pytest.approx(4 * stats.norm.sf(25.0), rel=1e-6)

    def test_ends(self) -> None:
        largest = CommonControl((0.7, 0.7), 10.0)
        assert (largest.tail(math.inf), largest.tail(0.0), largest.tail(math.nan)) == (0.0, 1.0, 1.0)


class TestDunnett:
    def test_vector(self) -> None:
        entry = vector("dunnett_scipy_doc")
        result = dunnett(entry["inputs"]["control"], entry["inputs"]["treatments"])
        for one, statistic, p_value in zip(
            result.treatments, entry["expected"]["statistic"], entry["expected"]["pvalue"], strict=True
        ):
            assert agrees(one.statistic, entry, statistic)
            assert agrees(one.p_value, entry, p_value)

    @pytest.mark.parametrize("alternative", ["two_sided", "greater", "less"])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_as_scipy_with_unequal_sizes(self, seed: int, alternative: str) -> None:
        random = np.random.default_rng(seed)
        control = random.normal(1, 2, 9)
        treatments = [random.normal(2, 2, size) for size in (4, 15, 30)]
        words = {"two_sided": "two-sided"}.get(alternative, alternative)
        expected = stats.dunnett(*treatments, control=control, alternative=words, random_state=0)
        result = dunnett(Mean.of(control), [Mean.of(one) for one in treatments], alternative=alternative)
        for place, one in enumerate(result.treatments):
            assert one.statistic == pytest.approx(expected.statistic[place], rel=1e-12)
            # scipy's is by quasi-Monte Carlo.
            assert one.p_value == pytest.approx(expected.pvalue[place], abs=2e-4)

    def test_intervals_agree_with_p_values(self) -> None:
        random = np.random.default_rng(5)
        for _ in range(20):
            control = random.normal(0, 1, 20)
            arms = {str(shift): random.normal(shift, 1, 20) for shift in (0.0, 0.7, 0.9)}
            for variance in ("equal", "unequal"):
                for one in dunnett(control, arms, variance=variance).treatments:
                    low, high = one.interval
                    assert (low > 0 or high < 0) == (one.p_value <= 0.05)
                    assert one.unadjusted_p_value <= one.p_value <= min(1.0, 3 * one.unadjusted_p_value + 1e-12)

    def test_one_treatment_is_the_t_test(self) -> None:
        a, b = [1.0, 2.0, 4.0, 3.5], [2.0, 4.0, 4.5]
        for variance in ("equal", "unequal"):
            expected = stats.ttest_ind(b, a, equal_var=variance == "equal")
            one = dunnett(a, [b], variance=variance).treatments[0]
            assert one.p_value == pytest.approx(expected.pvalue, rel=1e-10)
            limits = expected.confidence_interval()
            assert one.interval == pytest.approx((limits.low, limits.high), rel=1e-9)

    def test_proportions_are_means_of_zeros_and_ones(self) -> None:
        of_counts = dunnett(Proportion(20, 100), [Proportion(30, 90)]).treatments[0]
        raw = dunnett([1] * 20 + [0] * 80, [[1] * 30 + [0] * 60]).treatments[0]
        assert of_counts.p_value == pytest.approx(raw.p_value, rel=1e-12)

    def test_degenerate(self) -> None:
        result = dunnett(Mean(5, 1.0, 0.0), {"same": Mean(4, 1.0, 0.0), "empty": [], "one": [3.0]})
        assert [one.p_value for one in result.treatments] == [None, None, None]
        assert result.treatments[1].reason == "an arm has no rows."
        assert "nothing tells" in (result.treatments[2].reason or "")
        assert "no rows" in str(result)
        json.dumps(result.to_dict(), allow_nan=False)
        # One value has no spread of its own, but takes that of all.
        assert dunnett([1.0, 2.0, 4.0], [[3.0]]).treatments[0].p_value is not None
        one_sided = dunnett([1.0, 2.0, 4.0], [[3.0, 4.0]], alternative="greater").to_dict()
        assert one_sided["treatments"][0]["interval"][1] == "Infinity"

    def test_bad_arguments(self) -> None:
        with pytest.raises(ValueError, match="treatments must hold at least one arm"):
            dunnett([1.0, 2.0], [])
        with pytest.raises(TypeError, match="control must be raw values"):
            dunnett(3, [[1.0]])
        with pytest.raises(TypeError, match="treatments must be arms"):
            dunnett([1.0], "ab")
        with pytest.raises(ValueError, match=r"treatments\['1'\]"):
            dunnett([1.0, 2.0], [[math.nan, 1.0]])
        with pytest.raises(ValueError, match="alpha must be below"):
            dunnett([1.0, 2.0], [[2.0, 1.0]], alpha=0.7)


@pytest.mark.parametrize("shifted", [0, 1])
def test_any_false_difference_is_rare(shifted: int) -> None:
    """Three treatments of which some differ truly; sizes unequal, and with Welch's form spreads too."""
    random = np.random.default_rng(8)
    runs, sizes = 4_000, np.array([60, 20, 30, 40])
    for variance, spreads in (("equal", np.ones(4)), ("unequal", np.array([1.0, 2.0, 1.5, 0.7]))):
        means = random.standard_normal((runs, 4)) * spreads / np.sqrt(sizes)
        means[:, 1] += 5.0 * shifted
        variances = random.chisquare(sizes - 1, (runs, 4)) / (sizes - 1) * spreads**2
        freedoms = np.full((runs, 3), float(sizes.sum() - 4))
        squares = variances / sizes
        if variance == "equal":
            squares = (variances @ (sizes - 1) / (sizes.sum() - 4))[:, None] / sizes
        else:
            doubt = squares[:, 1:] ** 2 / (sizes[1:] - 1) + squares[:, :1] ** 2 / (sizes[0] - 1)
            freedoms = (squares[:, 1:] + squares[:, :1]) ** 2 / doubt
        errors = np.sqrt(squares[:, 1:] + squares[:, :1])
        statistics = np.abs(means[:, 1:] - means[:, :1]) / errors
        loadings = np.sqrt(squares[:, :1]) / errors
        alone = 2 * stats.t.sf(statistics, freedoms) <= 0.05
        false = np.zeros(runs, dtype=bool)
        # What is not significant alone is not so among others.
        for run, arm in np.argwhere(alone):
            if arm >= shifted:
                false[run] |= CommonControl(tuple(loadings[run]), freedoms[run, arm]).tail(statistics[run, arm]) <= 0.05
        assert alone[:, shifted:].any(axis=1).mean() > 0.07
        # Three standard errors, and not far below where all are alike.
        assert false.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
        if not shifted:
            assert false.mean() >= 0.05 - 3 * math.sqrt(0.05 * 0.95 / runs)


class TestAnova:
    def test_vectors(self) -> None:
        for name, variance in (("welch_anova_dunnett_data", "unequal"), ("anova_oneway_dunnett_data", "equal")):
            entry = vector(name)
            result = anova(entry["inputs"]["groups"], variance=variance)
            assert agrees(result.statistic, entry, entry["expected"]["F"])
            assert agrees(result.p_value, entry, entry["expected"]["pvalue"])
            for ours, theirs in zip(result.degrees_of_freedom, entry["expected"].get("df", []), strict=False):
                assert agrees(ours, entry, theirs)

    def test_random_groups_as_statsmodels(self) -> None:
        oneway = pytest.importorskip("statsmodels.stats.oneway")
        random = np.random.default_rng(2)
        for _ in range(30):
            groups = [
                random.normal(random.normal(), random.uniform(0.5, 3), size) for size in random.integers(2, 40, 4)
            ]
            for variance in ("unequal", "equal"):
                expected = oneway.anova_oneway(groups, use_var=variance)
                result = anova([Mean.of(group) for group in groups], variance=variance)
                assert result.statistic == pytest.approx(expected.statistic, rel=1e-9)
                assert result.p_value == pytest.approx(expected.pvalue, rel=1e-9)

    def test_degenerate(self) -> None:
        constant = anova([[1.0, 1.0], [2.0, 2.0]])
        assert (constant.p_value, constant.reason) == (None, "arm 1 has no spread.")
        assert anova([[1.0, 1.0], [2.0, 2.0]], variance="equal").reason == "no arm has any spread."
        assert anova({"a": [], "b": [1.0, 2.0]}).reason == "arm a has 0 values, and its spread needs 2."
        assert anova([Mean(3, 1e200, 1.0), Mean(3, -1e200, 1.0)], variance="equal").p_value is None
        assert "none, since" in str(constant)
        with pytest.raises(ValueError, match="at least two arms"):
            anova([[1.0, 2.0]])
