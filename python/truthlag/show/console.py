"""The terminal, or whatever else output goes to: what it is, and what it can show."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole

from truthlag.show.errors import ReaderGoneError

if TYPE_CHECKING:
    from typing import TextIO


class Console(RichConsole):
    """Rich's console without its own idea of colours for numbers, and of how to end when nobody reads."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False)

    def on_broken_pipe(self) -> None:
        """Say so, instead of ending here with an exit code of rich's."""
        raise ReaderGoneError


def is_regular_file(stream: TextIO) -> bool:
    """Whether a stream goes to a file on disk, rather than to a terminal, a pipe or a device."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def can_show(console: RichConsole, characters: str) -> bool:
    """Whether the encoding of the console has all of these characters."""
    try:
        characters.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
