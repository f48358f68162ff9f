"""Bad rows in a batch: the whole batch is refused, or they are left out, reported and counted."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import numpy as np
import pytest

from truthlag import IngestReport, ModelPerformanceTracker

NOW = datetime.datetime(2024, 5, 5, 12)
IDS: list[Any] = ["a", "b", "c", "d", "e"]

#: For each column: what is good, what is bad in one row, the error, and words that say what is allowed.
BAD: list[tuple[str, Any, Any, type[Exception], list[str]]] = [
    ("request_ids", IDS, "", ValueError, ["empty"]),
    ("request_ids", IDS, "x" * 2000, ValueError, ["1024", "2000"]),
    ("request_ids", IDS, 1.5, TypeError, ["str", "bytes", "int", "UUID", "1.5", "float"]),
    ("request_ids", IDS, None, TypeError, ["str", "bytes", "int", "UUID", "None"]),
    ("request_ids", IDS, True, TypeError, ["str", "True", "bool"]),
    ("predictions", [1, 0, 1, 0, 1], 2, ValueError, ["0 or 1", "2"]),
    ("predictions", [1, 0, 1, 0, 1], None, TypeError, ["0 or 1", "None"]),
    ("predictions", [1, 0, 1, 0, 1], "yes", TypeError, ["0 or 1", "'yes'", "str"]),
    ("scores", [0.5] * 5, float("inf"), ValueError, ["finite", "65536", "inf"]),
    ("scores", [0.5] * 5, float("nan"), ValueError, ["finite"]),
    ("scores", [0.5] * 5, 70_000, ValueError, ["65536", "70000"]),
    ("scores", [0.5] * 5, "high", TypeError, ["finite number", "'high'"]),
    ("features", [{"x": 1}] * 5, [1], TypeError, ["dict", "list"]),
    ("features", [{"x": 1}] * 5, {"x": {1}}, TypeError, ["set"]),
    ("timestamps", [NOW] * 5, -5, ValueError, ["1970"]),
    ("timestamps", [NOW] * 5, datetime.datetime(1960, 1, 1), ValueError, ["1970"]),
    ("timestamps", [NOW] * 5, datetime.datetime(2035, 1, 1), ValueError, ["10 years", "clock"]),
    ("timestamps", [NOW] * 5, "now", TypeError, ["datetime", "'now'"]),
    ("timestamps", [NOW] * 5, None, TypeError, ["datetime", "None"]),
    ("actuals", [1, 0, 1, 0, 1], 0.5, ValueError, ["0 or 1", "0.5"]),
    ("actuals", [1, 0, 1, 0, 1], "no", TypeError, ["0 or 1", "'no'"]),
]


@pytest.fixture
def tracker() -> ModelPerformanceTracker:
    tracker = ModelPerformanceTracker("m", retention=None, clock=lambda: NOW)
    tracker.log_prediction("b", 1, 0.125, {"before": 1})
    tracker.log_ground_truth("d", 0)
    return tracker


def content(tracker: ModelPerformanceTracker) -> Any:
    return tracker.counters(), dict(tracker.predictions), dict(tracker.ground_truths)


def log(tracker: ModelPerformanceTracker, argument: str, column: Any, **more: Any) -> IngestReport:
    if argument == "actuals":
        return tracker.log_ground_truths(IDS, column, **more)
    return tracker.log_predictions(**{"request_ids": IDS, "predictions": [0, 1, 0, 1, 0]} | {argument: column}, **more)


@pytest.mark.parametrize("row", [0, 2, 4])
@pytest.mark.parametrize(("argument", "good", "bad", "error", "words"), BAD, ids=lambda one: str(one)[:20])
def test_a_bad_row_refuses_the_batch(
    tracker: ModelPerformanceTracker,
    argument: str,
    good: list[Any],
    bad: Any,
    error: type[Exception],
    words: list[str],
    row: int,
) -> None:
    before = content(tracker)
    for make in (list, tuple):
        if error is TypeError and argument == "timestamps" and make is tuple:
            continue
        with pytest.raises(error) as caught:
            log(tracker, argument, make([*good[:row], bad, *good[row + 1 :]]))
        message = str(caught.value)
        assert message.startswith(f"{argument}[{row}] "), message
        assert all(word in message for word in words), message
        assert content(tracker) == before


@pytest.mark.parametrize("row", [0, 2, 4])
@pytest.mark.parametrize(("argument", "good", "bad", "error", "words"), BAD, ids=lambda one: str(one)[:20])
def test_a_bad_row_is_left_out(
    tracker: ModelPerformanceTracker,
    argument: str,
    good: list[Any],
    bad: Any,
    error: type[Exception],
    words: list[str],
    row: int,
) -> None:
    report = log(tracker, argument, [*good[:row], bad, *good[row + 1 :]], on_error="skip")
    assert (report.accepted, report.skipped, report.rejected) == (4, 0, 1)
    ((number, reason),) = report.errors
    assert number == row
    assert type(number) is int
    assert reason.startswith(f"{argument}[{row}] ")
    assert all(word in reason for word in words), reason
    assert tracker.counters()["rejected"] == 1
    # The others are there.
    other = ModelPerformanceTracker("m", retention=None, clock=lambda: NOW)
    other.log_prediction("b", 1, 0.125, {"before": 1})
    other.log_ground_truth("d", 0)
    kept = [number for number in range(5) if number != row]
    ids = [IDS[number] for number in kept]
    column = [good[number] for number in kept]
    if argument == "actuals":
        other.log_ground_truths(ids, column)
    else:
        arguments = {"request_ids": ids, "predictions": [number % 2 for number in kept]}
        other.log_predictions(**arguments | {argument: column})
    assert content(tracker) == (content(other)[0] | {"rejected": 1}, *content(other)[1:])


def test_several_bad_rows_in_several_columns(tracker: ModelPerformanceTracker) -> None:
    report = tracker.log_predictions(
        ["", "b", "c", "d", 1.5],
        [1, 2, 0, 1, 1],
        [float("nan"), 0.5, 0.5, 70_000, "x"],
        timestamps=[-1, NOW, NOW, NOW, NOW],
        on_error="skip",
    )
    assert (report.accepted, report.rejected) == (1, 4)
    assert [row for row, _ in report.errors] == [0, 1, 3, 4]
    assert set(tracker.predictions) == {"b", "c"}
    assert tracker.predictions["b"]["score"] == 0.125, "its row was left out"


def test_null_labels_are_skipped_and_bad_ones_rejected(tracker: ModelPerformanceTracker) -> None:
    report = tracker.log_ground_truths(["a", "", "c", "d", "e"], [None, 1, 5, float("nan"), 1], on_error="skip")
    assert (report.accepted, report.skipped, report.rejected) == (1, 2, 2)
    assert [row for row, _ in report.errors] == [1, 2]
    counters = tracker.counters()
    assert (counters["skipped"], counters["rejected"]) == (2, 2)
    assert tracker.ground_truths["d"]["actual"] == 0, "a null label takes nothing back"


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("bad", ["", None, 1.5, "x" * 2000])
def test_the_id_of_a_null_label_is_not_judged(tracker: ModelPerformanceTracker, bad: Any, on_error: str) -> None:
    report = tracker.log_ground_truths(["a", bad], [1, None], on_error=on_error)
    assert report == IngestReport(accepted=1, skipped=1, rejected=0, errors=())
    with pytest.raises((TypeError, ValueError), match=r"request_ids\[1\]"):
        tracker.log_ground_truths(["a", bad, "c"], [1, 1, None])


NO_TIMES: list[Any] = [
    [5, None, float("nan")],
    (5, np.datetime64("NaT"), -1),
    np.array([5, np.nan, np.nan]),
    np.array([5, "NaT", "NaT"], dtype="M8[s]"),
]


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("times", NO_TIMES, ids=lambda one: str(one)[:20])
def test_the_time_of_a_null_label_is_not_judged(tracker: ModelPerformanceTracker, times: Any, on_error: str) -> None:
    report = tracker.log_ground_truths(["a", "b", "c"], [1, None, float("nan")], timestamps=times, on_error=on_error)
    assert report == IngestReport(accepted=1, skipped=2, rejected=0, errors=())
    assert tracker.ground_truths["a"]["timestamp"] == "1970-01-01T00:00:05"
    before = content(tracker)
    with pytest.raises((TypeError, ValueError), match=r"timestamps\[1\]"):
        tracker.log_ground_truths(["a", "b", "c"], [1, 1, None], timestamps=times)
    assert content(tracker) == before
    report = tracker.log_ground_truths(["a", "b", "c"], [1, 1, None], timestamps=times, on_error="skip")
    assert (report.accepted, report.skipped, report.rejected) == (1, 1, 1)


def test_the_row_of_a_bad_label_is_counted_once(tracker: ModelPerformanceTracker) -> None:
    report = tracker.log_ground_truths(["a", ""], [None, 5], timestamps=[None, None], on_error="skip")
    assert (report.accepted, report.skipped, report.rejected) == (0, 1, 1)
    assert report.errors[0][1].startswith("actuals[1] ")


def test_counts_add_up_over_batches(tracker: ModelPerformanceTracker) -> None:
    for _ in range(3):
        tracker.log_predictions(["x", ""], [1, 1], on_error="skip")
        tracker.log_ground_truths(["x", "y"], [None, 7], on_error="skip")
    counters = tracker.counters()
    assert (counters["rejected"], counters["skipped"]) == (6, 3)


def test_a_report_names_the_first_thousand(tracker: ModelPerformanceTracker) -> None:
    size = 5000
    ids = [f"r{row}" if row % 2 else "" for row in range(size)]
    report = tracker.log_predictions(ids, np.ones(size), on_error="skip")
    assert (report.accepted, report.rejected) == (2500, 2500)
    assert [row for row, _ in report.errors] == list(range(0, 2000, 2))
    # Columns are checked one after the other; the first rows are the first rows all the same.
    values = np.where(np.arange(size) % 3 == 0, 9, 1)
    report = tracker.log_predictions(ids, values, on_error="skip")
    bad = [row for row in range(size) if row % 2 == 0 or row % 3 == 0]
    assert report.rejected == len(bad)
    assert [row for row, _ in report.errors] == bad[:1000]


def test_all_rows_bad(tracker: ModelPerformanceTracker) -> None:
    before = content(tracker)
    report = tracker.log_predictions(["", ""], [1, 1], on_error="skip")
    assert (report.accepted, report.rejected) == (0, 2)
    assert content(tracker)[1:] == before[1:]


def test_a_bad_row_at_the_end_of_a_long_batch_refuses_all_of_it(tracker: ModelPerformanceTracker) -> None:
    before = content(tracker)
    size = 50_000
    values = np.ones(size)
    values[-1] = 3
    with pytest.raises(ValueError, match=rf"predictions\[{size - 1}\]"):
        tracker.log_predictions(np.arange(size), values)
    assert content(tracker) == before


@pytest.mark.parametrize("mode", ["ignore", "", "RAISE", "coerce"])
def test_other_modes_are_refused(tracker: ModelPerformanceTracker, mode: str) -> None:
    with pytest.raises(ValueError, match=r"on_error.*raise.*skip"):
        tracker.log_predictions(["x"], [1], on_error=mode)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"on_error.*raise.*skip"):
        tracker.log_ground_truths(["x"], [1], on_error=None)  # type: ignore[arg-type]
    assert tracker.counters()["predictions"] == 1


def test_a_report_is_frozen_and_plain() -> None:
    report = IngestReport(accepted=1, skipped=2, rejected=3, errors=((0, "because"),))
    assert dataclasses.is_dataclass(report)
    assert [field.name for field in dataclasses.fields(report)] == ["accepted", "skipped", "rejected", "errors"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.accepted = 5  # type: ignore[misc]


def test_an_unknown_argument_is_refused(tracker: ModelPerformanceTracker) -> None:
    with pytest.raises(TypeError, match="score"):
        tracker.log_predictions(["x"], [1], score=[0.5])  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        tracker.log_predictions(["x"], [1], None, [{}])  # type: ignore[misc]


@pytest.mark.parametrize(
    ("argument", "allowed"),
    [
        ("request_ids", "ids: str, bytes, int or uuid.UUID"),
        ("predictions", "0 and 1, as int, bool or float"),
        ("scores", "finite numbers"),
        ("timestamps", "times: datetime, numpy.datetime64, or int or float seconds since the epoch"),
    ],
)
def test_arrays_of_other_kinds_say_what_is_allowed(argument: str, allowed: str) -> None:
    columns: dict[str, Any] = {"request_ids": ["a"], "predictions": [1]}
    tracker = ModelPerformanceTracker("m")
    with pytest.raises(TypeError) as raised:
        tracker.log_predictions(**{**columns, argument: np.array([1j])})
    assert str(raised.value) == f"{argument} must hold {allowed}, got a numpy array of dtype complex128"
    assert len(tracker.predictions) == 0
