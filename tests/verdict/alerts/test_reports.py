"""Reports of detectors of any class."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verdict.alerts.scenario import at
from truthlag import AlertPolicy


def test_reports_of_other_classes() -> None:
    class Result:
        verdict = "critical"
        sentence = "accuracy fell"
        first_bad = at(-5)

        def to_dict(self) -> dict[str, Any]:
            return {"metric": "accuracy", "verdict": "critical", "current": {"value": 0.8, "low": 0.7}, "p_value": 0.01}

    class Report:
        model = "m"
        now = at(0)

        def __init__(self) -> None:
            self.metrics = {"accuracy": Result()}

    (told,) = AlertPolicy(open_looks=1).observe_report(Report())
    assert (told.at, told.incident.model, told.incident.first_bad) == (at(0), "m", at(-5))
    peak = told.incident.peak
    assert (peak.value, peak.p_value, peak.sentence) == (0.8, 0.01, "accuracy fell")
    assert told.text == "critical opened: m: accuracy worse since 2026-02-28 19:00; accuracy fell"
    policy = AlertPolicy(clock=lambda: at(0))
    for report, error, message in [
        (3, TypeError, "report must be a mapping of metrics to results with a verdict"),
        ({"x": 3}, TypeError, "report must have a verdict for each metric, got none for 'x'"),
        ({"x": "bad"}, ValueError, "verdict must be one of 'ok'"),
        ({3: "ok"}, TypeError, "metric must be a str"),
    ]:
        with pytest.raises(error, match=message):
            policy.observe_report(report, model="m")
    with pytest.raises(ValueError, match=r"^model must be given"):
        policy.observe_report({"x": "ok"})
    assert policy.counters()["observations"] == 0


def test_reports_that_fail_when_they_are_asked() -> None:
    class Broken:
        verdict = "critical"

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def to_dict(self) -> Any:
            raise RuntimeError

    policy = AlertPolicy(open_looks=1, clock=lambda: at(0))
    (told,) = policy.observe_report({"x": Broken()}, model="m")
    assert (told.severity, told.at, told.incident.peak.sentence) == ("critical", at(0), "")
    for call in (policy.observe_report, policy.acknowledge, policy.resolve, policy.unmute):
        with pytest.raises(TypeError, match=r"must be .* object of type Broken"):
            call(Broken())
