"""Numbers of other libraries that are not of `compare` as it stands: of one sample, of a known variance, and what not to do."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag import _core
from truthlag.abtest import Known, Proportion, compare
from truthlag.boundaries import NormalMixtureBoundary
from truthlag.verdict.abtest.inference import AsymptoticSequence, Evidence


def test_one_proportion_against_a_fixed_rate() -> None:
    # A rate that is known is an arm without an error of its own.
    entry = vector("prop_z_one_sample_doc")
    given = entry["inputs"]
    arm = Proportion(given["count"], given["nobs"])
    result = compare(Known(arm.n, given["value"], 0.0), Known(arm.n, arm.estimate, arm.standard_error), mode="fixed")
    assert agrees(result.difference / result.standard_error, entry, entry["expected"]["z"])
    assert agrees(result.p_value, entry, entry["expected"]["pvalue"])
    # `Proportion`s err too: this one is compared with so many rows that its own error is nothing.
    many = compare(Proportion(5 * 10**11, 10**13), arm, mode="fixed", method="wald")
    assert many.p_value == pytest.approx(entry["expected"]["pvalue"], abs=1e-6)


@pytest.mark.parametrize("n", [100, 1_000, 5_000])
def test_mixture_of_a_known_variance(n: int) -> None:
    # The same mixture of normal effects as that of a confidence sequence, but with a variance of the prior that is the user's in
    # place of one that follows from when the interval shall be narrow. Of one look; the entry's p-value is the inverse.
    for name in {
        100: ("msprt_normal_n100_d0.3",),
        1_000: ("msprt_normal_n1000_d0.1", "msprt_normal_n1000_d0.2"),
        5_000: ("msprt_normal_n5000_d0.05",),
    }[n]:
        entry = vector(name)
        given = entry["inputs"]
        variance = 2 * given["sigma2"] / given["n_per_arm"]
        precision = given["tau2"] / variance / given["n_per_arm"]
        mixture = _core.NormalMixture(0.05, precision, precision, is_t=False)
        statistic = (given["mean_diff"] - given["theta0"]) / math.sqrt(variance)
        evidence = Evidence(*mixture.evidence(statistic, math.inf, given["n_per_arm"], one_sided=False))
        assert agrees(evidence.e_value, entry, entry["expected"]["likelihood_ratio"])
        assert agrees(evidence.p_value, entry, entry["expected"]["always_valid_p_at_n"])


def test_one_sided_normal_mixture() -> None:
    # Of one side `compare` has GrowthBook's form, in which exp(x²/2) cdf(x) of the half-normal mixture is held from below by
    # exp(x²/2) - 1: never more evidence, and next to no less of it where it counts.
    boundary = NormalMixtureBoundary(tuned_at=100)
    # One unit has the variance 1.
    sequence = AsymptoticSequence(0.05, 100)
    ours = sequence.quantile(math.inf, 100, one_sided=True) * math.sqrt(100)
    assert boundary.at(100) < ours < 1.01 * boundary.at(100)
    for s in (0.0, 5.0, 10.0, 20.0, 30.0, 60.0):
        evidence = sequence.evidence(s / 10, math.inf, 100, one_sided=True)
        theirs = boundary.e_value(s, 100)
        assert evidence.e_value is not None and evidence.e_value <= theirs
        assert s < 20 or evidence.e_value == pytest.approx(theirs, rel=0.4)


@pytest.mark.parametrize("n", [100, 1_000, 10_000, 1_000_000])
def test_a_bound_that_never_grows_is_crossed(n: int) -> None:
    names = {
        100: "statsig_msprt_z_star_n100",
        1_000: "statsig_msprt_z_star_n1000",
        10_000: "statsig_msprt_z_star_n10000",
        1_000_000: "statsig_msprt_z_star_n1000000",
    }
    entry = vector(names[n])
    given, expected = entry["inputs"], entry["expected"]
    variance = given["var_t"] / given["n_t"] + given["var_c"] / given["n_c"]
    # As documented: a mixture whose spread shrinks with the data.
    tau = stats.norm.ppf(1 - given["alpha"] / 2) ** 2 * variance / 2
    both = (variance + tau) / tau
    star = math.sqrt(2 * both * math.log(math.sqrt((variance + tau) / variance) / (given["alpha"] / 2)))
    assert agrees(tau, entry, expected["tau"]) and agrees(star, entry, expected["z_star"])
    # Their bound is the same number at any size: a random walk crosses any such by the law of the iterated logarithm. Ours grows.
    assert agrees(expected["z_star"], entry, 3.5845153597486736)
    sequence = AsymptoticSequence(given["alpha"], 200)
    assert sequence.quantile(math.inf, 200 * n, one_sided=False) > sequence.quantile(math.inf, 2 * n, one_sided=False)
    if n == 1_000_000:
        assert sequence.quantile(math.inf, 2 * n, one_sided=False) > expected["z_star"]


def test_intervals_of_one_proportion() -> None:
    entry = vector("prop_ci_one_12_1000")
    given = entry["inputs"]
    arm = Proportion(given["count"], given["nobs"])
    expected = entry["expected"]
    # Of one arm: by Wilson's limits, which Newcombe's interval of a difference is made of, against an arm of no error.
    many = Proportion(0, 2**53)
    low, high = compare(many, arm, mode="fixed", method="newcombe", alpha=given["alpha"]).difference_interval
    assert agrees(low, entry, expected["wilson"][0]) and agrees(high, entry, expected["wilson"][1])
    low, high = compare(many, arm, mode="fixed", method="wald", alpha=given["alpha"]).difference_interval
    assert agrees(low, entry, expected["normal"][0]) and agrees(high, entry, expected["normal"][1])
