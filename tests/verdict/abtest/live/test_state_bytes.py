"""Bytes of a live test: damaged, hostile or of another time, they are a `ValueError` and never a crash."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verdict.abtest.live.events import DAY, content, drawn, server, tell
from truthlag.abtest import ModelABTest, SampleRatioTest

MAGIC = b"TRUTHLAG-AB-TEST"


def looked_at() -> ModelABTest:
    test = tell(server("one", mode="fixed", planned_n=20), drawn(3, 80))
    test.report(now=2 * DAY)
    test.report(now=3 * DAY)
    return test


DATA = looked_at().to_bytes()


def parts(data: bytes) -> tuple[Any, bytes]:
    body = data[len(MAGIC) : -16]
    _, length = struct.unpack_from("<IQ", body)
    return json.loads(body[12 : 12 + length]), body[12 + length :]


def sealed(header: Any, rest: bytes, version: int = 1) -> bytes:
    """Bytes with a right checksum, whatever is in them."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    body = struct.pack("<IQ", version, len(text)) + text + rest
    return MAGIC + body + hashlib.blake2b(body, digest_size=16).digest()


def test_bytes_are_the_whole_test() -> None:
    test = ModelABTest.from_bytes(DATA)
    assert test.to_bytes() == DATA == sealed(*parts(DATA))
    assert any(look.is_final for look in test.looks)
    assert test.name == "ranker"
    assert content(test) == content(looked_at())
    assert ModelABTest.from_bytes(bytearray(DATA)).to_bytes() == DATA


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(DATA) - 1), flip=st.integers(1, 255))
def test_a_damaged_byte_is_found(place: int, flip: int) -> None:
    damaged = bytearray(DATA)
    damaged[place] ^= flip
    with pytest.raises(ValueError, match="data must be"):
        ModelABTest.from_bytes(bytes(damaged))


@pytest.mark.parametrize("data", [b"", MAGIC, DATA[:-1], DATA + b"x", DATA[:40], SampleRatioTest([1, 1]).to_bytes()])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="data must be bytes of a ModelABTest"):
        ModelABTest.from_bytes(data)


def test_what_is_no_bytes_and_what_is_of_the_future() -> None:
    with pytest.raises(TypeError, match="data must be bytes of a ModelABTest, got 'text' of type str"):
        ModelABTest.from_bytes("text")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="data must be of format version 1, got version 2"):
        ModelABTest.from_bytes(sealed(*parts(DATA), version=2))


def walked(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value."""
    found = [path]
    if isinstance(value, dict):
        for name, one in value.items():
            found += walked(one, (*path, name))
    elif isinstance(value, list):
        for place, one in enumerate(value[:3]):
            found += walked(one, (*path, place))
    return found


HEADER, REST = parts(DATA)
PLACES = [path for path in walked(HEADER) if path]
ODD = [None, True, -1, 0, 7, 2**70, 1e308, float("nan"), "", "nan", "\ud800", [], {}, [[]], {"a": 1}]


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PLACES), value=st.sampled_from(ODD))
def test_a_header_that_lies_never_crashes(path: tuple[Any, ...], value: Any) -> None:
    header = json.loads(json.dumps(HEADER))
    inside = header
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    try:
        test = ModelABTest.from_bytes(sealed(header, REST))
    except ValueError:
        return
    # What is let in works.
    try:
        json.dumps(test.report(now=9 * DAY).to_dict(), allow_nan=False)
    except ValueError as error:
        assert "now must not be before" in str(error) or "tracker" in str(error)
    assert ModelABTest.from_bytes(test.to_bytes()).to_bytes() == test.to_bytes()


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(REST) - 1), data=st.binary(min_size=1, max_size=9))
def test_columns_that_lie_never_crash(place: int, data: bytes) -> None:
    rest = (REST[:place] + data + REST[place + len(data) :])[: len(REST)]
    try:
        test = ModelABTest.from_bytes(sealed(HEADER, rest))
    except ValueError:
        return
    json.dumps(test.report(now=9 * DAY).to_dict(), allow_nan=False)


@pytest.mark.parametrize("header", [b"[" * 100_000, b"{}", b"7", b"\xff\xfe", b"[]"])
def test_headers_that_are_none(header: bytes) -> None:
    with pytest.raises(ValueError, match="data must be bytes of a ModelABTest"):
        ModelABTest.from_bytes(sealed(header, REST))


@pytest.mark.parametrize("name", ["units", "events", "others"])
def test_counts_that_lie_take_no_memory(name: str) -> None:
    header = json.loads(json.dumps(HEADER))
    header["shards"][0][name] = 2**52
    with pytest.raises(ValueError, match="contradict themselves"):
        ModelABTest.from_bytes(sealed(header, REST))
