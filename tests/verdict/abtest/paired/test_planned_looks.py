"""Planned looks at pairs: size, bounds, and what the plan keeps."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.abtest import GroupSequentialPlan, PairedRows, compare_interleaved, compare_paired, mcnemar

LOOKS = (250, 500, 750, 1_000)
#: O'Brien-Fleming bounds by Lan and DeMets at four equal looks, two-sided .05: Jennison and Turnbull (2000); Proschan, Lan and
#: Wittes (2006).
BOUNDS = (4.3326, 2.9631, 2.3590, 2.0141)


def test_that_looks_of_a_plan_find_what_is_not_there_in_five_percent_of_tests() -> None:
    """By exact enumeration: of pairs all of which are discordant, with either side as likely."""
    planned = {"mode": "group_sequential", "planned_n": LOOKS[-1], "looks": LOOKS}
    single = {"mode": "fixed"}
    # Half of the chance of what was seen leaves a little more than alpha at some numbers of pairs; all of it does not.
    assert 0.045 < _ever_decided(planned) <= 0.055
    assert 0.04 < _ever_decided({**planned, "method": "exact"}) <= 0.05
    assert _ever_decided(single) > 0.1


def _ever_decided(options: dict[str, Any]) -> float:
    before, share, decided = 0, np.ones(1), 0.0
    for n in LOOKS:
        share = np.convolve(share, stats.binom.pmf(np.arange(n - before + 1), n - before, 0.5))
        least = bisect_left(
            range(n // 2, n + 1), True, key=lambda k, n=n: mcnemar(n - k, k, pairs=n, **options).is_decided
        )
        counts = np.arange(n + 1)
        is_decided = np.maximum(counts, n - counts) >= n // 2 + least
        decided += float(share[is_decided].sum())
        share = np.where(is_decided, 0.0, share)
        before = n
    return decided


def test_that_bounds_are_the_published_ones_and_the_plan_keeps_the_looks() -> None:
    random = np.random.default_rng(3)
    now = random.normal(0.02, 1.0, LOOKS[-1])
    plan = GroupSequentialPlan(LOOKS[-1])
    for n, bound in zip(LOOKS, BOUNDS, strict=True):
        result = compare_paired(np.zeros(n), now[:n], metric="cost", mode="group_sequential", looks=plan)
        low, high = result.difference_interval or (0.0, 0.0)
        # The bound of t that has the same tail as that of the normal distribution.
        of_t = stats.t.isf(stats.norm.sf(bound), n - 1)
        assert (high - low) / 2 == pytest.approx(of_t * now[:n].std(ddof=1) / math.sqrt(n), rel=2e-4)
    assert [look.n for look in plan.taken] == list(LOOKS)
    assert result.reasons[-1] == "this is the last look: all of alpha is spent."
    with pytest.raises(ValueError, match="all of alpha was spent"):
        compare_paired(np.zeros(1_200), np.ones(1_200), metric="cost", mode="group_sequential", looks=plan)


def test_that_looks_given_as_numbers_are_those_of_a_plan() -> None:
    options = {"pairs": 500, "mode": "group_sequential"}
    plan = GroupSequentialPlan(1_000)
    mcnemar(20, 22, pairs=250, mode="group_sequential", looks=plan)
    of_plan = mcnemar(30, 52, looks=plan, **options)
    of_numbers = mcnemar(30, 52, planned_n=1_000, looks=[250, 500], **options)
    assert of_plan.p_value == of_numbers.p_value
    assert of_plan.difference_interval == of_numbers.difference_interval


def test_that_clusters_are_what_a_plan_counts() -> None:
    random = np.random.default_rng(5)
    plan = GroupSequentialPlan(100)
    where = np.repeat(np.arange(50), 4)
    result = compare_paired(
        np.zeros(200), random.normal(size=200), metric="cost", cluster=where, mode="group_sequential", looks=plan
    )
    assert (result.units, [look.n for look in plan.taken]) == (50, [50])


def test_that_nothing_to_see_is_no_look() -> None:
    plan = GroupSequentialPlan(100)
    rows = PairedRows(labels=[None, None], control_predictions=[0, 1], treatment_predictions=[1, 1])
    result = compare_paired(rows, mode="group_sequential", looks=plan)
    assert (result.verdict, plan.taken) == ("undecided", ())


def test_that_the_question_stays_the_same() -> None:
    plan = GroupSequentialPlan(1_000)
    compare_interleaved([1, -1, 0, 1] * 50, mode="group_sequential", looks=plan)
    with pytest.raises(ValueError, match="metric must stay 'interleaving_preference'"):
        mcnemar(10, 20, pairs=400, metric="accuracy", mode="group_sequential", looks=plan)


def test_what_is_not_allowed() -> None:
    with pytest.raises(ValueError, match="alpha must be that of the plan"):
        mcnemar(1, 2, pairs=9, mode="group_sequential", alpha=0.1, looks=GroupSequentialPlan(100))
    with pytest.raises(ValueError, match="mode must be 'group_sequential' with a plan of looks"):
        mcnemar(1, 2, pairs=9, looks=GroupSequentialPlan(100))
    with pytest.raises(ValueError, match="looks must be None with mode 'fixed'"):
        compare_paired([1.0, 2.0], [2.0, 2.0], mode="fixed", looks=[5])
