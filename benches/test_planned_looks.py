"""The looks of the benchmark are those of a plan, and a wrong p-value is seen."""

from dataclasses import replace
from typing import Any

import pytest

from benches.fixture import BenchmarkFixture
from benches.planned_looks import PlanLoad, planned_looks
from benches.progress import Progress
from benches.sizes import QUICK


def test_all_looks(benchmark: BenchmarkFixture) -> None:
    load = PlanLoad(5)
    assert load.check() >= 2
    benchmark(load.run)


def test_wrong_p_values_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    load = PlanLoad(5)
    right = load.run

    def wrong(*given: Any, **options: Any) -> Any:
        plan, found = right(*given, **options)
        return plan, [replace(one, p_value=one.p_value * 0.999) for one in found]

    monkeypatch.setattr(load, "run", wrong)
    with pytest.raises(AssertionError, match="wrong p-value at look"):
        load.check()


def test_figures(progress: Progress) -> None:
    assert [figure.what for figure in planned_looks(QUICK, progress)] == ["compare by a plan of 5 looks, each look"]
