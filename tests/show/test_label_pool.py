from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from truthlag.show.events import EVENT_SCHEMA, FIRST_LABEL
from truthlag.show.label_pool import LabelPool

BATCHES = st.lists(st.lists(st.integers(0, 50), max_size=6), max_size=80)


def labels(times: list[int], first: int) -> pa.Table:
    count = len(times)
    columns = {
        "time": times,
        "sequence": [FIRST_LABEL + first + place for place in range(count)],
        "id": [f"r{first + place}" for place in range(count)],
        "value": [1] * count,
        "score": [None] * count,
    }
    return pa.table(columns, schema=EVENT_SCHEMA)


@given(BATCHES, st.lists(st.integers(0, 60), max_size=80))
def test_what_is_due_comes_out_in_order_and_only_that(batches: list[list[int]], moments: list[int]) -> None:
    pool = LabelPool()
    held: list[tuple[int, int]] = []
    count = 0
    for place, times in enumerate(batches):
        pool.add(labels(times, count))
        held += [(time, FIRST_LABEL + count + number) for number, time in enumerate(times)]
        count += len(times)
        if place < len(moments):
            due = pool.take_before(moments[place])
            expected = sorted(key for key in held if key[0] < moments[place])
            assert list(zip(due["time"].to_pylist(), due["sequence"].to_pylist(), strict=True)) == expected
            held = [key for key in held if key[0] >= moments[place]]
            assert len(pool) == len(held)
    rest = pool.take_all()
    assert list(zip(rest["time"].to_pylist(), rest["sequence"].to_pylist(), strict=True)) == sorted(held)
    assert len(pool) == 0


def test_memory_follows_the_labels_in_flight() -> None:
    pool = LabelPool()
    for batch in range(200):
        # Of a thousand labels all but ten are due at once.
        pool.add(labels([batch] * 990 + [10_000] * 10, batch * 1_000))
        pool.take_before(batch + 1)
    assert len(pool) == 2_000
    assert sum(run.get_total_buffer_size() for run in pool._runs) < 2_000 * 200
