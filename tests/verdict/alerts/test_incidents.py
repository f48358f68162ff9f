"""What opens an incident, what closes it, and what belongs to it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.verdict.alerts.scenario import AT_ONCE, HOUR, at, kinds
from truthlag import AlertPolicy
from truthlag.alerts import Threshold


def test_what_falls_together_is_told_once() -> None:
    policy = AlertPolicy(**AT_ONCE)
    report = {"accuracy": "warning", "f1_score": "critical", "recall": "ok"}
    (told,) = policy.observe_report(report, model="m", at=at(0))
    assert [metric.name for metric in told.incident.metrics] == ["accuracy", "f1_score"]
    assert told.severity == "critical"
    # One that follows joins in silence, and is there in what is told next.
    assert policy.observe("m", "precision", "critical", at(1)) == ()
    assert policy.observe_report({"accuracy": "ok", "f1_score": "ok"}, model="m", at=at(2)) == ()
    (over,) = policy.observe("m", "precision", "ok", at(3))
    assert (over.kind, over.incident.id) == ("recovered", told.incident.id)
    assert [(one.name, one.ended) for one in over.incident.metrics] == [
        ("accuracy", at(2)),
        ("f1_score", at(2)),
        ("precision", at(3)),
    ]


def test_grouped_by_metric_each_has_its_own() -> None:
    policy = AlertPolicy(**AT_ONCE, group_by="metric")
    assert len(policy.observe_report({"accuracy": "critical", "f1_score": "critical"}, model="m", at=at(0))) == 2
    assert len(policy.incidents("open")) == 2


def test_an_alarm_and_a_check_of_one_model_are_one_incident() -> None:
    policy = AlertPolicy(**AT_ONCE, alarm_lasts=5 * HOUR)
    policy.observe_alarm("m", "error", at(10), first_bad=at(4), evidence={"statistic": np.float64(7.5)})
    assert policy.observe("m", "error", "critical", at(11)) == ()
    (incident,) = policy.incidents()
    assert (incident.first_bad, incident.start, incident.state) == (at(4), at(10), "open")
    assert incident.evidence[0].details == {"statistic": 7.5}
    # Another alarm begins the time anew, and does not change since when it is bad.
    assert policy.observe_alarm("m", "error", at(14), first_bad=at(13)) == ()
    assert policy.incidents()[0].first_bad == at(4)
    (told,) = policy.observe("m", "error", "ok", at(15))
    assert (told.kind, told.incident.end, told.incident.first_bad) == ("recovered", at(15), at(4))
    assert policy.tick(at(30)) == ()


def test_an_alarm_that_lapses_has_not_recovered() -> None:
    policy = AlertPolicy(**AT_ONCE, alarm_lasts=5 * HOUR)
    policy.observe_alarm("m", "error", at(10))
    assert policy.tick(at(14.9)) == ()
    (told,) = policy.tick(at(15))
    assert told.text == "closed: m: error after 5 h, no alarm for 5 h"
    assert (told.incident.ended_by, policy.counters()["lapsed"], policy.counters()["recovered"]) == ("lapsed", 1, 0)
    assert str(told.incident).splitlines()[0].endswith("m, critical, lapsed")
    assert "over since 2026-03-01 15:00" in str(told.incident)


def test_an_alarm_stands_until_looks_at_the_same_metric_are_good() -> None:
    policy = AlertPolicy(cool_down=HOUR, close_looks=2, repeat_every=None)
    policy.observe_alarm("m", "error", at(0), first_bad=at(-3))
    assert [told for day in range(1, 40) for told in policy.tick(at(24 * day))] == []
    # Another metric, another model, one good look, and one from before the alarm say nothing.
    for hour, (model, metric) in enumerate([("m", "recall"), ("n", "error"), ("m", "error")], 24 * 40):
        assert policy.observe(model, metric, "ok", at(hour)) == ()
    assert policy.observe_alarm("m", "error", at(24 * 41)) == ()
    assert policy.observe("m", "error", "ok", at(24 * 41 + 1)) == ()
    restored = AlertPolicy.from_bytes(policy.to_bytes())
    (told,) = restored.observe("m", "error", "ok", at(24 * 41 + 2))
    assert (told.kind, told.incident.evidence[-1].source, told.incident.first_bad) == ("recovered", "check", at(-3))


def test_a_window_that_began_before_the_loss_says_nothing_of_its_end() -> None:
    report = {"error": {"verdict": "ok"}}

    def report_of(begins: float) -> Any:
        return SimpleNamespace(metrics=report, model="m", start=at(begins))

    policy = AlertPolicy(**AT_ONCE)
    policy.observe_alarm("m", "error", at(10), first_bad=at(4))
    assert policy.observe_report(report_of(3.9), at=at(11)) == ()
    assert kinds(policy.observe_report(report_of(4), at=at(12))) == ["recovered"]


def test_a_detector_takes_its_alarm_back() -> None:
    policy = AlertPolicy(**AT_ONCE)
    assert policy.observe_recovery("m", "error", at(0)) == ()
    policy.observe_alarm("m", "error", at(1))
    policy.observe("m", "recall", "critical", at(1))
    assert policy.observe_recovery("m", "error", at(2), evidence={"sentence": "good"}) == ()
    (incident,) = policy.incidents()
    assert [(one.name, one.ended) for one in incident.metrics] == [("error", at(2)), ("recall", None)]
    assert (incident.evidence[-1].verdict, incident.evidence[-1].sentence) == ("ok", "good")
    assert kinds(policy.observe("m", "recall", "ok", at(3))) == ["recovered"]


def test_an_incident_that_falls_again_soon_is_the_same_one() -> None:
    policy = AlertPolicy(open_looks=1, close_looks=1, cool_down=HOUR, reopen_within=6 * HOUR)
    (first,) = policy.observe("m", "x", "warning", at(0))
    assert kinds(policy.observe("m", "x", "ok", at(1))) == ["recovered"]
    (again,) = policy.observe("m", "x", "warning", at(7))
    assert (again.kind, again.incident.id, again.incident.reopened) == ("reopened", first.incident.id, 1)
    assert again.incident.end is None and again.incident.start == at(0)
    assert kinds(policy.observe("m", "x", "ok", at(8))) == ["recovered"]
    (other,) = policy.observe("m", "x", "warning", at(14.5))
    assert (other.kind, other.incident.id != first.incident.id) == ("opened", True)


def test_undecided_looks_are_none() -> None:
    policy = AlertPolicy(open_looks=2, close_looks=2)
    policy.observe("m", "x", "critical", at(0))
    for verdict in ("undecided", "immature", "no_data"):
        assert policy.observe("m", "x", verdict, at(len(verdict))) == ()
    assert kinds(policy.observe("m", "x", "critical", at(20))) == ["opened"]


def test_other_thresholds_to_close_than_to_open() -> None:
    policy = AlertPolicy(**AT_ONCE, open_at="critical", close_at="warning")
    assert policy.observe("m", "x", "warning", at(0)) == ()
    assert kinds(policy.observe("m", "x", "critical", at(1))) == ["opened"]
    assert kinds(policy.observe("m", "x", "warning", at(2))) == ["recovered"]

    band = Threshold(0.80, close=0.85)
    found = [
        kinds(policy.observe_value("n", "x", value, band, at(hour)))
        for hour, value in enumerate((0.82, 0.80, 0.84, float("nan"), None, 0.85))
    ]
    assert found == [[], ["opened"], [], [], [], ["recovered"]]
    assert policy.incidents()[1].peak.loss == pytest.approx(0.05)


def test_the_worst_look_is_the_peak() -> None:
    policy = AlertPolicy(**AT_ONCE)
    looks = [("warning", 0.05), ("critical", 0.01), ("critical", 0.09), ("warning", 0.5), ("critical", 0.02)]
    for hour, (verdict, loss) in enumerate(looks):
        seen = {"loss": {"value": loss, "low": 0.0, "high": 1.0}, "baseline": 0.9, "margin": 0.02}
        policy.observe("m", "x", verdict, at(hour), evidence=seen)
    (incident,) = policy.incidents()
    assert (incident.peak.at, incident.peak.loss, incident.peak.relative_loss) == (at(2), 0.09, pytest.approx(4.5))
    assert incident.peak.details["loss"] == {"value": 0.09, "low": 0.0, "high": 1.0}
    assert (incident.severity, incident.peak_severity) == ("critical", "critical")


def test_an_incident_is_headed_by_how_bad_it_is() -> None:
    policy = AlertPolicy(open_looks=1, close_looks=1, reopen_within=6 * HOUR)
    headings = []
    for hour, verdict in enumerate(["warning", "critical", "ok", "warning", "ok"]):
        policy.observe("m", "x", verdict, at(hour))
        (incident,) = policy.incidents()
        headings.append(str(incident).splitlines()[0].split(": ")[1])
    assert headings == [
        "m, warning, open",
        "m, critical, open",
        "m, critical, recovered",
        "m, warning (critical at the worst), open",
        "m, critical, recovered",
    ]


def test_ids_are_the_same_whenever_the_same_happens() -> None:
    def run() -> list[str]:
        policy = AlertPolicy(**AT_ONCE)
        told = [policy.observe("m", "x", verdict, at(hour)) for hour, verdict in enumerate(["critical", "ok"] * 3)]
        return [one.key for some in told for one in some]

    assert run() == run()
    assert len(set(run())) == 6
