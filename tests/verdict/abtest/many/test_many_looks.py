"""Tables at the looks of plans: what `compare` says, what Holm's procedure makes of it, and that it keeps alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from truthlag.abtest import (
    GroupSequentialPlan,
    Mean,
    MetricPlan,
    Proportion,
    adjust,
    compare,
    compare_many,
)
from truthlag.verdict.abtest.inference.spent_bounds import Design, spent_bounds

METRICS = {
    "clicks": MetricPlan("primary"),
    "latency": MetricPlan("guardrail", direction="lower", margin=0.1),
    "recall": MetricPlan(),
    "orders": MetricPlan(direction="lower", scale="relative", margin=0.01),
}
PLANNED = {"clicks": 8_000, "latency": 8_000, "recall": 900, "orders": 8_000}
ARMS = ("v1", "v2", "v3")


def at(n: int, seed: int = 3, shift: float = 0.03) -> dict[str, dict[str, Any]]:
    """Arms whose data at a look begin with those at the look before."""
    arms = {}
    for place, arm in enumerate(ARMS):
        random = np.random.default_rng([seed, place])
        clicks = random.random(4_000) < 0.1 + shift * place
        latency, orders = random.normal(1, 1, 4_000), random.normal(2 + shift * place, 1, 4_000)
        positives = (random.random(n // 10) < 0.7 + shift * place).sum()
        arms[arm] = {
            "clicks": Proportion(int(clicks[:n].sum()), n),
            "latency": Mean.of(latency[:n]),
            "recall": Proportion(int(positives), n // 10),
            "orders": Mean.of(orders[:n]),
        }
    return arms


def fresh() -> dict[str, dict[str, GroupSequentialPlan]]:
    return {arm: {metric: GroupSequentialPlan(n) for metric, n in PLANNED.items()} for arm in ARMS[1:]}


def test_each_row_is_what_compare_says_with_the_same_plan() -> None:
    looks, alone = fresh(), fresh()
    for n in (1_000, 2_500, 4_000):
        arms = at(n)
        table = compare_many(arms, metrics=METRICS, mode="group_sequential", looks=looks)
        for row in table:
            plan = METRICS[row.metric]
            assert row.comparison == compare(
                arms["v1"][row.metric],
                arms[row.arm][row.metric],
                metric=row.metric,
                mode="group_sequential",
                looks=alone[row.arm][row.metric],
                hypothesis=plan.hypothesis,
                margin=plan.margin,
                direction=plan.direction,
                scale=plan.scale,
            )
        assert looks == alone
        for role in ("primary", "secondary"):
            rows = [row for row in table if row.role == role]
            assert {row.adjustment for row in rows} == {"holm"}
            assert [row.adjusted_p_value for row in rows] == adjust([row.comparison.p_value for row in rows])
    assert any(row.verdict == "better" for row in table)
    assert all(len(plan.taken) == 3 for of_arm in looks.values() for plan in of_arm.values())


def test_the_adjusted_interval_is_that_of_a_share_of_alpha() -> None:
    looks = fresh()
    quarter = GroupSequentialPlan(8_000, alpha=0.05 / 2)
    for n in (1_000, 2_500):
        arms = at(n)
        row = compare_many(arms, metrics=METRICS, mode="group_sequential", looks=looks).find(metric="clicks")[0]
        expected = compare(
            arms["v1"]["clicks"], arms["v2"]["clicks"], mode="group_sequential", looks=quarter, alpha=0.025
        )
        assert row.adjusted_interval == expected.difference_interval


def test_looks_that_nobody_logs() -> None:
    arms = {name: {"m": Proportion(k, 2_000)} for name, k in (("a", 200), ("b", 260), ("c", 240))}
    ask: dict[str, Any] = {"mode": "group_sequential", "planned_n": 8_000, "looks": 4, "spending": "pocock"}
    for row in compare_many(arms, **ask):
        assert row.comparison == compare(arms["a"]["m"], arms[row.arm]["m"], metric="m", **ask)
    end = {name: {"m": Proportion(2 * arm["m"].k, 4_000)} for name, arm in arms.items()}
    same = {name: {"m": Proportion(400, 4_000)} for name in arms}
    for given in (end, same):
        for row in compare_many(given, **ask):
            assert row.comparison == compare(given["a"]["m"], given[row.arm]["m"], metric="m", **ask)
    assert "last look" in compare_many(same, **ask).rows[0].comparison.reasons[-1]


def test_metrics_that_are_at_different_looks_need_plans() -> None:
    arms = {
        "a": {"m": Proportion(1, 2_000), "r": Proportion(1, 100)},
        "b": {"m": Proportion(1, 2_100), "r": Proportion(1, 90)},
    }
    told = "'m' of 'b' has 4,100 units, before which 2 were; 'r' of 'b' has 190 units, before which 0 were"
    with pytest.raises(ValueError, match=told):
        compare_many(arms, mode="group_sequential", planned_n=8_000, looks=4)


def test_what_does_not_hold_is_refused_and_nothing_is_logged() -> None:
    looks = fresh()
    ask: dict[str, Any] = {"metrics": METRICS, "mode": "group_sequential", "looks": looks}
    for adjustment in ("hommel", "hochberg", "bh"):
        with pytest.raises(ValueError, match="adjustment must be one of 'holm', 'bonferroni', 'by' with mode"):
            compare_many(at(1_000), adjustment=adjustment, **ask)
    with pytest.raises(ValueError, match="segments must be None with mode 'group_sequential'"):
        compare_many(at(1_000), segments={"de": at(500)}, **ask)
    with pytest.raises(ValueError, match=r"alpha must be that of the plans \(0.05\), got 0.01"):
        compare_many(at(1_000), alpha=0.01, **ask)
    with pytest.raises(ValueError, match="expected_n must be None"):
        compare_many(at(1_000), expected_n=10, **ask)
    with pytest.raises(ValueError, match="planned_n must be that of the plan"):
        compare_many(at(1_000), planned_n=10, **ask)
    with pytest.raises(ValueError, match=r"looks must have exactly 'v2', 'v3', got a difference in 'v3'"):
        compare_many(at(1_000), metrics=METRICS, mode="group_sequential", looks={"v2": looks["v2"]})
    with pytest.raises(TypeError, match=r"looks\['v2'\]\['clicks'\] must be a GroupSequentialPlan, got 4"):
        compare_many(at(1_000), mode="group_sequential", looks={arm: dict.fromkeys(METRICS, 4) for arm in ("v2", "v3")})
    one = GroupSequentialPlan(900)
    with pytest.raises(ValueError, match=r"looks\['v2'\]\['latency'\] must be a plan of its own"):
        compare_many(
            at(1_000), mode="group_sequential", looks={arm: dict.fromkeys(METRICS, one) for arm in ("v2", "v3")}
        )
    with pytest.raises(ValueError, match="looks must be None with mode 'fixed'"):
        compare_many(at(1_000), mode="fixed", looks=4)
    with pytest.raises((TypeError, ValueError), match="looks must be"):
        compare_many(at(1_000), mode="fixed", looks=looks)
    broken = at(1_000)
    broken["v3"]["orders"] = "none"
    with pytest.raises(TypeError, match="'orders' of 'v3' against 'v1'"):
        compare_many(broken, **ask)
    assert not any(plan.taken for of_arm in looks.values() for plan in of_arm.values())
    compare_many(at(1_000), **ask)
    with pytest.raises(ValueError, match="margin must stay"):
        compare_many(
            at(2_000), metrics={**METRICS, "orders": MetricPlan(margin=0.5)}, mode="group_sequential", looks=looks
        )
    assert all(len(plan.taken) == 1 for of_arm in looks.values() for plan in of_arm.values())


def test_an_arm_without_rows_takes_no_look() -> None:
    looks = fresh()
    nothing = {
        arm: {name: type(one)(*([0] * (2 if isinstance(one, Proportion) else 3))) for name, one in of_arm.items()}
        for arm, of_arm in at(10).items()
    }
    table = compare_many(nothing, metrics=METRICS, mode="group_sequential", looks=looks)
    assert {row.verdict for row in table} == {"undecided"}
    assert not any(plan.taken for of_arm in looks.values() for plan in of_arm.values())


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_holm_at_each_look_keeps_alpha(spending: str) -> None:
    # Six tests of correlation 0.5, of which two differ; stopped at the first false rejection. By the bounds at each alpha / j,
    # which are what the p-values are inverted from, all of 20 000 tests at once.
    random = np.random.default_rng(8)
    runs, tests, shares = 20_000, 6, (0.2, 0.35, 0.6, 0.8, 1.0)
    steps = np.diff([0.0, *shares])[:, None, None]
    noise = random.standard_normal((len(shares), runs, 1)) + random.standard_normal((len(shares), runs, tests))
    sums = np.cumsum(np.sqrt(steps / 2) * noise, axis=0)
    statistics = sums / np.sqrt(np.array(shares))[:, None, None]
    statistics[..., :2] += 3.5 * np.sqrt(np.array(shares))[:, None, None]
    bounds = {j: spent_bounds(Design(spending, 0.05 / j, 2), shares).bounds for j in range(1, tests + 1)}
    wrong = np.zeros(runs, dtype=bool)
    for look in range(len(shares)):
        ordered = np.sort(np.abs(statistics[look]), axis=1)[:, ::-1]
        passes = np.logical_and.accumulate(ordered >= [bounds[tests - place][look] for place in range(tests)], axis=1)
        least = np.where(passes, ordered, np.inf).min(axis=1)
        wrong |= np.abs(statistics[look, :, 2:]).max(axis=1) >= least
    assert wrong.mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    # And it is no empty promise: without sharing alpha it is not kept.
    unshared = (np.abs(statistics[..., 2:]) >= np.array(bounds[1])[:, None, None]).any(axis=(0, 2))
    assert unshared.mean() > 0.1
