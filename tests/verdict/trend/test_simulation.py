"""How often `check_trend` calls a trend where there is none, and finds one where there is: by simulation, with fixed seeds.

A limit of a rate over many runs is the bound promised; the true rates lie far enough below it that chance does not
reach it. The page of the manual shows the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from truthlag.verdict.trend import check_trend

ALPHA = 0.05
TRENDS = ("declining", "improving")
Draw = Callable[[np.random.Generator], dict[str, Any]]


def shares(draw: Draw, runs: int, seed: int) -> dict[str, float]:
    random = np.random.default_rng(seed)
    counted = Counter(check_trend("accuracy", **draw(random)).verdict for _ in range(runs))
    return {verdict: counted[verdict] / runs for verdict in (*TRENDS, "stable", "outlier", "undecided")}


def trends(draw: Draw, runs: int, seed: int) -> float:
    found = shares(draw, runs, seed)
    return sum(found[verdict] for verdict in TRENDS)


def moving(random: np.random.Generator, periods: int, rho: float) -> Any:
    """A stationary series of variance 1 in which each value keeps the share rho of the one before."""
    series = random.standard_normal(periods)
    for at in range(1, periods):
        series[at] = rho * series[at - 1] + np.sqrt(1 - rho**2) * series[at]
    return series


def rates(periods: int, rows: Any, rate: float, *, slope: float = 0.0, spread: float = 0.0, rho: float = 0.0) -> Draw:
    """Binomial counts, whose rates also differ between periods by `spread` and may move together."""

    def draw(random: np.random.Generator) -> dict[str, Any]:
        sizes = rows(random) if callable(rows) else np.full(periods, rows)
        level = rate + slope * np.arange(periods) + spread * moving(random, periods, rho)
        return {"periods": random.binomial(sizes, np.clip(level, 0, 1)), "trials": sizes}

    return draw


def unequal(periods: int, median: int) -> Callable[[np.random.Generator], Any]:
    """From about a tenth to ten times the median."""
    return lambda random: np.maximum(5, median * np.exp(random.standard_normal(periods))).astype(int)


@pytest.mark.parametrize("rows", [20, 50, 500, 2000])
@pytest.mark.parametrize("periods", [14, 31, 60])
def test_flat_rates(periods: int, rows: int) -> None:
    # At most 1.2 alpha; it is about 0.02, which 500 runs tell from 0.06 by six standard deviations.
    assert trends(rates(periods, rows, 0.95), 500, 1) <= 1.2 * ALPHA


@pytest.mark.parametrize(
    "draw",
    [
        rates(7, 50, 0.95),
        rates(3, 50, 0.9),
        rates(31, 20, 0.99),
        rates(31, 50, 0.5),
        rates(31, unequal(31, 200), 0.95),
        rates(14, unequal(14, 50), 0.95),
        rates(31, 2000, 0.9, spread=0.03),
        rates(31, unequal(31, 200), 0.9, spread=0.03),
        rates(31, lambda random: np.array([50] * 29 + [5000] * 2), 0.95),
        rates(31, lambda random: np.geomspace(50, 5000, 31).astype(int), 0.9, spread=0.02),
    ],
    ids=[
        "a week",
        "three days",
        "rare errors",
        "a coin",
        "unequal",
        "unequal and short",
        "days that differ",
        "unequal days that differ",
        "two large days",
        "growing",
    ],
)
def test_other_flat_rates(draw: Draw) -> None:
    assert trends(draw, 500, 2) <= 1.2 * ALPHA


def test_a_flat_week_of_days_that_differ() -> None:
    """Student's t alone decides, at its level; 0.06 and two standard errors of 1500 runs."""
    assert trends(rates(7, 2000, 0.9, spread=0.03), 1500, 6) <= 1.2 * ALPHA + 0.011


@pytest.mark.parametrize("periods", [14, 31, 60])
def test_flat_values_and_means(periods: int) -> None:
    """White noise, of which plain Newey-West rejects 20, 14 and about 10 percent at these lengths."""
    assert trends(lambda random: {"periods": random.normal(0.9, 0.02, periods)}, 500, 3) <= 1.2 * ALPHA

    def means(random: np.random.Generator) -> dict[str, Any]:
        sizes = random.integers(20, 400, periods)
        rows = [random.exponential(0.3, size) for size in sizes]
        squares = [(row**2).mean() for row in rows]
        return {"periods": [row.mean() for row in rows], "second_moments": squares, "sizes": sizes}

    assert trends(means, 400, 4) <= 1.2 * ALPHA


@pytest.mark.parametrize(("periods", "rho"), [(14, 0.2), (31, 0.3), (60, 0.5)], ids=["14 days", "31 days", "60 days"])
def test_days_that_move_together(periods: int, rho: float) -> None:
    """Where it holds: up to a correlation of about 0.2 at 14 days, 0.4 at 31 and 0.5 at 60."""
    draw = rates(periods, 500, 0.9, spread=0.03, rho=rho)
    # Beside binomial noise of 0.013; 0.06 and two standard errors of 1000 runs.
    assert trends(draw, 1000, 5) <= 1.2 * ALPHA + 0.015


def test_flat_series_are_rarely_said_to_have_an_outlier() -> None:
    for seed, draw in enumerate([rates(31, 50, 0.95), rates(7, 50, 0.95), rates(14, 20, 0.99)]):
        assert shares(draw, 500, 10 + seed)["outlier"] <= 1.2 * ALPHA
    found = shares(lambda random: {"periods": random.normal(0.9, 0.02, 31)}, 500, 14)
    assert found["outlier"] <= 1.2 * ALPHA


@pytest.mark.parametrize("rows", [50, unequal(31, 50)], ids=["equal", "unequal"])
def test_a_slow_decline_is_found(rows: Any) -> None:
    """From 0.95 by 0.005 a day over 31 days, with the binomial noise of 50 rows a day."""
    assert shares(rates(31, rows, 0.95, slope=-0.005), 800, 20)["declining"] >= 0.9


def test_a_slow_decline_of_plain_values_is_found() -> None:
    """The same without the counts, so that nothing is known of sampling."""

    def draw(random: np.random.Generator) -> dict[str, Any]:
        return {"periods": random.binomial(50, 0.95 - 0.005 * np.arange(31)) / 50}

    assert shares(draw, 800, 21)["declining"] >= 0.9


def test_the_interval_covers_the_slope_and_the_crossing() -> None:
    random = np.random.default_rng(30)
    slopes = crossings = found = 0
    for _ in range(600):
        good = random.binomial(200, 0.95 - 0.004 * np.arange(31))
        report = check_trend("accuracy", good, trials=[200] * 31, baseline=0.95, margin=0.16)
        assert report.interval is not None
        slopes += report.interval[0] <= -0.004 <= report.interval[1]
        if report.crossing_days is not None:
            found += 1
            # 0.79 is 40 days from the first, 10 from the last.
            crossings += report.crossing_days[0] <= 10 <= report.crossing_days[1]
    assert found >= 590
    # 95 percent at least; three standard errors of 600 runs.
    assert slopes / 600 >= 0.95 - 0.027 and crossings / found >= 0.95 - 0.027
