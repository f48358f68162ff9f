"""The stored reference numbers, which lie beside the repository rather than in it, and their streams."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DATA = Path(os.environ.get("TRUTHLAG_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
# The numbers lie beside the logs.
FOLDER = DATA.parent / "vectors"


def file(name: str) -> Any:
    """What a file holds; the test is skipped where it is not at hand."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {FOLDER}")
    return json.loads(path.read_text())


def entries(name: str, *starts: str) -> list[dict[str, Any]]:
    """The entries of a file whose names begin so, at least one for each beginning."""
    found = [entry for entry in file(name) if entry["name"].startswith(starts)]
    assert all(any(entry["name"].startswith(start) for entry in found) for start in starts)
    return found


def bernoulli(seed: int, rates: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """0 and 1 by a linear congruential generator of 32 bits."""
    values, state = [], seed
    for rate in rates:
        state = (1_664_525 * state + 1_013_904_223) % 2**32
        values.append(float(state / 2**32 < rate))
    return np.array(values)


def is_near(entry: dict[str, Any], value: Any, expected: Any) -> bool:
    """Whether numbers are the expected ones, to the entry's tolerance."""
    assert entry["tolerance_kind"] == "scaled"
    value, expected = np.asarray(value, dtype=float), np.asarray(expected, dtype=float)
    return bool((np.abs(value - expected) <= entry["tolerance"] * np.maximum(1, np.abs(expected))).all())
