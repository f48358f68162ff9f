"""The same batch, and the same increments, in the tracker and in its rivals: one answer."""

from typing import TYPE_CHECKING

import pytest

from benches.answers import ROUNDED, expected
from benches.batch import RIVALS, batch_input, tracked
from benches.fixture import BenchmarkFixture
from benches.incremental import IncrementalLoad
from benches.rivals import BatchInput, Rival
from benches.sizes import QUICK

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARIES = {"pandas": ("pandas",), "polars": ("polars",)}


@pytest.fixture(scope="module")
def data() -> BatchInput:
    return batch_input(QUICK.batch)


def test_batch_tracked(benchmark: BenchmarkFixture, data: BatchInput) -> None:
    expected(data.stream).require(benchmark.pedantic(tracked, (data,), rounds=3), ROUNDED)


@pytest.mark.parametrize("name", RIVALS)
def test_batch_of_rivals(benchmark: BenchmarkFixture, data: BatchInput, name: str) -> None:
    for library in LIBRARIES.get(name, ("duckdb", "pandas")):
        pytest.importorskip(library)
    rival: Callable[[BatchInput], Rival] = RIVALS[name][0]
    expected(data.stream).require(benchmark.pedantic(rival(data), rounds=3), 1e-9)


def test_incremental(benchmark: BenchmarkFixture) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip("pandas")
    load = IncrementalLoad(QUICK.matched_large, QUICK.incremental_labels)

    # Both check their answers as they go.
    def steps() -> list[float]:
        return [*load.tracker_steps(3), *load.duckdb_steps(3)]

    assert len(benchmark.pedantic(steps, rounds=3)) == 6
