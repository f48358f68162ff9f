"""The command line as its users run it: as a process, with signals, pipes and missing packages."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# A shell may have started the tests with interrupts ignored, which children inherit.
PROGRAM = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from truthlag.__main__ import main; main()"
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
    assert b"the log ends" not in b"".join(lines) + err
    assert b"Traceback" not in err
    assert len(lines) < 12 * 1_440
    assert all(line.endswith(b"\n") for line in lines)
    if output == "json":
        assert all(json.loads(line)["predictions"] for line in lines)
    if output == "table":
        assert lines[-1].startswith(b"verdicts: ")


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_a_reader_that_goes_away_is_no_error(long_log: Path, output: str) -> None:
    arguments = [*COMMAND, "replay", str(long_log), "--every", "1m", "--window", "1h", "--format", output]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert err == b""
    assert process.returncode == 141


def test_a_reader_of_everything_that_goes_away_is_no_error_either(long_log: Path) -> None:
    arguments = [*COMMAND, "replay", str(long_log), "--every", "1m", "--window", "1h"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=PLAIN) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [["replay"], ["replay", "--format", "json"], ["replay", "--format", "csv"], ["demo", "--fast"], ["--help"]],
)
def test_a_full_disk_is_one_line(write_log: Write, two_weeks: list[str], arguments: list[str]) -> None:
    if arguments[0] == "replay":
        arguments = [*arguments, str(write_log(two_weeks))]
    with open("/dev/full", "w") as full:
        finished = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, env=PLAIN, check=False)
    assert finished.stderr == b"the output: No space left on device\n"
    assert finished.returncode == 1


@pytest.mark.parametrize("output", ["json", "csv", "table"])
@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_is_no_error(write_log: Write, two_weeks: list[str], output: str, closed: int) -> None:
    arguments = [*COMMAND, "replay", str(write_log([*two_weeks, "bad"])), "--format", output]
    shell = f"exec {shlex.join(arguments)} {closed}>&-"
    finished = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, env=PLAIN, check=True)
    assert b"Traceback" not in finished.stderr
    if closed == 2:
        assert len(finished.stdout.splitlines()) >= 22


def test_the_demo_can_be_interrupted() -> None:
    with subprocess.Popen([*COMMAND, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        err = process.stderr.read()
    assert err == b"interrupted\n"
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("click", "replay"),
        ("truthlag.show.commands", "demo"),
        ("truthlag.show.replay_command", "replay"),
        ("truthlag.show.parquet_log", "replay"),
        ("truthlag.show.demo", "demo"),
    ],
)
def test_interrupted_while_it_starts(write_log: Write, two_weeks: list[str], module: str, command: str) -> None:
    # A signal would come at this moment only by luck.
    program = f"""
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
{PROGRAM}
"""
    arguments = [command] if command == "demo" else [command, str(write_log(two_weeks))]
    finished = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, env=PLAIN, check=False)
    assert finished.returncode == 130
    assert finished.stdout == b""
    assert finished.stderr.startswith(b"interrupted")
    assert finished.stderr.count(b"\n") == 1


@pytest.mark.parametrize("settings", [{"PYTHONIOENCODING": "cp1252"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}], ids=str)
def test_an_encoding_without_the_characters_of_the_plot(
    write_log: Write, two_weeks: list[str], settings: dict[str, str]
) -> None:
    environment = {name: value for name, value in PLAIN.items() if name != "PYTHONIOENCODING"} | settings
    demo = subprocess.run([*COMMAND, "demo", "--fast"], capture_output=True, env=environment, check=True)
    assert b"1.00 + oo" in demo.stdout
    assert demo.stdout.isascii()
    path = write_log([*two_weeks, "\u03b1,2024-03-22,\u03b2,1,1,1"], "\u03b3.csv")
    for output in ("table", "json", "csv"):
        arguments = ["replay", str(path), "--format", output, "--min-age", "1d"]
        replayed = subprocess.run([*COMMAND, *arguments], capture_output=True, env=environment, check=True)
        assert b"critical" in replayed.stdout
        assert b"prediction is `\\u03b2`" in replayed.stderr


def test_in_a_terminal_of_plain_characters_nothing_breaks(write_log: Write, two_weeks: list[str]) -> None:
    path = write_log([*two_weeks, "\u03b1,2024-03-22,\u03b2,1,1,1"])
    seen = in_terminal([*COMMAND, "replay", str(path), "--min-age", "1d"], PYTHONIOENCODING="ascii")
    assert "prediction is `\\u03b2`" in seen
    drawn = in_terminal([*COMMAND, "demo", "--fast"], PYTHONIOENCODING="ascii")
    assert "1.00 +" in drawn
    assert drawn.isascii()
    assert "\\u" not in drawn


def test_on_a_terminal_the_bar_is_gone_at_the_end(write_log: Write, two_weeks: list[str]) -> None:
    seen = in_terminal([*COMMAND, "replay", str(write_log(two_weeks)), "--min-age", "1d"])
    assert "replaying" in seen
    assert "critical" in seen
    # The last thing the bar does is to clear its line.
    assert "\x1b[2K" in seen[seen.rindex("rows") :]


@pytest.mark.parametrize("output", ["table", "json"])
def test_on_a_terminal_bad_rows_are_told_up_to_a_point(write_log: Write, two_weeks: list[str], output: str) -> None:
    arguments = [*COMMAND, "replay", str(write_log([*two_weeks, *["bad"] * 100])), "--format", output]
    # Whatever the rows go to.
    for stdout in (None, subprocess.DEVNULL):
        seen = in_terminal(arguments, stdout=stdout)
        assert seen.count("has 1 field, the header 6") == 20
        assert seen.count("more bad rows follow; from here on they are only counted (20 were told)") == 1
        assert "100 bad rows were left out" in seen


@pytest.mark.parametrize("output", ["json", "csv"])
def test_json_and_csv_on_a_terminal_come_without_a_bar(write_log: Write, two_weeks: list[str], output: str) -> None:
    path = str(write_log(two_weeks))
    seen = in_terminal([*COMMAND, "replay", path, "--format", output])
    piped = subprocess.run(
        [*COMMAND, "replay", path, "--format", output], capture_output=True, env=PLAIN, check=True, encoding="utf-8"
    )
    assert seen.replace("\r\n", "\n") == piped.stdout
    assert len(piped.stdout.splitlines()) == 22 + (output == "csv")


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_in_a_pipe_the_terminal_is_left_to_the_next_program(
    write_log: Write, two_weeks: list[str], output: str
) -> None:
    # Some environments ask for colours whatever the output is.
    arguments = [*COMMAND, "replay", str(write_log(two_weeks)), "--format", output]
    assert in_terminal(arguments, stdout=subprocess.PIPE, FORCE_COLOR="1") == ""


def test_written_to_a_file_the_bar_is_on_the_terminal(write_log: Write, two_weeks: list[str], tmp_path: Path) -> None:
    with (tmp_path / "rows.json").open("w") as file:
        seen = in_terminal([*COMMAND, "replay", str(write_log(two_weeks)), "--format", "json"], stdout=file)
    assert "replaying" in seen
    assert len([json.loads(line) for line in (tmp_path / "rows.json").read_text().splitlines()]) == 22


def in_terminal(arguments: list[str], stdout: Any = None, **variables: str) -> str:
    """What a program writes to a terminal of 80 columns; its standard output may go somewhere else."""
    environment = {**PLAIN, "TERM": "xterm", "COLUMNS": "80", "LINES": "40", **variables}
    main, other = pty.openpty()
    process = subprocess.Popen(
        arguments,
        stdin=other,
        stdout=other if stdout is None else stdout,
        stderr=other,
        env=environment,
        close_fds=True,
    )
    os.close(other)
    if process.stdout is not None:
        process.stdout.read()
        process.stdout.close()
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


def without(missing: str, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an interpreter that does not find a package."""
    hidden = f"import sys; sys.modules['{missing}'] = None; {program}"
    return subprocess.run(
        [sys.executable, "-c", hidden, *arguments], capture_output=True, env=PLAIN, encoding="utf-8", check=False
    )


