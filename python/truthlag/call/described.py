"""A value as an error message shows it."""

import datetime
import uuid

import numpy as np

_LONGEST = 80
# Any other code could raise or hang, and the representation of a container may be endless.
_SHOWN = frozenset(
    {bool, int, float, complex, str, bytes, datetime.datetime, datetime.date, datetime.timedelta, uuid.UUID}
)


def described(value: object) -> str:
    """Representation and type, in the words of the core, cut to a length that a log line can bear."""
    if value is None:
        return "None"
    # The type is asked and not the value, which is anybody's.
    name = type(value).__name__
    text = shown(value)
    return f"an object of type {name}" if text is None else f"{text} of type {name}"


def shown(value: object) -> str | None:
    """The representation alone, cut to the same length; None where it is not safe to ask for it."""
    kind = type(value)
    if kind in (str, bytes) and isinstance(value, str | bytes):
        # One character more than is shown, so that what is left out shows as dots; a long text is not copied.
        value = value[: _LONGEST + 1]
    numpy_scalar = issubclass(kind, np.generic) and kind.__module__ == "numpy" and not issubclass(kind, np.void)
    if kind not in _SHOWN and not numpy_scalar:
        return None
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the digits of a huge int are refused, and a time zone may be anybody's code
        return None
    return f"{text[:_LONGEST]}{'...' if len(text) > _LONGEST else ''}"
