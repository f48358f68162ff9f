"""A live test as bytes, with a format version and a checksum."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.live.moments import EARLIEST, LATEST
from truthlag.verdict.abtest.live.shard import LARGEST, NONE, Columns

MAGIC = b"TRUTHLAG-AB-TEST"
VERSION = 1
_DIGEST = 16
_WHAT = "data must be bytes of a ModelABTest"
_MOST_TEXT = 1_024
_PIECE = 65_536


def written(header: dict[str, Any], shards: dict[str, Columns]) -> bytes:
    """The bytes; shards in order of their sources."""
    described_shards, parts = [], []
    for source in sorted(shards):
        columns = shards[source]
        described_shards.append(
            {
                "source": source,
                "version": columns.version,
                "units": len(columns.digests),
                "others": len(columns.other_unit),
                "events": len(columns.event_unit),
                "segments": list(columns.segments),
                "outcomes": list(columns.outcomes),
                "dropped_units": columns.dropped_units,
                "dropped_events": columns.dropped_events,
            }
        )
        parts += [columns.digests, *(array.astype(kind, copy=False) for array, kind in _arrays(columns))]
    text = json.dumps({**header, "shards": described_shards}, allow_nan=False, separators=(",", ":")).encode()
    digest, file = hashlib.blake2b(digest_size=_DIGEST), io.BytesIO()
    file.write(MAGIC)
    for piece in (struct.pack("<IQ", VERSION, len(text)), text, *_pieces(parts)):
        digest.update(piece)
        file.write(piece)
    file.write(digest.digest())
    return file.getvalue()


def _pieces(parts: list[Any]) -> Iterator[bytes]:
    """The bytes of arrays, so few at once that no other thread waits for long."""
    for part in parts:
        flat = part.reshape(-1)
        for start in range(0, len(flat), _PIECE):
            yield flat[start : start + _PIECE].tobytes()


def read(data: Any) -> tuple[dict[str, Any], memoryview]:
    """The header, and what comes after it.

    Raises:
        TypeError: They are no bytes.
        ValueError: They are damaged, or of another version.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"{_WHAT}, got {described(data)}")
    whole = bytes(data)
    body, digest = whole[len(MAGIC) : -_DIGEST], whole[-_DIGEST:]
    if not whole.startswith(MAGIC) or len(body) < 12 or hashlib.blake2b(body, digest_size=_DIGEST).digest() != digest:
        raise ValueError(f"{_WHAT}, got {len(whole)} that are none, or are damaged")
    version, length = struct.unpack_from("<IQ", body)
    if version != VERSION:
        raise ValueError(f"data must be of format version {VERSION}, got version {version}")
    try:
        header = json.loads(body[12 : 12 + length], parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_WHAT}, got some whose header cannot be read") from error
    return (header if isinstance(header, dict) else {}), memoryview(body)[12 + length :]


def shards_of(header: Any, rest: memoryview, arms: int, covariates: int) -> dict[str, Columns]:
    """The shards, every number checked.

    Raises:
        ValueError: They contradict themselves.
    """
    reader, found = _Reader(rest), {}
    for one in header:
        source = one["source"]
        _check(isinstance(source, str) and 0 < len(source) <= _MOST_TEXT and source not in found)
        counts = [one[name] for name in ("version", "units", "others", "events", "dropped_units", "dropped_events")]
        _check(all(type(count) is int and 0 <= count < 2**53 for count in counts))
        version, units, others, events, dropped_units, dropped_events = counts
        segments, outcomes = (_ordered(one[name]) for name in ("segments", "outcomes"))
        digests = reader.digests(units)
        columns = Columns(
            version,
            digests,
            reader.take(units, "<i2"),
            reader.take(units, "<i8"),
            reader.take(units, "<i4"),
            reader.take(covariates * units, "<f8").reshape(covariates, units),
            reader.take(others, "<i8"),
            reader.take(others, "<i2"),
            reader.take(others, "<i8"),
            reader.take(events, "<i8"),
            reader.take(events, "<i4"),
            reader.take(events, "<i8"),
            reader.take(events, "<f8"),
            reader.take(events, "<u8"),
            segments,
            outcomes,
            dropped_units,
            dropped_events,
        )
        _check_columns(columns, arms)
        found[source] = columns
    _check(reader.is_at_end)
    return found


class _Reader:
    """Reads one array after another."""

    def __init__(self, data: memoryview) -> None:
        self._data, self._place = data, 0

    def take(self, count: int, kind: str) -> Any:
        size = count * np.dtype(kind).itemsize
        _check(self._place + size <= len(self._data))
        found = np.frombuffer(self._data[self._place : self._place + size], dtype=kind)
        self._place += size
        # In the order of this machine, and not bound to the bytes.
        return found.astype(np.dtype(kind).newbyteorder("="))

    def digests(self, count: int) -> Any:
        found = self.take(count, "S32")
        _check(bool((found[:-1] < found[1:]).all()))
        return found

    @property
    def is_at_end(self) -> bool:
        return self._place == len(self._data)


def _arrays(columns: Columns) -> list[tuple[Any, str]]:
    return [
        (columns.arm, "<i2"),
        (columns.time, "<i8"),
        (columns.segment, "<i4"),
        (columns.covariates, "<f8"),
        (columns.other_unit, "<i8"),
        (columns.other_arm, "<i2"),
        (columns.other_time, "<i8"),
        (columns.event_unit, "<i8"),
        (columns.event_outcome, "<i4"),
        (columns.event_time, "<i8"),
        (columns.event_value, "<f8"),
        (columns.event_id, "<u8"),
    ]


def _check_columns(columns: Columns, arms: int) -> None:
    units = len(columns.digests)
    for array, least, most in (
        (columns.arm, NONE, arms),
        (columns.segment, NONE, len(columns.segments)),
        (columns.other_unit, 0, units),
        (columns.other_arm, 0, arms),
        (columns.event_unit, 0, units),
        (columns.event_outcome, 0, len(columns.outcomes)),
        # The time of a unit that was not exposed is 0.
        (columns.time, EARLIEST, LATEST + 1),
        (columns.other_time, EARLIEST, LATEST + 1),
        (columns.event_time, EARLIEST, LATEST + 1),
    ):
        _check(bool(((array >= least) & (array < most)).all()))
    # What is no number is not known; an outcome is one.
    _check(bool((np.abs(columns.event_value) <= LARGEST).all()))
    _check(bool((np.isnan(columns.covariates) | (np.abs(columns.covariates) <= LARGEST)).all()))
    pairs = columns.other_unit * arms + columns.other_arm
    _check(bool((np.diff(pairs) > 0).all()))
    _check(bool((columns.arm[columns.other_unit] != columns.other_arm).all()))
    _check(bool((columns.arm[columns.other_unit] != NONE).all()))


def _ordered(names: Any) -> tuple[str, ...]:
    _check(isinstance(names, list) and all(isinstance(one, str) and len(one) <= _MOST_TEXT for one in names))
    _check(all(before < after for before, after in pairwise(names)))
    return tuple(names)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError("the state contradicts itself")
