"""The options of a tracker and the spans of a window: what is allowed is said in full."""

from __future__ import annotations

import datetime
import sys
from typing import Any

import numpy as np
import pytest

from truthlag import ModelPerformanceTracker


@pytest.mark.parametrize("option", ["max_predictions", "max_orphan_labels"])
@pytest.mark.parametrize("kind", [int, np.int8, np.uint64, np.int32])
def test_limits_are_integers(option: str, kind: Any) -> None:
    tracker = ModelPerformanceTracker("m", **{option: kind(2)})
    tracker.log_predictions(list(range(5)), [1] * 5)
    tracker.log_ground_truths(list(range(5, 10)), [1] * 5)
    counters = tracker.counters()
    assert counters["predictions" if option == "max_predictions" else "orphan_labels"] == 2


@pytest.mark.parametrize("option", ["max_predictions", "max_orphan_labels"])
@pytest.mark.parametrize(
    ("bad", "error"),
    [(2**70, ValueError), (-1, ValueError), (np.int64(-1), ValueError)]
    + [(one, TypeError) for one in (True, np.True_, 2.0, np.float64(2), "2")],
    ids=repr,
)
def test_other_limits_are_refused(option: str, bad: Any, error: type[Exception]) -> None:
    least = 1 if option == "max_predictions" else 0
    with pytest.raises(error, match=rf"{option} must be an int from {least} to {2 * sys.maxsize + 1}, got .*"):
        ModelPerformanceTracker("m", **{option: bad})


@pytest.mark.parametrize("bad", [0, 120, 1.5, datetime.timedelta(0), datetime.timedelta(days=-1), "day"], ids=repr)
def test_retention_is_a_span_above_zero(bad: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="retention must be a timedelta above zero, or None, got "):
        ModelPerformanceTracker("m", retention=bad)


@pytest.mark.parametrize("argument", ["window", "min_age"])
def test_a_number_for_a_span_is_answered_with_hours(argument: str) -> None:
    tracker = ModelPerformanceTracker("m")
    for hours, shown in ((24, "24"), (1.5, "1.5"), (np.int64(3), "3")):
        with pytest.raises(TypeError, match=rf"{argument} must be a timedelta .*timedelta\(hours={shown}\).*, got "):
            tracker.snapshot(**{argument: hours})  # type: ignore[arg-type]
    for other in (True, "24", float("nan"), 10**400):
        with pytest.raises(TypeError, match=rf"{argument} must be a timedelta of at least zero, or None, got "):
            tracker.snapshot(**{argument: other})  # type: ignore[arg-type]
