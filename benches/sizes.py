"""How much of everything a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of one run. Only `FULL` is held against the bars."""

    judged: bool
    repeats: int
    pairs: int
    live_rows: int
    calls: int
    inserts: int
    insert_rounds: int
    matched: int
    matched_large: int
    queries: int
    snapshots: int
    batch: int
    batch_rounds: int
    incremental_labels: int
    memory_rows: tuple[int, ...]
    imports: int
    detector_values: int
    single_values: int
    watched_rows: int
    watched_batches: tuple[int, ...]
    checked_rows: int
    checks: int
    compared_pairs: int
    segments: int
    guarded_rows: int


FULL = Sizes(
    judged=True,
    repeats=7,
    pairs=1_000_000,
    live_rows=1_000_000,
    calls=200_000,
    inserts=10_000_000,
    insert_rounds=5,
    matched=1_000_000,
    matched_large=10_000_000,
    queries=101,
    snapshots=21,
    batch=10_000_000,
    batch_rounds=5,
    incremental_labels=100_000,
    memory_rows=(3_000_000, 4_000_000, 5_000_000, 6_000_000, 8_000_000),
    imports=21,
    detector_values=1_000_000,
    single_values=20_000,
    watched_rows=1_000_000,
    watched_batches=(1_000, 10_000),
    checked_rows=1_000_000,
    checks=11,
    compared_pairs=2_000,
    segments=500,
    guarded_rows=1_000_000,
)

QUICK = Sizes(
    judged=False,
    repeats=3,
    pairs=20_000,
    live_rows=20_000,
    calls=10_000,
    inserts=100_000,
    insert_rounds=1,
    matched=20_000,
    matched_large=200_000,
    queries=11,
    snapshots=3,
    batch=100_000,
    batch_rounds=2,
    incremental_labels=1_000,
    memory_rows=(100_000, 200_000),
    imports=3,
    detector_values=20_000,
    single_values=5_000,
    watched_rows=20_000,
    watched_batches=(1_000, 5_000),
    checked_rows=20_000,
    checks=3,
    compared_pairs=100,
    segments=20,
    guarded_rows=20_000,
)
