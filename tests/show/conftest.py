"""Small logs, and a way to run the command line on them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from truthlag.show.commands import truthlag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HEADER = "request_id,timestamp,prediction,score,label,label_timestamp"


@dataclass(frozen=True)
class Ran:
    """What a call of the command line came to."""

    exit_code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `--format json`."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run() -> Callable[..., Ran]:
    """Run `truthlag` with some arguments."""

    def call(*arguments: object) -> Ran:
        result = CliRunner().invoke(truthlag, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def write_log(tmp_path: Path) -> Callable[..., Path]:
    """Write lines as a CSV log, compressed when its name says so."""

    def write(lines: Sequence[str], name: str = "log.csv", header: str = HEADER, end: str = "\n") -> Path:
        path = tmp_path / name
        content = "".join(line + end for line in [header, *lines]).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


@pytest.fixture
def two_weeks() -> list[str]:
    """A log of 21 days, 40 predictions a day, labels a day later. From the fifteenth day on every second one is wrong."""
    lines = []
    for day in range(21):
        for number in range(40):
            actual = number % 2
            wrong = day >= 14 and number % 4 == 1
            prediction = 1 - actual if wrong else actual
            minute = f"{number // 6:02d}:{number % 6}0"
            when = f"2024-03-{day + 1:02d}T{minute}:00Z"
            known = f"2024-03-{day + 2:02d}T{minute}:00Z"
            score = 0.9 if prediction else 0.1
            lines.append(f"r{day}-{number},{when},{prediction},{score},{actual},{known}")
    return lines
