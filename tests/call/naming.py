"""Names of cases that are the same in every run: a representation may carry an address, or be too long to print."""

from __future__ import annotations

from typing import Any


def name(value: Any) -> str:
    """The representation of a short plain value, the type of anything else."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, int) and abs(value) > 2**64:
        return f"{type(value).__name__} of {value.bit_length()} bits"
    shown = ascii(value)
    return shown if " at 0x" not in shown and len(shown) < 60 else type(value).__name__
