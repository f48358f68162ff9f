"""Figures, their bars and their tables."""

import pytest

from benches.__main__ import arguments
from benches.answers import roc_auc
from benches.catalogue import CATALOGUE
from benches.figure import at_least, at_most, median_figure, worst_figure
from benches.imports import imports
from benches.progress import Progress
from benches.sizes import QUICK
from benches.stopwatch import interleave, ratios
from benches.streams import integer_ids, make_stream
from benches.table import line, markdown


def test_median_and_quartiles() -> None:
    figure = median_figure("a call", [5.0, 1.0, 3.0, 2.0, 4.0], "ns", at_most(3))
    assert (figure.value, figure.low, figure.high, figure.repeats, figure.passed) == (3.0, 2.0, 4.0, 5, True)


def test_worst_is_held_against_the_bar() -> None:
    assert worst_figure("a row", [39.0, 49.0], "bytes", at_most(48)).passed is False
    assert median_figure("ratio", [9.0], "x", at_least(9)).passed is True
    assert median_figure("no bar", [9.0], "x").passed is None


def test_line_and_table_show_the_mark_only_where_judged() -> None:
    figure = median_figure("a call", [100.0], "ns", at_most(120))
    assert line(figure, judged=True).startswith("pass  a call")
    assert "pass" not in line(figure, judged=False)
    assert markdown([figure], judged=True).splitlines()[-1] == "| a call | 100 ns | 100 to 100 | at most 120 | pass |"


def test_interleaving_takes_turns() -> None:
    turns: list[str] = []

    def runner(name: str) -> float:
        turns.append(name)
        return 2.0 if name == "a" else 1.0

    times = interleave({"a": lambda: runner("a"), "b": lambda: runner("b")}, 3)
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert ratios(times["a"], times["b"]) == [2.0, 2.0, 2.0]


def test_roc_auc_counts_pairs() -> None:
    stream = make_stream(300)
    scores = stream.scores.round(1)
    positive, negative = scores[stream.actuals == 1], scores[stream.actuals == 0]
    wins = sum(float((one > negative).sum() + (one == negative).sum() / 2) for one in positive)
    assert roc_auc(scores, stream.actuals) == pytest.approx(wins / (len(positive) * len(negative)))


def test_integer_ids_are_distinct_and_positive() -> None:
    ids = integer_ids(100_000)
    assert len(set(ids.tolist())) == len(ids)
    assert ids.min() >= 0


def test_catalogue_runs_by_name(progress: Progress) -> None:
    assert arguments(["imports", "--quick"]).names == ["imports"]
    assert len(list(CATALOGUE["imports"].figures(QUICK, progress))) == 3
    assert CATALOGUE["imports"].figures is imports


def test_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["nothing"])
    assert "no such benchmark: nothing" in capsys.readouterr().err
