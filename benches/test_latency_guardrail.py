"""The guardrails of the benchmark give the right answers."""

import pytest

from benches.fixture import BenchmarkFixture
from benches.latency_guardrail import KINDS, GuardrailLoad, latency_guardrail
from benches.progress import Progress
from benches.sizes import QUICK


@pytest.mark.parametrize("contender", ["plain", "ours", "with_interval"])
@pytest.mark.parametrize("kind", KINDS)
def test_guardrail(benchmark: BenchmarkFixture, kind: str, contender: str) -> None:
    load = GuardrailLoad(QUICK.guarded_rows)
    load.check(kind)
    answer = benchmark(getattr(load, contender), kind)
    assert answer["passed"] == load.plain(kind)["passed"]


def test_a_wrong_answer_is_found() -> None:
    load = GuardrailLoad(QUICK.guarded_rows)
    load.check_histograms()
    load.monitor.check_guardrails = lambda *arms, **options: {"passed": True}  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match=r"^wrong answer"):
        load.check("arrays")


def test_figures(progress: Progress) -> None:
    figures = list(latency_guardrail(QUICK, progress))
    assert [figure.bar for figure in figures if figure.bar] == list(KINDS.values())
    assert all(figure.value > 0 for figure in figures)
