"""The reference numbers, which lie beside the repository rather than in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("TRUTHLAG_DATA", Path(__file__).parents[3].parent / "shared" / "data")).parent / "vectors"


def vector(name: str) -> dict[str, Any]:
    """One entry of the file on comparisons; the test is skipped where it is not at hand."""
    path = FOLDER / "abtest.json"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {FOLDER}; TRUTHLAG_DATA may name the folder data beside it")
    return next(entry for entry in json.loads(path.read_text()) if entry["name"] == name)
