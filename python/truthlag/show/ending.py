"""How the program ends when it is cut short: an exit code that is documented, a line at most, never a traceback."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from truthlag.show.errors import EXIT_INTERRUPTED, EXIT_READER_GONE, EXIT_UNREADABLE, ReaderGoneError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def orderly_ending() -> Iterator[None]:
    """Turn Ctrl-C, a reader that went away and a disk that is full into `SystemExit`."""
    try:
        yield
    except KeyboardInterrupt:
        _say("interrupted")
        raise SystemExit(EXIT_INTERRUPTED) from None
    except (BrokenPipeError, ReaderGoneError):
        _give_up_streams()
        raise SystemExit(EXIT_READER_GONE) from None
    except OSError as error:
        # Files of the log have been told apart from it by then: see `LogError`.
        where = "the output" if error.filename is None else error.filename
        _say(f"{where}: {error.strerror or error}")
        _give_up_streams()
        raise SystemExit(EXIT_UNREADABLE) from None


def _say(message: str) -> None:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{message}\n")
        sys.stderr.flush()


def _give_up_streams() -> None:
    """Let what is still buffered go nowhere: at exit Python would try it again, and complain."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
