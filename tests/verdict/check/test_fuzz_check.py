"""Any object in any argument of the detector: only documented errors, and what raises changes nothing."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.api.anything import ANYTHING
from tests.api.mischief import Mischief
from tests.verdict.check.logs import Log
from truthlag import DegradationDetector, RollingBaseline, SeasonalBaseline

TRACKER = Log.of(1, 400).tracker()
SNAPSHOT = TRACKER.snapshot()
NOW = datetime(2026, 3, 2)

CONSTRUCTOR: dict[str, Any] = {
    "baseline_metrics": {"accuracy": 0.9, "recall": (9, 10)},
    "metrics": ["accuracy"],
    "directions": {"accuracy": "higher"},
    "margins": {"accuracy": 0.01},
    "alpha": 0.05,
    "n": 100,
}
CHECK: dict[str, Any] = {
    "snapshot_or_tracker": TRACKER,
    "window": timedelta(days=3),
    "min_age": timedelta(days=1),
    "min_coverage": 0.5,
    "labels": "both",
    "now": NOW,
}
REBASELINE: dict[str, Any] = {"baseline_metrics": {"accuracy": 0.9}, "n": 10, "note": "new", "now": NOW}
ROLLING: dict[str, Any] = {"tracker": TRACKER, "window": timedelta(days=3), "gap": timedelta(0)}
SEASONAL: dict[str, Any] = {"tracker": TRACKER, "weeks": 2, "gap": timedelta(0), "by": "hour", "time_zone": UTC}

fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
# An error that an object itself raises while it is asked is the caller's own.
documented = contextlib.suppress(TypeError, ValueError, Mischief)
ignore = pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")


@ignore
@pytest.mark.parametrize("argument", CONSTRUCTOR)
@fuzz
@given(odd=ANYTHING)
def test_the_constructor_and_a_check(argument: str, odd: Any) -> None:
    with documented:
        detector = DegradationDetector(**{**CONSTRUCTOR, argument: odd})
        detector.check(SNAPSHOT).to_dict()


@ignore
@pytest.mark.parametrize("argument", CONSTRUCTOR)
@fuzz
@given(odd=ANYTHING)
def test_entries_of_mappings(argument: str, odd: Any) -> None:
    with documented:
        detector = DegradationDetector(**{**CONSTRUCTOR, argument: {"accuracy": odd}})
        detector.check(SNAPSHOT).to_dict()


@ignore
@pytest.mark.parametrize("argument", CHECK)
@fuzz
@given(odd=ANYTHING)
def test_a_check(argument: str, odd: Any) -> None:
    detector = DegradationDetector(SNAPSHOT, metrics=["accuracy"])
    with documented:
        str(detector.check(**{**CHECK, argument: odd}))
        assert len(detector.history) == 1
        return
    assert detector.history == []


@ignore
@fuzz
@given(odd=ANYTHING)
def test_entries_of_current_metrics(odd: Any) -> None:
    with documented:
        str(
            DegradationDetector({"accuracy": 0.9, "roc_auc": 0.8}, margins=0.1).check({"accuracy": odd, "roc_auc": odd})
        )


@ignore
@pytest.mark.parametrize("argument", REBASELINE)
@fuzz
@given(odd=ANYTHING)
def test_another_baseline(argument: str, odd: Any) -> None:
    detector = DegradationDetector(SNAPSHOT)
    before = detector.baseline
    with documented:
        detector.rebaseline(**{**REBASELINE, argument: odd})
        assert len(detector.history) == 1
        return
    assert detector.history == [] and detector.baseline == before


@ignore
@pytest.mark.parametrize(("make", "arguments"), [(RollingBaseline, ROLLING), (SeasonalBaseline, SEASONAL)])
@fuzz
@given(odd=ANYTHING)
def test_baselines_that_follow(make: Any, arguments: dict[str, Any], odd: Any) -> None:
    for argument in arguments:
        with documented:
            DegradationDetector(make(**{**arguments, argument: odd})).check(TRACKER, window=timedelta(days=1), now=NOW)
