"""The public prediction logs, which lie beside the repository rather than in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(os.environ.get("TRUTHLAG_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


@pytest.fixture(scope="session")
def log_path() -> Callable[[str], Path]:
    """The path of a log by its file name; the test is skipped where the log is not at hand."""

    def find(name: str) -> Path:
        path = FOLDER / name
        if not path.is_file():
            pytest.skip(f"{name} is not in {FOLDER}; TRUTHLAG_DATA may name another folder")
        return path

    return find


@pytest.fixture(scope="session")
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for logs that are made from others."""
    return tmp_path_factory.mktemp("logs")
