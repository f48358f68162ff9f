"""What is told again, what is told later, and what is never told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.verdict.alerts.scenario import AT_ONCE, HOUR, at, kinds
from truthlag import AlertPolicy
from truthlag.alerts import LabelCount, Observation


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


def test_reminders_are_bounded_and_wait_while_it_mends() -> None:
    policy = AlertPolicy(open_looks=1, close_looks=3, repeat_every=2 * HOUR, repeat_limit=2)
    policy.observe("m", "x", "critical", at(0))
    assert policy.observe("m", "x", "ok", at(3)) == ()
    assert kinds(policy.observe("m", "x", "critical", at(4))) == ["reminder"]
    assert kinds([one for hour in range(5, 100) for one in policy.tick(at(hour))]) == ["reminder"]


def test_what_was_open_and_is_displaced_is_told_to_be_over() -> None:
    policy = AlertPolicy(**AT_ONCE, metric_limit=1)
    policy.observe("m", "x", "critical", at(0))
    assert sorted(kinds(policy.observe("n", "x", "critical", at(1)))) == ["closed", "opened"]


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
    with pytest.raises(TypeError, match=r"^observations must be an iterable of Observation and LabelCount, got None"):
        policy.dry_run(None)  # type: ignore[arg-type]
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
