"""The command line as its users run it: as a process, with signals, pipes and missing packages."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# A shell may have started the tests with interrupts ignored, which children inherit.
PROGRAM = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from truthlag.show.cli import main; main()"
COMMAND = [sys.executable, "-c", PROGRAM]
PLAIN = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"}

Write = Callable[..., Path]


@pytest.fixture
def long_log(write_log: Write) -> Path:
    """A log of twelve days that takes long to print when every minute is a period."""
    lines = [
        f"r{minute},{1_700_000_000 + 60 * minute},1,0.5,1,{1_700_000_030 + 60 * minute}" for minute in range(12 * 1_440)
    ]
    return write_log(lines)


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_interrupted_it_leaves_what_was_computed(long_log: Path, output: str) -> None:
    arguments = [*COMMAND, "replay", str(long_log), "--every", "1m", "--window", "1h", "--format", output]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN) as process:
        assert process.stdout is not None
        # The pipe is full long before the log has ended, so that the signal always finds it at work.
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        # Not `communicate`, which would pass over what `readline` has already buffered.
        lines += process.stdout.readlines()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 130, err
    assert b"interrupted after" in err
    assert b"Traceback" not in err
    assert len(lines) < 12 * 1_440
    assert all(line.endswith(b"\n") for line in lines)
    if output == "json":
        assert all(json.loads(line)["predictions"] for line in lines)
    if output == "table":
        assert lines[-1].startswith(b"verdicts: ")


def test_a_reader_that_goes_away_is_no_error(long_log: Path) -> None:
    arguments = [*COMMAND, "replay", str(long_log), "--every", "1m", "--window", "1h", "--format", "json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert b"Traceback" not in err


def test_on_a_terminal_the_bar_is_gone_at_the_end(write_log: Write, two_weeks: list[str]) -> None:
    seen = in_terminal([*COMMAND, "replay", str(write_log(two_weeks)), "--min-age", "1d"])
    assert "replaying" in seen
    assert "critical" in seen
    # The last thing the bar does is to clear its line.
    assert "\x1b[2K" in seen[seen.rindex("rows") :]


def test_json_on_a_terminal_is_not_touched_by_the_bar(write_log: Write, two_weeks: list[str]) -> None:
    main, other = pty.openpty()
    with os.fdopen(main, "rb", buffering=0):
        arguments = [*COMMAND, "replay", str(write_log(two_weeks)), "--format", "json"]
        finished = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=other, env=PLAIN, check=True)
        os.close(other)
    assert len([json.loads(line) for line in finished.stdout.splitlines()]) == 22


def in_terminal(arguments: list[str]) -> str:
    """What a program writes to a terminal of 80 columns."""
    environment = {**PLAIN, "TERM": "xterm", "COLUMNS": "80", "LINES": "40"}
    main, other = pty.openpty()
    process = subprocess.Popen(arguments, stdin=other, stdout=other, stderr=other, env=environment, close_fds=True)
    os.close(other)
    seen = b""
    while True:
        try:
            part = os.read(main, 65_536)
        except OSError:
            # Linux says so when the last writer has closed a terminal.
            break
        if not part:
            break
        seen += part
    os.close(main)
    assert process.wait() == 0, seen
    return seen.decode()


@pytest.mark.parametrize("missing", ["click", "rich", "pyarrow"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    program = f"""
import sys, importlib.abc
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "{missing}":
            raise ModuleNotFoundError(name)
from importlib import util
original = util.find_spec
util.find_spec = lambda name: None if name == "{missing}" else original(name)
sys.meta_path.insert(0, Absent())
from truthlag.show.cli import main
main()
"""
    finished = subprocess.run(
        [sys.executable, "-c", program, "demo"], capture_output=True, env=PLAIN, encoding="utf-8", check=False
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == (
        f"the truthlag command line needs `{missing}`, not installed here; run: pip install 'truthlag[cli]'\n"
    )


def test_import_truthlag_does_not_bring_the_command_line() -> None:
    program = "import sys, truthlag; print([name for name in ('click', 'rich', 'pyarrow') if name in sys.modules])"
    finished: Any = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=PLAIN)
    assert finished.stdout.strip() == b"[]"
