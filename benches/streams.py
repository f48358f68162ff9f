"""The made-up events that are logged: decisions, scores and truths that go together as a fair model's do."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.int8]
Reals = NDArray[np.float64]
Ids = NDArray[np.int64]

HOURS = 720
"""The hours over which timed events are spread: 30 days, well inside the default retention."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Predictions and their truths, row by row."""

    predictions: Bits
    scores: Reals
    actuals: Bits

    def __len__(self) -> int:
        return len(self.predictions)


def make_stream(rows: int, seed: int = 1) -> Stream:
    """Return `rows` predictions at threshold 0.5, a third of whose truths are positive and scored higher."""
    generator = np.random.default_rng(seed)
    actuals = (generator.random(rows) < 1 / 3).astype(np.int8)
    scores = (generator.random(rows) + 0.4 * actuals) / 1.4
    return Stream((scores > 0.5).astype(np.int8), scores, actuals)


def string_ids(rows: int) -> list[str]:
    """Return short distinct ids in the order in which a counter gives them."""
    return [f"request-{number:08d}" for number in range(rows)]


def uuid_objects(rows: int, seed: int = 2) -> list[uuid.UUID]:
    """Return random `uuid.UUID` objects."""
    source = random.Random(seed)
    return [uuid.UUID(int=source.getrandbits(128)) for _ in range(rows)]


def uuid_texts(rows: int, seed: int = 2) -> list[str]:
    """Return random UUIDs as canonical 36-character text."""
    return [str(one) for one in uuid_objects(rows, seed)]


def copied_texts(texts: Sequence[str]) -> list[str]:
    """Return equal texts in objects of their own."""
    return [text.encode().decode() for text in texts]


def copied_uuids(ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return equal UUIDs in objects of their own."""
    return [uuid.UUID(bytes=one.bytes) for one in ids]


def integer_ids(rows: int) -> Ids:
    """Return distinct int64 ids without order: multiplying by an odd number permutes the integers below 2**62.

    Consecutive ids would let a database join by position rather than by hash.
    """
    mixed = np.arange(rows, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed & np.uint64((1 << 62) - 1)).astype(np.int64)


def shuffled(rows: int, seed: int = 3) -> NDArray[np.intp]:
    """Return the row numbers in random order."""
    return np.random.default_rng(seed).permutation(rows)


def spread_times(rows: int, end: int) -> Ids:
    """Return `rows` rising times in microseconds over the `HOURS` before `end`, whole seconds since the epoch."""
    span = HOURS * 3_600_000_000
    return end * 1_000_000 - span + np.linspace(0, span, rows, endpoint=False).astype(np.int64)
