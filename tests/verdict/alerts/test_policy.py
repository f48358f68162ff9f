"""What an on-call person counts on, one promise a test."""

from __future__ import annotations

import copy
import json
import operator
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from truthlag import AlertPolicy, Incident
from truthlag.alerts import Evidence, LabelCount, LabelFeed, Observation, Threshold

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE: dict[str, Any] = {"open_looks": 1, "close_looks": 1, "cool_down": timedelta(0), "reopen_within": timedelta(0)}


def at(hours: float) -> datetime:
    return START + hours * HOUR


def kinds(told: Any) -> list[str]:
    return [one.kind for one in told]


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
    assert policy.observe("m", "error", "ok", at(12)) == ()
    (incident,) = policy.incidents()
    assert (incident.first_bad, incident.start, incident.state) == (at(4), at(10), "open")
    assert incident.evidence[0].details == {"statistic": 7.5}
    # The alarm lasts; another begins the time anew.
    assert policy.observe_alarm("m", "error", at(14)) == ()
    assert policy.tick(at(18.9)) == ()
    (told,) = policy.tick(at(19))
    assert (told.kind, told.incident.end) == ("recovered", at(19))


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


def test_the_cool_down_swallows_flapping_but_not_what_is_worse() -> None:
    policy = AlertPolicy(open_looks=1, close_looks=1, cool_down=5 * HOUR, reopen_within=5 * HOUR, repeat_every=None)
    assert kinds(policy.observe("m", "x", "warning", at(0))) == ["opened"]
    for hour in (1, 2, 3):
        assert policy.observe("m", "x", "ok" if hour % 2 else "warning", at(hour)) == ()
    assert kinds(policy.observe("m", "x", "critical", at(4))) == ["escalated"]
    assert policy.observe("m", "x", "ok", at(5)) == ()
    # Told when the cool-down is over, with the time at which it was so.
    (told,) = policy.tick(at(9))
    assert (told.kind, told.incident.end, told.at) == ("recovered", at(5), at(9))


def test_a_warning_nobody_takes_up_becomes_critical() -> None:
    policy = AlertPolicy(**AT_ONCE, escalate_after=3 * HOUR, repeat_every=None)
    policy.observe("m", "x", "warning", at(0))
    assert policy.observe("m", "x", "warning", at(2)) == ()
    (told,) = policy.observe("m", "x", "warning", at(3))
    assert (told.kind, told.severity, told.incident.escalated) == ("escalated", "critical", True)
    assert policy.observe("m", "x", "warning", at(9)) == ()


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


def test_reminders_are_bounded_and_wait_while_it_mends() -> None:
    policy = AlertPolicy(open_looks=1, close_looks=3, repeat_every=2 * HOUR, repeat_limit=2)
    policy.observe("m", "x", "critical", at(0))
    assert policy.observe("m", "x", "ok", at(3)) == ()
    assert kinds(policy.observe("m", "x", "critical", at(4))) == ["reminder"]
    assert kinds([one for hour in range(5, 100) for one in policy.tick(at(hour))]) == ["reminder"]


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


def test_late_and_repeated_looks_change_nothing() -> None:
    policy = AlertPolicy(**AT_ONCE)
    policy.observe("m", "x", "ok", at(5))
    before = policy.to_dict()["state"]["conditions"]
    assert policy.observe("m", "x", "critical", at(4)) == policy.observe("m", "x", "critical", at(5)) == ()
    assert policy.to_dict()["state"]["conditions"] == before
    counters = policy.counters()
    assert (counters["observations"], counters["late"], counters["repeated"]) == (3, 1, 1)
    # Another metric has an order of its own; what it leads to is told at the newest time.
    (told,) = policy.observe("m", "y", "critical", at(3))
    assert (told.at, told.incident.start, told.incident.first_bad) == (at(5), at(5), at(3))


