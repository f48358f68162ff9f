"""An error shows the value that it refuses, as far as that is safe and short."""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy as np
import pytest

from tests.api import mischief
from truthlag import ModelPerformanceTracker
from truthlag.call.described import described


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (-1, "-1 of type int"),
        (True, "True of type bool"),
        ("24", "'24' of type str"),
        (b"24", "b'24' of type bytes"),
        (float("nan"), "nan of type float"),
        (np.int8(-3), f"{np.int8(-3)!r} of type int8"),
        (datetime.timedelta(1), "datetime.timedelta(days=1) of type timedelta"),
        ([1], "an object of type list"),
        (np.array([1]), "an object of type ndarray"),
        (mischief.NoText(), "an object of type NoText"),
        (mischief.WeirdText("x"), "an object of type WeirdText"),
        ("x" * 79, f"'{'x' * 79}... of type str"),
        ("x" * 78, f"'{'x' * 78}' of type str"),
        ("x" * 10**6, f"'{'x' * 79}... of type str"),
        (10**400, f"1{'0' * 79}... of type int"),
        (10**5000, "an object of type int"),
    ],
    ids=range(17),
)
def test_values(value: Any, shown: str) -> None:
    assert described(value) == shown


def test_no_object_makes_it_fail_or_long() -> None:
    for odd in mischief.odd_objects():
        assert len(described(odd)) < 200


@pytest.mark.parametrize(
    "value",
    [-1, "24", 10**400, 2.5, np.float32(0.5), b"x", "x" * 500, datetime.timedelta(1), [1], object()],
    ids=range(10),
)
def test_it_says_what_the_core_says(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="max_predictions") as caught:
        ModelPerformanceTracker("m", max_predictions=value)
    assert str(caught.value).endswith(f"got {described(value)}")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model_name": 5}, TypeError, "model_name must be a str, got 5 of type int"),
        ({"model_version": None}, TypeError, "model_version must be a str, got None"),
        ({"history_limit": None}, TypeError, "history_limit must be an int of at least 0, got None"),
        ({"history_limit": 5.0}, TypeError, "history_limit must be an int of at least 0, got 5.0 of type float"),
        ({"history_limit": True}, TypeError, "history_limit must be an int of at least 0, got True of type bool"),
        ({"history_limit": np.timedelta64(5)}, TypeError, "history_limit must be an int of at least 0, got "),
        ({"history_limit": np.bool_(1)}, TypeError, "history_limit must be an int of at least 0, got "),
        ({"history_limit": -1}, ValueError, "history_limit must be an int of at least 0, got -1 of type int"),
        ({"history_limit": np.int8(-1)}, ValueError, "history_limit must be an int of at least 0, got "),
        ({"history_limit": -(10**5000)}, ValueError, "history_limit must be an int of at least 0, got "),
    ],
    ids=range(10),
)
def test_the_constructor(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        ModelPerformanceTracker(**({"model_name": "m"} | options))


@pytest.mark.parametrize("limit", [2, np.int64(2), np.uint8(2)])
def test_a_limit_of_numpy(limit: Any) -> None:
    tracker = ModelPerformanceTracker("m", history_limit=limit)
    tracker.log_prediction("a", 1, 0.5)
    tracker.log_ground_truth("a", 1)
    for _ in range(4):
        tracker.compute_metrics()
    assert len(tracker.metrics_history) == 2
    assert ModelPerformanceTracker.from_bytes(tracker.to_bytes()).metrics_history == tracker.metrics_history


def test_a_limit_beyond_any_list_can_be_saved() -> None:
    ModelPerformanceTracker.from_bytes(ModelPerformanceTracker("m", history_limit=10**5000).to_bytes())


@pytest.mark.parametrize(
    ("hours", "error", "shown"),
    [
        (-1, ValueError, "-1 of type int"),
        (-0.5, ValueError, "-0.5 of type float"),
        (float("nan"), ValueError, "nan of type float"),
        (10**10, ValueError, "10000000000 of type int"),
        (10**400, ValueError, f"1{'0' * 79}... of type int"),
        ("24", TypeError, "'24' of type str"),
        (None, TypeError, "None"),
        (True, TypeError, "True of type bool"),
        (datetime.timedelta(1), TypeError, "datetime.timedelta(days=1) of type timedelta"),
    ],
    ids=range(9),
)
def test_window_hours(hours: Any, error: type[Exception], shown: str) -> None:
    with pytest.raises(error) as caught:
        ModelPerformanceTracker("m").compute_metrics(hours)
    assert str(caught.value) == f"window_hours must be a number of hours from 0 to 1000000000, got {shown}"
