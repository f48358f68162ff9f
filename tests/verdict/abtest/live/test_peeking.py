"""Tests of versions that are no different, ramped up and looked at daily: they ship or revert in at most alpha of the runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.verdict.abtest.live.events import DAY
from truthlag.abtest import Guardrail, ModelABTest, OutcomeMetric

DAYS, A_DAY = 12, 250
ALPHA = 0.05


def run(seed: int, every: int, rule: dict[str, Any]) -> tuple[set[str], bool]:
    """What was ever recommended, and whether a t-test of all units ever found a difference at a daily look."""
    random = np.random.default_rng(seed)
    test = ModelABTest(
        "same",
        ["v1", "v2"],
        salt=f"run {seed}",
        weights=[9, 1],
        share=0.3,
        metrics={"bought": "any", "revenue": OutcomeMetric("total", outcome="bought")},
        guardrails=[Guardrail("bought", "higher", 0.5, scale="relative")],
        alpha=ALPHA,
        **rule,
    )
    test.ramp(0.6, weights=[3, 1], at=4 * DAY)
    test.ramp(1.0, weights=[1, 1], at=8 * DAY)
    said, naive = set(), False
    bought: dict[str, list[float]] = {"v1": [], "v2": []}
    unit = 0
    for day in range(DAYS):
        # Fewer buy every day, while more of the units are in the second version.
        rate = 0.35 - 0.02 * day
        for buys in (random.random(A_DAY) < rate).tolist():
            arm = test.log_exposure(unit, timestamp=day * DAY)
            if arm is not None:
                bought[arm].append(float(buys))
                if buys:
                    test.log_outcome(unit, "bought", 5.0, timestamp=(day + 0.4) * DAY)
            unit += 1
        if day % every == every - 1:
            said.add(test.report(now=(day + 1) * DAY).status)
        if min(map(len, bought.values())) > 20:
            naive = naive or bool(stats.ttest_ind(bought["v1"], bought["v2"], equal_var=False).pvalue < ALPHA)
    return said, naive


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runs", "every", "rule"),
    [
        (240, 1, {"expected_n": 2_000}),
        # Each look of a plan takes some milliseconds for each look before it.
        (50, 4, {"mode": "group_sequential", "planned_n": 1_800}),
    ],
    ids=["sequence", "plan"],
)
def test_no_difference_is_shipped_or_reverted_in_at_most_alpha(runs: int, every: int, rule: dict[str, Any]) -> None:
    found = [run(seed, every, rule) for seed in range(runs)]
    wrong = sum(bool(said & {"ship", "revert"}) for said, _ in found)
    invalid = sum("invalid" in said for said, _ in found)
    naive = sum(is_wrong for _, is_wrong in found)
    three_errors = 3 * np.sqrt(ALPHA * (1 - ALPHA) / runs)
    assert wrong / runs <= ALPHA + three_errors
    # Three gates at .01 each.
    assert invalid / runs <= 0.03 + 3 * np.sqrt(0.03 / runs)
    assert naive / runs > 0.3
