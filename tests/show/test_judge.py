from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from truthlag.show.duration import DAY
from truthlag.show.judge import Baseline, Judge, parse_baseline, reached

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, float | None] = {"accuracy": 0.9, "precision": 0.8, "recall": 0.7, "f1_score": 0.75, "roc_auc": 0.95}


@pytest.mark.parametrize(("text", "length"), [("14", 14 * DAY), ("14d", 14 * DAY), ("36h", DAY + DAY // 2)])
def test_a_baseline_is_a_number_of_days_or_a_duration(text: str, length: int) -> None:
    assert parse_baseline(text) == Baseline(length=length)


def test_a_baseline_file(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({"accuracy": 0.9, "recall": 1, "roc_auc": None, "sample_size": 100, "status": "x"}))
    assert parse_baseline(str(path)) == Baseline(metrics={"accuracy": 0.9, "recall": 1.0})


def test_of_the_lines_of_a_replay_the_last_that_has_metrics(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows: list[dict[str, float | None]] = [{"recall": 0.5}, {"recall": 0.75, "roc_auc": None}, {"recall": None}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert parse_baseline(str(path)) == Baseline(metrics={"recall": 0.75})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("nonsense", "not JSON"),
        ("[0.9]", "not a JSON object with any of accuracy"),
        ('{"recall": 0.5}\nnonsense', "not JSON"),
        ('{"recall": null}\n{}', "not a JSON object with any of accuracy"),
        ("", "not JSON"),
        ("{}", "not a JSON object with any of accuracy"),
        ('{"accuracy": "high"}', "`accuracy` is 'high', not a number"),
        ('{"accuracy": true}', "`accuracy` is True, not a number"),
        ('{"accuracy": NaN}', "`accuracy` is nan, not a number"),
    ],
)
def test_a_bad_baseline_file(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=reason):
        parse_baseline(str(path))


@pytest.mark.parametrize(("text", "reason"), [("absent.json", "neither"), ("0", "longer than 0"), ("", "neither")])
def test_a_bad_baseline(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_baseline(text)


def test_pending_then_verdicts() -> None:
    judge = Judge(None, tolerance=0.05, min_labels=30)
    assert judge.judge(GOOD, 100) == ("pending", {}, ())
    assert not judge.offer(GOOD, 29)
    assert judge.judge(GOOD, 100)[0] == "pending"
    assert judge.offer(GOOD, 30)
    assert judge.judge(GOOD, 100) == ("ok", {}, ())
    assert judge.judge(GOOD, 29)[0] == "too_few"
    verdict, alerts, _ = judge.judge(GOOD | {"recall": 0.6}, 100)
    assert verdict == "warning"
    assert alerts["recall"] == {"current": 0.6, "threshold": 0.665, "baseline": 0.7, "drop_percent": 14.29}
    assert judge.judge(GOOD | {"recall": 0.6, "f1_score": 0.65}, 100)[0] == "critical"


def test_tolerance() -> None:
    judge = Judge({"recall": 0.7}, tolerance=0.2, min_labels=1)
    assert judge.judge(GOOD | {"recall": 0.57}, 10)[0] == "ok"
    assert judge.judge(GOOD | {"recall": 0.55}, 10)[0] == "warning"


def test_an_undefined_metric_is_listed_as_missing() -> None:
    judge = Judge({"recall": 0.7, "roc_auc": 0.9}, tolerance=0.05, min_labels=1)
    assert judge.judge(GOOD | {"roc_auc": None}, 10) == ("ok", {}, ("roc_auc",))


def test_undefined_metrics_make_no_baseline() -> None:
    judge = Judge(None, tolerance=0.05, min_labels=1)
    assert not judge.offer({"recall": None}, 10)
    assert judge.offer({"recall": None, "accuracy": 0.5}, 10)
    assert judge.baseline == {"accuracy": 0.5}


def test_levels() -> None:
    assert [reached(verdict, "warning") for verdict in ("ok", "warning", "critical", "pending", "too_few")] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert not reached("warning", "critical")
