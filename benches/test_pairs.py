"""Pairs of a prediction and a label, call by call."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from benches.contenders import LOGGERS, Logger
from benches.fixture import BenchmarkFixture
from benches.pairs import PairLoad
from benches.sizes import QUICK
from benches.streams import string_ids, uuid_objects, uuid_texts


@pytest.mark.parametrize("shuffle", [False, True], ids=["in order", "shuffled"])
@pytest.mark.parametrize("make_ids", [string_ids, uuid_objects, uuid_texts])
@pytest.mark.parametrize("contender", LOGGERS)
def test_pairs(
    benchmark: BenchmarkFixture, contender: str, make_ids: Callable[[int], Sequence[Any]], shuffle: bool
) -> None:
    load = PairLoad(make_ids(QUICK.pairs), shuffle=shuffle)
    loggers: list[Logger] = []

    def new() -> tuple[tuple[Logger], dict[str, Any]]:
        loggers.append(LOGGERS[contender]())
        return (loggers[-1],), {}

    benchmark.pedantic(load.log, setup=new, rounds=3)
    for logger in loggers:
        load.check(logger)


@pytest.mark.parametrize("contender", LOGGERS)
def test_labels_right_behind_their_predictions(benchmark: BenchmarkFixture, contender: str) -> None:
    load = PairLoad(string_ids(QUICK.pairs), shuffle=False)
    loggers: list[Logger] = []

    def new() -> tuple[tuple[Logger], dict[str, Any]]:
        loggers.append(LOGGERS[contender]())
        return (loggers[-1],), {}

    benchmark.pedantic(load.log_in_turn, setup=new, rounds=3)
    for logger in loggers:
        load.check(logger)