def test_a_restarted_server_tells_nothing_twice() -> None:
    told: list[Any] = []
    policy = AlertPolicy(**AT_ONCE, sinks=[told.append])
    policy.observe("m", "x", "critical", at(0))
    policy.mute("n", at=at(0))
    for data in (policy.to_bytes(), bytearray(policy.to_bytes()), memoryview(policy.to_bytes())):
        restored = AlertPolicy.from_bytes(data, sinks=[told.append])
        assert restored.observe("m", "x", "critical", at(1)) == restored.observe("n", "x", "critical", at(1)) == ()
    assert len(told) == 1
    assert json.loads(json.dumps(policy.to_dict())) == policy.to_dict()
    again = AlertPolicy.from_dict(
        json.loads(json.dumps(policy.to_dict())), repeat_every=HOUR, label_feed=LabelFeed(HOUR)
    )
    assert kinds(again.observe("m", "x", "critical", at(1))) == ["reminder"]


def test_ids_are_the_same_whenever_the_same_happens() -> None:
    def run() -> list[str]:
        policy = AlertPolicy(**AT_ONCE)
        told = [policy.observe("m", "x", verdict, at(hour)) for hour, verdict in enumerate(["critical", "ok"] * 3)]
        return [one.key for some in told for one in some]

    assert run() == run()
    assert len(set(run())) == 6


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


def test_what_is_no_longer_looked_at_is_forgotten() -> None:
    policy = AlertPolicy(**AT_ONCE, forget_after=timedelta(days=2), repeat_every=None)
    policy.observe("m", "x", "critical", at(0))
    assert policy.tick(at(47)) == ()
    (told,) = policy.tick(at(48))
    assert (told.kind, told.incident.ended_by) == ("closed", "stale")
    assert policy.counters()["metrics"] == 0
    assert "no longer looked at" in told.text


def test_memory_is_bounded() -> None:
    policy = AlertPolicy(**AT_ONCE, open_limit=3, closed_limit=4, evidence_limit=5, metric_limit=20)
    for hour in range(50):
        policy.observe(f"m{hour}", "x", "critical", at(hour))
    counters = policy.counters()
    assert (counters["open"], counters["closed"], counters["metrics"], counters["displaced"]) == (3, 4, 20, 47)
    assert {one.ended_by for one in policy.incidents("recovered")} == {"displaced"}
    for hour in range(50, 250):
        policy.observe("m49", "x", "critical", at(hour), evidence={"current": hour})
    incident = policy.incidents()[-1]
    assert [one.value for one in incident.evidence] == [None, 50, 247, 248, 249]
    assert incident.evidence_left_out == 196
    size = len(policy.to_bytes())
    for hour in range(250, 600):
        policy.observe(f"m{hour}", "x", "critical", at(hour))
        policy.observe("m49", "x", "critical", at(hour), evidence={"current": hour})
        assert len(policy.to_dict()["state"]["cases"]) <= 7
    assert len(policy.to_bytes()) < 2 * size
    assert AlertPolicy(**AT_ONCE, closed_limit=0).incidents() == ()


def test_what_was_open_and_is_displaced_is_told_to_be_over() -> None:
    policy = AlertPolicy(**AT_ONCE, metric_limit=1)
    policy.observe("m", "x", "critical", at(0))
    assert sorted(kinds(policy.observe("n", "x", "critical", at(1)))) == ["closed", "opened"]


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


def test_evidence_of_any_kind_is_kept_small() -> None:
    class Strange:
        def to_dict(self) -> dict[str, Any]:
            raise RuntimeError("no")

    endless: list[Any] = []
    endless.append(endless)
    evidence = {
        "sentence": "s" * 5_000,
        "array": np.arange(500),
        "strange": Strange(),
        "endless": endless,
        "nan": float("nan"),
        "huge": 10**100,
        "when": at(0),
        "long": timedelta(minutes=1),
        7: {1, 2},
        "text": np.str_("x"),
        "flag": np.bool_(True),
        "current": True,
    }
    policy = AlertPolicy(open_looks=1)
    (told,) = policy.observe("m", "x", "critical", at(0), evidence=evidence)
    details = told.incident.peak.details
    assert len(json.dumps(told.to_dict(), allow_nan=False)) < 20_000
    assert (len(details["array"]), details["nan"], details["long"], told.incident.peak.value) == (50, "nan", 60.0, None)
    assert AlertPolicy.from_bytes(policy.to_bytes()).incidents() == policy.incidents()


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


