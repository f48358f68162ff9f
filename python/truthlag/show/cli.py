"""How the command `truthlag` begins and ends, once the packages of the extra `cli` are known to be there."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from truthlag.show.ending import orderly_ending

if TYPE_CHECKING:
    from typing import TextIO


def main() -> None:
    """Run the command line; an end before its time is orderly too, even while packages are being imported."""
    with orderly_ending():
        _ready_streams()
        _run()


def _run() -> None:
    import click

    from truthlag.show.commands import truthlag

    # Not click's own way to end, which is 1 on Ctrl-C.
    try:
        sys.exit(truthlag.main(prog_name="truthlag", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None


def _ready_streams() -> None:
    # A stream that the shell has closed is None, which nothing that prints expects.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name or a value of the log may hold what the terminal has no character for.
        sys.stdout.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
