"""Bytes that nobody vouches for: an error, never a crash, never a tracker that contradicts itself."""

from __future__ import annotations

import functools
import os
import random
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keep.saved import CHECKSUM, MAGIC, full_tracker, sealed
from truthlag import ModelPerformanceTracker

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


@functools.cache
def good(**options: Any) -> bytes:
    return full_tracker(**options).to_bytes()


def refused(data: bytes, match: str = "saved tracker") -> None:
    with pytest.raises(ValueError, match=match):
        ModelPerformanceTracker.from_bytes(data)


def survives(data: bytes) -> bool:
    """Whether the bytes are taken; a tracker that was made of them has to work."""
    try:
        tracker = ModelPerformanceTracker.from_bytes(data)
    except ValueError as error:
        if "saved tracker" not in str(error):
            raise
        return False
    counters = tracker.counters()
    assert counters["predictions"] == counters["matched"] + counters["pending"]
    assert counters["labels"] == counters["matched"] + counters["orphan_labels"]
    try:
        for view in (tracker.predictions, tracker.ground_truths):
            for request_id in view:
                view.get(request_id)
    except (TypeError, ValueError) as error:
        # Features are looked at when they are asked for; a flag may say that ids are not kept.
        if "damaged" not in str(error) and "keep_ids" not in str(error):
            raise
    tracker.snapshot()
    tracker.snapshot(exact=True)
    tracker.memory_usage()
    before = tracker.counters()["predictions"]
    tracker.log_prediction("one more", 1, 0.5)
    tracker.log_ground_truth("one more", 1)
    tracker.log_predictions([f"more {row}" for row in range(100)], [1] * 100)
    assert tracker.counters()["predictions"] <= before + 101
    tracker.forget("one more")
    again = ModelPerformanceTracker.from_bytes(tracker.to_bytes())
    assert again.counters() == tracker.counters()
    return True


def test_the_checksum_is_understood() -> None:
    data = good()
    assert data.startswith(MAGIC)
    assert sealed(data[:-CHECKSUM]) == data
    assert survives(data)


def test_every_bit_matters() -> None:
    """A flip anywhere is found; each byte is tried with a bit of its own."""
    data = good()
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        refused(bytes(flipped))


@pytest.mark.parametrize("kept", [b"\0r2", b"\0nobody-1"])
def test_an_id_is_that_of_its_fingerprint(kept: bytes) -> None:
    """A row and a held label whose ids were changed would be shown and never found."""
    content = good()[:-CHECKSUM]
    assert content.count(kept) >= 1
    place = content.index(kept) + len(kept) - 1
    changed = content[:place] + b"Z" + content[place + 1 :]
    refused(sealed(changed), "fingerprint")


def test_every_length_matters() -> None:
    data = good()
    for length in range(len(data)):
        refused(data[:length])
    for more in (b"\0", b"\xff", data, b"\0" * 1000):
        refused(data + more)
        refused(more + data)
    refused(data[:50] + data[60:])
    refused(data[:50] + b"\0" + data[50:])


@pytest.mark.parametrize("version", [0, 2, 3, 255, 2**32 - 1])
def test_other_versions(version: int) -> None:
    data = good()
    content = MAGIC + struct.pack("<I", version) + data[len(MAGIC) + 4 : -CHECKSUM]
    refused(sealed(content), match=rf"version {version}\b")
    # The version is told before the checksum is looked at: a newer format may have another one.
    refused(content, match=rf"version {version}\b")


def test_every_length_with_a_checksum_that_agrees() -> None:
    content = good(rows=12)[:-CHECKSUM]
    for length in range(len(MAGIC) + 4, len(content)):
        assert not survives(sealed(content[:length]))
    assert not survives(sealed(content + b"\0"))


@pytest.mark.parametrize("value", [0, 1, 0x7F, 0x80, 0xFF])
def test_every_byte_with_a_checksum_that_agrees(value: int) -> None:
    content = good(rows=12)[:-CHECKSUM]
    taken = 0
    for place in range(len(MAGIC) + 4, len(content)):
        changed = bytearray(content)
        changed[place] = value
        taken += survives(sealed(bytes(changed)))
    # Most bytes are scores, times, text: other values are as good.
    assert taken > 0


@pytest.mark.parametrize(
    "options", [{"max_predictions": 8}, {"retention": None}, {"keep_ids": False}, {"max_orphan_labels": 3}], ids=str
)
def test_every_word_with_a_checksum_that_agrees(options: dict[str, Any]) -> None:
    """Counts and lengths that say too much must not take memory for what is not there."""
    content = good(rows=12, **options)[:-CHECKSUM]
    for place in range(len(MAGIC) + 4, len(content) - 8, 1 if THOROUGH else 2):
        for value in (2**32 - 1, 2**31, 2**64 - 1, 2**63 - 1, 2**62, 2**40):
            width = 4 if value < 2**32 else 8
            survives(sealed(content[:place] + value.to_bytes(width, "little") + content[place + width :]))


@given(st.binary(max_size=300))
def test_any_content_with_a_checksum_that_agrees(tail: bytes) -> None:
    survives(sealed(MAGIC + struct.pack("<I", 1) + tail))


@given(data=st.data())
def test_any_damage_with_a_checksum_that_agrees(data: Any) -> None:
    content = bytearray(good(rows=12)[:-CHECKSUM])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(len(MAGIC) + 4, len(content) - 1))
        kind = data.draw(st.sampled_from(["change", "insert", "remove", "copy"]))
        if kind == "change":
            content[place] = data.draw(st.integers(0, 255))
        elif kind == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=9))
        elif kind == "remove":
            del content[place : place + data.draw(st.integers(1, 9))]
        else:
            source = data.draw(st.integers(len(MAGIC) + 4, len(content) - 1))
            size = data.draw(st.integers(1, 60))
            content[place : place + size] = content[source : source + size]
    survives(sealed(bytes(content)))


def test_much_damage_with_a_checksum_that_agrees() -> None:
    """Pure chance, without the search of hypothesis, on a larger tracker."""
    generator = random.Random(11)
    content = good(rows=40)[:-CHECKSUM]
    for _ in range(5_000 if THOROUGH else 400):
        changed = bytearray(content)
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(len(MAGIC) + 4, len(content))] = generator.choice(
                [0, 1, 255, generator.randrange(256)]
            )
        survives(sealed(bytes(changed)))


@given(st.binary(max_size=500))
def test_any_bytes_at_all(data: bytes) -> None:
    refused(data)


HEADERS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b'{"model_name": 5}',
    b"[" * 100_000,
    b'{"model_name": "m", "model_version": "v", "history_limit": -1, "keep_ids": true, "metrics_history": []}',
    b'{"model_name": "m", "model_version": "v", "history_limit": true, "keep_ids": true, "metrics_history": [5]}',
    b'{"model_name": "m", "model_version": "v", "history_limit": 1e400, "keep_ids": 1, "metrics_history": {}}',
    b'{"model_name": "m", "model_version": "v", "history_limit": '
    + b"9" * 5000
    + b', "keep_ids": true, "metrics_history": []}',
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda one: one[:40])
def test_other_headers(header: bytes) -> None:
    content = good(rows=12)[:-CHECKSUM]
    (length,) = struct.unpack_from("<I", content, len(MAGIC) + 4)
    rest = content[len(MAGIC) + 8 + length :]
    survives(sealed(content[: len(MAGIC) + 4] + struct.pack("<I", len(header)) + header + rest))
