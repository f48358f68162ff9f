"""The times of values by how long ago they came, against a list of all of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from truthlag.verdict.watch.value_times import EXACT, MARKS, NEAREST, ValueTimes

COUNT = 4_000_000
TIMES = 1_000 + 7 * np.arange(COUNT)


def fed(most: int, count: int = COUNT, seed: int = 1) -> ValueTimes:
    """Values that come in parts of any size up to the most."""
    rng, times, first = np.random.default_rng(seed), ValueTimes(), 0
    while first < count:
        size = int(rng.integers(0, most + 1))
        times.add(TIMES[first : min(first + size, count)])
        first += size
    return times


def distances(times: ValueTimes, agos: np.ndarray) -> np.ndarray:
    """How many values before the right one those are whose times are given."""
    found = np.array([times.time_of(int(ago)) for ago in agos])
    return (TIMES[times.count - agos] - found) // 7


@pytest.mark.parametrize("most", [1_000, 20_000, 300_000, COUNT])
def test_the_last_are_exact_and_the_older_nearly(most: int) -> None:
    times = fed(most)
    assert times.count == COUNT
    assert len(times._marks) <= MARKS
    last = np.unique(np.linspace(1, EXACT, 500).astype(int))
    assert not distances(times, last).any()
    older = np.unique(np.linspace(EXACT + 1, COUNT, 2_000).astype(int))
    # Marks fill at least half of their places, so that they are at most so far apart; in a whole newest part none is needed.
    apart = max(2 * COUNT / MARKS, NEAREST)
    assert 0 <= distances(times, older).min() <= distances(times, older).max() < apart


def test_small_parts_are_marked_as_large_ones_are() -> None:
    few, many = fed(50_000, 500_000), fed(3_000, 500_000)
    # Parts end elsewhere, so that one of them has marks for some more.
    common = dict(few._marks).keys() & dict(many._marks).keys()
    assert len(common) > 2_000
    assert all(time == TIMES[number] for number, time in [*few._marks, *many._marks])
    assert {later - sooner for (sooner, _), (later, _) in pairwise(many._marks)} == {many._stride}


def test_nothing_is_known_of_what_never_came() -> None:
    times = ValueTimes()
    assert (times.time_of(0), times.time_of(1)) == (None, None)
    times.add(TIMES[:0])
    times.add(TIMES[:3])
    assert [times.time_of(ago) for ago in range(5)] == [None, 1_014, 1_007, 1_000, None]


def test_restored_marks_last() -> None:
    saved = fed(5_000, 400_000)
    times = ValueTimes.restored(saved.count, saved.saved(256, 0))
    for first in range(400_000, COUNT, 10_000):
        times.add(TIMES[first : first + 10_000])
    assert len(times._marks) <= MARKS
    # 256 marks over 400 000 values, of which every other one has left, perhaps several times.
    assert distances(times, np.arange(COUNT - 390_000, COUNT, 10_000)).max() < 400_000
    assert times.time_of(COUNT) == TIMES[0]
