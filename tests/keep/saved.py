"""A tracker with something of everything in it, and the layout of its bytes."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from truthlag import ModelPerformanceTracker

START = datetime.datetime(2024, 5, 5, 12)
MAGIC = b"TRUTHLAG"
CHECKSUM = 16
MASK = (1 << 64) - 1


class Clock:
    """A clock by the name of its class, so that pickle finds it; it says the same to every copy."""

    now = START

    def __call__(self) -> datetime.datetime:
        return self.now


def full_tracker(rows: int = 60, **options: Any) -> ModelPerformanceTracker:
    """Predictions of every kind of id, labels, orphans, corrections, expiries, features, refusals and a history."""
    arguments = {"retention": datetime.timedelta(days=2), "max_orphan_labels": 50, "history_limit": 4, "clock": Clock()}
    tracker = ModelPerformanceTracker("model é", "v1.2", **arguments | options)
    hour = datetime.timedelta(hours=1)
    for row in range(rows):
        request_id: Any = [f"r{row}", row, bytes([row % 256, row // 256]), -(2**70) - row][row % 4]
        time = START - (rows - row) * hour
        score = None if row % 5 == 0 else row / 64 % 1
        features = {"row": row, "list": [None, row / 8, "é"]} if row % 3 == 0 else None
        tracker.log_prediction(request_id, row % 2, score, features, time)
        if row % 3:
            tracker.log_ground_truth(request_id, row % 7 < 3, time + hour)
        if row % 9 == 1:
            tracker.log_ground_truth(request_id, row % 7 >= 3, time + 2 * hour)
            tracker.log_ground_truth(request_id, row % 7 < 3, time)
        if row % 11 == 0:
            tracker.log_prediction(request_id, 1 - row % 2, 0.5, None, time + hour)
        if row % 4 == 1:
            tracker.log_ground_truth(f"nobody-{row}", row % 2, time)
    tracker.log_predictions(["", "late"], [1, 1], on_error="skip")
    tracker.log_ground_truths(["late", "x"], [None, 1])
    tracker.forget("r8")
    tracker.retract_ground_truth(5)
    for hours in (1, 24, 48, 0.5, 7):
        tracker.compute_metrics(hours)
    return tracker


WINDOWS: list[dict[str, Any]] = [
    {},
    {"exact": True},
    {"window": datetime.timedelta(hours=20)},
    {"start": START - datetime.timedelta(hours=30), "end": START - datetime.timedelta(hours=3)},
    {"threshold": 0.25},
]


def everything(tracker: ModelPerformanceTracker) -> dict[str, Any]:
    """All that can be seen of a tracker."""
    return {
        "name": (tracker.model_name, tracker.model_version),
        "counters": tracker.counters(),
        "predictions": list(tracker.predictions.items()) if can_iterate(tracker) else len(tracker.predictions),
        # Labels without a prediction stand in no promised order.
        "ground truths": dict(tracker.ground_truths) if can_iterate(tracker) else len(tracker.ground_truths),
        "history": list(tracker.metrics_history),
        "snapshots": [repr(tracker.snapshot(**window).to_dict()) for window in WINDOWS],
    }


def can_iterate(tracker: ModelPerformanceTracker) -> bool:
    try:
        iter(tracker.predictions)
    except TypeError:
        return False
    return True


# The checksum, so that damage can be hidden from it


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = (v0 + v1) & MASK
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = (v2 + v3) & MASK
    v3 = _rotate(v3, 16) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = _rotate(v3, 21) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


def siphash(data: bytes, key: tuple[int, int]) -> bytes:
    """SipHash-1-3 of 128 bits (Aumasson and Bernstein, 2012, and the authors' extension to 128 bits)."""
    state = (
        key[0] ^ 0x736F6D6570736575,
        key[1] ^ 0x646F72616E646F6D ^ 0xEE,
        key[0] ^ 0x6C7967656E657261,
        key[1] ^ 0x7465646279746573,
    )
    whole = len(data) // 8 * 8
    last = int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56
    for word in [*np.frombuffer(data[:whole], dtype="<u8").tolist(), last]:
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _round(v0, v1, v2, v3 ^ word)
        state = v0 ^ word, v1, v2, v3
    words = []
    for mark in (0xEE, 0xDD):
        state = (state[0], state[1] ^ (mark if mark == 0xDD else 0), state[2] ^ (mark if mark == 0xEE else 0), state[3])
        for _ in range(3):
            state = _round(*state)
        words.append(state[0] ^ state[1] ^ state[2] ^ state[3])
    return b"".join(word.to_bytes(8, "little") for word in words)


def sealed(content: bytes) -> bytes:
    """The content with a checksum that agrees."""
    return content + siphash(content, (0x7472_7574_686C_6167, 1))
