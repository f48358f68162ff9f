"""Two rankers in one list: team draft, and the test of what was clicked."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.paired.compare_paired import compare_paired
from truthlag.verdict.abtest.paired.mcnemar import mcnemar
from truthlag.verdict.abtest.paired.paired_comparison import PairedComparison
from truthlag.verdict.abtest.statistics.column import column
from truthlag.verdict.detectors.parameters import count

METRIC = "interleaving_preference"


@dataclass(frozen=True, slots=True)
class Interleaved:
    """A list of two rankers, and which of them chose each item.

    Example:
        >>> from truthlag.abtest import team_draft
        >>> shown = team_draft(["a", "b", "c"], ["c", "a", "d"], seed="request-17")
        >>> sorted(shown.items), len(shown.teams)
        (['a', 'c', 'd'], 3)
    """

    items: tuple[Any, ...]
    """What is shown, from the top."""
    teams: tuple[str, ...]
    """Of each item, which ranker chose it: `"control"` or `"treatment"`."""

    def credit(self, clicked: Iterable[Hashable]) -> int:
        """Which ranker won: 1 where more of the treatment's items were clicked, -1 where more of the control's, 0 for a tie.

        Args:
            clicked: The items that were clicked; one that was clicked twice counts once.

        Raises:
            ValueError: One was not shown.

        Example:
            >>> from truthlag.abtest import Interleaved
            >>> shown = Interleaved(("a", "c", "b"), ("control", "treatment", "treatment"))
            >>> shown.credit(["c"]), shown.credit(["a", "b"]), shown.credit([])
            (1, 0, 0)
        """
        team = dict(zip(self.items, self.teams, strict=True))
        score = 0
        for item in set(clicked):
            if item not in team:
                raise ValueError(f"clicked must be items that were shown, got {described(item)}")
            score += 1 if team[item] == "treatment" else -1
        return (score > 0) - (score < 0)


def team_draft(
    control: Sequence[Hashable], treatment: Sequence[Hashable], *, seed: str | int, length: int | None = None
) -> Interleaved:
    """One list of two rankings: as captains pick teams, each ranker in turn adds its best item that is not in it yet.

    Who picks first is drawn anew for each round, so that neither ranker has the better places. A user who clicks without looking
    clicks as much on either team.

    Args:
        control: The ranking of the ranker in place, best first: a list, a tuple or an array of items.
        treatment: That of the other one.
        seed: What the draws are made of, such as the request id: the same list for the same request.
        length: How many items are shown, at most as many as the shorter ranking has, so that neither runs out of items; None for that
            many.

    Returns:
        The list, with the team of each item.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A ranking has an item twice, or the length is not allowed.

    Cost: proportional to the lengths.

    Source: Radlinski, Kurup and Joachims (2008), "How does clickthrough data reflect retrieval quality?", CIKM.

    Example:
        >>> from truthlag.abtest import team_draft
        >>> shown = team_draft(["a", "b", "c"], ["b", "a", "d"], seed="request-17", length=2)
        >>> shown.credit(shown.items[:1]) in (1, -1)
        True
    """
    rankings = {"control": _ranking("control", control), "treatment": _ranking("treatment", treatment)}
    start = _start(seed)
    shorter = min(map(len, rankings.values()))
    most = shorter if length is None else int(count("length", length, 0, shorter))
    coin = random.Random(start)  # noqa: S311 - a draw that has to be repeatable, not a secret
    places = {"control": 0, "treatment": 0}
    items: list[Hashable] = []
    teams: list[str] = []
    shown: set[Hashable] = set()
    while len(items) < most:
        order = ("control", "treatment") if coin.random() < 0.5 else ("treatment", "control")
        for team in order:
            ranking, place = rankings[team], places[team]
            while place < len(ranking) and ranking[place] in shown:
                place += 1
            if place < len(ranking) and len(items) < most:
                items.append(ranking[place])
                teams.append(team)
                shown.add(ranking[place])
                place += 1
            places[team] = place
    return Interleaved(tuple(items), tuple(teams))


def compare_interleaved(credit: Any, *, cluster: Any = None, **asked: Any) -> PairedComparison:
    """Which of two interleaved rankers is preferred.

    Lists won by either are discordant pairs: if neither is better, each is as likely. The difference is the share of lists
    that the treatment won less that of the control; ties are part of both denominators.

    Args:
        credit: The credit of each list: 1, 0 or -1, as `Interleaved.credit` gives it.
        cluster: Whose list each is, where one user sees several: variances are then of the sums by user.
        asked: `mode`, `hypothesis`, `alpha`, `margin`, `planned_n`, `expected_n`, `alternative` and `method`, as in `compare_paired`.

    Returns:
        The result; `control_only` and `treatment_only` are the lists that each won.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A credit is not one of the three, or an argument is not allowed.

    Cost: a pass over the credits.

    Source: Radlinski, Kurup and Joachims (2008); Chapelle, Joachims, Radlinski and Yue (2012), ACM TOIS 30.

    Example:
        >>> from truthlag.abtest import compare_interleaved
        >>> result = compare_interleaved([1] * 160 + [0] * 740 + [-1] * 100)
        >>> result.verdict, result.treatment_only, result.difference
        ('better', 160, 0.06)
    """
    array = column("credit", credit)
    fits = (array == 1) | (array == 0) | (array == -1)
    if not fits.all():
        place = int(np.argmin(fits))
        raise ValueError(f"credit[{place}] must be 1, 0 or -1, got {described(array[place].item())}")
    if cluster is not None:
        asked.setdefault("metric", METRIC)
        return compare_paired((array == -1).astype(float), (array == 1).astype(float), cluster=cluster, **asked)
    won, lost = int(np.count_nonzero(array == 1)), int(np.count_nonzero(array == -1))
    return mcnemar(lost, won, pairs=len(array), **{"metric": METRIC, **asked})


def _start(seed: Any) -> str | int:
    if isinstance(seed, bool) or not isinstance(seed, str | int | np.integer):
        raise TypeError(f"seed must be a str or an int, got {described(seed)}")
    # Of an int the sign is dropped by the draws: as texts -5 and 5 are two.
    return seed if isinstance(seed, str) else int(seed) if seed >= 0 else str(seed)


def _ranking(side: str, items: Any) -> tuple[Hashable, ...]:
    if isinstance(items, np.ndarray) and items.ndim == 1:
        items = items.tolist()
    if isinstance(items, str | bytes) or not isinstance(items, Sequence):
        raise TypeError(f"{side} must be a sequence of items, got {described(items)}")
    ranking = tuple(items)
    seen: set[Hashable] = set()
    for place, item in enumerate(ranking):
        try:
            is_twice = item in seen
        except TypeError as error:
            raise TypeError(f"{side}[{place}] must be an item that hashes, got {described(item)}") from error
        if is_twice:
            raise ValueError(f"{side} must have each item once, got {described(item)} twice")
        seen.add(item)
    return ranking
