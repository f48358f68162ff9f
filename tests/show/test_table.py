from __future__ import annotations

import io

import pytest
from rich.console import Console

from truthlag.show.duration import DAY
from truthlag.show.period import METRICS, Period
from truthlag.show.table import TableWriter

PERIOD = Period(
    start=1_709_251_200_000_000,
    end=1_709_254_800_000_000,
    window_start=0,
    window_end=0,
    new_predictions=1,
    new_labels=1,
    predictions=234_567,
    labels=190_000,
    coverage=0.81,
    metrics=dict.fromkeys(METRICS, 1.0),
    intervals={},
    verdict="critical",
)


def table(width: int, every: int, *, terminal: bool) -> list[str]:
    file = io.StringIO()
    writer = TableWriter(Console(file=file, width=width, force_terminal=terminal, color_system=None), every)
    writer.begin()
    writer.row(PERIOD)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("every", [DAY, DAY // 24])
def test_it_fits_80_columns_on_a_terminal(every: int) -> None:
    lines = table(80, every, terminal=True)
    assert all(len(line) <= 80 for line in lines), lines
    assert lines[0].endswith("made   known  cover   acc  prec recall    F1   AUC verdict")


def test_full_headings_where_there_is_room_or_no_terminal() -> None:
    for lines in (table(100, DAY, terminal=True), table(80, DAY, terminal=False)):
        assert lines == [
            "period     predictions  labels coverage accuracy precision recall    F1   AUC verdict",
            "2024-03-01     234,567 190,000    81.0%    1.000     1.000  1.000 1.000 1.000 critical",
        ]
