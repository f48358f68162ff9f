"""A policy's state: plain values; as bytes a magic number, a checksum, JSON made smaller by zlib (periods, to a tenth)."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.label_feed import LabelFeed
from truthlag.verdict.alerts.ledger.ledger import Ledger
from truthlag.verdict.alerts.ledger.state import ledger_of, state_of
from truthlag.verdict.alerts.settings import Settings

_MAGIC = b"TLALERT1"
_DIGEST = 16
_VERSION = 1
_UNREADABLE = "data must be a dict of an AlertPolicy, got one that cannot be read"


def saved(settings: Settings, feed: LabelFeed, ledger: Ledger) -> dict[str, Any]:
    """Plain values."""
    return {
        "version": _VERSION,
        "settings": settings.to_dict(),
        "label_feed": feed.to_dict(),
        "state": state_of(ledger),
    }


def arguments_of(data: Any, changed: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the policy that `saved` wrote, with some of them changed.

    Raises:
        TypeError: `data` is no mapping.
        ValueError: It is nothing that `saved` wrote, or what is changed may not be.
    """
    if not isinstance(data, Mapping):
        raise TypeError(f"data must be a dict of an AlertPolicy, got {described(data)}")
    if data.get("version") != _VERSION:
        raise ValueError(f"data must be of format version {_VERSION}, got {described(data.get('version'))}")
    try:
        arguments = Settings.arguments(data["settings"])
        feed = LabelFeed.from_dict(data["label_feed"])
    except (AttributeError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(_UNREADABLE) from error
    if changed.get("group_by", arguments["group_by"]) != arguments["group_by"]:
        raise ValueError("group_by must be that of the state, since its incidents are grouped by it")
    return {**arguments, "label_feed": feed, **changed}


def saved_ledger(data: Mapping[str, Any], settings: Settings, feed: LabelFeed) -> Ledger:
    """The ledger that `saved` wrote, of a policy of these settings; ValueError where it is none."""
    try:
        return ledger_of(settings, feed, data["state"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(_UNREADABLE) from error


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
