"""The page of the three logs shows what the replay prints: its rows, its tables, and the figures of its text."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner

from tests.docs import console, markdown
from truthlag.show.commands import truthlag

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "three-logs.md"
ELEC2 = "elec2_prediction_log.csv.gz"
HOTEL = "hotel_city_prediction_log.parquet"
FLIGHTS = "flights_houston_prediction_log.parquet"


@lru_cache
def replay(path: Path, options: str) -> list[dict[str, Any]]:
    arguments = ["replay", str(path), "--format", "json", *options.split()]
    result = CliRunner().invoke(truthlag, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def table(first_cell: str) -> list[list[str]]:
    """The rows of the page's tables whose first cell begins like this."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith(f"| {first_cell}")
    ]


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def short(number: float) -> str:
    return f"{number:.3f}".removeprefix("0")


def test_the_commands_print_what_the_page_shows(log_path: Callable[[str], Path]) -> None:
    shown = [block for block in markdown.blocks(PAGE) if block.language == "console"]
    assert shown
    for block in shown:
        folder = log_path(ELEC2).parent
        console.run(block.source, folder, f"{PAGE.name}:{block.line}")


def test_the_bookings_early_and_mature(log_path: Callable[[str], Path]) -> None:
    by_age = {
        age: {row["window_start"][:10]: row for row in replay(log_path(HOTEL), f"--every 30d --min-age {age}")}
        for age in ("0", "360d")
    }
    lines = table("20")
    assert len(lines) == 4
    for day, *cells in lines:
        rows = [by_age[age][day] for age in ("0", "360d")]
        names = ("accuracy", "roc_auc")
        expected = [[percent(row["coverage"]), *(short(row[name]) for name in names)] for row in rows]
        assert cells == [*expected[0], *expected[1]]
    luck = {day: [short(rows[day]["roc_auc"]) for rows in by_age.values()] for day in ("2015-09-26", "2015-11-25")}
    assert luck == {"2015-09-26": [".856", ".936"], "2015-11-25": [".806", ".912"]}
    assert f"{by_age['0']['2016-01-24']['intervals']['roc_auc'][1]:.2f}" == "0.37"


def test_which_bookings_are_known_early(log_path: Callable[[str], Path]) -> None:
    log = pd.read_parquet(log_path(HOTEL))
    days = (log.label_timestamp - log.timestamp).dt.days
    cancelled, kept = log.label == 1, log.label == 0
    assert (days.median(), days.max(), days[cancelled].median(), days[kept].median()) == (44, 521, 28, 61)
    month = (log.timestamp >= "2016-01-24") & (log.timestamp < "2016-02-23")
    known = log.label_timestamp < "2016-02-23"
    groups = (cancelled & days.between(31, 60), cancelled & (days <= 7), kept & known, kept & ~known)
    assert [f"{log.score[month & group].mean():.2f}" for group in groups] == ["0.58", "0.08", "0.13", "0.06"]


@pytest.mark.slow
def test_the_flights_of_the_last_three_hours(log_path: Callable[[str], Path]) -> None:
    lines = table("`--every 1h")
    assert len(lines) == 4
    found = {}
    for options, known, accuracy in lines:
        rows = found[options] = replay(log_path(FLIGHTS), options.strip("`"))
        labels = sum(row["labels"] for row in rows)
        right = sum(row["labels"] * row["accuracy"] for row in rows if row["labels"])
        assert known == percent(labels / sum(row["predictions"] for row in rows)), options
        assert accuracy == short(right / labels), options
    fresh, mature = (pd.DataFrame(found[f"`--every 1h --window 3h{age}`"]) for age in ("", " --min-age 1d"))
    both = fresh.merge(mature, on="window_start", suffixes=("", "_mature"))
    both = both[(both.labels > 0) & (both.labels_mature > 0)]
    assert f"{(both.accuracy < both.accuracy_mature).mean():.2f}" == "0.16"
    for name in ("", "_mature"):
        both[f"right{name}"] = both[f"labels{name}"] * both[f"accuracy{name}"]
    months = both.groupby(both.window_start.str[:7]).sum(numeric_only=True).loc["2011-03":"2011-12"]
    better = (months.right / months.labels - months.right_mature / months.labels_mature).round(2)
    assert len(better) == 10
    assert (better.min(), better.max()) == (0.04, 0.07)


def test_the_seasons_of_the_flights(log_path: Callable[[str], Path]) -> None:
    log = pd.read_parquet(log_path(FLIGHTS))
    by_month = log.groupby(log.timestamp.dt.month)[["label", "prediction"]].mean()
    assert [percent(by_month.label[month]) for month in (5, 9)] == ["26 %", "16 %"]
    assert [percent(by_month.prediction[month]) for month in (5, 9)] == ["26 %", "26 %"]
    rows = replay(log_path(FLIGHTS), "--every 7d --window 28d --min-age 1d")
    by_day = {row["window_start"][:10]: row for row in rows if row["predictions"] > 10_000}
    spring, september = by_day["2011-05-03"], by_day["2011-08-30"]
    assert [f"{row['precision']:.2f}" for row in (spring, september)] == ["0.38", "0.18"]
    after = [row for day, row in by_day.items() if day > "2011-05-30"]
    assert [short(value) for value in (spring["roc_auc"], max(row["roc_auc"] for row in after))] == [".644", ".608"]
    assert max(row["intervals"]["roc_auc"][1] for row in after[:8]) < spring["intervals"]["roc_auc"][0]


def test_what_elec2_says_while_its_recall_falls(log_path: Callable[[str], Path]) -> None:
    rows = {row["period_start"][:10]: row for row in replay(log_path(ELEC2), "--every 28d --min-age 2d")}
    assert [rows[day]["verdict"] for day in ("1998-07-20", "1998-08-17", "1998-09-14", "1998-10-12")] == [
        "warning",
        "ok",
        "warning",
        "critical",
    ]
    log = pd.read_csv(log_path(ELEC2), parse_dates=["timestamp"])
    for day, says, rises in (("1997-02-03", "58 %", "48 %"), ("1997-06-23", "5 %", "45 %")):
        row = rows[day]
        window = log[(log.timestamp >= row["window_start"]) & (log.timestamp < row["window_end"])]
        assert (percent(window.prediction.mean()), percent(window.label.mean())) == (says, rises)