def test_a_dry_run_sends_nothing_and_tells_the_same() -> None:
    sent: list[Any] = []
    policy = AlertPolicy(open_looks=1, close_looks=1, sinks=[sent.append])
    log: list[Any] = [
        Observation("m", "x", verdict, at(hour)) for hour, verdict in enumerate(["critical", "ok", "critical"])
    ]
    log.insert(1, LabelCount("m", 3, at(0.5)))
    before = policy.to_dict()
    run = policy.dry_run(log)
    assert (sent, policy.to_dict()) == ([], before)
    assert kinds(run) == ["opened", "recovered", "reopened"]
    assert str(run).splitlines()[-1] == "1 incident, 3 notifications"
    assert json.dumps(run.to_dict())
    with pytest.raises(TypeError, match=r"^observations\[1\] must be an Observation or a LabelCount, got 3"):
        policy.dry_run([log[0], 3])  # type: ignore[list-item]
    live = [
        told
        for one in log
        for told in (
            policy.observe_labels(one.model, one.count, one.at)
            if isinstance(one, LabelCount)
            else policy.observe(one.model, one.metric, one.verdict, one.at)
        )
    ]
    assert (tuple(live), list(sent)) == (run.notifications, live)


def test_incidents_are_values() -> None:
    policy = AlertPolicy(open_looks=1)
    policy.observe("m", "x", "critical", at(0), evidence={"current": 0.5})
    (incident,) = policy.incidents()
    for copied in (
        pickle.loads(pickle.dumps(incident)),
        copy.deepcopy(incident),
        Incident.from_dict(incident.to_dict()),
    ):
        assert copied == incident and hash(copied) == hash(incident) and str(copied) == str(incident)
    (told,) = policy.tick(at(30))
    assert pickle.loads(pickle.dumps(told)) == told
    assert incident.notified == 1 and told.incident.notified == 2
    with pytest.raises(TypeError, match=r"^an AlertPolicy cannot be pickled or copied: use to_bytes"):
        pickle.dumps(policy)


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


def test_what_is_handed_out_cannot_change_the_policy() -> None:
    given = {"note": {"a": [1, {"b": [2]}]}, "array": np.arange(3)}
    policy = AlertPolicy(open_looks=1)
    (told,) = policy.observe("m", "x", "critical", at(0), evidence=given)
    before = policy.to_bytes()
    given["note"]["a"].append(99)
    details = told.incident.peak.details
    assert details == {"note": {"a": (1, {"b": (2,)})}, "array": (0, 1, 2)}
    for change in (
        lambda: details["note"]["a"].append(99),
        lambda: details["note"]["a"][1]["b"].append(99),
    ):
        with pytest.raises(AttributeError):
            change()
    for spoil in (
        lambda: operator.setitem(details, "note", 1),
        lambda: operator.delitem(details, "note"),
        lambda: operator.ior(details, {"note": 1}),
        lambda: details["note"].update(a=1),
        lambda: details["note"]["a"][1].setdefault("c", 1),
        lambda: details.pop("note"),
        lambda: details.popitem(),
        lambda: details.clear(),
    ):
        with pytest.raises(TypeError, match=r"^the details of an evidence cannot be changed"):
            spoil()
    # What is given as plain values is the caller's own.
    plain = told.incident.to_dict()
    assert plain["peak"]["details"] == {"note": {"a": [1, {"b": [2]}]}, "array": [0, 1, 2]}
    plain["peak"]["details"]["note"]["a"].append(99)
    policy.to_dict()["state"]["conditions"][0]["looks"].clear()
    assert policy.to_bytes() == before
    for copied in (pickle.loads(pickle.dumps(told)), copy.deepcopy(told), copy.copy(told)):
        assert copied == told and hash(copied.incident.peak) == hash(told.incident.peak)
        with pytest.raises(TypeError, match="cannot be changed"):
            copied.incident.peak.details.clear()
    assert json.loads(json.dumps(details)) == plain["evidence"][0]["details"]
    assert AlertPolicy.from_bytes(before).incidents() == policy.incidents()


