"""Any object in any argument of `watch`: only documented errors, and what raises changes nothing."""

from __future__ import annotations

import contextlib
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.api.anything import ANYTHING
from tests.api.mischief import Mischief
from truthlag import ModelPerformanceTracker

ARGUMENTS: dict[str, Any] = {
    "metric_or_loss": "accuracy",
    "baseline": 0.9,
    "tolerance": 0.01,
    "arl": 1_000,
    "detector": None,
    "min_age": timedelta(hours=1),
    "order": "prediction",
    "on_alarm": print,
    "bound": None,
    "name": "watched",
    "since": None,
}


@pytest.mark.filterwarnings("ignore:watches whose detectors:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("argument", ARGUMENTS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(odd=ANYTHING)
def test_any_argument(argument: str, odd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a function or a detector of the caller's raises while rows are taken is told there.
    monkeypatch.setattr(sys, "unraisablehook", lambda told: None)
    tracker = ModelPerformanceTracker("model", retention=None)
    try:
        watch = tracker.watch(**{**ARGUMENTS, argument: odd})
    except (TypeError, ValueError, Mischief):
        assert tracker.watches == {}
        return
    tracker.log_predictions([1, 2, 3], [1, 0, 1], [0.5, 0.25, 0.75])
    tracker.log_ground_truths([1, 2, 3], [1, 1, 0])
    assert list(tracker.watches) == [watch.name]
    assert tracker.snapshot().sample_size == 3
    with contextlib.suppress(Exception):
        watch.look()
    assert list(ModelPerformanceTracker.from_bytes(tracker.to_bytes()).watches) in ([watch.name], [])
