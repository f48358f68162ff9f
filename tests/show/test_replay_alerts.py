"""`truthlag replay --alerts`: the incidents of a past log, against a policy that was fed by hand as time went on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from truthlag import AlertPolicy, DegradationDetector, Incident, ModelPerformanceTracker
from truthlag.show.alert_settings import AlertSettings, parse_looks, parse_metrics
from truthlag.show.duration import DAY, SECOND
from truthlag.show.incident_formats import INCIDENT_COLUMNS

Run = Callable[..., Any]
Write = Callable[..., Path]
Row = tuple[str, datetime, int, float, int, datetime]

FIRST = datetime(2024, 3, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
METRICS = ("accuracy", "precision", "recall", "f1_score", "roc_auc")


def read(lines: Iterable[str]) -> list[Row]:
    rows = []
    for line in lines:
        name, made, prediction, score, label, known = line.split(",")
        times = (datetime.fromisoformat(made), datetime.fromisoformat(known))
        rows.append((name, times[0], int(prediction), float(score), int(label), times[1]))
    return rows


def events(rows: Iterable[Row]) -> list[tuple[datetime, int, Row]]:
    """Predictions and labels, each at its time; at the same time predictions first."""
    found = [(row[1], 0, row) for row in rows] + [(row[5], 1, row) for row in rows]
    return sorted(found, key=lambda one: (one[0], one[1]))


def bad_then_good(days: int = 60) -> list[str]:
    """40 predictions a day, labels a day later. From the 21st day to the 34th half of the positives are missed."""
    lines = []
    for day in range(days):
        for number in range(40):
            actual = number % 2
            wrong = (20 <= day < 34 and number % 4 == 1) or (number * 7 + day * 3) % 41 == 0
            prediction = 1 - actual if wrong else actual
            made = FIRST + day * ONE_DAY + number * timedelta(minutes=30)
            score = 0.9 if prediction else 0.1
            lines.append(
                f"r{day}-{number},{made.isoformat()},{prediction},{score},{actual},{(made + ONE_DAY).isoformat()}"
            )
    return lines


def incidents(ran: Any) -> list[Incident]:
    assert ran.exit_code == 0, ran.err
    return [Incident.from_dict(row) for row in ran.rows]


def told(incident: Incident) -> Any:
    """What it is, whatever it is called."""
    return (
        incident.kind,
        [metric.name for metric in incident.metrics],
        incident.first_bad,
        incident.start,
        incident.end,
        incident.peak_severity,
        incident.notifications,
        [(one.at, one.metric, one.source, one.verdict, one.value, one.p_value) for one in incident.evidence],
    )


def by_hand(
    lines: list[str], every: timedelta, window: timedelta, policy: AlertPolicy, metrics: tuple[str, ...], *, watch: bool
) -> tuple[Incident, ...]:
    """A server that looks at the end of each period: one event at a time, two days of age, a baseline of two weeks."""
    min_age, length = 2 * ONE_DAY, 14 * ONE_DAY
    tracker = ModelPerformanceTracker("log.csv", retention=None)
    alarms: list[Any] = []
    detector = None
    look = FIRST + every
    queue = events(read(lines))
    last = max(event[0] for event in queue)
    while queue:
        now, is_label, (name, made, prediction, score, label, _) = queue.pop(0)
        if detector is None and now >= FIRST + length + min_age:
            baseline = tracker.snapshot(start=FIRST, end=FIRST + length, exact=True)
            detector = DegradationDetector(baseline, metrics=list(metrics))
            for metric in (name for name in metrics if watch and name != "roc_auc"):
                value = baseline.metrics[metric].value
                margin = 0.05 * value
                tolerance = margin
                if metric == "f1_score":
                    errors = [2 * (1 - level) / (2 - level) for level in (value - margin, value)]
                    tolerance = errors[0] - errors[1]
                tracker.watch(metric, tolerance=tolerance, min_age=min_age, on_alarm=alarms.append)
        while now >= look:
            if detector is not None and look >= FIRST + length + min_age:
                snapshot = tracker.snapshot(start=look - min_age - window, end=look - min_age, exact=True)
                policy.observe_report(detector.check(snapshot, now=look), model="log.csv", at=look)
                policy.tick(look)
            look += every
        if not is_label:
            tracker.log_prediction(name, prediction, score, timestamp=made)
            continue
        tracker.log_ground_truth(name, label, timestamp=now)
        for one in tracker.watches.values():
            one.look()
        for alarm in alarms:
            since = None if alarm.change is None else min(alarm.change, now)
            policy.observe_alarm("log.csv", alarm.watch, now, first_bad=since, evidence=alarm.to_dict())
        alarms.clear()
    assert detector is not None
    # Looks go on until the last prediction has been looked at, and the period of the last event is over.
    while look - every <= last:
        snapshot = tracker.snapshot(start=look - min_age - window, end=look - min_age, exact=True)
        policy.observe_report(detector.check(snapshot, now=look), model="log.csv", at=look)
        policy.tick(look)
        look += every
    return policy.incidents()


OPTIONS = ("--min-age", "2d", "--alerts", "--format", "json")


@pytest.mark.parametrize("watch", [False, True], ids=["looks alone", "with the watch"])
@pytest.mark.parametrize("every", ["1d", "7d"])
def test_the_incidents_are_those_of_a_server_that_looked_then(
    run: Run, write_log: Write, every: str, watch: bool
) -> None:
    lines = bad_then_good()
    period = timedelta(days=int(every[0]))
    # Shares of rows take a while to test: of the daily looks two cheap metrics are enough.
    metrics = METRICS if every == "7d" else ("f1_score", "roc_auc")
    weekly = {"open_looks": 1} if every == "7d" else {}
    policy = AlertPolicy(open_at="critical", **weekly)
    expected = by_hand(lines, period, timedelta(days=7), policy, metrics, watch=watch)
    options = ("--every", every, *OPTIONS, "--alert-metrics", ",".join(metrics), *(() if watch else ("--no-watch",)))
    found = incidents(run("replay", write_log(lines), *options))
    assert found
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        if watch:
            # Alarms of one moment have their evidence each; what the detector saw is kept beside it.
            assert told(one)[:7] == told(other)[:7]
        else:
            assert told(one) == told(other)
    assert found[0].end is not None


def test_the_table(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    ran = run(
        "replay", write_log(two_weeks), "--min-age", "1d", "--baseline", "7", "--alerts", "--alert-metrics", "recall"
    )
    assert ran.exit_code == 0
    assert ran.err == ""
    lines = ran.out.splitlines()
    assert lines[0].split() == ["opened", "bad", "since", "over", "severity", "model", "what", "fell"]
    assert lines[1].endswith("2024-03-15 00:10 open critical log.csv recall")
    assert lines[2].split() == ["2024-03-01", "2024-03-23"]
    assert lines[3].startswith("log.csv ···")
    assert lines[3].endswith("███")
    assert lines[4] == "1 incident, 1 of them critical, 1 open at the end; 4 notifications"
    assert lines[5:] == [
        "replayed 840 predictions and 840 labels",
        "each look, every 1 day: predictions of 7 days, once 1 day old; labels known at the end of the period",
        "baseline (2024-03-01 to 2024-03-08): accuracy 1.000, precision 1.000, recall 1.000, f1_score 1.000, roc_auc 1.000",
        "15 looks at recall: 6 critical, 1 warning, 8 ok",
        "critical: worse by more than 5% of the baseline, beyond chance; a warning: worse at all, beyond chance",
        "between the looks an e-detector watched recall: 7 alarms",
        (
            "an incident opens when 2 of the last 3 looks find a metric critical, or a watch alarms, or when labels stop coming; "
            'it is over after 2 good looks, or once the rows of the watch prove it: AlertPolicy(open_at="critical")'
        ),
    ]


def test_json_and_csv_have_the_same_incidents(run: Run, write_log: Write) -> None:
    options = ("--every", "7d", "--min-age", "2d", "--alerts")
    path = write_log(bad_then_good())
    whole = incidents(run("replay", path, *options, "--format", "json"))
    rows = list(csv.DictReader(io.StringIO(run("replay", path, *options, "--format", "csv").out)))
    assert whole
    assert tuple(rows[0]) == INCIDENT_COLUMNS
    for one, row in zip(whole, rows, strict=True):
        assert (row["id"], row["start"]) == (one.id, one.start.isoformat())
        assert row["metrics"] == ";".join(metric.name for metric in one.metrics)


def test_margin_and_level_are_those_asked_for(run: Run, write_log: Write) -> None:
    path = write_log(bad_then_good())
    options = ("replay", path, "--every", "7d", *OPTIONS, "--no-watch", "--alert-metrics", "accuracy")
    assert incidents(run(*options))
    # A quarter of the decisions is wrong in the bad weeks.
    assert incidents(run(*options, "--margin", "0.4")) == []
    warned = incidents(run(*options, "--margin", "0.4", "--open-at", "warning"))
    assert [one.peak_severity for one in warned] == ["warning"]
    assert incidents(run(*options, "--tolerance", "0.4")) == []
    # Of two bad weeks three cannot be bad.
    assert incidents(run(*options, "--open-looks", "4")) == []


def test_the_policy_that_is_written_is_the_one_that_is_used() -> None:
    for every in (SECOND, 3600 * SECOND, DAY, 7 * DAY, 90 * DAY):
        for settings in (
            AlertSettings(),
            AlertSettings(open_looks=(3, 5), open_at="warning"),
            AlertSettings(open_looks=(2, 2)),
        ):
            written = settings.described(every, is_watched=True).split("prove it: ")[1]
            assert written.startswith("AlertPolicy(")
            policy = eval(written, {"AlertPolicy": AlertPolicy, "timedelta": timedelta})
            found, wanted = (one.to_dict()["settings"] for one in (policy, settings.policy(every)))
            for name in (
                "open_looks",
                "open_at",
                "close_looks",
                "close_at",
                "alarm_lasts",
                "cool_down",
                "reopen_within",
            ):
                assert found[name] == wanted[name], (every, name)


NO_BASELINE = ("--baseline", "3650")
"""Then nothing is checked, and the labels are counted all the same."""


def test_labels_that_stop_are_an_incident_and_the_end_of_the_log_is_none(run: Run, write_log: Write) -> None:
    lines = bad_then_good(90)
    whole = incidents(run("replay", write_log(lines), *OPTIONS, *NO_BASELINE))
    assert whole == []
    # For ten days the labels of what is predicted do not come, and are lost.
    halted = [
        line if not 50 <= number // 40 < 60 else line.rsplit(",", 2)[0] + ",," for number, line in enumerate(lines)
    ]
    (stopped,) = incidents(run("replay", write_log(halted, "halted.csv"), *OPTIONS, *NO_BASELINE))
    assert (stopped.kind, stopped.peak_severity) == ("labels", "critical")
    # Those of the fiftieth day come during the next one: it is the last with labels.
    assert FIRST + 50 * ONE_DAY < stopped.start <= FIRST + 54 * ONE_DAY
    assert stopped.end is not None
    assert FIRST + 61 * ONE_DAY <= stopped.end <= FIRST + 63 * ONE_DAY
    # Without predictions afterwards nothing is expected: the log is over.
    assert incidents(run("replay", write_log(halted[: 60 * 40], "short.csv"), *OPTIONS, *NO_BASELINE))[0].end is None
    assert incidents(run("replay", write_log(lines[: 50 * 40], "end.csv"), *OPTIONS, *NO_BASELINE)) == []


def test_a_gap_whose_periods_are_left_out_has_no_labels_either(run: Run, write_log: Write) -> None:
    lines = bad_then_good(20)
    later = [
        ",".join(
            (
                f"later-{name}",
                (made + 100 * ONE_DAY).isoformat(),
                str(decided),
                str(score),
                str(label),
                (known + 100 * ONE_DAY).isoformat(),
            )
        )
        for name, made, decided, score, label, known in read(lines)
    ]
    ran = run("replay", write_log([*lines, *later]), "--every", "1h", "--window", "7d", *OPTIONS, *NO_BASELINE)
    assert "nothing happened in these" in ran.err
    (stopped,) = incidents(ran)
    assert stopped.kind == "labels"
    assert FIRST + 20 * ONE_DAY < stopped.start < FIRST + 22 * ONE_DAY


def test_without_a_min_age_nothing_is_watched(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    path = write_log(two_weeks)
    ran = run("replay", path, "--baseline", "7", "--alerts")
    assert "no watch between the looks: at --min-age 0 it would see the fastest labels alone" in ran.out
    ran = run("replay", path, "--baseline", "7", "--alerts", "--min-age", "1d", "--no-watch")
    assert "watch" not in ran.out
    ran = run("replay", path, "--baseline", "7", "--alerts", "--min-age", "1d", "--alert-metrics", "roc_auc")
    assert "no watch between the looks: none of the metrics is a share of rows that can fall" in ran.out


def test_a_baseline_from_a_file(run: Run, write_log: Write, two_weeks: list[str], tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps({"accuracy": 0.97, "recall": 0.95}))
    path = write_log(two_weeks)
    ran = run("replay", path, "--baseline", baseline, "--min-age", "1d", "--alerts")
    assert "baseline (given): accuracy 0.970, recall 0.950" in ran.out
    assert "looks at accuracy, recall: " in ran.out
    assert "1 incident, 1 of them critical" in ran.out
    ran = run("replay", path, "--baseline", baseline, "--alerts", "--alert-metrics", "accuracy,roc_auc")
    assert ran.exit_code == 2
    assert "--alert-metrics names `roc_auc`, and the file of --baseline has accuracy, recall" in ran.err


def test_a_metric_that_the_baseline_leaves_undefined_is_told(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    never = [line.replace(",1,0.9,", ",0,0.1,") for line in two_weeks]
    options = ("--baseline", "7", "--min-age", "1d", "--alerts", "--alert-metrics")
    ran = run("replay", write_log(never), *options, "precision,accuracy")
    assert "not looked at, since the baseline leaves them undefined: precision" in ran.out
    assert "looks at accuracy: " in ran.out
    ran = run("replay", write_log(never), *options, "precision", "--fail-on", "warning")
    assert ran.exit_code == 5
    assert "none of the metrics has a value in the baseline" in ran.err


def test_fail_on(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    options = ("--min-age", "1d", "--baseline", "7", "--alerts", "--format", "csv", "--fail-on")
    assert run("replay", write_log(two_weeks), *options, "critical").exit_code == 3
    assert run("replay", write_log(two_weeks), *options, "warning").exit_code == 3
    assert run("replay", write_log(two_weeks[: 14 * 40]), *options, "warning").exit_code == 0
    ran = run("replay", write_log(two_weeks), "--baseline", "90", "--alerts", "--fail-on", "warning")
    assert ran.exit_code == 5
    assert ran.err.startswith(
        "no look got a verdict, so --fail-on has nothing to go by; baseline: none; the log ends at"
    )
    # F1 is not tested on fewer than a hundred rows.
    ran = run(
        "replay",
        write_log(two_weeks),
        *options,
        "warning",
        "--window",
        "1d",
        "--no-watch",
        "--alert-metrics",
        "f1_score",
    )
    assert ran.exit_code == 5
    assert "every look since the baseline was undecided" in ran.err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--margin", "0.1"), "--margin is about the incidents of --alerts, which is not given"),
        (("--alert-metrics", "recall"), "--alert-metrics is about the incidents of --alerts"),
        (("--open-looks", "2"), "--open-looks is about the incidents of --alerts"),
        (("--open-at", "warning"), "--open-at is about the incidents of --alerts"),
        (("--no-watch",), "--no-watch is about the incidents of --alerts"),
        (("--alerts", "--alert-metrics", "acc"), "`acc` is none of accuracy, precision, recall"),
        (("--alerts", "--alert-metrics", ""), "`` is none of accuracy"),
        (("--alerts", "--alert-metrics", "expected_calibration_error"), "`expected_calibration_error` is none of"),
        (("--alerts", "--open-looks", "3/2"), "`3/2` is not a number such as `2`"),
        (("--alerts", "--open-looks", "0"), "`0` is not a number such as `2`"),
        (("--alerts", "--margin", "nan"), "nan is no number"),
        (("--alerts", "--margin", "-1"), "-1"),
        (("--alerts", "--margin", "inf"), "inf is no finite number"),
    ],
)
def test_options_that_are_refused(
    run: Run, write_log: Write, two_weeks: list[str], options: tuple[str, ...], reason: str
) -> None:
    ran = run("replay", write_log(two_weeks), *options)
    assert ran.exit_code == 2
    assert reason in ran.err
    assert ran.out == ""


def test_what_looks_and_metrics_may_be() -> None:
    assert [parse_looks(text) for text in ("2", "2/3", "1/1000")] == [(2, 2), (2, 3), (1, 1000)]
    assert parse_metrics(" recall, accuracy ,recall") == ("recall", "accuracy")
    for text in ("", "x", "2/", "/3", "1/1001", "-1", "1/2/3"):
        with pytest.raises(ValueError, match="is not a number such as"):
            parse_looks(text)


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_an_empty_log_and_one_that_is_not_there(run: Run, write_log: Write, output: str) -> None:
    path = write_log([])
    ran = run("replay", path, "--alerts", "--format", output)
    assert (ran.exit_code, ran.err) == (0, f"{path}: no predictions\n")
    assert ran.out == {"table": "no incidents\n", "json": "", "csv": ",".join(INCIDENT_COLUMNS) + "\n"}[output]
    ran = run("replay", path.with_name("missing.csv"), "--alerts", "--format", output)
    assert (ran.exit_code, ran.out) == (1, "")


def test_a_log_that_breaks_off_shows_what_was_replayed(run: Run, write_log: Write, two_weeks: list[str]) -> None:
    options = ("--min-age", "1d", "--baseline", "7", "--alerts", "--format", "json")
    ran = run("replay", write_log([*two_weeks, "bad"]), *options)
    assert "1 bad row was left out" in ran.err
    assert [row["kind"] for row in ran.rows] == ["degradation"]
    assert run("replay", write_log([*two_weeks, "bad"]), *options, "--strict").exit_code == 4