def test_evidence_of_a_caller_s_own_is_frozen_too() -> None:
    deep: list[Any] = []
    deep.append(deep)
    own = {"deep": deep}
    evidence = Evidence(at(0), "x", "check", "ok", details=own)
    own["more"] = []
    assert list(evidence.details) == ["deep"] and len(json.dumps(evidence.to_dict())) < 500
    assert replace(evidence, value=1.0).details is evidence.details
    with pytest.raises(TypeError, match=r"^details must be a mapping, got 3"):
        Evidence(at(0), "x", "check", "ok", details=3)  # type: ignore[arg-type]


def test_times_of_every_kind() -> None:
    policy = AlertPolicy(open_looks=1, clock=lambda: datetime(2026, 3, 1, 5))
    (told,) = policy.observe("m", "x", "critical")
    assert told.at == at(5)
    (told,) = policy.observe("n", "x", "critical", datetime(2026, 3, 1, 9, tzinfo=timezone(3 * HOUR)))
    assert told.at == at(6)
    assert AlertPolicy(open_looks=1).observe("m", "x", "critical")[0].at.tzinfo is UTC
    policy.observe("m", "x", "ok", datetime.min.replace(tzinfo=UTC))
    latest = datetime.max.replace(tzinfo=UTC)
    last = AlertPolicy(open_looks=1, clock=lambda: latest)
    assert last.observe("m", "x", "critical", latest)[0].at == last.observe("n", "x", "critical")[0].at == latest
    with pytest.raises(ValueError, match=r"^at must be a datetime that UTC can hold"):
        policy.observe("m", "x", "ok", datetime.max.replace(tzinfo=timezone(-HOUR)))


AHEAD: list[Any] = [
    lambda policy, when: policy.observe("z", "acc", "ok", when),
    lambda policy, when: policy.observe_value("z", "acc", 0.9, Threshold(0.5), when),
    lambda policy, when: policy.observe_report({"acc": "ok"}, model="z", at=when),
    lambda policy, when: policy.observe_report(Asked(when), model="z"),
    lambda policy, when: policy.observe_alarm("z", "acc", when),
    lambda policy, when: policy.observe_labels("z", 3, when),
    lambda policy, when: policy.tick(when),
    lambda policy, when: policy.acknowledge(policy.incidents()[0].id, when),
    lambda policy, when: policy.resolve(policy.incidents()[0].id, when),
    lambda policy, when: policy.unmute("mute-1", when),
    lambda policy, when: policy.mute("z", at=when + timedelta(days=365)),
]


class Asked:
    def __init__(self, at: datetime) -> None:
        self.at, self.metrics = at, {"acc": "ok"}


@pytest.mark.parametrize("call", AHEAD)
def test_a_time_far_ahead_is_an_error_and_changes_nothing(call: Any) -> None:
    policy = AlertPolicy(open_looks=1, clock=lambda: at(5))
    policy.observe_alarm("m", "x", at(0))
    policy.mute("k", at=at(0))
    before = policy.to_bytes()
    for when in (at(29) + timedelta(microseconds=1), datetime(2126, 1, 1)):
        with pytest.raises(ValueError, match=r"^at must be at most \d+ days? ahead of the clock \(2026-03-01T05:00"):
            call(policy, when)
        assert policy.to_bytes() == before
    # Clocks differ, and zones are left out: a day is no error. Nor is any time in the past.
    call(policy, at(29))
    assert AlertPolicy(open_looks=1).observe("m", "x", "critical", datetime(1970, 1, 1))


def test_a_mute_is_planned_ahead_and_a_dry_run_is_of_any_time() -> None:
    policy = AlertPolicy(open_looks=1, clock=lambda: at(0))
    mute = policy.mute("m", at=at(24 * 30), until=datetime(2126, 1, 1))
    assert policy.observe("m", "x", "critical") and policy.mutes() == (mute,)
    ahead = datetime(2126, 1, 1, tzinfo=UTC)
    assert [one.at for one in policy.dry_run([Observation("m", "x", "critical", ahead)])] == [ahead]


