"""Numbers of other libraries and of papers, which lie beside the repository rather than in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

# TRUTHLAG_DATA names the folder of the logs; the numbers lie beside it.
FOLDER = Path(os.environ.get("TRUTHLAG_DATA", Path(__file__).parents[2].parent / "shared" / "data")).parent / "vectors"


def entries(category: str) -> list[dict[str, Any]]:
    """The entries of a category of detectors.json; none where the file is not at hand."""
    path = FOLDER / "detectors.json"
    if not path.is_file():
        return []
    return [entry for entry in json.loads(path.read_text()) if entry["category"] == category]


def each(category: str) -> pytest.MarkDecorator:
    """A test for each entry of a category; one that is skipped where the file is not at hand."""
    found = entries(category)
    if not found:
        absent = pytest.param(None, marks=pytest.mark.skip(reason=f"detectors.json is not in {FOLDER}"))
        return pytest.mark.parametrize("entry", [absent], ids=["absent"])
    return pytest.mark.parametrize("entry", found, ids=[entry["name"] for entry in found])


def is_near(value: float, entry: dict[str, Any], expected: float) -> bool:
    """Whether a number is the expected one, to the entry's scaled tolerance."""
    assert entry["tolerance_kind"] == "scaled"
    return abs(value - expected) <= entry["tolerance"] * max(1.0, abs(expected))
