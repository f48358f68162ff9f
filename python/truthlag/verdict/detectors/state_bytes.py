"""Parameters and a state of floats as bytes, with a format version and a checksum."""

import hashlib
import json
import struct
from typing import Any, TypeVar

from truthlag.call.described import described

VERSION = 1
DIGEST = 16

Kept = TypeVar("Kept")


def packed(magic: bytes, kind: str, parameters: dict[str, Any], state: list[float]) -> bytes:
    """The bytes of one of a kind."""
    header = json.dumps({"kind": kind, "parameters": parameters}).encode()
    body = struct.pack(f"<II{len(header)}s{len(state)}d", VERSION, len(header), header, *state)
    return magic + body + _digest(body)


def unpacked(magic: bytes, what: str, data: Any) -> tuple[Any, dict[str, Any], list[float]]:
    """Kind, parameters and state of bytes that `packed` gave, which are said to be those of `what`."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"data must be bytes of {what}, got {described(data)}")
    whole = bytes(data)
    body, digest = whole[len(magic) : -DIGEST], whole[-DIGEST:]
    if not whole.startswith(magic) or len(body) < 8 or _digest(body) != digest:
        raise ValueError(f"data must be bytes of {what}, got {len(whole)} that are none, or are damaged")
    version, length = struct.unpack_from("<II", body)
    if version != VERSION:
        raise ValueError(f"data must be of format version {VERSION}, got version {version}")
    try:
        header = json.loads(body[8 : 8 + length])
        kind, parameters = header["kind"], header["parameters"]
        state = struct.unpack(f"<{(len(body) - 8 - length) // 8}d", body[8 + length :])
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise ValueError(f"data must be bytes of {what}, got some whose header cannot be read") from error
    return kind, parameters, list(state)


def restored(class_: type[Kept], magic: bytes, what: str, data: Any) -> Kept:
    """An object of a class with `KIND` and `_restore`, made with the parameters of the bytes, in the state of the bytes."""
    made: Any = class_
    kind, parameters, state = unpacked(magic, what, data)
    if kind != made.KIND:
        raise ValueError(f"data must be bytes of {made.KIND}, got those of {described(kind)}")
    try:
        one = made(**parameters)
    except TypeError as error:
        raise ValueError(f"data must be bytes of {what}, got some whose parameters are not its own") from error
    if not one._restore(state):
        raise ValueError(f"data must be bytes of {what}, got some whose state contradicts itself")
    found: Kept = one
    return found


def call_of(one: Any) -> str:
    """The call that makes one with the same parameters."""
    given = ", ".join(f"{name}={value!r}" for name, value in one._parameters.items())
    return f"{type(one).__name__}({given})"


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST).digest()