def test_a_clock_that_gives_no_time_is_an_error() -> None:
    for call in (lambda policy: policy.tick(), lambda policy: policy.observe("m", "x", "ok", at(0))):
        with pytest.raises(TypeError, match=r"^what clock gives must be a datetime, got 3"):
            call(AlertPolicy(clock=lambda: 3))  # type: ignore[arg-type, return-value]


BAD_SETTINGS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"open_looks": 0}, ValueError, "open_looks must be an int, or two ints m and n with 1 <= m <= n"),
    ({"open_looks": (3, 2)}, ValueError, "open_looks must be .*, got 3 of 2"),
    ({"open_looks": (1, 2, 3)}, ValueError, "open_looks must be"),
    ({"close_looks": "12"}, TypeError, "close_looks must be .*, got '12' of type str"),
    ({"open_after": 3}, TypeError, "open_after must be a timedelta of at least 0, got 3 of type int"),
    ({"close_after": -HOUR}, ValueError, "close_after must be a timedelta of at least 0"),
    ({"open_at": "ok"}, ValueError, "open_at must be one of 'warning', 'critical', got 'ok'"),
    ({"close_at": "warning"}, ValueError, "close_at must be better than open_at"),
    ({"alarm_lasts": timedelta(0)}, ValueError, "alarm_lasts must be a timedelta above 0"),
    ({"group_by": None}, TypeError, "group_by must be one of 'model', 'metric', got None"),
    ({"cool_down": 7 * HOUR}, ValueError, "reopen_within must be at least cool_down"),
    ({"escalate_after": "1h"}, TypeError, "escalate_after must be a timedelta above 0"),
    ({"repeat_every": 1.0}, TypeError, "repeat_every must be a timedelta above 0"),
    ({"repeat_limit": -1}, ValueError, "repeat_limit must be an int from 0"),
    ({"repeat_limit": True}, TypeError, "repeat_limit must be an int from 0"),
    ({"forget_after": timedelta(0)}, ValueError, "forget_after must be a timedelta above 0"),
    ({"open_limit": 0}, ValueError, "open_limit must be an int from 1"),
    ({"closed_limit": 0.5}, TypeError, "closed_limit must be an int from 0"),
    ({"evidence_limit": 1}, ValueError, "evidence_limit must be an int from 2 to 10000"),
    ({"metric_limit": 10**9}, ValueError, "metric_limit must be an int from 1 to 1000000"),
    ({"label_feed": HOUR}, TypeError, "label_feed must be a LabelFeed or None"),
    ({"sinks": print}, TypeError, "sinks must be a sequence"),
    ({"sinks": ["x"]}, TypeError, r"sinks\[0\] must be a Sink or a function, got 'x'"),
    ({"clock": 3}, TypeError, "clock must be callable or None, got 3"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD_SETTINGS)
