"""Calibration errors by draws of their bins, and with clusters: against simulation, and how often they err."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.abtest import Calibration, LabelledRows, compare, statistic_from_dict
from truthlag.verdict.abtest.difference.bootstrapped import BootstrapEffect

EDGES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


def arm(rng: Any, n: int, shift: float = 0.0, repeated: int = 1) -> Calibration:
    """An arm whose labels are more often 1 than scores claim by a shift; of units with as many equal rows."""
    scores = rng.beta(2, 5, n // repeated)
    labels = rng.random(n // repeated) < np.clip(scores + shift, 0, 1)
    if repeated == 1:
        return Calibration.of(labels, scores, edges=EDGES)
    unit = np.repeat(np.arange(n // repeated), repeated)
    return Calibration.of(labels[unit], scores[unit], edges=EDGES, cluster=unit)


@pytest.mark.parametrize("method", ["skewness", "bootstrap"])
@pytest.mark.parametrize(("sizes", "repeated"), [((1_000, 10_000), 1), ((1_000, 1_500), 5)])
def test_perfect_arms_are_seldom_different(method: str, sizes: tuple[int, int], repeated: int) -> None:
    rng, runs, found = np.random.default_rng(8), 400, 0
    for _ in range(runs):
        arms = [arm(rng, n, repeated=repeated) for n in sizes]
        result = compare(*arms, mode="fixed", method=method)
        low, high = result.difference_interval
        assert (result.p_value <= 0.05) == (low > 0 or high < 0)
        found += result.is_decided
    assert found / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("repeated", [1, 4])
def test_a_worse_arm_is_found_and_its_interval_covers(repeated: int) -> None:
    rng, runs, found, covered = np.random.default_rng(9), 150, 0, 0
    for _ in range(runs):
        arms = arm(rng, 4_000, repeated=repeated), arm(rng, 4_000, 0.1, repeated)
        result = compare(*arms, mode="fixed", method="bootstrap", direction="lower")
        low, high = result.difference_interval
        found += result.verdict == "worse"
        # Few scores are above .9, where the shift would lead beyond 1.
        covered += low <= 0.01 <= high
    assert found / runs >= 0.9 and covered / runs >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(("shift", "repeated"), [(0.0, 1), (0.12, 1), (0.12, 5)])
def test_draws_are_as_spread_as_samples(shift: float, repeated: int) -> None:
    rng = np.random.default_rng(10)
    samples = [
        [one.estimate for one in (arm(rng, 3_000, shift, repeated), arm(rng, 3_000, shift, repeated))]
        for _ in range(400)
    ]
    true = float(np.std([second - first for first, second in samples]))
    errors = [
        compare(
            arm(rng, 3_000, shift, repeated), arm(rng, 3_000, shift, repeated), mode="fixed", method="bootstrap"
        ).standard_error
        for _ in range(40)
    ]
    # The error of a perfect arm is itself known roughly, and from above.
    assert (0.9 if shift else 0.85) * true <= float(np.mean(errors)) <= (1.1 if shift else 1.6) * true


def test_at_any_time() -> None:
    rng, runs, found = np.random.default_rng(11), 60, 0
    for _ in range(runs):
        data = []
        for _arm in range(2):
            scores = rng.beta(2, 5, 1_000)
            data.append((rng.random(1_000) < scores, scores))
        for n in range(100, 1_001, 100):
            arms = [Calibration.of(labels[:n], scores[:n], edges=EDGES) for labels, scores in data]
            if compare(*arms, expected_n=2_000, method="bootstrap").is_decided:
                found += 1
                break
    assert found / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_it_is_the_same_each_time() -> None:
    arms = arm(np.random.default_rng(1), 500), arm(np.random.default_rng(2), 900)
    assert compare(*arms, method="bootstrap") == compare(*arms, method="bootstrap")


class TestEffect:
    ERRORS = np.sort(np.random.default_rng(3).standard_normal(20_000) + 0.3)
    EFFECT = BootstrapEffect(2.0, 1.0, "draws", ERRORS)

    @pytest.mark.parametrize("quantile", [0.5, 1.96, 2.3, 2.4, 3.0, 6.0, 20.0])
    def test_limits_are_where_the_statistic_is_the_quantile(self, quantile: float) -> None:
        low, high = self.EFFECT.limits(quantile)
        # Between draws the share is taken to be even.
        assert self.EFFECT.statistic(low) == pytest.approx(quantile, abs=2e-3)
        assert self.EFFECT.statistic(high) == pytest.approx(-quantile, abs=2e-3)

    def test_it_is_normal_where_draws_are(self) -> None:
        for null in np.linspace(-0.2, 3.5, 20):
            assert self.EFFECT.statistic(float(null)) == pytest.approx(2.0 - null - 0.3, abs=0.06)
        # Beyond the draws it is no surer than a normal tail.
        assert 3 < self.EFFECT.statistic(-4.0) < 5.7

    def test_it_falls_with_the_value(self) -> None:
        found = [self.EFFECT.statistic(float(null)) for null in np.linspace(-50, 50, 2_001)]
        assert (np.diff(found) <= 0).all() and abs(found[0]) <= 37 and abs(found[-1]) <= 37

    def test_draws_that_are_all_the_same(self) -> None:
        effect = BootstrapEffect(1.0, 0.0, "draws", np.zeros(100))
        assert effect.limits(2.0) == (1.0, 1.0) and effect.statistic(0.0) == 37.0 and effect.statistic(2.0) == -37.0


class TestClusters:
    def test_units_of_one_row_are_rows(self) -> None:
        rng = np.random.default_rng(4)
        scores = rng.beta(2, 5, 3_000)
        labels = rng.random(3_000) < scores
        rows = Calibration.of(labels, scores, edges=EDGES)
        units = Calibration.of(labels, scores, edges=EDGES, cluster=np.arange(3_000))
        assert units.n == rows.n == 3_000
        # n and n - 1 of a bin, and of the arm.
        assert units.estimate == pytest.approx(rows.estimate, abs=2e-6)
        assert units.standard_error == pytest.approx(rows.standard_error, rel=0.02)
        assert units.moments()[2] == pytest.approx(rows.moments()[2], rel=0.05)

    def test_its_moments_are_those_of_samples(self) -> None:
        rng = np.random.default_rng(5)
        found = [arm(rng, 2_000, 0.1, 4) for _ in range(1_500)]
        estimates = np.array([one.estimate for one in found])
        # The shift leads beyond 1 for few.
        assert estimates.mean() == pytest.approx(0.01, abs=4e-4)
        variances = [one.standard_error**2 for one in found]
        assert np.mean(variances) == pytest.approx(estimates.var(), rel=0.1)
        assert np.mean([one.moments()[2] for one in found]) == pytest.approx(
            float(stats.moment(estimates, 3)), rel=0.35
        )
        ignored = Calibration(*(getattr(found[0], name) for name in ("edges", "n_by_bin", "gaps", "gaps_m2")))
        assert ignored.standard_error < 0.7 * found[0].standard_error

    def test_of_labelled_rows(self) -> None:
        rng = np.random.default_rng(6)
        arms = []
        for _ in range(2):
            scores = rng.random(600)
            arms.append(LabelledRows(rng.random(600) < scores, scores=scores, cluster=rng.integers(0, 90, 600)))
        result = compare(*arms, metric="calibration_error", mode="fixed")
        assert result.control.n == len(set(arms[0].cluster.tolist())) and result.p_value > 0.01

    def test_to_a_dict_and_not_merged(self) -> None:
        one = arm(np.random.default_rng(7), 400, repeated=4)
        assert statistic_from_dict(json.loads(json.dumps(one.to_dict()))) == one
        with pytest.raises(ValueError, match="other must not be of clusters"):
            one.merge(one)
        with pytest.raises(ValueError, match="treatment must be clustered as control is"):
            compare(one, arm(np.random.default_rng(7), 400))
        with pytest.raises(ValueError, match="covariance must be given with clusters"):
            Calibration((), (5,), (0.1,), (0.5,), clusters=3)
        single = Calibration.of([0, 1], [0.2, 0.7], edges=[], cluster=["ann", "ann"])
        assert single.estimate is None
        assert compare(single, single).reasons[0].startswith("an arm has no bin with two rows")
