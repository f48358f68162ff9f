"""The replay of the other logs runs, and shows what the manual says of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from truthlag.show.commands import truthlag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def replay(path: Path, *options: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(truthlag, ["replay", str(path), "--format", "json", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


def total(rows: list[dict[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)


def test_hotel_city_early_labels_are_those_of_cancelled_bookings(log_path: Callable[[str], Path]) -> None:
    path = log_path("hotel_city_prediction_log.parquet")
    fresh = replay(path, "--every", "30d", "--window", "30d")
    mature = replay(path, "--every", "30d", "--window", "30d", "--min-age", "180d")
    assert total(fresh, "new_predictions") == 34_969
    by_window = {row["window_start"]: row for row in mature if row["predictions"]}
    compared = [(row, by_window[row["window_start"]]) for row in fresh if row["window_start"] in by_window]
    assert len(compared) == 12
    for early, late in compared:
        assert early["predictions"] == late["predictions"]
        assert early["coverage"] < 0.5
        assert late["coverage"] > 0.65
    # January 2016, when the model really gets worse: the same bookings, seen early, look worse than chance.
    early, late = compared[3]
    assert early["window_start"] == "2015-12-25T00:00:00Z"
    assert early["roc_auc"] < 0.5 < 0.7 < late["roc_auc"]
    # And so it goes on, in most months.
    assert sum(early["accuracy"] < late["accuracy"] - 0.03 for early, late in compared[3:]) >= 8


def test_flights_are_known_within_hours(log_path: Callable[[str], Path]) -> None:
    rows = replay(log_path("flights_houston_prediction_log.parquet"))
    assert total(rows, "new_predictions") == 181_991
    assert total(rows, "new_labels") == 181_991 - 2_100
    assert all(row["coverage"] > 0.9 for row in rows[1:] if row["predictions"] > 1_000)
    assert all(0.5 < row["roc_auc"] < 0.75 for row in rows[7:] if row["labels"] > 1_000)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("moderation_a_prediction_log.parquet", 9_913),
        ("governors_2018_prediction_log.parquet", 6_000),
        ("nba_games_prediction_log.parquet", 8_886),
        ("hotel_city_thirdparty_prediction_log.parquet", 33_246),
        ("elec2_v2_prediction_log.csv.gz", 27_188),
    ],
)
def test_the_others_run_and_forgetting_changes_nothing(log_path: Callable[[str], Path], name: str, rows: int) -> None:
    found = replay(log_path(name), "--every", "7d")
    assert total(found, "new_predictions") == rows
    assert replay(log_path(name), "--every", "7d", "--retention", "60d") == found
