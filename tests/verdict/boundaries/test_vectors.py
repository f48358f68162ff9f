"""Numbers of confseq."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.verdict.sequences.vectors import bernoulli, entries, is_near
from truthlag.boundaries import (
    BetaBinomialBoundary,
    GammaExponentialBoundary,
    GammaPoissonBoundary,
    MixtureBoundary,
    NormalMixtureBoundary,
    StitchedBoundary,
    bounded_mean_limits,
)
from truthlag.detectors import BettingSequence

STREAM = bernoulli(5, [0.12] * 600)


def one(name: str) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """An entry, what is given in it, and its value."""
    entry = next(entry for entry in entries("abtest.json", name) if entry["name"] == name)
    return entry, entry["inputs"], entry["expected"].get("value")


def holds(boundary: MixtureBoundary, entry: dict[str, Any]) -> bool:
    """Whether the boundary of an entry is where the e-value is 1 / alpha, and no other."""
    v, value = entry["inputs"]["v"], entry["expected"]["value"]
    below, above = value * (1 - 1e-9), value * (1 + 1e-9)
    return not boundary.crossed(below, v) and bool(boundary.crossed(above, v))


@pytest.mark.parametrize("name", ["cs_normal_one_sided_bound", "cs_normal_one_sided_log_mixture"])
def test_normal_mixture(name: str) -> None:
    entry, given, value = one(name)
    assert given["is_one_sided"] and given.get("alpha", 0.05) == given["alpha_opt"]
    boundary = NormalMixtureBoundary(given["v_opt"], alpha=given["alpha_opt"])
    if name == "cs_normal_one_sided_bound":
        assert is_near(entry, boundary.at(given["v"]), value)
        assert holds(boundary, entry)
    else:
        assert is_near(entry, boundary.log_e_value(given["s"], given["v"]), value)


def test_gamma_poisson_mixture() -> None:
    entry, given, value = one("cs_gamma_poisson_bound")
    assert given["alpha"] == given["alpha_opt"]
    boundary = GammaPoissonBoundary(given["v_opt"], alpha=given["alpha"], scale=given["c"])
    assert is_near(entry, boundary.at(given["v"]), value)
    assert holds(boundary, entry)


@pytest.mark.parametrize(
    "name",
    [
        "cs_beta_binomial_one_sided_log_mixture",
        "cs_beta_binomial_one_sided_bound",
        "cs_beta_binomial_one_sided_bound_small_v",
    ],
)
def test_beta_binomial_mixture(name: str) -> None:
    entry, given, value = one(name)
    boundary = BetaBinomialBoundary(given["v_opt"], alpha=given["alpha_opt"], bounds=(-given["g"], given["h"]))
    if "s" in given:
        assert is_near(entry, boundary.log_e_value(given["s"], given["v"]), value)
    else:
        # Of two values the sum cannot be more than it is where both are the largest.
        assert is_near(entry, boundary.at(given["v"]), value)


def test_polynomial_stitching() -> None:
    entry, given, value = one("cs_poly_stitching")
    boundary = StitchedBoundary(
        given["v_min"], alpha=given["alpha"], scale=given["c"], power=given["s"], growth=given["eta"]
    )
    assert is_near(entry, boundary.at(given["v"]), value)
    assert boundary.p_value(value, given["v"]) == pytest.approx(given["alpha"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "method", "alpha", "tuned_at"),
    [
        ("cs_predmix_hoeffding", "hoeffding", 0.05, None),
        ("cs_conjmix_hoeffding", "hoeffding_mixture", 0.05, 300 / 4),
        ("cs_conjmix_empbern_alpha_half_each_side", "empirical_bernstein_mixture", 0.05, 31.68),
        # Halved twice there, so that it is wider than it need be.
        ("cs_conjmix_empbern", "empirical_bernstein_mixture", 0.025, 31.68),
    ],
)
def test_limits_of_a_mean(name: str, method: str, alpha: float, tuned_at: float | None) -> None:
    entry, given, _ = one(name)
    assert tuned_at == given.get("v_opt", given.get("t_opt", 0) / 4 or None)
    low, high = bounded_mean_limits(STREAM, method=method, alpha=alpha, tuned_at=tuned_at)
    expected = entry["expected"]
    checked = np.array(expected["checkpoints_n"]) - 1
    assert is_near(entry, low[checked], expected["lower"])
    # There, limits that are further than the values can be are cut too.
    assert is_near(entry, high[checked], expected["upper"])
    assert is_near(entry, STREAM.cumsum()[checked] / (checked + 1), expected["mean"])


@pytest.mark.parametrize("method", ["hoeffding", "hoeffding_mixture", "empirical_bernstein_mixture"])
def test_betting_is_no_wider(method: str) -> None:
    # What the library has for values that come one by one is narrower at every size, but where a mixture was tuned to just this
    # number of values and variance: there it is wider by some percent.
    tuned_at = {"hoeffding": None, "hoeffding_mixture": 300 / 4, "empirical_bernstein_mixture": 31.68}[method]
    low, high = bounded_mean_limits(STREAM, method=method, tuned_at=tuned_at)
    for n in (10, 50, 100, 200, 400, 600):
        sequence = BettingSequence(0.05)
        sequence.update_many(STREAM[:n])
        ours = sequence.interval
        assert ours[1] - ours[0] < (1.04 if n == 600 else 1.0) * (high[n - 1] - low[n - 1])
        # The true rate is in both.
        assert ours[0] < 0.12 < ours[1] and low[n - 1] < 0.12 < high[n - 1]


def test_by_hand() -> None:
    # What a mean's limits are made of.
    n = np.arange(1, STREAM.size + 1)
    means = STREAM.cumsum() / n
    before = np.concatenate([[0.5], means[:-1]])
    margin = GammaExponentialBoundary(tuned_at=31.68, alpha=0.025).at(((STREAM - before) ** 2).cumsum()) / n
    low, high = bounded_mean_limits(STREAM, tuned_at=31.68)
    assert np.array_equal(low, np.maximum(0, means - margin)) and np.array_equal(high, np.minimum(1, means + margin))
