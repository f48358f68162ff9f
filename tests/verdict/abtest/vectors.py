"""Numbers of other libraries and of papers for A/B tests, which lie beside the repository rather than in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.verdict.reference_numbers import FOLDER

PATH = FOLDER / "abtest.json"


def vector(name: str) -> dict[str, Any]:
    """The entry of a name; the test is skipped where the file is not at hand."""
    if not PATH.is_file():
        pytest.skip(f"abtest.json is not in {FOLDER}")
    return next(entry for entry in json.loads(PATH.read_text()) if entry["name"] == name)


def agrees(value: float | None, entry: dict[str, Any], expected: float | str) -> bool:
    """Whether a number is the expected one, to the entry's tolerance."""
    number = float(expected)
    assert value is not None
    if number in (float("inf"), -float("inf")):
        return value == number
    scale = {"scaled": max(1.0, abs(number)), "relative": abs(number), "absolute": 1.0}[entry["tolerance_kind"]]
    return abs(value - number) <= entry["tolerance"] * scale