def test_bad_settings(given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        AlertPolicy(**given)


BAD_CALLS: list[tuple[Any, type[Exception], str]] = [
    (lambda policy: policy.observe("", "x", "ok"), ValueError, "model must be a str of 1 to 200 characters, got ''"),
    (lambda policy: policy.observe("m", b"x", "ok"), TypeError, "metric must be a str"),
    (lambda policy: policy.observe("m", "x", "fine"), ValueError, "verdict must be one of"),
    (lambda policy: policy.observe("m", "x", "ok", 3), TypeError, "at must be a datetime, got 3"),
    (lambda policy: policy.observe("m", "x", "ok", evidence=[1]), TypeError, "evidence must be a mapping or None"),
    (
        lambda policy: policy.observe("m", "x", "ok", at(0), first_bad=at(1)),
        ValueError,
        "first_bad must not be after at",
    ),
    (
        lambda policy: policy.observe_alarm("m", "x", severity="ok"),
        ValueError,
        "verdict must be 'warning' or 'critical'",
    ),
    (lambda policy: policy.observe_labels("m", -1), ValueError, "count must be an int from 0"),
    (lambda policy: policy.observe_labels("m", 1.0), TypeError, "count must be an int from 0"),
    (lambda policy: policy.observe_value("m", "x", "1", Threshold(0.5)), TypeError, "value must be a finite number"),
    (lambda policy: policy.observe_value("m", "x", 1, 0.5), TypeError, "threshold must be a Threshold, got 0.5"),
    (lambda policy: policy.acknowledge("none"), ValueError, "incident_id must be that of an open incident, got 'none'"),
    (lambda policy: policy.mute(at=at(1), until=at(1)), ValueError, "until must be after at"),
    (lambda policy: policy.mute(3), TypeError, "model must be a str"),
    (lambda policy: policy.unmute("mute-9"), ValueError, "mute_id must be that of a mute, got 'mute-9'"),
    (lambda policy: policy.incidents("done"), ValueError, "state must be one of 'open'"),
    (lambda policy: policy.tick("now"), TypeError, "at must be a datetime, got 'now'"),
    (lambda policy: Threshold(0.5, warning=0.4), ValueError, "the thresholds must be in the order critical <= warning"),
    (lambda policy: Threshold(float("nan")), ValueError, "critical must be a finite number, got nan"),
    (lambda policy: Threshold(1, worse="less"), ValueError, "worse must be one of 'lower', 'higher'"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD_CALLS)
def test_bad_calls_change_nothing(call: Any, error: type[Exception], message: str) -> None:
    policy = AlertPolicy(clock=lambda: at(0))
    before = policy.to_dict()
    with pytest.raises(error, match=f"^{message}"):
        call(policy)
    assert policy.to_dict() == before


def test_mutes_are_bounded() -> None:
    policy = AlertPolicy()
    for _ in range(1_000):
        policy.mute("m", at=at(0), until=at(1))
    with pytest.raises(ValueError, match=r"^there must be at most 1000 mutes"):
        policy.mute("m", at=at(0))
    policy.tick(at(1))
    policy.mute("m", at=at(2))


def test_hostile_states_are_errors() -> None:
    policy = AlertPolicy(open_looks=1)
    policy.observe("m", "x", "critical", at(0))
    policy.observe_labels("m", 3, at(0))
    data = policy.to_bytes()
    for place in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(ValueError, match=r"^data must be bytes of an AlertPolicy"):
            AlertPolicy.from_bytes(bytes(damaged))
        with pytest.raises(ValueError, match=r"^data must be bytes of an AlertPolicy"):
            AlertPolicy.from_bytes(data[:place])
    with pytest.raises(TypeError, match=r"^data must be bytes of an AlertPolicy, got 'x'"):
        AlertPolicy.from_bytes("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^data must be a dict of an AlertPolicy, got 3"):
        AlertPolicy.from_dict(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^data must be of format version 1, got None"):
        AlertPolicy.from_dict({})
    with pytest.raises(ValueError, match=r"^group_by must be that of the state"):
        AlertPolicy.from_dict(policy.to_dict(), group_by="metric")
    for spoilt in _spoilt(policy.to_dict()):
        with pytest.raises((ValueError, TypeError), match=r"must be"):
            AlertPolicy.from_dict(spoilt)


def _spoilt(state: Any) -> Any:
    """The state, with each of its containers and times replaced by something else, one at a time."""
    if isinstance(state, dict):
        for name, value in state.items():
            # What is whatever it is, or may be a number.
            if name in {"details", "version", "open_looks", "close_looks"}:
                continue
            if isinstance(value, dict | list) and value:
                yield {**state, name: 3}
            if name in {"at", "last", "start", "opened"} and isinstance(value, str):
                yield {**state, name: "yesterday"}
            for one in _spoilt(value):
                yield {**state, name: one}
    elif isinstance(state, list):
        for place, value in enumerate(state):
            for one in _spoilt(value):
                yield [*state[:place], one, *state[place + 1 :]]
