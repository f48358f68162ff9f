"""What the command prints, where, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]


def test_the_table(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    ran = run("replay", write_log(two_weeks), "--every", "7d", "--min-age", "7d", "--baseline", "7")
    assert ran.exit_code == 0
    assert ran.err == ""
    assert ran.out.splitlines() == [
        "period     predictions  labels coverage accuracy precision recall    F1   AUC verdict",
        "2024-03-01           0       0        -        -         -      -     -     - pending",
        "2024-03-08         280     280   100.0%    1.000     1.000  1.000 1.000 1.000 ok",
        "2024-03-15         280     280   100.0%    1.000     1.000  1.000 1.000 1.000 ok",
        "2024-03-22         280     280   100.0%    0.750     1.000  0.500 0.667 0.750 critical",
        "replayed 840 predictions and 840 labels",
        "each row: predictions of 7 days, once 7 days old; labels known at the end of the period",
        "baseline (2024-03-01 to 2024-03-08): accuracy 1.000, precision 1.000, recall 1.000, f1_score 1.000, roc_auc 1.000",
        "verdicts: 2 ok, 1 critical, 1 pending; a metric alerts when 5% below the baseline",
    ]


def test_json_and_csv_say_the_same_in_full_precision(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    path = write_log(two_weeks)
    lines = run("replay", path, "--format", "json").rows
    rows = list(csv.DictReader(io.StringIO(run("replay", path, "--format", "csv").out)))
    assert len(lines) == len(rows) == 22
    for line, row in zip(lines, rows, strict=True):
        assert {name: "" if line[name] is None else str(line[name]) for name in row} == row
    assert lines[-1]["recall"] == 60 / 120
    assert {"intervals", "alerts", "missing"} <= lines[0].keys()
    low, high = lines[-1]["intervals"]["recall"]
    assert low <= 0.5 <= high


def test_bad_rows_are_told_counted_and_left_out(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    bad = [
        "x1,2024-03-05T00:00:00Z,2,0.5,1,2024-03-06T00:00:00Z",
        ",2024-03-05T00:00:00Z,1,0.5,1,2024-03-06T00:00:00Z",
        "x3,soon,1,0.5,1,2024-03-06T00:00:00Z",
        "x4,2024-03-05T00:00:00Z,1,nan,1,2024-03-06T00:00:00Z",
        "x5,2024-03-05T00:00:00Z,1,0.5,1,later",
        "x6,2024-03-05T00:00:00Z,1,0.5",
        "x7,2024-03-05T00:00:00Z,,0.5,1,2024-03-06T00:00:00Z",
    ]
    path = write_log([*two_weeks[:160], *bad, *two_weeks[160:]])
    ran = run("replay", path, "--format", "json")
    assert ran.exit_code == 0
    assert ran.out == run("replay", write_log(two_weeks, "good.csv"), "--format", "json").out
    year = ran.err.split("not a time from 1970 to ")[1][:4]
    assert ran.err.splitlines() == [
        f"{path}, line 162: prediction is `2`, not 0 or 1",
        f"{path}, line 163: request_id is ``, not an id: UTF-8 of 1 to 1024 bytes",
        f"{path}, line 164: timestamp is `soon`, not a time from 1970 to {year}",
        f"{path}, line 165: score is `nan`, not a finite number within 65536 of 0",
        f"{path}, line 166: label_timestamp is `later`, not a time from 1970 to {year}",
        f"{path}, line 167: has 4 fields, the header 6",
        f"{path}, line 168: prediction is missing",
        "7 bad rows were left out",
    ]


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz"])
def test_a_stray_quote_costs_its_own_line(run: Run, write_log: Write, two_weeks: list[str], name: str) -> None:
    path = write_log([*two_weeks[:8], '"' + two_weeks[8], *two_weeks[9:]], name)
    ran = run("replay", path, "--format", "json")
    assert ran.exit_code == 0
    assert ran.out == run("replay", write_log([*two_weeks[:8], *two_weeks[9:]], "good.csv"), "--format", "json").out
    assert ran.err.splitlines() == [
        f"{path}, line 10: opens a quote that does not close within 832 lines",
        "1 bad row was left out",
    ]


def test_off_a_terminal_all_bad_rows_are_told(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    path = write_log([*two_weeks, *["bad"] * 100])
    assert run("replay", path, "--format", "csv").err.splitlines() == [
        *(f"{path}, line {842 + number}: has 1 field, the header 6" for number in range(100)),
        "100 bad rows were left out",
    ]


def test_strict_ends_at_the_first_bad_row(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    path = write_log([*two_weeks, "bad", "worse"])
    ran = run("replay", path, "--strict")
    assert ran.exit_code == 4
    assert ran.err == f"{path}, line 842: has 1 field, the header 6\n"


def test_a_log_of_bad_rows_only(run: Run, write_log: Write) -> None:
    ran = run("replay", write_log(["bad"]))
    assert ran.exit_code == 1
    assert "no row is good" in ran.err


@pytest.mark.parametrize(("level", "code"), [("warning", 3), ("critical", 3)])
def test_fail_on(run: Run, write_log: Write, two_weeks: list[str], level: str, code: int) -> None:
    options = ("--min-age", "1d", "--format", "csv", "--fail-on", level)
    assert run("replay", write_log(two_weeks), *options).exit_code == code
    assert run("replay", write_log(two_weeks[: 14 * 40]), *options).exit_code == 0


def test_fail_on_warning_but_not_on_critical(run: Run, write_log: Write, two_weeks: list[str], tmp_path: Path) -> None:
    (tmp_path / "baseline.json").write_text('{"recall": 1.0}')
    options = ("--min-age", "1d", "--format", "csv", "--baseline", tmp_path / "baseline.json", "--fail-on")
    assert run("replay", write_log(two_weeks), *options, "warning").exit_code == 3
    assert run("replay", write_log(two_weeks), *options, "critical").exit_code == 0


def test_fail_on_without_any_verdict_is_not_success(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    ran = run("replay", write_log(two_weeks), "--baseline", "90", "--fail-on", "critical")
    assert ran.exit_code == 5
    assert ran.err == (
        "no period got a verdict, so --fail-on has nothing to go by; baseline: none; the log ends at 2024-03-22 06:30, "
        "before the first 90 days of it are over (2024-05-30)\n"
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            ("--baseline", "30", "--min-age", "2d"),
            "the log ends at 2024-03-22 06:30, before the first 30 days of it are over and are 2 days old (2024-04-02)",
        ),
        (
            ("--baseline", "1", "--min-age", "4h"),
            (
                "from 2024-03-01 to 2024-03-02 there were 40 predictions, 24 of them labelled by 2024-03-02 04:00, "
                "and --min-labels asks for 30"
            ),
        ),
    ],
)
def test_without_a_baseline_the_reason_is_told(
    run: Run, write_log: Write, two_weeks: list[str], options: tuple[str, ...], reason: str
) -> None:
    ran = run("replay", write_log(two_weeks), *options)
    assert f"baseline: none; {reason}" in ran.out.splitlines()


def test_fail_on_with_too_few_labels_says_so(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    ran = run("replay", write_log(two_weeks), "--window", "1d", "--baseline", "7", "--fail-on", "critical")
    assert ran.exit_code == 5
    assert "every window since the baseline has fewer than 30 labels" in ran.err


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_an_empty_log(run: Run, write_log: Write, output: str) -> None:
    path = write_log([])
    ran = run("replay", path, "--format", output)
    assert ran.exit_code == 0
    assert ran.err == f"{path}: no predictions\n"
    assert len(ran.out.splitlines()) == (0 if output == "json" else 1)


def test_a_file_without_even_a_header(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.touch()
    ran = run("replay", path)
    assert ran.exit_code == 1
    assert "the file has no column at all" in ran.err


def test_missing_columns(run: Run, write_log: Write) -> None:
    path = write_log(["1"], header="id")
    ran = run("replay", path)
    assert ran.exit_code == 1
    assert ran.err.splitlines() == [
        f"{path}: columns `request_id`, `timestamp`, `prediction` are missing",
        "the file has `id`",
        "name other columns with the options that `truthlag replay --help` lists",
    ]


def test_one_missing_column(run: Run, write_log: Write) -> None:
    path = write_log(["a,2024-03-01,1,0.5,2024-03-02"], header="request_id,timestamp,prediction,score,label_timestamp")
    assert run("replay", path).err.startswith(f"{path}: column `label` is missing\n")


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("request_id", [True], "bool, which cannot be an id"),
        ("timestamp", [True], "bool, which is no time"),
        ("label_timestamp", [True], "bool, which is no time"),
        ("prediction", [b"1"], "binary, which is not 0 or 1"),
        ("score", [True], "bool, which is not a number"),
        ("label", [b"1"], "binary, which is not 0 or 1"),
    ],
)
def test_a_wrong_type_of_column_names_the_file(
    run: Run, tmp_path: Path, name: str, values: list[Any], reason: str
) -> None:
    columns = {"request_id": [1], "timestamp": [1_709_251_200], "prediction": [1], "score": [0.5], "label": [1]}
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({**columns, "label_timestamp": [1_709_251_200], name: values}), path)
    ran = run("replay", path)
    assert ran.exit_code == 1
    assert ran.err.startswith(f"{path}: column `{name}` holds {reason}")


def test_the_output_of_a_replay_is_a_baseline(run: Run, write_log: Write, two_weeks: list[str], tmp_path: Path) -> None:
    path = write_log(two_weeks[: 14 * 40])
    earlier = tmp_path / "earlier.jsonl"
    earlier.write_text(run("replay", path, "--format", "json").out)
    ran = run("replay", write_log(two_weeks), "--min-age", "1d", "--baseline", earlier)
    assert "baseline (given): accuracy 1.000, precision 1.000, recall 1.000" in ran.out


def test_the_manual_lists_the_keys_of_a_row(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "replay.md").read_text(encoding="utf-8")
    table = page.split("| key | what |")[1].split("\n\n")[0]
    listed = [key for line in table.splitlines()[2:] for key in re.findall(r"`(\w+)`", line.split("|")[1])]
    path = write_log(two_weeks)
    assert listed == list(run("replay", path, "--format", "json").rows[0])
    assert ",".join(listed[:-3]) == run("replay", path, "--format", "csv").out.splitlines()[0]


def test_a_log_without_scores(run: Run, write_log: Write) -> None:
    header = "request_id,timestamp,prediction,label,label_timestamp"
    ran = run("replay", write_log(["a,2024-03-01,1,1,2024-03-01"], header=header), "--format", "json")
    assert ran.exit_code == 0
    assert "no column `score`, so AUC is left out" in ran.err
    assert ran.rows[0]["roc_auc"] is None
    assert ran.rows[0]["accuracy"] == 1.0


def test_labels_without_a_time_or_a_prediction_are_told(run: Run, write_log: Write) -> None:
    predictions = write_log(["a,2024-03-01,1,0.5"], "predictions.csv", "request_id,timestamp,prediction,score")
    labels = write_log(["a,1,", "z,1,2024-03-01"], "labels.csv", "request_id,label,label_timestamp")
    ran = run("replay", predictions, "--labels", labels)
    assert ran.out.splitlines()[-1] == "1 label without a time, taken as never arrived; 1 label without a prediction"


def test_a_bad_row_is_not_also_a_label_without_a_time(run: Run, write_log: Write) -> None:
    ran = run("replay", write_log(["a,2024-03-01,1,0.5,1,", "b,never,1,0.5,1,", "c,2024-03-01,2,0.5,1,"]))
    assert "2 bad rows were left out" in ran.err
    assert ran.out.splitlines()[-1] == "1 label without a time, taken as never arrived"


def test_parquet_rows_are_told_by_number(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    columns = {
        "request_id": [1, 2, 3],
        "timestamp": [1_709_251_200, 1_709_251_260, 1_709_251_320],
        "prediction": [True, False, True],
        "score": [0.5, float("inf"), 0.75],
        "label": [1.0, 0.0, float("nan")],
        "label_timestamp": ["2024-03-01T01:00:00Z", "2024-03-01T01:00:00Z", None],
    }
    pq.write_table(pa.table(columns), path)
    ran = run("replay", path, "--format", "json")
    assert f"{path}, row 2: score is `inf`" in ran.err
    assert [(row["predictions"], row["labels"]) for row in ran.rows] == [(2, 1)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--every", "0"), "--every must be longer than 0"),
        (("--window", "0"), "--window must be longer than 0"),
        (("--every", "daily"), "not a duration"),
        (("--baseline", "absent.json"), "neither a number of days"),
        (("--retention", "5d"), "at least --min-age and --window together, 7 days"),
        (("--retention", "13d"), "at least --min-age and --baseline together, 14 days"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--tolerance", "1"), "0.0<=x<1.0"),
        (("--tolerance", "nan"), "nan is no number"),
        (("--label-request-id", "id"), "the file of --labels, and there is none"),
        (("--min-labels", "0"), "x>=1"),
    ],
)
def test_wrong_usage(run: Run, write_log: Write, options: tuple[str, str], reason: str) -> None:
    ran = run("replay", write_log([]), *options)
    assert ran.exit_code == 2
    assert reason in ran.err


def test_help_lists_the_exit_codes(run: Run) -> None:
    ran = run("replay", "--help")
    assert ran.exit_code == 0
    for code in ("0    replayed", "3    --fail-on", "4    --strict", "5    --fail-on", "130  interrupted"):
        assert code in ran.out


def test_version(run: Run) -> None:
    assert run("--version").out.startswith("truthlag, version ")


def test_json_lines_are_plain(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    for line in run("replay", write_log(two_weeks), "--format", "json", "--min-age", "1d").out.splitlines():
        assert json.loads(line, parse_constant=pytest.fail)
