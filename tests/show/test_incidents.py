from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from truthlag import AlertPolicy, Incident
from truthlag.show.incident_formats import INCIDENT_COLUMNS, write_incidents_as_csv, write_incidents_as_json
from truthlag.show.incident_table import incident_summary, show_incidents, show_timeline

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def incidents(step: timedelta = DAY) -> list[Incident]:
    policy = AlertPolicy(open_looks=2, close_looks=1)
    verdicts = ["ok", "warning", "critical", "critical", "ok", "ok", "ok", "ok", "warning", "warning"]
    for number, verdict in enumerate(verdicts):
        seen = {"current": 0.9 - 0.01 * number, "baseline": 0.9, "loss": 0.01 * number, "sentence": f"look {number}"}
        at = START + number * step
        if number >= 5:
            policy.observe("churn", "f1_score", "ok" if verdict == "ok" else "critical", at, evidence=seen)
        else:
            policy.observe("fraud", "accuracy", verdict, at, evidence=seen)
            policy.observe("fraud", "f1_score", verdict, at, evidence=seen)
    return list(policy.incidents())


def shown(show: Any, *given: Any, width: int = 80, terminal: bool = False, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    show(Console(file=file, width=width, force_terminal=terminal, color_system=None), *given)
    file.flush()
    return raw.getvalue().decode(encoding).splitlines()


def test_the_table() -> None:
    assert shown(show_incidents, incidents()) == [
        "opened     bad since  over       severity model what fell",
        "2026-03-03 2026-03-02 2026-03-05 critical fraud accuracy, f1_score",
        "2026-03-10 2026-03-09 open       critical churn f1_score",
    ]
    assert shown(show_incidents, incidents(timedelta(hours=1)))[1].startswith("2026-03-01 02:00 2026-03-01 01:00 ")
    assert shown(show_incidents, []) == ["no incidents"]


def test_a_narrow_terminal_has_what_fell_beneath() -> None:
    assert shown(show_incidents, incidents(), width=60, terminal=True)[:3] == [
        "opened     bad since  over       severity model",
        "2026-03-03 2026-03-02 2026-03-05 critical fraud",
        "  accuracy, f1_score",
    ]


def test_the_timeline() -> None:
    arguments = (incidents(), START, START + 20 * DAY)
    assert shown(show_timeline, *arguments, width=46, terminal=True) == [
        "      2026-03-01                    2026-03-21",
        "fraud ··──████································",
        "churn ················──██████████████████████",
    ]
    assert shown(show_timeline, *arguments, width=46, terminal=True, encoding="ascii")[1][6:16] == "..--####.."
    assert shown(show_timeline, [], START, START + DAY) == []
    # Before and after the time that is shown there is nothing to draw on.
    assert shown(show_timeline, incidents(), START + 30 * DAY, START + 31 * DAY, width=16, terminal=True)[1:] == [
        "fraud " + "·" * 10,
        "churn " + "█" * 10,
    ]


def test_a_timeline_of_very_many_incidents_ends_with_the_last() -> None:
    end = START + 800 * DAY
    policy = AlertPolicy(
        open_looks=1,
        close_looks=1,
        reopen_within=timedelta(0),
        cool_down=timedelta(0),
        forget_after=1_000 * DAY,
        clock=lambda: end,
    )
    for number in range(400):
        at = START + 2 * number * DAY
        if number == 150:
            policy.observe("always", "accuracy", "critical", at)
        policy.observe("churn", "accuracy", "warning", at)
        policy.observe("churn", "accuracy", "ok", at + DAY)
    found = policy.incidents()
    lines = shown(show_timeline, found, START, end, width=100, terminal=True)
    # What is open still is drawn however long ago it began, and the time from its day on.
    assert lines[0] == f"{'':6} 2026-12-26{'2028-05-09':>83}"
    assert [line.split()[0] for line in lines[1:-1]] == ["always", *["churn"] * 19]
    assert lines[1].endswith(93 * "█") and lines[-2] == "churn  " + 92 * "·" + "█"
    assert lines[-1] == "not drawn: 381 incidents, over earlier than these"
    # Without it the last of them have all the width: two days of forty, one of them bad.
    churn = [one for one in found if one.model == "churn"]
    lines = shown(show_timeline, churn, START, end, width=86, terminal=True)
    assert len(lines) == 22 and lines[0].split() == ["2028-03-30", "2028-05-09"]
    assert lines[1] == "churn " + "██" + 78 * "·"
    # As many as are drawn are drawn from the start.
    lines = shown(show_timeline, found[:20], START, START + 40 * DAY, width=86, terminal=True)
    assert len(lines) == 21 and lines[20] == "churn " + 76 * "·" + "██··"


def test_the_summary() -> None:
    assert (
        incident_summary(incidents(), 1_000)
        == "2 incidents, 2 of them critical, 1 open at the end; 1,000 notifications"
    )


def test_json_lines_and_csv() -> None:
    file = io.StringIO()
    write_incidents_as_json(file, incidents())
    assert [Incident.from_dict(json.loads(line)) for line in file.getvalue().splitlines()] == incidents()
    file = io.StringIO()
    write_incidents_as_csv(file, incidents())
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert tuple(rows[0]) == INCIDENT_COLUMNS
    first, second = rows
    assert (first["metrics"], first["state"], first["peak_loss"]) == ("accuracy;f1_score", "recovered", "0.03")
    assert (first["peak_metric"], first["peak_sentence"], first["peak_at"]) == (
        "accuracy",
        "look 3",
        "2026-03-04T00:00:00+00:00",
    )
    assert (second["end"], second["peak_p_value"], second["peak_severity"]) == ("", "", "critical")
