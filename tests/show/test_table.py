from __future__ import annotations

import io
from dataclasses import replace

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


def table(width: int, every: int, *, terminal: bool, period: Period = PERIOD) -> list[str]:
    file = io.StringIO()
    writer = TableWriter(Console(file=file, width=width, force_terminal=terminal, color_system=None), every)
    writer.begin()
    writer.row(period)
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


def test_60_columns_suffice_for_days() -> None:
    assert table(60, DAY, terminal=True) == [
        "period        made   known  acc prec  rec   F1  AUC verdict",
        "2024-03-01 234,567 190,000 1.00 1.00 1.00 1.00 1.00 critical",
    ]
    worse = replace(PERIOD, metrics={name: None if name == "roc_auc" else 0.8574 for name in METRICS})
    assert table(60, DAY, terminal=True, period=worse)[1].split()[3:] == [*[".857"] * 4, "-", "critical"]


@pytest.mark.parametrize(("width", "every", "needs"), [(59, DAY, 60), (60, DAY // 24, 66), (60, 1_000_000, 69)])
def test_on_fewer_columns_it_says_what_it_needs(width: int, every: int, needs: int) -> None:
    lines = table(width, every, terminal=True)
    assert lines[0] == f"the table needs {needs} columns; this terminal has {width}, so that lines break"
    assert len(lines) == 3
    assert max(map(len, lines[1:])) == needs
