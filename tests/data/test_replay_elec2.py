"""The replay of elec2 against pandas and scikit-learn on the same events: every period, every metric, every verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from truthlag.show.commands import truthlag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METRICS = ("accuracy", "precision", "recall", "f1_score", "roc_auc")
BASELINE = pd.Timedelta(days=14)
LEAST_LABELS = 30


@dataclass(frozen=True)
class Case:
    every: str
    window: str
    min_age: str = "0"

    @property
    def options(self) -> list[str]:
        return ["--every", self.every, "--window", self.window, "--min-age", self.min_age, "--format", "json"]


CASES = [Case("7d", "7d"), Case("1d", "7d"), Case("1d", "7d", "3d"), Case("7d", "1d"), Case("36h", "7d", "90m")]


@pytest.fixture(scope="module")
def frame(log_path: Callable[[str], Path]) -> pd.DataFrame:
    log = pd.read_csv(log_path("elec2_prediction_log.csv.gz"))
    for name in ("timestamp", "label_timestamp"):
        log[name] = pd.to_datetime(log[name])
    return log


def replay(path: Path, *options: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(truthlag, ["replay", str(path), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def known_metrics(log: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, now: pd.Timestamp) -> dict[str, Any]:
    """The metrics of the predictions made in [start, end) by the labels that had arrived before `now`."""
    window = log[(log.timestamp >= start) & (log.timestamp < end)]
    known = window[window.label_timestamp < now]
    actual, decided = known.label == 1, known.prediction == 1
    hits, either = (actual & decided).sum(), actual.sum() + decided.sum()
    both_classes = actual.nunique() == 2
    return {
        "predictions": len(window),
        "labels": len(known),
        "coverage": len(known) / len(window) if len(window) else None,
        "accuracy": (actual == decided).mean() if len(known) else None,
        "precision": hits / decided.sum() if decided.any() else None,
        "recall": hits / actual.sum() if actual.any() else None,
        "f1_score": 2 * hits / either if either else None,
        "roc_auc": roc_auc_score(known.label, known.score) if both_classes else None,
    }


def verdict(metrics: dict[str, Any], baseline: dict[str, Any] | None) -> str:
    if baseline is None:
        return "pending"
    if metrics["labels"] < LEAST_LABELS:
        return "too_few"
    alerts = sum(
        metrics[name] is not None and metrics[name] < baseline[name] * 0.95
        for name in METRICS
        if baseline[name] is not None
    )
    return ("ok", "warning", "critical")[min(alerts, 2)]


def expected_rows(log: pd.DataFrame, case: Case) -> list[dict[str, Any]]:
    every, window, min_age = (pd.Timedelta(text.replace("d", "D")) for text in (case.every, case.window, case.min_age))
    first = log.timestamp.min()
    last = max(log.timestamp.max() + min_age, log.label_timestamp.max())
    ready = first + BASELINE + min_age
    baseline = known_metrics(log, first, first + BASELINE, ready)
    assert baseline["labels"] >= LEAST_LABELS
    rows = []
    for start in pd.date_range(first.floor("D"), last, freq=every):
        end = start + every
        row = known_metrics(log, end - min_age - window, end - min_age, end)
        made = ((log.timestamp >= start) & (log.timestamp < end)).sum()
        arrived = ((log.label_timestamp >= start) & (log.label_timestamp < end)).sum()
        row |= {
            "period_start": start,
            "new_predictions": made,
            "new_labels": arrived,
            "verdict": verdict(row, baseline if end >= ready else None),
        }
        rows.append(row)
    return rows


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_period_and_every_metric(case: Case, frame: pd.DataFrame, log_path: Callable[[str], Path]) -> None:
    rows = replay(log_path("elec2_prediction_log.csv.gz"), *case.options)
    expected = expected_rows(frame, case)
    assert len(rows) == len(expected) > 100
    for row, wanted in zip(rows, expected, strict=True):
        where = row["period_start"]
        assert pd.Timestamp(where) == wanted["period_start"]
        for name in ("predictions", "labels", "new_predictions", "new_labels", "verdict"):
            assert row[name] == wanted[name], (where, name)
        for name in ("coverage", *METRICS):
            # Counts are exact, and so is the sum of ranks; what differs is the rounding of the last divisions.
            expected_value = None if wanted[name] is None else pytest.approx(wanted[name], rel=1e-12, abs=1e-15)
            assert row[name] == expected_value, (where, name)


def test_two_files_rows_in_any_order_and_parquet_give_the_same(
    frame: pd.DataFrame, log_path: Callable[[str], Path], temporary_folder: Path
) -> None:
    options = Case("7d", "7d").options
    expected = replay(log_path("elec2_prediction_log.csv.gz"), *options)
    shuffled = frame.sample(frac=1.0, random_state=0)
    shuffled.to_parquet(temporary_folder / "shuffled.parquet")
    assert replay(temporary_folder / "shuffled.parquet", *options) == expected
    predictions, labels = temporary_folder / "predictions.csv.gz", temporary_folder / "labels.parquet"
    frame[["request_id", "timestamp", "prediction", "score"]].to_csv(predictions, index=False)
    by_arrival = frame.dropna(subset=["label_timestamp"]).sort_values("label_timestamp")
    by_arrival[["request_id", "label", "label_timestamp"]].to_parquet(labels)
    assert replay(predictions, "--labels", str(labels), *options) == expected


@pytest.mark.parametrize("min_age", ["0", "2d", "17h", "90d"])
@pytest.mark.parametrize("every", ["1d", "7d", "100h"])
def test_every_prediction_is_in_one_row(every: str, min_age: str, log_path: Callable[[str], Path]) -> None:
    rows = replay(log_path("elec2_prediction_log.csv.gz"), *Case(every, every, min_age).options)
    assert sum(row["predictions"] for row in rows) == sum(row["new_predictions"] for row in rows) == 36_250
