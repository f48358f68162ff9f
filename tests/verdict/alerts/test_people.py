"""What people do: they acknowledge, resolve and mute."""

from __future__ import annotations

import pytest

from tests.verdict.alerts.scenario import AT_ONCE, HOUR, at, kinds
from truthlag import AlertPolicy


def test_an_acknowledgement_stops_reminders_and_escalation_until_its_end() -> None:
    policy = AlertPolicy(**AT_ONCE, escalate_after=3 * HOUR, repeat_every=4 * HOUR)
    (told,) = policy.observe("m", "x", "warning", at(0))
    assert policy.acknowledge(told.incident.id, at(1), until=at(10), by="Ada", note="looking") == ()
    (incident,) = policy.incidents("acknowledged")
    assert (incident.acknowledged_by, incident.acknowledged_until, incident.note) == ("Ada", at(10), "looking")
    assert "acknowledged  2026-03-01 01:00 by Ada until 2026-03-01 10:00" in str(incident)
    assert policy.tick(at(9)) == ()
    assert kinds(policy.tick(at(10))) == ["escalated"]
    assert policy.incidents()[0].state == "open"


def test_an_acknowledgement_covers_what_was_known() -> None:
    policy = AlertPolicy(**AT_ONCE)
    for model, covers in (("m", None), ("n", "critical")):
        (told,) = policy.observe(model, "x", "warning", at(0))
        policy.acknowledge(told.incident.id, at(1), covers=covers)
    assert kinds(policy.observe("m", "x", "critical", at(2))) == ["escalated"]
    assert policy.observe("n", "x", "critical", at(2)) == ()
    assert kinds(policy.observe("n", "x", "ok", at(3))) == ["recovered"]


def test_a_person_can_end_an_incident() -> None:
    policy = AlertPolicy(open_looks=2)
    policy.observe_alarm("m", "error", at(0))
    (told,) = policy.resolve(policy.incidents()[0].id, at(2), note="rolled back")
    assert (told.kind, told.incident.ended_by, told.incident.note) == ("closed", "resolved", "rolled back")
    with pytest.raises(ValueError, match=r"^incident_id must be that of an open incident, got '"):
        policy.resolve(told.incident.id, at(3))
    # What is bad still must meet the rule anew.
    policy.observe("m", "error", "critical", at(3))
    assert kinds(policy.observe("m", "error", "critical", at(4))) == ["reopened"]


def test_muted_metrics_are_kept_and_told_when_the_mute_ends() -> None:
    policy = AlertPolicy(**AT_ONCE)
    policy.mute("m", "x", at=at(0), until=at(10))
    assert policy.observe("m", "x", "critical", at(1)) == ()
    # What is not muted is told, as bad as it is itself.
    (told,) = policy.observe("m", "y", "warning", at(2))
    assert (told.severity, [metric.name for metric in told.incident.metrics]) == ("warning", ["x", "y"])
    assert policy.tick(at(9.99)) == ()
    assert kinds(policy.tick(at(10))) == ["escalated"]
    everything = policy.mute(at=at(11))
    assert policy.observe_report({"x": "ok", "y": "ok"}, model="m", at=at(12)) == ()
    assert kinds(policy.unmute(everything.id, at(13))) == ["recovered"]
    assert policy.mutes() == ()
    # What began and ended within a mute is never told.
    policy.mute("m", at=at(20), until=at(30))
    policy.observe("m", "x", "critical", at(21))
    policy.observe("m", "x", "ok", at(22))
    assert policy.tick(at(40)) == ()
    assert [one.notified for one in policy.incidents()] == [3, 0]
