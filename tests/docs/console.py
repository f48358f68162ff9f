"""Run what a page shows of a terminal: `$ truthlag ...`, the output under it, and `$ echo $?` for the exit code."""

from __future__ import annotations

import doctest
import os
import shlex
import subprocess
import sys
from pathlib import Path

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Text of a fixed width without colours, whatever the terminal of the one who runs the tests.
PLAIN = {"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb", "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"}

# They build and install what these tests test, or run these tests; CI runs them as they are.
CHORES = {"make", "pip", "git", "cargo", ".venv/bin/python"}


def run(source: str, folder: Path, where: str) -> str:
    """Run each command of a `console` block in the folder, and compare what it prints with the lines under it.

    Returns what the last command printed.

    Nothing under a command means that its output is not looked at. A command must end with exit code 0, unless the
    block goes on with `$ echo $?`. Chores such as `make` are passed over. Any other command is refused: the page has to
    say why it is not run.
    """
    exit_code = 0
    printed = ""
    unasked = False
    for command, expected in _commands(source):
        if command == "echo $?":
            assert expected.strip() == str(exit_code), f"{where}: exit code {exit_code}, the page says {expected}"
            unasked = False
            continue
        assert not unasked, f"{where}: exit code {exit_code} from the command before `{command}`"
        program, *arguments = shlex.split(command)
        if program in CHORES:
            continue
        assert program == "truthlag", f"{where}: `{program}` cannot be run here; mark the block with its reason"
        finished = subprocess.run(
            [sys.executable, "-c", "from truthlag.__main__ import main; main()", *arguments],
            cwd=folder,
            env={**os.environ, **PLAIN},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        exit_code = finished.returncode
        unasked = exit_code != 0
        printed = finished.stdout + finished.stderr
        if expected.strip():
            matches = doctest.OutputChecker().check_output(expected, printed, FLAGS)
            assert matches, f"{where}: `{command}` printed\n{printed}\nthe page says\n{expected}"
        else:
            assert "Traceback" not in printed, f"{where}: {printed}"
    assert not unasked, f"{where}: exit code {exit_code}\n{printed}"
    return printed


def check_excerpt(source: str, printed: str, where: str) -> None:
    """Check that these lines stand together in what was printed, blanks at their ends aside."""
    wanted, found = ("\n".join(line.rstrip() for line in text.strip("\n").splitlines()) for text in (source, printed))
    assert f"\n{wanted}\n" in f"\n{found}\n", f"{where}: these lines were not printed; what was printed is\n{printed}"


def _commands(source: str) -> list[tuple[str, str]]:
    """Each command with the text under it; a line that ends in a backslash goes on in the next."""
    found: list[tuple[str, str]] = []
    for line in source.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:].strip(), ""))
        elif found:
            command, expected = found[-1]
            found[-1] = (command, f"{expected}{line}\n")
        else:
            raise AssertionError(f"a console block starts with `$ `, not with `{line}`")
    return found
