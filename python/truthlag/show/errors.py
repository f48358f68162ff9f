"""What can go wrong with a log, and the exit code that each ending of the command line has."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_FINE = 0
EXIT_UNREADABLE = 1
EXIT_USAGE = 2
EXIT_DEGRADED = 3
EXIT_BAD_ROW = 4
EXIT_UNDECIDED = 5
# The two that a shell itself gives to programs ended by a signal: 128 and its number.
EXIT_INTERRUPTED = 130
EXIT_READER_GONE = 141


class LogError(Exception):
    """The log as a whole cannot be replayed: the message says which file and why."""

    exit_code = EXIT_UNREADABLE


@contextmanager
def about_file(path: str) -> Iterator[None]:
    """Name the file in a `LogError` raised by what knows its columns only."""
    try:
        yield
    except LogError as error:
        raise LogError(f"{path}: {error}") from error


class BadRowError(LogError):
    """A bad row was met under `--strict`."""

    exit_code = EXIT_BAD_ROW


class ReaderGoneError(Exception):
    """Nobody reads the output any more, as when `head` has seen enough."""
