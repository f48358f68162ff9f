"""Published numbers, the reference vectors, and other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.verdict.two_sample.vectors import vector
from truthlag.verdict.two_sample import holm, mean_loss, proportion_loss
from truthlag.verdict.two_sample.difference_test import DifferenceTest
from truthlag.verdict.two_sample.estimate import Estimate
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Identity
from truthlag.verdict.two_sample.score_test import ScoreTest
from truthlag.verdict.two_sample.unconditional_test import UnconditionalTest

IDENTITY = Identity()


def score(*counts: int) -> ScoreTest:
    return ScoreTest(Pair(*counts), IDENTITY, "score")


class TestScore:
    @pytest.mark.parametrize(
        ("counts", "low", "high"),
        [
            ((56, 70, 48, 80), 0.0528, 0.3382),
            ((9, 10, 3, 10), 0.1700, 0.8406),
            ((6, 7, 2, 7), 0.0342, 0.8534),
            ((5, 56, 0, 29), -0.0326, 0.1933),
            ((10, 10, 0, 20), 0.7156, 1.0),
            ((10, 10, 0, 10), 0.6636, 1.0),
        ],
    )
    def test_newcombes_table(self, counts: tuple[int, ...], low: float, high: float) -> None:
        # Newcombe (1998), "Interval estimation for the difference between independent proportions", table II, method 4
        # (Miettinen and Nurminen), to the four decimals that it prints.
        assert score(*counts).interval(0.95) == pytest.approx((low, high), abs=5.1e-5)

    def test_the_vector_at_no_difference(self) -> None:
        entry = vector("prop_test_2indep_diff_score")
        inputs, expected = entry["inputs"], entry["expected"]
        test = score(inputs["count1"], inputs["nobs1"], inputs["count2"], inputs["nobs2"])
        # Both sides carry the factor N / (N - 1).
        assert test.statistic(0.0) == pytest.approx(expected["statistic"], rel=1e-9)
        assert 2 * min(test.p_value(), test.gain_p_value()) == pytest.approx(expected["pvalue"], rel=1e-9)

    @pytest.mark.parametrize("name", ["prop_ci_diff_score_7_34_1_34", "prop_ci_diff_score_600_5000_675_5000"])
    def test_the_vectors_of_the_interval(self, name: str) -> None:
        # statsmodels solves the cubic of Miettinen and Nurminen with the successes of the second sample where their L1 has
        # its trials, so that its estimate is not the one of largest likelihood. With that cubic the vectors are met.
        entry = vector(name)
        inputs = entry["inputs"]
        counts = tuple(inputs[key] for key in ("count1", "nobs1", "count2", "nobs2"))
        for limit in entry["expected"]["ci"]:
            theirs = cubic(*counts, limit, inputs["count2"])
            ours = NullCurve(limit, IDENTITY).restricted_estimate(Pair(*counts))
            assert likelihood(*counts, limit, ours) > likelihood(*counts, limit, theirs)
            z = (counts[0] / counts[1] - counts[2] / counts[3] - limit) / deviation(*counts, limit, theirs)
            factor = math.sqrt(1 - 1 / (counts[1] + counts[3]))
            assert abs(z * factor) == pytest.approx(stats.norm.isf(0.025), abs=1e-6)
        # As far as that moves the limits.
        assert score(*counts).interval(0.95) == pytest.approx(entry["expected"]["ci"], abs=2e-3)

    @pytest.mark.parametrize("counts", [(1900, 2000, 1830, 2000), (120, 160, 90, 150), (5, 20, 9, 30)])
    def test_statsmodels_at_no_difference(self, counts: tuple[int, ...]) -> None:
        proportion = pytest.importorskip("statsmodels.stats.proportion")
        theirs = proportion.test_proportions_2indep(
            *counts, method="score", compare="diff", correction=True, alternative="larger"
        )
        assert score(*counts).p_value() == pytest.approx(theirs.pvalue, rel=1e-10)

    def test_the_closed_form_of_the_restricted_estimate(self) -> None:
        random = np.random.default_rng(1)
        for _ in range(300):
            n1, n2 = (int(10 ** random.uniform(0.5, 4)) for _ in range(2))
            counts = int(random.integers(n1 + 1)), n1, int(random.integers(n2 + 1)), n2
            margin = float(random.uniform(-0.9, 0.9))
            ours = NullCurve(margin, IDENTITY).restricted_estimate(Pair(*counts))
            # The closed form loses half of its digits to cancellation.
            assert ours == pytest.approx(cubic(*counts, margin, n2), abs=1e-7)

    def test_two_perfect_samples(self) -> None:
        # Anderson (2022), "Farrington-Manning in the extreme case": the restricted estimates are 1 and 1 - margin.
        curve = NullCurve(0.1, IDENTITY)
        assert curve.restricted_estimate(Pair(40, 40, 50, 50)) == pytest.approx(0.9, abs=1e-15)
        assert curve.statistic(Pair(40, 40, 50, 50)) == pytest.approx(-0.1 / math.sqrt(0.1 * 0.9 / 50), rel=1e-12)


class TestExact:
    def test_chans_example(self) -> None:
        # Chan (1998): 83 of 88 under the new treatment, 69 of 76 under the old; not inferior by .1: z = 2.957, p = .0017.
        pair = Pair(83, 88, 69, 76)
        assert NullCurve(-0.1, IDENTITY).statistic(pair) == pytest.approx(2.957, abs=5e-4)
        assert UnconditionalTest(pair, IDENTITY, "exact", 0.0).p_value(-0.1) == pytest.approx(0.0017, abs=5e-5)

    @pytest.mark.parametrize(
        "counts", [(7, 15, 2, 14), (19, 20, 15, 20), (5, 6, 1, 9), (40, 50, 21, 30), (12, 12, 8, 12)]
    )
    def test_barnards_test(self, counts: tuple[int, int, int, int]) -> None:
        k1, n1, k2, n2 = counts
        table = [[k1, k2], [n1 - k1, n2 - k2]]
        # Its maximum is over 1024 fixed points, so it may be a little below the largest.
        theirs = stats.barnard_exact(table, alternative="greater", n=1024).pvalue
        ours = UnconditionalTest(Pair(*counts), IDENTITY, "exact", 0.0).p_value()
        assert ours == pytest.approx(theirs, rel=1e-4)

    def test_binomial_test(self) -> None:
        for successes in (0, 3, 14, 19, 20):
            test = proportion_loss((0.9, None), successes, 20)
            theirs = stats.binomtest(successes, 20, 0.88, alternative="less")
            assert test.p_value(0.02) == pytest.approx(theirs.pvalue, rel=1e-12)
            assert test.gain_p_value() == pytest.approx(
                stats.binomtest(successes, 20, 0.9, alternative="greater").pvalue, rel=1e-12
            )
            limits = stats.binomtest(successes, 20).proportion_ci(0.9, "exact")
            assert test.interval(0.9) == pytest.approx((0.9 - limits.high, 0.9 - limits.low), abs=1e-12)

    def test_the_vector_of_one_proportion(self) -> None:
        entry = vector("prop_ci_one_12_1000")
        low, high = proportion_loss((0.0, None), 12, 1000).interval(0.95)
        assert (-high, -low) == pytest.approx(entry["expected"]["beta"], abs=1e-12)


class TestMeans:
    @pytest.mark.parametrize("name", ["welch_two_sided_absolute", "spotify_ttest_us_control_vs_test"])
    def test_vectors_from_sums(self, name: str) -> None:
        entry = vector(name)
        arms = [entry["inputs"][arm] for arm in "ab"]
        means = [arm["sum"] / arm["n"] for arm in arms]
        variances = [(arm["sum_squares"] - arm["sum"] ** 2 / arm["n"]) / (arm["n"] - 1) for arm in arms]
        errors = [math.sqrt(variance / arm["n"]) for variance, arm in zip(variances, arms, strict=True)]
        test = mean_loss(means[0], errors[0], arms[0]["n"], means[1], errors[1], arms[1]["n"], higher_is_better=False)
        expected = entry["expected"]
        assert test.estimate == pytest.approx(expected.get("expected", expected.get("difference")), rel=1e-12)
        assert test.interval(0.95) == pytest.approx(expected["ci"], rel=entry["tolerance"])
        p_value = 2 * min(test.p_value(), test.gain_p_value())
        assert p_value == pytest.approx(expected.get("pValue", expected.get("p-value")), rel=entry["tolerance"])

    def test_the_vector_from_statistics(self) -> None:
        entry = vector("ttest_from_stats_doc_welch")
        given = entry["inputs"]
        errors = [given[f"std{arm}"] / math.sqrt(given[f"n{arm}"]) for arm in (1, 2)]
        test = mean_loss(
            given["mean1"], errors[0], given["n1"], given["mean2"], errors[1], given["n2"], higher_is_better=True
        )
        assert 2 * test.p_value() == pytest.approx(entry["expected"]["pvalue"], rel=1e-12)

    def test_the_vector_from_values(self) -> None:
        entry = vector("welch_raw_lcg7")
        arms = [np.array(entry["inputs"][arm]) for arm in "ab"]
        (m1, e1, n1), (m2, e2, n2) = ((arm.mean(), arm.std(ddof=1) / math.sqrt(len(arm)), len(arm)) for arm in arms)
        test = mean_loss(m1, e1, n1, m2, e2, n2, higher_is_better=True)
        assert test.interval(0.95) == pytest.approx(entry["expected"]["ci95_mean_a_minus_b"], rel=1e-10)
        assert 2 * min(test.p_value(), test.gain_p_value()) == pytest.approx(entry["expected"]["pvalue"], rel=1e-10)
        assert isinstance(test, DifferenceTest)
        assert test.degrees_of_freedom == pytest.approx(entry["expected"]["df"], rel=1e-12)

    @pytest.mark.parametrize("name", ["t_two_sided_tail_25_5000.5", "t_two_sided_tail_40_30"])
    def test_the_vectors_of_far_tails(self, name: str) -> None:
        entry = vector(name)
        t, freedom = entry["inputs"]["t"], entry["inputs"]["df"]
        test = DifferenceTest(Estimate(t, 1.0), Estimate(0.0), freedom, higher_is_better=True, method="t")
        assert 2 * test.p_value() == pytest.approx(entry["expected"]["pvalue"], rel=1e-12)

    @pytest.mark.parametrize(
        "name", ["nim_spotify_decrease", "nim_spotify_onesided_increase", "nim_spotify_onesided_decrease"]
    )
    def test_the_vectors_of_non_inferiority(self, name: str) -> None:
        # A z test. Decrease is better: H0 is that it increased by the margin, the mirror image of ours.
        entry = vector(name)
        arms = [entry["inputs"][arm] for arm in "ab"]
        means = [arm["sum"] / arm["n"] for arm in arms]
        variances = [(arm["sum_squares"] - arm["sum"] ** 2 / arm["n"]) / (arm["n"] - 1) for arm in arms]
        errors = [math.sqrt(variance / arm["n"]) for variance, arm in zip(variances, arms, strict=True)]
        estimates = [Estimate(mean, error) for mean, error in zip(means, errors, strict=True)]
        decrease = entry["inputs"]["preferred_direction"] == "decrease"
        test = DifferenceTest(*estimates, math.inf, higher_is_better=decrease, method="z")
        margin = (entry["inputs"]["relative_margin"] or 0) * means[0]
        assert test.p_value(-margin) == pytest.approx(entry["expected"]["p-value"], rel=1e-8)

    def test_scipy_one_sample(self) -> None:
        values = np.random.default_rng(2).exponential(1, 40)
        test = mean_loss(0.8, None, None, values.mean(), values.std(ddof=1) / math.sqrt(40), 40, higher_is_better=False)
        assert test.method == "one-sample t test"
        assert test.p_value(0.05) == pytest.approx(
            stats.ttest_1samp(values, 0.85, alternative="greater").pvalue, rel=1e-12
        )
        assert test.gain_p_value() == pytest.approx(
            stats.ttest_1samp(values, 0.8, alternative="less").pvalue, rel=1e-12
        )


class TestHolm:
    @pytest.mark.parametrize("name", ["mt_growthbook_holm", "mt_r_multtest_small"])
    def test_vectors(self, name: str) -> None:
        entry = vector(name)
        adjusted = holm({str(index): p_value for index, p_value in enumerate(entry["inputs"]["pvalues"])})
        assert list(adjusted) == [str(index) for index in range(6)]
        assert list(adjusted.values()) == pytest.approx(entry["expected"]["holm"], abs=1e-12)

    def test_nothing_and_one(self) -> None:
        assert holm({}) == {}
        assert holm({"accuracy": 0.04}) == {"accuracy": 0.04}


def cubic(k1: int, n1: int, k2: int, n2: int, margin: float, l1_trials: float) -> float:
    """The restricted estimate of the second proportion: Miettinen and Nurminen (1985), appendix I."""
    total, successes = n1 + n2, k1 + k2
    l3, l2 = total, (n1 + 2 * n2) * margin - total - successes
    l1, l0 = (l1_trials * margin - total - 2 * k2) * margin + successes, k2 * margin * (1 - margin)
    q = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = math.copysign(math.sqrt(max(0.0, l2**2 / (3 * l3) ** 2 - l1 / (3 * l3))), q)
    angle = (math.pi + math.acos(min(1.0, max(-1.0, q / p**3)))) / 3 if p else 0.0
    return min(min(1.0, 1 - margin), max(max(0.0, -margin), 2 * p * math.cos(angle) - l2 / (3 * l3)))


def likelihood(k1: int, n1: int, k2: int, n2: int, margin: float, rate: float) -> float:
    return float(stats.binom.logpmf(k1, n1, rate + margin) + stats.binom.logpmf(k2, n2, rate))


def deviation(k1: int, n1: int, k2: int, n2: int, margin: float, rate: float) -> float:
    first = rate + margin
    return math.sqrt(first * (1 - first) / n1 + rate * (1 - rate) / n2)
