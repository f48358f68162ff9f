"""The rows of small logs, worked out by hand."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
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
    assert [(row["period_start"][8:13], row["predictions"]) for row in ran.rows] == [
        ("01T06", 1),
        ("01T12", 1),
        ("01T18", 0),
        ("02T00", 1),
        ("02T06", 0),
        ("02T12", 0),
        ("02T18", 0),
        ("03T00", 1),
        ("03T06", 1),
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


def test_an_outage_has_rows(run: Callable[..., Any], write_log: Callable[..., Path], two_weeks: list[str]) -> None:
    # The fourth to the twelfth of March are missing, and then all but five days.
    lines = [*two_weeks[: 3 * 40], *two_weeks[12 * 40 : 17 * 40]]
    options = ("--window", "1d", "--min-age", "1d", "--baseline", "2", "--fail-on", "critical", "--format")
    ran = run("replay", write_log(lines), *options, "json")
    assert [row["period_start"][8:10] for row in ran.rows] == [f"{day:02d}" for day in range(1, 19)]
    assert [row["predictions"] for row in ran.rows] == [0, *[40] * 3, *[0] * 9, *[40] * 5]
    verdicts = ["pending"] * 2 + ["ok"] * 2 + ["too_few"] * 9 + ["ok"] * 2 + ["critical"] * 3
    assert [row["verdict"] for row in ran.rows] == verdicts
    empty = ran.rows[5]
    assert {empty[name] for name in ("coverage", "accuracy", "precision", "recall", "f1_score", "roc_auc")} == {None}
    assert (empty["labels"], empty["intervals"], empty["alerts"], empty["missing"]) == (0, {}, {}, [])
    assert (ran.exit_code, ran.err) == (3, "")
    line = run("replay", write_log(lines), *options, "csv").out.splitlines()[6]
    assert line == ",".join(empty[name] for name in list(empty)[:4]) + ",0,0,0,0,,,,,,,too_few"


def test_rows_without_predictions_fail_nothing(run: Callable[..., Any], write_log: Callable[..., Path]) -> None:
    lines = [DAYS[0], "f,2024-03-20T10:00:00Z,1,0.9,1,2024-03-20T11:00:00Z"]
    options = ("--window", "1d", "--baseline", "1", "--min-labels", "1", "--format", "json", "--fail-on", "warning")
    good = run("replay", write_log(lines), *options)
    assert [row["verdict"] for row in good.rows] == ["pending", *["too_few"] * 18, "ok"]
    assert good.exit_code == 0
    undecided = run("replay", write_log([*lines[:1], "g,2024-03-20T10:00:00Z,1,0.9,,"]), *options)
    assert [row["verdict"] for row in undecided.rows] == ["pending", *["too_few"] * 19]
    assert undecided.exit_code == 5
    assert "every window since the baseline has fewer than 1 label\n" in undecided.err


@pytest.mark.parametrize("min_age", ["0", "2d", "1d12h", "2000d"])
def test_a_very_long_gap_is_one_line(run: Callable[..., Any], write_log: Callable[..., Path], min_age: str) -> None:
    lines = [*DAYS, "f,2034-03-01T10:00:00Z,1,0.9,1,2034-03-09T11:00:00Z"]
    ran = run("replay", write_log(lines), "--format", "csv", "--window", "1d", "--min-age", min_age)
    starts = [line[:10] for line in ran.out.splitlines()[1:]]
    words = "no rows from {}: nothing happened in these {} periods, and nothing is in their windows"
    expected = {
        "0": [("2024-03-04 to 2034-03-01", "3,649")],
        "1d12h": [("2024-03-05 to 2034-03-01", "3,648")],
        "2d": [("2024-03-06 to 2034-03-01", "3,647")],
        # The age is more than half of the gap: nothing is old enough, then the days before the gap, the gap, the last day.
        "2000d": [
            ("2024-03-04 to 2029-08-22", "1,997"),
            ("2029-08-25 to 2034-03-01", "1,649"),
            ("2034-03-10 to 2039-08-22", "1,991"),
        ],
    }[min_age]
    assert ran.err.splitlines() == [words.format(*stretch) for stretch in expected]
    before = [f"2024-03-{day:02d}" for day in range(1, int(expected[0][0][8:10]))]
    # The label is nine days younger than its prediction.
    after = [f"2034-03-{day:02d}" for day in range(1, 10)]
    old = ["2029-08-22", "2029-08-23", "2029-08-24"], ["2039-08-22"]
    assert starts == (before + old[0] + after + old[1] if min_age == "2000d" else before + after)


@pytest.mark.parametrize(("days", "rows"), [(1_001, 1_004), (1_002, 4)])
def test_a_thousand_empty_rows_in_a_row_are_given(
    run: Callable[..., Any], write_log: Callable[..., Path], days: int, rows: int
) -> None:
    second = (datetime(2024, 3, 3, 12) + timedelta(days=days)).isoformat()
    ran = run("replay", write_log([*DAYS, f"f,{second},1,0.9,,"]), "--format", "csv", "--window", "1d")
    assert len(ran.out.splitlines()) - 1 == rows
    assert ("these 1,001 periods" in ran.err) == (rows == 4)


@pytest.mark.parametrize("seed", range(40))
def test_against_asking_for_every_period(
    run: Callable[..., Any], write_log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    limit = 4
    monkeypatch.setattr("truthlag.show.replay.EMPTY_IN_A_ROW", limit)
    source = random.Random(seed)
    hour, start = 3_600, 1_709_251_200
    every, window, min_age = (source.choice(hours) * hour for hours in ((1, 5), (5, 7), (0, 3, 30, 100)))
    made, known = [], []
    time = start
    for _ in range(12):
        time += source.choice((600, hour, 20 * hour, 60 * hour))
        made.append(time)
        known.append(time + source.choice((60, hour, 20 * hour, 90 * hour)))
    lines = [
        f"{number},{time},1,0.5,1,{arrived}" for number, (time, arrived) in enumerate(zip(made, known, strict=True))
    ]
    options = ("--every", f"{every}s", "--window", f"{window}s", "--min-age", f"{min_age}s", "--format", "json")
    ran = run("replay", write_log(lines), *options)

    expected: list[tuple[int, int, int, int, int]] = []
    left_out: list[int] = []
    empty: list[tuple[int, int, int, int, int]] = []
    first = made[0] - made[0] % (24 * hour) % every
    for begin in range(first, max(*known, made[-1] + min_age) + 1, every):
        end = begin + every
        seen = [
            arrived for time, arrived in zip(made, known, strict=True) if end - min_age - window <= time < end - min_age
        ]
        new = [sum(begin <= time < end for time in times) for times in (made, known)]
        row = (begin, *new, len(seen), sum(arrived < end for arrived in seen))
        if any(row[1:]):
            expected += empty if len(empty) <= limit else []
            left_out += [len(empty)] if len(empty) > limit else []
            expected.append(row)
            empty = []
        else:
            empty.append(row)
    assert not empty
    names = ("new_predictions", "new_labels", "predictions", "labels")
    begins = [int(datetime.fromisoformat(row["period_start"]).timestamp()) for row in ran.rows]
    assert [(begin, *(row[name] for name in names)) for begin, row in zip(begins, ran.rows, strict=True)] == expected
    assert [int(line.split(" in these ")[1].split()[0]) for line in ran.err.splitlines()] == left_out


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
    assert [row["verdict"] for row in fresh.rows] == ["pending"] * 6 + ["too_few"] * 16
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