@pytest.mark.parametrize("missing", ["click", "rich", "pyarrow"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    finished = without(missing, "from truthlag.__main__ import main; main()", "demo")
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == (
        f"the truthlag command line needs `{missing}`, not installed here; run: pip install 'truthlag[cli]'\n"
    )


@pytest.mark.parametrize("module", ["show", "show.commands", "show.cli", "show.demo", "show.parquet_log"])
@pytest.mark.parametrize("missing", ["click", "rich", "pyarrow"])
def test_without_the_extra_no_module_of_it_is_imported(missing: str, module: str) -> None:
    finished = without(missing, f"import truthlag.{module}")
    told = f"ImportError: the truthlag command line needs `{missing}`, not installed here; run: pip install 'truthlag[cli]'"
    assert finished.stderr.splitlines()[-1] == told


@pytest.mark.parametrize("missing", ["click", "rich", "pyarrow"])
def test_without_the_extra_the_library_works(missing: str) -> None:
    finished = without(missing, "import truthlag; truthlag.ModelPerformanceTracker('m').log_prediction('a', 1)")
    assert (finished.returncode, finished.stderr) == (0, "")


def test_another_module_that_is_missing_is_a_fault_to_be_seen() -> None:
    finished = without("truthlag.show.ending", "from truthlag.__main__ import main; main()", "demo")
    assert "Traceback" in finished.stderr
    assert "truthlag.show.ending" in finished.stderr.splitlines()[-1]


def test_the_command_begins_where_the_packages_are_not_needed_yet() -> None:
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["scripts"] == {"truthlag": "truthlag.__main__:main"}


def test_import_truthlag_does_not_bring_the_command_line() -> None:
    program = "import sys, truthlag; print([name for name in ('click', 'rich', 'pyarrow') if name in sys.modules])"
    finished: Any = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=PLAIN)
    assert finished.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("arguments", "code", "err"),
    [
        (["--version"], 0, b""),
        ([], 2, b"Commands:"),
        (["replay"], 2, b"Missing argument 'PREDICTIONS'"),
        (["replay", "log.csv", "--every", "0"], 2, b"--every must be longer than 0"),
        (["replay", "absent.csv"], 1, b"absent.csv: no such file"),
    ],
)
def test_exit_codes_of_the_process(arguments: list[str], code: int, err: bytes) -> None:
    finished = subprocess.run([*COMMAND, *arguments], capture_output=True, env=PLAIN, check=False)
    assert finished.returncode == code
    assert err in finished.stderr
    assert b"Traceback" not in finished.stderr


def test_interrupted_while_the_options_are_read() -> None:
    program = f"""
import click
def interrupting(*_):
    raise KeyboardInterrupt
click.Group.parse_args = interrupting
{PROGRAM}
"""
    finished = subprocess.run([sys.executable, "-c", program, "demo"], capture_output=True, env=PLAIN, check=False)
    assert finished.returncode == 130
    assert finished.stderr.split() == [b"interrupted"]
