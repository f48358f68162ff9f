"""Any object in any argument of the detectors: only documented errors, and what raises changes nothing."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.api.anything import ANYTHING
from tests.api.mischief import Mischief
from truthlag import detectors
from truthlag.verdict.detectors.watched import WatchedDetector

fuzz = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
# An error that an object itself raises while it is asked is the caller's own.
documented = contextlib.suppress(TypeError, ValueError, Mischief)
ignore = pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
NEEDED: dict[str, dict[str, Any]] = {
    "CUSUM": {"target": 0.2, "standard_deviation": 0.4},
    "EWMA": {"target": 0.2, "standard_deviation": 0.4},
    "EDetector": {"baseline": 0.2},
    "EProcess": {"baseline": 0.2},
    "HarmfulShift": {"errors": 20, "n": 100, "tolerance": 0.05},
}
KINDS = [
    name
    for name in detectors.__all__
    if inspect.isclass(kind := getattr(detectors, name)) and issubclass(kind, WatchedDetector)
]
PARAMETERS = [
    (name, parameter)
    for name in KINDS
    for parameter in inspect.signature(getattr(detectors, name).__init__).parameters
    if parameter != "self"
]


@ignore
@pytest.mark.parametrize(("name", "parameter"), PARAMETERS, ids=lambda value: value)
@fuzz
@given(odd=ANYTHING)
def test_any_parameter(name: str, parameter: str, odd: Any) -> None:
    with documented:
        detector = getattr(detectors, name)(**{**NEEDED.get(name, {}), parameter: odd})
        detector.update_many([0, 1, 0, 1, 1])
        again = type(detector).from_bytes(detector.to_bytes())
        assert again.to_bytes() == detector.to_bytes()


@ignore
@pytest.mark.parametrize("name", KINDS)
@fuzz
@given(odd=ANYTHING)
def test_any_value(name: str, odd: Any) -> None:
    detector = getattr(detectors, name)(**NEEDED.get(name, {}))
    detector.update_many([0, 1, 1])
    for call in (
        detector.update,
        detector.update_many,
        lambda value: detector.update_many([0, value, 1]),
        type(detector).from_bytes,
    ):
        before = detector.to_bytes()
        try:
            call(odd)
        except (TypeError, ValueError, Mischief):
            assert detector.to_bytes() == before
