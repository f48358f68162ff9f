"""A policy's state as bytes: a magic number, a checksum, JSON made smaller by zlib (a feed's periods, to a tenth)."""

import hashlib
import json
import zlib
from typing import Any

from truthlag.call.described import described

_MAGIC = b"TLALERT1"
_DIGEST = 16
VERSION = 1


def packed(state: dict[str, Any]) -> bytes:
    """The bytes of a state."""
    body = zlib.compress(json.dumps(state, separators=(",", ":"), allow_nan=False).encode(), 1)
    return _MAGIC + _digest(body) + body


def unpacked(data: Any) -> dict[str, Any]:
    """The state in bytes.

    Raises:
        TypeError: They are no bytes.
        ValueError: They are damaged, or something else.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"data must be bytes of an AlertPolicy, got {described(data)}")
    whole = bytes(data)
    start = len(_MAGIC) + _DIGEST
    digest, body = whole[len(_MAGIC) : start], whole[start:]
    if not whole.startswith(_MAGIC) or _digest(body) != digest:
        raise ValueError(f"data must be bytes of an AlertPolicy, got {len(whole)} that are none, or are damaged")
    try:
        state = json.loads(zlib.decompress(body))
    except (ValueError, RecursionError, zlib.error) as error:
        raise ValueError("data must be bytes of an AlertPolicy, got some that cannot be read") from error
    if not isinstance(state, dict):
        # Of the right type are the bytes; what they hold is not.
        raise ValueError("data must be bytes of an AlertPolicy, got some that cannot be read")  # noqa: TRY004
    return state


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST).digest()
