"""Team draft: fair to both rankers, and its test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from truthlag.abtest import compare_interleaved, team_draft


def test_each_team_drafts_its_best() -> None:
    for seed in range(200):
        shown = team_draft(list("abcdef"), list("fcbxyz"), seed=seed)
        assert len(shown.items) == len(set(shown.items)) == 6
        for round_ in range(0, 6, 2):
            assert sorted(shown.teams[round_ : round_ + 2]) == ["control", "treatment"]
        for place, (item, team) in enumerate(zip(shown.items, shown.teams, strict=True)):
            ranking = "abcdef" if team == "control" else "fcbxyz"
            assert item == next(one for one in ranking if one not in shown.items[:place])


def test_the_same_request_sees_the_same_list() -> None:
    first = team_draft([1, 2, 3], [3, 2, 1], seed="request-1")
    assert first == team_draft([1, 2, 3], [3, 2, 1], seed="request-1")
    assert len({team_draft([1, 2, 3], [3, 2, 1], seed=f"request-{n}") for n in range(50)}) > 1


@pytest.mark.parametrize("length", [1, 4, 7])
def test_blind_clicks_prefer_nobody(length: int) -> None:
    random = np.random.default_rng(1)
    credit = []
    for number in range(6_000):
        first, second = random.permutation(12).tolist(), random.permutation(12).tolist()
        shown = team_draft(first, second, seed=f"{number}", length=length)
        # Someone who looks at the top alone, whatever is there.
        credit.append(shown.credit(shown.items[:1]))
    won = sum(one == 1 for one in credit)
    assert stats.binomtest(won, len(credit)).pvalue > 0.001
    assert all(one != 0 for one in credit)


def test_the_better_ranker_is_found() -> None:
    random = np.random.default_rng(2)
    credit, users = [], []
    for number in range(1_500):
        relevance = random.normal(size=10)
        rankings = [np.argsort(-(relevance + noise * random.normal(size=10))).tolist() for noise in (1.5, 0.7)]
        shown = team_draft(*rankings, seed=number, length=6)
        credit.append(shown.credit([one for one in shown.items if relevance[one] > 1.2]))
        users.append(number // 3)
    result = compare_interleaved(credit)
    assert result.verdict == "better" and result.metric == "interleaving_preference"
    assert result.difference == pytest.approx(np.mean(credit))
    assert result.treatment_only == credit.count(1) and result.control_only == credit.count(-1)
    exact = compare_interleaved(credit, mode="fixed", method="exact")
    assert exact.p_value == pytest.approx(
        stats.binomtest(credit.count(1), credit.count(1) + credit.count(-1)).pvalue, rel=1e-10
    )
    by_user = compare_interleaved(credit, cluster=users, mode="fixed")
    assert by_user.unit == "clusters" and by_user.units == 500
    assert by_user.difference == pytest.approx(result.difference)


def test_errors() -> None:
    with pytest.raises(ValueError, match="control must have each item once, got 'a'"):
        team_draft(["a", "a"], ["b"], seed=1)
    with pytest.raises(ValueError, match="length must be an int from 0 to 2"):
        team_draft(["a", "b"], ["b", "c"], seed=1, length=3)
    with pytest.raises(TypeError, match="seed must be a str or an int"):
        team_draft(["a"], ["b"], seed=1.5)
    with pytest.raises(TypeError, match="treatment must be a sequence"):
        team_draft(["a"], "bc", seed=1)
    with pytest.raises(ValueError, match=r"credit\[1\] must be 1, 0 or -1"):
        compare_interleaved([1, 2])
    with pytest.raises(ValueError, match="clicked must be items that were shown"):
        team_draft(["a"], ["b"], seed=1).credit(["z"])
    assert compare_interleaved([]).verdict == "undecided"
    assert team_draft([], ["b"], seed=1).items == ()


def test_that_rankings_may_be_arrays() -> None:
    first, second = np.array([3, 1, 2]), np.array([2, 3, 1])
    assert team_draft(first, second, seed=np.int64(7)) == team_draft([3, 1, 2], [2, 3, 1], seed=7)
    assert all(type(item) is int for item in team_draft(first, second, seed=7).items)


def test_that_the_sign_of_a_seed_counts() -> None:
    items = list(range(40))
    assert team_draft(items, items, seed=-5) != team_draft(items, items, seed=5)


def test_items_that_do_not_hash() -> None:
    with pytest.raises(TypeError, match=r"control\[1\] must be an item that hashes, got an object of type list"):
        team_draft([1, [2]], [1, 2], seed=1)  # type: ignore[list-item]
