"""The package is typed: the marker ships, the stub of the extension says what the extension does, and types check."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import truthlag
from truthlag import _core

ROOT = Path(__file__).parents[2]
ALLOWED = Path(__file__).with_name("stubtest-allowlist.txt")


def test_the_package_says_that_it_is_typed() -> None:
    package = files("truthlag")
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


def test_every_exception_to_the_stub_check_has_its_reason() -> None:
    for line in ALLOWED.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        pattern, _, reason = line.partition("#")
        assert reason.strip(), f"`{pattern.strip()}` stands in {ALLOWED.name} without a reason"


def test_the_stub_agrees_with_the_extension() -> None:
    pytest.importorskip("mypy")
    finished = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "truthlag._core", "--allowlist", str(ALLOWED)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": "python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_every_public_name_exists_and_is_listed_once() -> None:
    assert len(set(truthlag.__all__)) == len(truthlag.__all__)
    missing = [name for name in truthlag.__all__ if not hasattr(truthlag, name)]
    assert missing == []


def test_compiled_methods_have_signatures() -> None:
    """Without a signature, `help()` and editors show `(...)`."""
    silent = [
        f"{owner}.{name}"
        for owner, described in inspect.getmembers(_core, inspect.isclass)
        for name, member in vars(described).items()
        if not name.startswith("_") and inspect.ismethoddescriptor(member) and not _has_signature(member)
    ]
    assert silent == []


def _has_signature(member: object) -> bool:
    try:
        inspect.signature(member)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True
