"""The table of scenarios in the manual: its numbers, what they promise, and that its plain rules are the plain ones."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.docs.page_script import page_script
from truthlag import ModelABTestMonitor
from truthlag.abtest import Mean, compare

FOLDER = Path(__file__).parents[3] / "docs" / "concepts"
ALPHA = 0.05


def script() -> Any:
    return page_script("concepts/proof_of_scenarios.py")


@lru_cache
def found(scenario: str) -> tuple[tuple[Any, ...], list[str]]:
    """What the scenario finds, and its lines of the table; both with the seed that is there."""
    module = script()
    result = tuple(module.SCENARIOS[scenario]())
    module.SCENARIOS[scenario], before = (lambda: result), module.SCENARIOS[scenario]
    try:
        return result, module.lines(scenario)
    finally:
        module.SCENARIOS[scenario] = before


#: Of the first rule of a scenario, which is a plain one: from and to.
PLAIN = {
    "1,000 rows against 10,000, both rates 0.3 percent": (0.0995, 0.1005),
    "a canary of a tenth, three times as noisy": (0.36, 0.385),
    "five events a user": (0.21, 0.255),
    "labels after 25 and 12 days": (0.81, 0.87),
    "calibration of 1,000 rows against 10,000": (0.95, 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", PLAIN)
def test_what_the_page_shows(scenario: str) -> None:
    lines, shown = found(scenario)
    assert "\n".join(shown) in (FOLDER / "proof-of-the-comparisons.md").read_text(encoding="utf-8")
    low, high = PLAIN[scenario]
    assert low <= lines[0].wrong <= high
    ours = lines[-1]
    # By enumeration at most .055, and else three standard errors.
    assert ours.wrong <= (ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 1_000) if ours.error else 0.055)
    assert ours.wrong <= 0.06


@pytest.mark.slow
def test_coverage_and_the_invalid() -> None:
    (welch, _, ours), _ = found("1,000 rows against 10,000, both rates 0.3 percent")
    assert float(ours.note.split()[-1]) >= 94.5 > 91 > float(welch.note.split()[-1])
    (_, late), _ = found("labels after 25 and 12 days")
    assert float(late.note.split()[-1]) <= 10


def test_all_scenarios_are_there() -> None:
    assert list(PLAIN) == list(script().SCENARIOS)
    text = (FOLDER / "proof-of-the-comparisons.md").read_text(encoding="utf-8")
    assert all(f"\n| {scenario} |" in text for scenario in PLAIN)


def test_the_plain_rule_is_the_monitor() -> None:
    module = script()
    random = np.random.default_rng(3)
    monitor = ModelABTestMonitor("a", "b", min_sample_size=2)
    decided = 0
    for _ in range(300):
        n, m = (int(size) for size in random.integers(2, 60, 2))
        first, second = random.normal(0, 1, n), random.normal(0.5, 3, m)
        if random.random() < 0.3:
            first, second = (first > 0).astype(float), (second > 0).astype(float)
            if first.var() + second.var() == 0:
                continue
        squares = np.array([first.var() * n + second.var() * m])
        plain = bool(module.student(np.array([second.mean() - first.mean()]), squares, n, m)[0])
        assert plain == monitor.evaluate(first, second)["is_significant"]
        decided += plain
    assert decided > 30


def test_means_and_squares_of_normal_values_are_drawn_as_such() -> None:
    # The canary draws the mean and the sum of squares; here the values are drawn, and the shares agree.
    random, runs = np.random.default_rng(4), 1_500
    monitor = ModelABTestMonitor("a", "b", min_sample_size=10)
    plain = ours = 0
    for _ in range(runs):
        first, second = random.normal(0, 1, 1_000), random.normal(0, 3, 100)
        plain += monitor.evaluate(first, second)["is_significant"]
        ours += compare(Mean.of(first), Mean.of(second), mode="fixed").is_decided
    assert plain / runs == pytest.approx(0.371, abs=3 * math.sqrt(0.371 * 0.629 / runs))
    assert ours / runs <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
