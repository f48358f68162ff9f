"""The rows of small logs, worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAYS = [
    # Two predictions on the first day: one label on the same day, one on the third.
    "a,2024-03-01T10:00:00Z,1,0.9,1,2024-03-01T11:00:00Z",
    "b,2024-03-01T12:00:00Z,0,0.2,1,2024-03-03T00:00:00Z",
    # One on the second, whose label never arrives.
    "c,2024-03-02T00:00:00Z,1,0.7,,",
    # Two on the third, known within the hour.
    "d,2024-03-03T05:00:00Z,1,0.8,0,2024-03-03T05:30:00Z",
    "e,2024-03-03T06:00:00Z,0,0.1,0,2024-03-03T06:30:00Z",
]


def numbers(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("period_start", "new_predictions", "new_labels", "predictions", "labels", "accuracy")
    return [tuple(row[name] for name in names) for row in rows]


def test_labels_count_from_the_moment_they_arrive(run: Callable[..., Any], write_log: Callable[..., Path]) -> None:
    ran = run("replay", write_log(DAYS), "--format", "json", "--window", "2d", "--baseline", "1")
    assert ran.exit_code == 0
    assert ran.err == ""
    assert numbers(ran.rows) == [
        ("2024-03-01T00:00:00Z", 2, 1, 2, 1, 1.0),
        ("2024-03-02T00:00:00Z", 1, 0, 3, 1, 1.0),
        # The label of b is known now, and b itself has left the window.
        ("2024-03-03T00:00:00Z", 2, 3, 3, 2, 0.5),
    ]
    assert ran.rows[1]["coverage"] == 1 / 3
    assert ran.rows[2]["window_start"] == "2024-03-02T00:00:00Z"
    assert ran.rows[2]["window_end"] == "2024-03-04T00:00:00Z"


def test_with_window_equal_to_every_each_prediction_counts_once(
    run: Callable[..., Any], write_log: Callable[..., Path]
) -> None:
    ran = run("replay", write_log(DAYS), "--format", "json", "--every", "6h", "--window", "6h")
    assert sum(row["predictions"] for row in ran.rows) == 5
    assert [row["period_start"] for row in ran.rows] == [
        "2024-03-01T06:00:00Z",
        "2024-03-01T12:00:00Z",
        "2024-03-02T00:00:00Z",
        "2024-03-03T00:00:00Z",
        "2024-03-03T06:00:00Z",
    ]


def test_min_age_moves_the_window_back(run: Callable[..., Any], write_log: Callable[..., Path]) -> None:
    ran = run("replay", write_log(DAYS), "--format", "json", "--window", "1d", "--min-age", "2d")
    assert numbers(ran.rows) == [
        ("2024-03-01T00:00:00Z", 2, 1, 0, 0, None),
        ("2024-03-02T00:00:00Z", 1, 0, 0, 0, None),
        ("2024-03-03T00:00:00Z", 2, 3, 2, 2, 0.5),
        # The log has ended, but its last predictions are not yet that old.
        ("2024-03-04T00:00:00Z", 0, 0, 1, 0, None),
        ("2024-03-05T00:00:00Z", 0, 0, 2, 2, 0.5),
    ]
    assert ran.rows[0]["coverage"] is None


@pytest.mark.parametrize("every", ["1h", "5h", "1d", "36h", "7d"])
@pytest.mark.parametrize("min_age", ["0", "90m", "1d", "30h", "10d", "400d"])
def test_every_prediction_has_its_row_whatever_its_age(
    run: Callable[..., Any], write_log: Callable[..., Path], every: str, min_age: str
) -> None:
    lines = [*DAYS, "f,2024-03-20T23:59:59Z,1,0.9,1,2024-04-20T11:00:00Z", "g,2024-03-21T00:00:00Z,1,0.9,,"]
    options = ("--every", every, "--window", every, "--min-age", min_age, "--format", "json")
    ran = run("replay", write_log(lines), *options)
    assert sum(row["predictions"] for row in ran.rows) == 7
    assert sum(row["new_predictions"] for row in ran.rows) == 7
    if min_age == "400d":
        assert sum(row["labels"] for row in ran.rows) == 5


def test_the_last_rows_are_judged(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    options = ("--min-age", "5d", "--window", "1d", "--baseline", "7", "--format", "json")
    rows = run("replay", write_log(two_weeks), *options).rows
    assert rows[-1]["window_start"] == "2024-03-21T00:00:00Z"
    # The last label is of 2024-03-22.
    assert [row["verdict"] for row in rows if row["period_start"] > "2024-03-23"] == ["critical"] * 4


@pytest.mark.parametrize("early", ["1970-01-01T00:00:00Z", "0", "2023-12-24T00:00:00Z", "2024-02-29T06:00:00Z"])
@pytest.mark.parametrize("every", ["1d", "7d", "5h"])
def test_labels_before_the_first_prediction_move_nothing(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str], early: str, every: str
) -> None:
    predictions = write_log(
        [line.rsplit(",", 2)[0] for line in two_weeks], "predictions.csv", "request_id,timestamp,prediction,score"
    )
    labels = [f"{line.split(',')[0]},{','.join(line.split(',')[4:])}" for line in two_weeks]
    header = "request_id,label,label_timestamp"
    options = ("--format", "json", "--min-age", "1d", "--baseline", "7", "--every", every, "--labels")
    expected = run("replay", predictions, *options, write_log(labels, "labels.csv", header)).rows
    # An orphan, and a label that came before its prediction.
    moved = [f"orphan,1,{early}", f"r0-0,0,{early}", *labels[1:]]
    ran = run("replay", predictions, *options, write_log(moved, "early.csv", header))
    assert ran.exit_code == 0
    assert ran.err == ""
    rows = ran.rows
    assert "critical" in {row["verdict"] for row in rows}
    assert sum(row["new_labels"] for row in rows) == len(moved)
    for row in (*rows, *expected):
        del row["new_labels"]
    assert rows == expected


def test_the_baseline_does_not_depend_on_the_periods(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    # The log begins at 07:30, and corrections go on to arrive, so that another moment would read other numbers.
    lines = [line for line in two_weeks if not line.startswith(tuple(f"r0-{number}," for number in range(40)))]
    lines[:0] = ["first,2024-03-01T07:30:00Z,1,0.9,1,2024-03-01T08:00:00Z"]
    lines += [
        f"{line.rsplit(',', 2)[0]},{number // 3 % 2},2024-03-{4 + number // 100:02d}T{number % 24:02d}:15:00Z"
        for number, line in enumerate(lines[1:400])
    ]
    found = set()
    for every in ("45m", "5h", "1d", "36h", "7d", "30d"):
        ran = run("replay", write_log(lines), "--every", every, "--baseline", "3", "--min-age", "6h")
        (line,) = (line for line in ran.out.splitlines() if line.startswith("baseline"))
        found.add(line)
    (line,) = found
    assert line.startswith("baseline (2024-03-01 07:30 to 2024-03-04 07:30): accuracy 0.")


def test_rows_that_are_empty_are_left_out(run: Callable[..., Any], write_log: Callable[..., Path]) -> None:
    lines = [*DAYS, "f,2034-03-01T10:00:00Z,1,0.9,1,2034-03-09T11:00:00Z"]
    ran = run("replay", write_log(lines), "--format", "json", "--window", "1d")
    starts = [row["period_start"][:10] for row in ran.rows]
    assert starts == ["2024-03-01", "2024-03-02", "2024-03-03", "2034-03-01"]
    old = run("replay", write_log(lines), "--format", "json", "--window", "1d", "--min-age", "2d")
    starts = [row["period_start"][:10] for row in old.rows]
    assert starts == ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05", "2034-03-01", "2034-03-03"]


def test_two_files_give_the_rows_of_one(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    one = run("replay", write_log(two_weeks), "--format", "json")
    predictions = write_log(
        [line.rsplit(",", 2)[0] for line in two_weeks], "predictions.csv.gz", "request_id,timestamp,prediction,score"
    )
    labels = [f"{line.split(',')[0]},{','.join(line.split(',')[4:])}" for line in reversed(two_weeks)]
    known = write_log(labels, "labels.csv", "request,label,label_timestamp", end="\r\n")
    two = run("replay", predictions, "--labels", known, "--label-request-id", "request", "--format", "json")
    assert two.exit_code == 0
    assert two.out == one.out


def test_rows_in_any_order_give_the_same(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    in_order = run("replay", write_log(two_weeks), "--format", "json")
    assert run("replay", write_log(two_weeks[::-1], "reversed.csv"), "--format", "json").out == in_order.out


def test_the_baseline_is_fixed_once_it_is_old_enough(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    options = ("--format", "json", "--baseline", "7", "--window", "1d")
    fresh = run("replay", write_log(two_weeks), *options, "--min-labels", 1)
    # At its end a day has no labels yet, so that a window without min-age has none.
    assert [row["verdict"] for row in fresh.rows] == ["pending"] * 6 + ["too_few"] * 15
    mature = run("replay", write_log(two_weeks), *options, "--min-age", "1d")
    verdicts = [row["verdict"] for row in mature.rows]
    assert verdicts == ["pending"] * 7 + ["ok"] * 8 + ["critical"] * 7
    worst = mature.rows[-1]
    assert sorted(worst["alerts"]) == ["accuracy", "f1_score", "recall", "roc_auc"]
    assert worst["alerts"]["recall"] == {"current": 0.5, "threshold": 0.95, "baseline": 1.0, "drop_percent": 50.0}


def test_without_labels_there_is_no_baseline_and_no_verdict(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    lines = [f"{line.rsplit(',', 2)[0]},," for line in two_weeks]
    ran = run("replay", write_log(lines), "--format", "json")
    assert {row["verdict"] for row in ran.rows} == {"pending"}
    assert {row["accuracy"] for row in ran.rows} == {None}


def test_retention_changes_nothing_that_is_asked_for(
    run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]
) -> None:
    options = ("--format", "json", "--window", "2d", "--min-age", "1d", "--baseline", "4")
    forgetful = run("replay", write_log(two_weeks), *options, "--retention", "6d")
    assert forgetful.out == run("replay", write_log(two_weeks), *options).out


def test_the_last_event_of_an_id_wins(run: Callable[..., Any], write_log: Callable[..., Path]) -> None:
    lines = [
        "a,2024-03-01T10:00:00Z,0,0.1,0,2024-03-01T11:00:00Z",
        "a,2024-03-01T12:00:00Z,1,0.9,1,2024-03-01T13:00:00Z",
        "b,2024-03-01T12:00:00Z,1,0.9,1,2024-03-01T13:00:00Z",
        "b,2024-03-01T12:00:00Z,1,0.9,1,2024-03-01T13:00:00Z",
    ]
    ran = run("replay", write_log(lines))
    assert "2       2   100.0%    1.000" in ran.out
    assert "1 prediction replaced by a later one of the same id; 1 label corrected; 2 events repeated" in ran.out
