"""Balance of covariates that were measured before the test."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from truthlag.abtest import Mean, Proportion, pre_period_balance


def test_sound_arms_with_many_covariates_rarely_fail() -> None:
    # At one look, where the level is used up: .05 + 3 standard errors of 400 runs = .0827.
    rng = np.random.default_rng(8)
    adjusted = plain = 0
    for _ in range(400):
        arms = [{str(number): rng.normal(size=200) for number in range(8)} for _ in range(2)]
        gate = pre_period_balance(*arms, alpha=0.05, mode="fixed")
        adjusted += gate.has_failed
        plain += any(one["p_value"] <= 0.05 for one in gate.numbers["covariates"].values())
    assert adjusted <= 0.0827 * 400
    assert plain > 0.2 * 400


def test_the_one_that_differs_is_named() -> None:
    rng = np.random.default_rng(9)
    control = {"age": rng.normal(40, 10, 5_000), "spend": rng.gamma(2, 10, 5_000)}
    treatment = {"spend": rng.gamma(2, 11.5, 5_000), "age": rng.normal(40, 10, 5_000)}
    gate = pre_period_balance(control, treatment)
    assert gate.status == "failed" and gate.numbers["failed_covariates"] == ["spend"]
    assert "spend" in gate.reason and "age" not in gate.reason
    # Austin's difference: the means over the root of the mean variance.
    means = [arm["spend"].mean() for arm in (control, treatment)]
    spread = math.sqrt((control["spend"].var(ddof=1) + treatment["spend"].var(ddof=1)) / 2)
    expected = (means[1] - means[0]) / spread
    assert gate.numbers["covariates"]["spend"]["standardised_difference"] == pytest.approx(expected, rel=1e-9)
    json.dumps(gate.to_dict(), allow_nan=False)


def test_statistics_and_shares() -> None:
    gate = pre_period_balance(
        {"orders": Mean(1_000, 3.0, 900.0), "returned": Proportion(300, 1_000)},
        {"orders": Mean(1_000, 3.0, 950.0), "returned": Proportion(420, 1_000)},
    )
    assert gate.numbers["failed_covariates"] == ["returned"]


def test_what_is_missing_is_compared_too() -> None:
    rng = np.random.default_rng(10)
    before, now = rng.normal(size=4_000), rng.normal(size=4_000)
    now[:800] = np.nan
    before[:100] = np.nan
    gate = pre_period_balance({"x": before}, {"x": now.tolist()})
    assert gate.numbers["failed_covariates"] == ["x (missing)"]
    assert gate.numbers["covariates"]["x"]["adjusted_p_value"] > 0.01
    assert pre_period_balance({"x": [1.0, None, 2.0]}, {"x": [1.5, 2.0, None]}).status == "passed"


def test_little_to_look_at() -> None:
    assert pre_period_balance({}, {}).status == "not_run"
    for arms in ([[], []], [[1.0], [2.0]], [[math.nan] * 3, [math.nan] * 3]):
        gate = pre_period_balance({"x": arms[0]}, {"x": arms[1]})
        assert gate.status in ("not_run", "passed"), gate
        json.dumps(gate.to_dict(), allow_nan=False)
    constant = pre_period_balance({"x": [1.0] * 50}, {"x": [1.0] * 50})
    assert constant.status in ("not_run", "passed")


def test_refusals() -> None:
    with pytest.raises(ValueError, match="covariates of control, got a difference in y"):
        pre_period_balance({"x": [1, 2]}, {"x": [1, 2], "y": [1, 2]})
    with pytest.raises(TypeError, match="control must be a mapping"):
        pre_period_balance([1], {"x": [1]})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="covariate 'x'"):
        pre_period_balance({"x": ["a"]}, {"x": ["b"]})
    with pytest.raises(ValueError, match="covariate 'x'"):
        pre_period_balance({"x": [math.inf, 1.0, 2.0]}, {"x": [1.0, 2.0, 3.0]})
