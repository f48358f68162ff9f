"""The guardrail on the p99 of heavy-tailed latencies: how often it is wrong, and how often it knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.verdict.abtest.guardrails.latency_draws import (
    P99,
    gap,
    lognormal,
    of_lognormal,
    pareto,
    shares,
    upper_arm,
)
from truthlag import ModelABTestMonitor
from truthlag.abtest import Guardrail, LatencyHistogram, QuantileArm, compare

MARGIN = 50
#: A regression of 96 ms.
SLOWER = 1.15


def statuses(
    rail: Guardrail,
    n: int,
    runs: int,
    make: Callable[[np.random.Generator], Any],
    other: Callable[[np.random.Generator], Any],
) -> dict[str, float]:
    random = np.random.default_rng(n)

    def each() -> Iterator[str]:
        for _ in range(runs):
            yield rail.check(make(random), other(random)).status

    return shares(each())


def test_the_latencies_are_those_of_the_claim() -> None:
    assert abs(P99 - 643) < 0.5
    assert abs(P99 * (SLOWER - 1) - 96) < 0.5
    random = np.random.default_rng(1)
    drawn = [upper_arm(random, 2_000, 0.99, of_lognormal).estimate for _ in range(2_000)]
    whole = [QuantileArm.of(lognormal(random, 2_000), 0.99).estimate for _ in range(2_000)]
    # 4 standard errors of a difference of two means; and of two standard deviations.
    assert abs(np.mean(drawn) - np.mean(whole)) < 4 * math.sqrt(2 / 2_000) * np.std(whole)
    assert np.std(drawn) / np.std(whole) == pytest.approx(1, abs=4 / math.sqrt(2_000))


def test_what_the_plain_one_does() -> None:
    random = np.random.default_rng(2)
    monitor = ModelABTestMonitor("old", "new")
    blocked = passed = 0
    for _ in range(1_000):
        control, same, other = (lognormal(random, 1_000) for _ in range(3))
        blocked += not monitor.check_guardrails(control, same)["passed"]
        passed += monitor.check_guardrails(control, SLOWER * other)["passed"]
    assert 230 < blocked < 320
    assert 260 < passed < 360


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fixed", "confidence_sequence"])
@pytest.mark.parametrize(("n", "runs"), [(100, 300), (1_000, 1_000), (10_000, 1_000), (100_000, 500)])
def test_the_claim(mode: str, n: int, runs: int) -> None:
    rail = Guardrail("latency", "lower", MARGIN, quantile=0.99, mode=mode)

    def identical(random: np.random.Generator) -> QuantileArm:
        return upper_arm(random, n, 0.99, of_lognormal)

    def slower(random: np.random.Generator) -> QuantileArm:
        return upper_arm(random, n, 0.99, of_lognormal, lambda values: SLOWER * values)

    same = statuses(rail, n, runs, identical, identical)
    regression = statuses(rail, n + 1, runs, identical, slower)
    assert same["block"] <= 0.05
    assert regression["pass"] <= 0.05
    if n == 100_000:
        assert same["pass"] >= 0.95
        assert regression["block"] >= 0.95


def test_the_claim_on_raw_latencies() -> None:
    # The same with the latencies themselves: lists and arrays of them, and histograms.
    random = np.random.default_rng(3)
    rail = Guardrail("latency", "lower", MARGIN, quantile=0.99)
    found = {"same": [], "slower": []}
    for run in range(40):
        control, same = lognormal(random, 100_000), lognormal(random, 100_000)
        for name, treatment in (("same", same), ("slower", SLOWER * same)):
            arms: list[Any] = [control, treatment]
            if run % 4 == 0:
                arms = [arm.tolist() for arm in arms]
            if run % 4 == 1:
                histograms = [LatencyHistogram(), LatencyHistogram()]
                for histogram, arm in zip(histograms, arms, strict=True):
                    histogram.update_many(arm)
                arms = histograms
            found[name].append(rail.check(*arms).status)
    assert found["same"].count("pass") >= 38
    assert found["slower"].count("block") >= 38


DISTRIBUTIONS = {"lognormal": of_lognormal, "pareto": pareto, "gap": gap}


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize(
    ("n", "m", "p"),
    [(300, 300, 0.99), (1_000, 1_000, 0.99), (900, 9_000, 0.99), (20_000, 2_000, 0.95), (100_000, 100_000, 0.99)],
)
def test_size_at_the_margin_itself(name: str, n: int, m: int, p: float) -> None:
    """The hardest case: the treatment is slower by just the margin, which is neither to be passed nor to be blocked."""
    runs = 1_000
    value = DISTRIBUTIONS[name]
    rail = Guardrail("latency", "lower", 50, quantile=p, mode="fixed")
    random = np.random.default_rng([n, m])
    found = shares(
        rail.check(upper_arm(random, n, p, value), upper_arm(random, m, p, value, lambda values: values + 50)).status
        for _ in range(runs)
    )
    bound = 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert found["pass"] <= bound
    assert found["block"] <= bound


@pytest.mark.slow
def test_looks_after_every_part() -> None:
    """Twenty looks at arms that differ by just the margin: wrong at any of them in at most alpha of the tests."""
    random = np.random.default_rng(5)
    runs, looks, n = 120, 20, 8_000
    rail = Guardrail("latency", "lower", 50, quantile=0.95, expected_n=2 * n)
    fixed = Guardrail("latency", "lower", 50, quantile=0.95, mode="fixed")
    wrong = {rail: 0, fixed: 0}
    for _ in range(runs):
        control, treatment = lognormal(random, n), lognormal(random, n) + 50
        sizes = range(n // looks, n + 1, n // looks)
        arms = [(QuantileArm.of(control[:size], 0.95), QuantileArm.of(treatment[:size], 0.95)) for size in sizes]
        for one in wrong:
            wrong[one] += any(one.check(*pair).status != "undecided" for pair in arms)
    # 5 percent for each of two directions.
    assert wrong[rail] <= 0.1 * runs
    assert wrong[fixed] > 0.15 * runs


@pytest.mark.slow
@pytest.mark.parametrize(("p", "users", "events"), [(0.5, 200, 20), (0.99, 1_000, 5), (0.95, 500, 5)])
def test_users_of_several_events(p: float, users: int, events: int) -> None:
    """Two equal arms whose events come by user: how often a difference is found with users for units, and with events."""
    random = np.random.default_rng(6)
    runs = 500
    found = {"clustered": 0, "naive": 0}
    for _ in range(runs):
        arms, units = [], []
        for _ in range(2):
            of_user = np.repeat(np.arange(users), 1 + random.poisson(events - 1, users))
            own, shared = random.standard_normal(len(of_user)), random.standard_normal(users)[of_user]
            arms.append(100 * np.exp(0.8 * (0.5 * own + math.sqrt(0.75) * shared)))
            units.append(of_user)
        clustered = [QuantileArm.of(values, p, cluster=unit) for values, unit in zip(arms, units, strict=True)]
        found["clustered"] += compare(*clustered, mode="fixed").is_decided
        found["naive"] += compare(*(QuantileArm.of(values, p) for values in arms), mode="fixed").is_decided
    assert found["clustered"] <= (0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)) * runs
    assert found["naive"] > found["clustered"]
    if p < 0.99:
        assert found["naive"] > 0.1 * runs
