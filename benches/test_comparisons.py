"""The comparisons of the benchmark give the right answers, and wrong ones are seen."""

from typing import Any

import pytest

from benches.comparisons import MODES, EvaluateLoad, StatisticsLoad, TableLoad, comparisons, evaluations
from benches.fixture import BenchmarkFixture
from benches.progress import Progress
from benches.sizes import QUICK
from truthlag.abtest import Proportion


@pytest.mark.parametrize("kind", EvaluateLoad(2).arms())
def test_evaluate(benchmark: BenchmarkFixture, kind: str) -> None:
    load = EvaluateLoad(QUICK.pairs)
    control, treatment = load.arms()[kind]
    load.check(control, treatment)
    benchmark(load.monitor.evaluate, control, treatment)


@pytest.mark.parametrize("kind", StatisticsLoad(1).pairs)
def test_compare(benchmark: BenchmarkFixture, kind: str) -> None:
    load = StatisticsLoad(QUICK.compared_pairs)
    assert load.check(kind) == QUICK.compared_pairs
    benchmark(load.run, kind, "fixed")


@pytest.mark.parametrize("mode", MODES)
def test_table(benchmark: BenchmarkFixture, mode: Any) -> None:
    load = TableLoad(QUICK.segments)
    assert load.check(mode) == 10 * (QUICK.segments + 1)
    benchmark(load.run, mode)


def test_wrong_answers_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    load = EvaluateLoad(100)
    monkeypatch.setattr("benches.comparisons.plain_evaluate", lambda *_arms: {"p_value": 0.5})
    with pytest.raises(AssertionError, match="wrong figures"):
        load.check(*load.floats)
    pairs = StatisticsLoad(2)
    found = pairs.run("proportions", "fixed")
    pairs.pairs["proportions"][0] = (Proportion(1, 5_000), Proportion(900, 5_000))
    monkeypatch.setattr(pairs, "run", lambda *_given: found, raising=False)
    with pytest.raises(AssertionError, match="wrong p-value"):
        pairs.check("proportions")


def test_figures(progress: Progress) -> None:
    whats = [figure.what for measured in (evaluations, comparisons) for figure in measured(QUICK, progress)]
    assert len(set(whats)) == len(whats) == 8 + 2 * len(StatisticsLoad(1).pairs) + 2
