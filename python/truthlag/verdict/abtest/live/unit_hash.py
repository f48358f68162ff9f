"""From the id of a unit to the bits that assign it.

`SHA-256(salt, 0x00, tag, id)`, where the salt is UTF-8 without the character 0, the tag is one ASCII letter, and the id is

- for a str, and for a UUID, whose canonical text is such: `s` and its UTF-8 bytes;
- for bytes: `b` and the bytes;
- for an int: `i` and its decimal digits in ASCII, with a `-` before them where it is negative.

Of the 32 bytes the first eight, big-endian, are the number that decides the arm; the next eight are the one that decides whether the
unit is exposed; the rest are not looked at. They are independent, as parts of a cryptographic hash are.
"""

from __future__ import annotations

import hashlib
import operator
from typing import Any
from uuid import UUID

import numpy as np

from truthlag.call.described import described

#: As long as an id of a tracker may be, in bytes.
MOST_BYTES = 1_024
#: More bits cannot be so many digits.
_MOST_BITS = 3_400
_ALLOWED = "a str, bytes, int or UUID"


def unit_digest(salted: bytes, unit_id: Any) -> bytes:
    """The 32 bytes of a unit; `salted` is the salt with the byte 0 after it."""
    return hashlib.sha256(salted + typed_bytes("unit_id", unit_id)).digest()


def typed_bytes(name: str, value: Any) -> bytes:
    """Tag and bytes of an id.

    Raises:
        TypeError: It is no id.
        ValueError: It is too long, or no valid text.
    """
    if type(value) is int:
        # The most frequent kinds first.
        data = b"i%d" % value if value.bit_length() <= _MOST_BITS else _too_long(name, value)
    elif isinstance(value, str):
        try:
            data = b"s" + value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"{name} must be a str that UTF-8 can hold, got {described(value)}") from error
    elif isinstance(value, bytes):
        data = b"b" + value
    elif isinstance(value, UUID):
        data = b"s" + str(value).encode()
    elif isinstance(value, int | np.integer) and not isinstance(value, bool):
        return typed_bytes(name, operator.index(value))
    else:
        raise TypeError(f"{name} must be {_ALLOWED}, got {described(value)}")
    if len(data) > MOST_BYTES + 1:
        raise ValueError(f"{name} must have at most {MOST_BYTES} bytes, got {len(data) - 1}")
    return data


def _too_long(name: str, value: int) -> bytes:
    raise ValueError(f"{name} must have at most {MOST_BYTES} digits, got an int of {value.bit_length()} bits")


def event_number(event_id: Any) -> int:
    """64 bits of the id of an outcome; never 0, which is that of one without."""
    digest = hashlib.sha256(typed_bytes("event_id", event_id)).digest()
    return int.from_bytes(digest[:8], "big") or 1
