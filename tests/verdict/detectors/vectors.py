"""The stored reference numbers, which lie beside the repository rather than in it, and the streams that they are of."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(os.environ.get("TRUTHLAG_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
FOLDER = DATA.parent / "vectors"


def read(name: str) -> Any:
    """What a file holds; None where it is not at hand."""
    path = FOLDER / name
    return json.loads(path.read_text()) if path.is_file() else None


def entries(*starts: str) -> list[dict[str, Any]]:
    """The entries of `detectors.json` whose names begin so; none where they are not at hand."""
    return [entry for entry in read("detectors.json") or [] if entry["name"].startswith(starts)]


class Uniform:
    """A linear congruential generator of 32 bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def __call__(self) -> float:
        self.state = (1_664_525 * self.state + 1_013_904_223) % 2**32
        return self.state / 2**32

    def normal(self) -> float:
        return sum(self() for _ in range(12)) - 6


def bernoulli(seed: int, rates: list[float]) -> list[int]:
    uniform = Uniform(seed)
    return [int(uniform() < rate) for rate in rates]


def real(seed: int, shift: float, scale: float) -> list[float]:
    uniform = Uniform(seed)
    return [round(uniform.normal() if place < 500 else shift + scale * uniform.normal(), 6) for place in range(1000)]


def river_numeric() -> list[int]:
    rng = random.Random(12345)
    return rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)


def river_binary() -> list[int]:
    rng = random.Random(42)
    return rng.choices([0, 1], k=1000) + rng.choices([0, 1], k=1000, weights=[0.3, 0.7])


STREAMS: dict[str, list[int] | list[float]] = {
    "abrupt_up": bernoulli(1001, [0.2] * 1000 + [0.4] * 1000),
    "abrupt_small": bernoulli(1002, [0.05] * 2000 + [0.08] * 3000),
    "gradual_up": bernoulli(1003, [0.1] * 1000 + [0.1 + 0.3 * i / 1000 for i in range(1000)] + [0.4] * 1000),
    "stationary": bernoulli(1004, [0.2] * 5000),
    "improvement": bernoulli(1005, [0.4] * 1000 + [0.1] * 1000),
    "real_shift": real(1006, 1, 1),
    "real_var_shift": real(1007, 0, 3),
    "step01": [0] * 100 + [1] * 100,
    "all_ones": [1] * 200,
    "all_zeros": [0] * 200,
    "alternating": [0, 1] * 200,
    "river_doc_numeric": river_numeric(),
    "river_doc_binary": river_binary(),
}


def stream(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(STREAMS[name], dtype=float)
