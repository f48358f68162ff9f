"""Posteriors against GrowthBook's numbers, mpmath's, and draws."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.vectors import agrees, vector
from truthlag.abtest import Known, Mean, PairedRows, Proportion, bayesian_effect, beta_binomial, compare, compare_paired
from truthlag.verdict.abtest.bayesian.posterior import expected_gain


def check(found: Any, entry: dict[str, Any]) -> None:
    expected = entry["expected"]
    assert agrees(found.effect, entry, expected["expected"])
    assert agrees(found.standard_deviation, entry, expected["stddev"])
    assert agrees(found.interval[0], entry, expected["ci"][0]) and agrees(found.interval[1], entry, expected["ci"][1])
    assert agrees(found.probability_better, entry, expected["chanceToWin"])
    assert agrees(found.expected_loss_if_kept, entry, expected["risk"][0])
    assert agrees(found.expected_loss_if_shipped, entry, expected["risk"][1])


@pytest.mark.parametrize("name", ["bayes_quantile_improper_abs", "bayes_quantile_flat_abs", "bayes_quantile_inf_rel"])
def test_quantiles(name: str) -> None:
    entry = vector(name)
    given = entry["inputs"]
    arms = []
    for arm in (given["control"], given["treatment"]):
        error = (arm["quantile_upper"] - arm["quantile_lower"]) / (2 * stats.norm.ppf(0.975))
        # GrowthBook's variance of a quantile has a factor (n - 1) / n.
        error *= (1 - 1 / arm["n_star"]) ** 0.5
        arms.append(Known(arm["n"], arm["quantile_hat"], error))
    prior = given["prior"]
    found = bayesian_effect(
        compare(*arms),
        prior_mean=prior["mean"],
        prior_standard_deviation=prior["variance"] ** 0.5 if prior["proper"] else None,
        prior_scale=given["prior_type"],
        scale=given["difference_type"],
    )
    check(found, entry)
    # The small loss to its own size too, where a tolerance of 1e-9 sees nothing of it.
    assert found.expected_loss_if_shipped == pytest.approx(entry["expected"]["risk"][1], rel=1e-4)


def test_relative_effect_with_a_prior() -> None:
    entry = vector("bayes_norm_informative")
    given = entry["inputs"]
    arms = [Mean.from_sums(given[arm]["n"], given[arm]["sum"], given[arm]["sum_squares"]) for arm in "ab"]
    found = bayesian_effect(
        compare(*arms),
        prior_mean=given["prior"]["mean"],
        prior_standard_deviation=given["prior"]["variance"] ** 0.5,
        scale="relative",
    )
    check(found, entry)


@pytest.mark.parametrize("name", ["bayes_risk_0.1_0.05", "bayes_risk_0.01_4.5e-09", "bayes_risk_-0.01_4.5e-09"])
def test_risks(name: str) -> None:
    entry = vector(name)
    mean, deviation = entry["inputs"]["mu"], entry["inputs"]["sigma"]
    assert agrees(expected_gain(mean, deviation), entry, entry["expected"]["risk"][0])
    assert agrees(expected_gain(-mean, deviation), entry, entry["expected"]["risk"][1])


def test_small_gains_keep_their_digits() -> None:
    # By the series of the tail: phi(z) (1/z² - 3/z⁴ + 15/z⁶ - ...), at z = 30 good to one part in 1e9 after these.
    z = 30.0
    series = stats.norm.pdf(z) * (1 / z**2 - 3 / z**4 + 15 / z**6 - 105 / z**8 + 945 / z**10)
    assert expected_gain(-z, 1.0) == pytest.approx(series, rel=1e-9)
    assert expected_gain(-1.0, 0.0) == 0.0 and expected_gain(2.0, 0.0) == 2.0


def test_beta_binomial() -> None:
    entry = vector("bayes_beta_binomial_5_50_9_48")
    (k, j), (n, m) = entry["inputs"]["success"], entry["inputs"]["n"]
    found = beta_binomial(Proportion(k, n), Proportion(j, m), prior=tuple(entry["inputs"]["prior"]))
    expected = entry["expected"]
    assert agrees(found.probability_better, entry, expected["prob_2_beats_1"])
    assert agrees(found.expected_loss_if_kept, entry, expected["expected_loss_choose_1"])
    assert agrees(found.expected_loss_if_shipped, entry, expected["expected_loss_choose_2"])


@pytest.mark.parametrize("prior", [(1.0, 1.0), (0.5, 0.5), (20.0, 80.0), (0.05, 0.05)])
@pytest.mark.parametrize(
    ("control", "treatment"),
    [((0, 0), (0, 0)), ((0, 50), (0, 80)), ((50, 50), (3, 50)), ((200, 1_000), (230, 1_000)),
     ((12, 1_000_000), (30, 1_000_000)), ((500_000, 1_000_000), (501_000, 1_000_000))],
)  # fmt: skip
def test_beta_binomial_identities(prior: tuple[float, float], control: Any, treatment: Any) -> None:
    first, second = Proportion(*control), Proportion(*treatment)
    found, turned = beta_binomial(first, second, prior=prior), beta_binomial(second, first, prior=prior)
    assert found.probability_better + turned.probability_better == pytest.approx(1.0, abs=1e-9)
    # What is gained less what is lost is the effect.
    gain = found.expected_loss_if_kept - found.expected_loss_if_shipped
    assert gain == pytest.approx(found.effect, abs=1e-9)
    assert found.expected_loss_if_kept == pytest.approx(turned.expected_loss_if_shipped, rel=1e-9)
    low, high = found.interval
    assert -1 <= low < high <= 1
    if control == treatment:
        assert found.probability_better == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("arm", [(0, 0), (0, 1), (0, 50), (50, 50), (1, 50), (120, 1_000)])
def test_beside_an_arm_that_is_next_to_certain(arm: tuple[int, int]) -> None:
    # One distribution is a million times as wide as the other: the chance is that of the wide one beyond a point.
    k, n = arm
    certain, other = Proportion(3 * 10**14, 10**15), Proportion(k, n)
    found, turned = beta_binomial(certain, other), beta_binomial(other, certain)
    expected = float(stats.beta.sf(0.3, 1 + k, 1 + n - k))
    # To the density times the spread of the narrow one, 1.4e-8, squared; of the smallest tails the rest of 1e-25 is missing.
    assert found.probability_better == pytest.approx(expected, rel=1e-9, abs=1e-25)
    assert turned.probability_better == pytest.approx(1 - expected, rel=1e-9)
    assert found.expected_loss_if_kept - found.expected_loss_if_shipped == pytest.approx(found.effect, abs=1e-12)
    limits = stats.beta.ppf([0.025, 0.975], 1 + k, 1 + n - k) - 0.3
    # 2e-7: the spread of the narrow one, of which limits are found too.
    assert found.interval == pytest.approx(limits, abs=2e-7)
    assert turned.interval == pytest.approx((-limits[1], -limits[0]), abs=2e-7)


def test_beta_binomial_by_draws() -> None:
    random = np.random.default_rng(1)
    found = beta_binomial(Proportion(12, 90), Proportion(20, 95), prior=(0.5, 2.0))
    draws = random.beta(20.5, 77, 1_000_000) - random.beta(12.5, 80, 1_000_000)
    assert found.probability_better == pytest.approx((draws > 0).mean(), abs=2e-3)
    assert found.interval == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=1e-3)
    assert found.standard_deviation == pytest.approx(draws.std(), rel=5e-3)


def test_the_prior_is_rescaled_to_the_effect() -> None:
    result = compare(Proportion(600, 5_000), Proportion(675, 5_000))
    relative = bayesian_effect(result, prior_mean=0.02, prior_standard_deviation=0.05)
    absolute = bayesian_effect(
        result, prior_mean=0.02 * 0.12, prior_standard_deviation=0.05 * 0.12, prior_scale="absolute"
    )
    assert relative.effect == pytest.approx(absolute.effect, rel=1e-12)
    assert relative.standard_deviation == pytest.approx(absolute.standard_deviation, rel=1e-12)


def test_directions() -> None:
    arms = (Mean(50, 10.0, 200.0), Mean(50, 9.5, 210.0))
    up = bayesian_effect(compare(*arms, direction="higher"))
    down = bayesian_effect(compare(*arms, direction="lower"))
    assert up.probability_better == pytest.approx(1 - down.probability_better)
    assert up.expected_loss_if_kept == pytest.approx(down.expected_loss_if_shipped)


def test_pairs_share_their_noise() -> None:
    random = np.random.default_rng(2)
    labels = random.integers(0, 2, 2_000)
    scores = [np.clip(0.5 + 0.3 * (labels - 0.5) + random.normal(size=2_000) * 0.1, 0, 1)]
    scores.append(np.clip(scores[0] + 0.02 * random.normal(size=2_000), 0, 1))
    rows = PairedRows(labels=labels, control_scores=scores[0], treatment_scores=scores[1])
    result = compare_paired(rows, metric="brier_score")
    found = bayesian_effect(result, scale="relative")
    low, high = compare_paired(rows, metric="brier_score", mode="fixed").relative_interval
    # t with 1 999 degrees of freedom against normal.
    assert found.standard_deviation == pytest.approx((high - low) / 2 / stats.t.ppf(0.975, 1_999), rel=1e-9)


def test_it_says_what_it_does_not_do() -> None:
    result = compare(Proportion(600, 5_000), Proportion(675, 5_000), metric="conversion")
    for found in (bayesian_effect(result), beta_binomial(Proportion(5, 50), Proportion(9, 48))):
        assert "does not protect against peeking" in found.reasons[0]
        assert "does not protect against peeking" in str(found)
        json.dumps(found.to_dict(), allow_nan=False)


def test_peeking_at_a_posterior_ships_what_is_no_better() -> None:
    random = np.random.default_rng(3)
    looks = np.arange(500, 10_001, 500)
    runs = 2_000
    wins = random.binomial(500, 0.12, size=(2, runs, len(looks))).cumsum(axis=2)
    rates = wins / looks
    error = np.sqrt((rates * (1 - rates) / looks).sum(axis=0))
    ever = (stats.norm.cdf((rates[1] - rates[0]) / error) > 0.95).any(axis=1).mean()
    # .215 in 20 000 runs; three standard errors of 2 000.
    assert ever == pytest.approx(0.215, abs=0.028)


def test_nothing_to_go_by() -> None:
    empty = bayesian_effect(compare(Proportion(0, 0), Proportion(0, 0)))
    assert empty.effect is None and "no difference" in empty.reasons[0]
    assert str(empty)
    zero = bayesian_effect(compare(Mean(10, 0.0, 3.0), Mean(10, 1.0, 3.0)), prior_standard_deviation=0.1)
    assert zero.effect is None and "cannot be rescaled" in zero.reasons[0]


def test_errors() -> None:
    with pytest.raises(TypeError, match="comparison must be a Comparison"):
        bayesian_effect(3)
    result = compare(Proportion(1, 10), Proportion(2, 10))
    with pytest.raises(ValueError, match="prior_standard_deviation must be a finite number above 0"):
        bayesian_effect(result, prior_standard_deviation=0.0)
    with pytest.raises(TypeError, match="control must be a Proportion"):
        beta_binomial(0.1, Proportion(1, 2))
    with pytest.raises(ValueError, match=r"prior\[1\] must be a finite number above 0"):
        beta_binomial(Proportion(1, 2), Proportion(1, 2), prior=(1, 0))


def test_that_a_prior_mean_without_a_spread_is_refused() -> None:
    with pytest.raises(ValueError, match=r"prior_standard_deviation must be given where there is a prior_mean \(0.1\)"):
        bayesian_effect(compare(Proportion(60, 500), Proportion(70, 500)), prior_mean=0.1)
