"""Covariates, strata and few labels: how much they gain, how often they are wrong, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import (
    Mean,
    MeanWithCovariate,
    PredictionPowered,
    Proportion,
    RatioWithCovariate,
    Strata,
    compare,
    statistic_from_dict,
    winsorize,
)

#: By how much a share of so many runs may be above a chance of .05.
RUNS = 1000
MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)


def arm(rng: np.random.Generator, n: int, effect: float, slope: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(5, 2, n)
    return 1 + slope * x + effect + rng.normal(0, 1 + 0.2 * np.abs(x - 5), n), x


class TestRegression:
    @pytest.mark.parametrize("method", ["regression", "cuped", "lin"])
    def test_equal_arms(self, method: str) -> None:
        rng = np.random.default_rng(1)
        found = 0
        for _ in range(RUNS):
            arms = [MeanWithCovariate.of(*arm(rng, n, 0.0), sandwich=method == "lin") for n in (60, 240)]
            found += compare(*arms, mode="fixed", method=method).is_decided
        assert found / RUNS <= MOST

    @pytest.mark.parametrize("method", ["regression", "cuped", "lin"])
    def test_it_needs_less(self, method: str) -> None:
        rng = np.random.default_rng(2)
        arms = [MeanWithCovariate.of(*arm(rng, 400, effect)) for effect in (0.0, 0.4)]
        plain = compare(*(one.values for one in arms), mode="fixed")
        adjusted = compare(*arms, mode="fixed", method=method)
        # The covariate is worth about six sevenths of the variance.
        assert adjusted.standard_error < 0.5 * plain.standard_error
        assert adjusted.verdict == "better"
        low, high = adjusted.difference_interval
        assert low < 0.4 < high

    def test_at_any_time(self) -> None:
        rng = np.random.default_rng(3)
        found = 0
        for _ in range(300):
            values = [arm(rng, 1000, 0.0) for _ in range(2)]
            found += any(
                compare(*(MeanWithCovariate.of(y[:n], x[:n]) for y, x in values), expected_n=1000).is_decided
                for n in range(50, 1001, 50)
            )
        assert found / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)

    def test_lin_has_a_slope_of_its_own_in_each_arm(self) -> None:
        rng = np.random.default_rng(4)
        arms = [MeanWithCovariate.of(*arm(rng, n, 0.0, slope)) for n, slope in ((2000, 0.5), (200, 3.0))]
        pooled, own = (compare(*arms, mode="fixed", method=method).standard_error for method in ("regression", "lin"))
        assert own < 0.5 * pooled

    def test_the_variance_of_merged_arms_is_near_that_of_raw_ones(self) -> None:
        rng = np.random.default_rng(5)
        y, x = rng.normal(size=500), rng.normal(size=500)
        first, second = (MeanWithCovariate.of(y + x, x, sandwich=robust) for robust in (True, False))
        results = [compare(one, one, mode="fixed", method="lin").standard_error for one in (first, second)]
        assert results[0] == pytest.approx(results[1], rel=0.02)
        halves = MeanWithCovariate.of((y + x)[:200], x[:200], sandwich=True) + MeanWithCovariate.of(
            (y + x)[200:], x[200:]
        )
        assert halves.sandwich is None
        assert np.allclose(halves.comoments, second.comoments, rtol=1e-12)

    @pytest.mark.parametrize("constant", [True, False])
    def test_covariates_that_tell_nothing(self, constant: bool) -> None:
        rng = np.random.default_rng(6)
        x = np.ones(100) if constant else rng.normal(size=100)
        y = rng.normal(size=100)
        # The same covariate twice is no more than once.
        arms = [MeanWithCovariate.of(y + shift, [x, x]) for shift in (0.0, 0.1)]
        for method in ("regression", "cuped", "lin"):
            result = compare(*arms, mode="fixed", method=method)
            assert result.difference == pytest.approx(0.1, abs=1e-9)
            assert result.standard_error > 0

    def test_another_score_in_each_arm_is_refused(self) -> None:
        rng = np.random.default_rng(7)
        y, x = rng.normal(size=200), rng.normal(size=200)
        first = MeanWithCovariate.of(y, x, names=("score of fraud-v1",))
        second = MeanWithCovariate.of(y, x, names=("score of fraud-v2",))
        with pytest.raises(ValueError, match="one frozen model score the requests of both arms"):
            compare(first, second)
        # Nobody says what it is, and the numbers do.
        shifted = compare(MeanWithCovariate.of(y, x), MeanWithCovariate.of(y, x + 2), mode="fixed")
        assert shifted.verdict == "undecided" and shifted.p_value is None
        assert "not measured alike" in shifted.reasons[0]

    def test_ratios(self) -> None:
        rng = np.random.default_rng(8)
        found = 0
        for _ in range(RUNS):
            arms = []
            for n in (80, 160):
                taste = rng.normal(0, 1, n)
                views = rng.poisson(8, n) + 1.0
                before = rng.poisson(8, n) + 1.0
                clicks = views * (2 + taste) + rng.normal(0, 1, n)
                arms.append(
                    RatioWithCovariate.of(clicks, views, before=(before * (2 + taste) + rng.normal(0, 1, n), before))
                )
            result = compare(*arms, mode="fixed")
            found += result.is_decided
        assert found / RUNS <= MOST
        assert result.standard_error < 0.5 * math.hypot(*(one.standard_error for one in arms))


class TestStrata:
    def test_equal_arms_of_unequal_mixture(self) -> None:
        rng = np.random.default_rng(9)
        found = plain = 0
        for _ in range(RUNS):
            arms = [
                Strata({"a": Proportion(int(rng.binomial(n, 0.1)), n), "b": Proportion(int(rng.binomial(m, 0.6)), m)})
                for n, m in ((400, 100), (350, 150))
            ]
            found += compare(*arms, mode="fixed").is_decided
            raw = [sum(arm.by_stratum.values(), Proportion(0, 0)) for arm in arms]
            plain += compare(*raw, mode="fixed").is_decided
        assert found / RUNS <= MOST
        assert plain / RUNS > 0.2

    def test_a_stratum_that_an_arm_has_not(self) -> None:
        result = compare(Strata({"a": Proportion(1, 10)}), Strata({"a": Proportion(2, 10), "b": Proportion(1, 5)}))
        assert result.verdict == "undecided" and "stratum 'b' has fewer than two rows" in result.reasons[0]

    def test_merging(self) -> None:
        values, names = np.arange(20.0), list("aabbb" * 4)
        whole = Strata.of(values, names)
        halves = Strata.of(values[:10], names[:10]) + Strata.of(values[10:], names[10:])
        for name, one in whole.by_stratum.items():
            assert isinstance(one, Mean)
            assert halves.by_stratum[name].estimate == pytest.approx(one.mean, abs=1e-12)
        assert statistic_from_dict(whole.to_dict()) == whole


class TestPredictionPowered:
    def test_equal_arms_with_predictions_of_another_bias_each(self) -> None:
        rng = np.random.default_rng(10)
        found, gained = 0, []
        for _ in range(RUNS):
            arms = []
            for bias in (0.0, 0.3):
                truth = rng.normal(size=1000)
                predictions = truth + bias + rng.normal(0, 0.4, 1000)
                arms.append(PredictionPowered.of(truth[:60], predictions[:60], predictions[60:]))
            result = compare(*arms, mode="fixed")
            found += result.is_decided
            gained.append(result.standard_error / math.hypot(*(one.labelled.standard_error for one in arms)))
        assert found / RUNS <= MOST
        assert np.mean(gained) < 0.5

    def test_predictions_that_tell_nothing_do_no_harm(self) -> None:
        rng = np.random.default_rng(11)
        truth, noise = rng.normal(size=100), rng.normal(size=2000)
        one = PredictionPowered.of(truth, noise[:100], noise[100:])
        assert one.standard_error < 1.01 * one.labelled.standard_error

    @pytest.mark.parametrize("n", [0, 1])
    def test_next_to_no_labels(self, n: int) -> None:
        one = PredictionPowered.of([1.0] * n, [0.5] * n, [0.5, 0.25])
        assert compare(one, one).verdict == "undecided"
        assert statistic_from_dict(one.to_dict()) == one


class TestWinsorising:
    def test_in_a_comparison(self) -> None:
        rng = np.random.default_rng(12)
        arms = [rng.lognormal(0, 2, 500) for _ in range(2)]
        result = compare(*arms, mode="fixed", winsorize=0.99)
        by_hand = winsorize(*arms, upper=0.99)
        assert result.difference == compare(by_hand.control, by_hand.treatment, mode="fixed").difference
        assert result.standard_error < compare(*arms, mode="fixed").standard_error
        assert result.reasons[-1] == str(by_hand) and "0.99 quantile of both arms together" in result.reasons[-1]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"upper": None}, "upper or lower must be given"),
            ({"upper": 0.5, "lower": 0.6}, "lower must be below upper"),
        ],
    )
    def test_wrong_limits(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            winsorize([1, 2], [3, 4], **options)

    def test_statistics_have_no_values_left(self) -> None:
        with pytest.raises(ValueError, match="winsorize must be None unless both arms are raw values"):
            compare(Proportion(1, 2), Proportion(1, 2), winsorize=0.9)
