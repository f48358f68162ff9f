"""How often two models decide differently, by clusters and at any time."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from truthlag.abtest import PairedRows, disagreement


def rows_of(differs: Any, cluster: Any) -> PairedRows:
    n = len(differs)
    return PairedRows(
        labels=[None] * n,
        control_predictions=[0] * n,
        treatment_predictions=np.asarray(differs, int),
        cluster=cluster if n else None,
    )


def drawn(random: Any, rate: float, alike: float, size: int, clusters: int) -> tuple[Any, Any]:
    """Rows of clusters of unequal sizes, each with a rate of its own."""
    own = random.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), clusters)
    sizes = random.integers(1, 2 * size, clusters)
    cluster = np.repeat(np.arange(clusters), sizes)
    return random.random(len(cluster)) < own[cluster], cluster


@pytest.mark.parametrize(("rate", "alike", "size"), [(0.5, 0.8, 5), (0.05, 0.3, 20), (0.01, 0.8, 20), (0.01, 0.05, 5)])
def test_the_rate_is_inside_at_all_looks(rate: float, alike: float, size: int) -> None:
    """Also where few clusters have nearly all of it, of which most tests have seen none for long."""
    random, runs, ever = np.random.default_rng(1), 200, 0
    for _ in range(runs):
        differs, cluster = drawn(random, rate, alike, size, 300)
        for looked in (5, 10, 20, 40, 80, 120, 160, 200, 250, 300):
            seen = cluster < looked
            low, high = disagreement(rows_of(differs[seen], cluster[seen])).interval or (math.nan, math.nan)
            if not low <= rate <= high:
                ever += 1
                break
    # At most .05, and three standard errors of 200 runs.
    assert ever / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


def naive(differs: Any, cluster: Any, alpha: float, rate: float) -> bool:
    """Whether a rate is left out: the two gamblers, one cluster after the other."""
    seen: dict[Any, list[bool]] = {}
    for hit, one in zip(differs, cluster, strict=True):
        seen.setdefault(one, []).append(bool(hit))
    largest = max(map(len, seen.values()))
    more = less = 1.0
    hits = sizes = 0.0
    squares = 0.25
    for place, members in enumerate(seen.values(), start=1):
        k, n = sum(members) / largest, len(members) / largest
        stake = math.sqrt(2 * math.log(2 / alpha) / (squares / place * place * math.log(place + 1)))
        more *= 1 + (min(stake, 0.5 / rate) if rate else stake) * (k - rate * n)
        less *= 1 - (min(stake, 0.5 / (1 - rate)) if rate < 1 else stake) * (k - rate * n)
        squares += (k - (hits + 0.5) / (sizes + 1) * n) ** 2
        hits += k
        sizes += n
    return max(more, less) >= 2 / alpha


@pytest.mark.parametrize("seed", range(6))
def test_the_limits_are_where_a_gambler_has_won_enough(seed: int) -> None:
    random = np.random.default_rng(seed)
    differs, cluster = drawn(random, 0.2, 0.3, 6, 60)
    # Rows of clusters between each other's, and names that are in no order.
    order = random.permutation(len(differs))
    names = random.permutation(60)[cluster[order]]
    found = disagreement(rows_of(differs[order], names), confidence=0.9)
    assert (
        found.interval is not None
        and found.mode == "confidence_sequence"
        and found.clusters == len(set(names.tolist()))
    )
    for limit, outwards in zip(found.interval, (-1, 1), strict=True):
        assert 0.0 < limit < 1.0
        assert naive(differs[order], names, 0.1, limit + outwards * 1e-9)
        assert not naive(differs[order], names, 0.1, limit - outwards * 1e-9)
    assert found.interval[0] <= (found.rate or 0.0) <= found.interval[1] == found.largest_difference


def test_it_narrows_as_clusters_come_and_is_wider_than_for_one_look() -> None:
    random = np.random.default_rng(5)
    differs, cluster = drawn(random, 0.1, 0.2, 10, 3_000)
    widths = []
    for looked in (30, 300, 3_000):
        seen = cluster < looked
        by_mode = [
            disagreement(rows_of(differs[seen], cluster[seen]), mode=mode) for mode in ("fixed", "confidence_sequence")
        ]
        once, ever = (one.interval[1] - one.interval[0] for one in by_mode if one.interval is not None)
        assert once < ever
        widths.append(ever)
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


@pytest.mark.parametrize("sizes", [[1], [5], [1, 1], [1, 9], [3] * 40, [1] * 500])
@pytest.mark.parametrize("hit", [0, 1])
def test_where_all_rows_are_alike(sizes: list[int], hit: int) -> None:
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    found = disagreement(rows_of([hit] * len(cluster), cluster))
    assert found.interval is not None
    low, high = found.interval
    assert 0.0 <= low <= hit <= high <= 1.0
    # One end is known, and the other only by how many clusters there are.
    assert (high if hit else low) == hit
    assert 0 < high - low <= 1 and (len(sizes) < 40 or high - low < 0.4)
    json.dumps(found.to_dict(), allow_nan=False)
    assert str(found).count("for one look") == 0


def test_without_rows() -> None:
    assert disagreement(rows_of([], [])).interval is None
