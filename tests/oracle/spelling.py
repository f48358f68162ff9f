"""The many ways to say the same ids, values and times: strategies that turn plain values into what a caller may pass."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.oracle.reference import EPOCH, MICROSECOND

try:
    import pyarrow as pa
except ImportError:  # optional: the lists and arrays are tested all the same
    pa = None

SECOND = 1_000_000
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))

#: Few ids, so that they meet; every type, and pairs that look alike without being the same.
IDS: list[Any] = [
    "1",
    1,
    b"1",
    uuid.UUID(int=1),
    str(uuid.UUID(int=1)),  # the same request as the one before
    "é",
    "a",
    0,
    -1,
    2**63,
    2**64 + 1,
    -(2**70),
    "b",
]


def as_datetime(time: int) -> datetime.datetime:
    return EPOCH + time * MICROSECOND


def spell_time(draw: Any, time: int | None) -> Any:
    """One time in one of the ways that are exact for it."""
    if time is None:
        return None
    ways = [
        as_datetime(time),
        as_datetime(time).replace(tzinfo=datetime.UTC),
        as_datetime(time).replace(tzinfo=datetime.UTC).astimezone(EAST),
        np.datetime64(time, "us"),
    ]
    if time % SECOND == 0:
        ways += [time // SECOND, float(time // SECOND), np.int64(time // SECOND), np.datetime64(time // SECOND, "s")]
    return draw(st.sampled_from(ways))


def spell_binary(draw: Any, value: int) -> Any:
    return draw(st.sampled_from([value, bool(value), float(value), np.int8(value), np.bool_(value), np.float64(value)]))


def spell_id(draw: Any, request_id: Any) -> Any:
    if isinstance(request_id, str):
        return draw(st.sampled_from([request_id, np.str_(request_id)]))
    if isinstance(request_id, int) and 0 <= request_id < 2**63:
        return draw(st.sampled_from([request_id, np.int64(request_id), np.uint64(request_id)]))
    return request_id


def object_array(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return array


def spell_ids(draw: Any, ids: Sequence[Any]) -> Any:
    ways = ["list", "tuple", "object"]
    if ids and all(isinstance(one, str) for one in ids):
        ways += ["text", "arrow text"]
    if ids and all(isinstance(one, int) and -(2**63) <= one < 2**63 for one in ids):
        ways += ["int64", "arrow int64"]
    if ids and all(isinstance(one, bytes) for one in ids):
        ways += ["bytes", "arrow bytes"]
    way = draw(st.sampled_from([way for way in ways if pa is not None or "arrow" not in way]))
    if way == "list":
        return [spell_id(draw, one) for one in ids]
    if way == "tuple":
        return tuple(ids)
    if way == "object":
        return object_array(ids)
    if way == "text":
        return np.array(ids, dtype=str)
    if way == "bytes":
        return np.array(ids, dtype=bytes)
    if way == "int64":
        return np.array(ids, dtype=np.int64)
    if way == "arrow text":
        return pa.array(ids, draw(st.sampled_from([pa.string(), pa.large_string(), pa.string_view()])))
    if way == "arrow bytes":
        return pa.array(ids, draw(st.sampled_from([pa.binary(), pa.large_binary()])))
    return pa.array(ids, pa.int64())


def spell_binaries(draw: Any, values: Sequence[int | None]) -> Any:
    """Decisions or labels; a null label may be None, NaN or an Arrow null."""
    ways = ["list", "object"] + (["arrow"] if pa is not None else [])
    ways += ["float"] if any(value is None for value in values) else ["int", "bool", "float"]
    way = draw(st.sampled_from(ways))
    if way == "list":
        return [None if value is None else spell_binary(draw, value) for value in values]
    if way == "object":
        return object_array(values)
    if way == "arrow":
        kind = draw(st.sampled_from([pa.int64(), pa.uint8(), pa.bool_(), pa.float64()]))
        # An integer is no Arrow boolean, so that each value is made one first.
        made = [value if value is None or kind != pa.bool_() else bool(value) for value in values]
        return pa.array(made, kind)
    if way == "float":
        return np.array(
            [np.nan if value is None else value for value in values], dtype=draw(st.sampled_from([np.float32, float]))
        )
    return np.array(values, dtype=bool if way == "bool" else draw(st.sampled_from([np.int64, np.uint8, np.int32])))


def spell_scores(draw: Any, scores: Sequence[float | None]) -> Any:
    if all(score is None for score in scores) and draw(st.booleans()):
        return None
    ways = ["list", "object"] + (["arrow"] if pa is not None else [])
    if all(score is not None for score in scores):
        ways.append("float")
    way = draw(st.sampled_from(ways))
    if way == "list":
        return list(scores)
    if way == "object":
        return object_array(scores)
    return pa.array(scores, pa.float64()) if way == "arrow" else np.array(scores, dtype=float)


def spell_times(draw: Any, times: Sequence[int] | None) -> Any:
    if times is None:
        return None
    ways = ["list", "datetime64"] + (["arrow"] if pa is not None else [])
    if all(time % SECOND == 0 for time in times):
        ways += ["seconds", "float seconds"]
    way = draw(st.sampled_from(ways))
    if way == "list":
        return [spell_time(draw, time) for time in times]
    if way == "datetime64":
        return np.array(times, dtype="datetime64[us]").astype(
            draw(st.sampled_from(["datetime64[us]", "datetime64[ns]"]))
        )
    if way == "arrow":
        zone = draw(st.sampled_from([None, "UTC"]))
        return pa.array(times, pa.timestamp("us", zone))
    return np.array([time // SECOND for time in times], dtype=np.int64 if way == "seconds" else float)
