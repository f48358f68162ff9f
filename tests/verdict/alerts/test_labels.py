"""Incidents of labels that stop, also when whoever reports them stops too."""

from __future__ import annotations

from typing import Any

from tests.verdict.alerts.scenario import AT_ONCE, HOUR, at, kinds
from truthlag import AlertPolicy
from truthlag.alerts import LabelFeed


def test_a_label_feed_that_stops_is_an_incident_of_its_own() -> None:
    policy = AlertPolicy(**AT_ONCE, label_feed=LabelFeed(HOUR, false_alarm_rate=1e-3))
    policy.observe("m", "x", "critical", at(0))
    for hour in range(24 * 10):
        policy.observe_labels("m", 30 + hour % 5, at(hour))
        policy.observe_labels("n", 30, at(hour))
    (told,) = policy.observe_labels("m", 0, at(240))
    assert (told.incident.kind, told.severity, told.incident.metrics[0].name) == ("labels", "critical", "labels")
    assert told.text.startswith("critical opened: m: too few labels since 2026-03-10 23:00; no label in 1 period")
    assert (told.incident.peak.value, round(told.incident.peak.baseline)) == (0, 32)
    policy = AlertPolicy.from_bytes(policy.to_bytes())
    assert policy.observe_labels("n", 30, at(240)) == policy.observe_labels("m", 0, at(241)) == ()
    assert kinds(policy.observe_labels("m", 31, at(242))) == ["recovered"]
    policy.mute("m", "labels", at=at(243))
    assert policy.observe_labels("m", 0, at(243)) == ()


def labelled(**settings: Any) -> AlertPolicy:
    policy = AlertPolicy(**AT_ONCE, **settings)
    for hour in range(24 * 14):
        policy.observe_labels("m", 40, at(hour))
    return policy


def test_a_label_feed_whose_reports_stop_too_is_found_by_tick() -> None:
    policy = labelled(clock=lambda: at(335 + 48))
    assert policy.tick(at(337)) == ()
    policy = AlertPolicy.from_bytes(policy.to_bytes(), clock=lambda: at(335 + 48))
    (told,) = policy.tick()
    assert (told.at, told.incident.kind, told.severity, told.incident.first_bad) == (
        at(383),
        "labels",
        "critical",
        at(335),
    )
    assert told.text.endswith("; not reported since 2026-03-14 23:00")
    # What was filled in has been counted: what comes for it now is late, to the last of it.
    for hour in (350, 382 - 1):
        assert policy.observe_labels("m", 40, at(hour)) == ()
    counters = policy.counters()
    assert (counters["late"], counters["repeated"], counters["observations"]) == (2, 0, 338)
    assert kinds(policy.observe_labels("m", 40, at(383))) == ["recovered"]
    policy.observe_labels("m", 40, at(383))
    assert policy.counters()["repeated"] == 1


def test_a_count_after_a_gap_tells_of_it_where_it_lasts() -> None:
    policy = labelled()
    (told,) = policy.observe_labels("m", 1, at(335 + 60))
    assert (told.severity, told.incident.first_bad) == ("critical", at(335))
    policy = labelled()
    assert policy.observe_labels("m", 40, at(335 + 60)) == ()
    (incident,) = policy.incidents()
    assert (incident.state, incident.first_bad, incident.notified) == ("recovered", at(335), 0)


def test_what_is_ahead_of_time_makes_no_labels_of_others_overdue() -> None:
    policy = labelled(clock=lambda: at(336))
    policy.observe("z", "x", "ok", at(336 + 23))
    assert policy.tick() == ()


def test_a_feed_that_nobody_reports_is_forgotten_at_last() -> None:
    policy = labelled(repeat_every=None)
    told = [one for day in range(1, 100) for one in policy.tick(at(335 + 24 * day))]
    assert [(one.kind, one.incident.ended_by, one.at) for one in told] == [
        ("opened", None, at(335 + 24)),
        ("closed", "stale", at(335 + 24 * 60)),
    ]
    assert policy.counters()["metrics"] == len(policy.to_dict()["state"]["feeds"]) == 0
