"""Looks that come late, clocks of every kind, and times far ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.verdict.alerts.scenario import AT_ONCE, HOUR, at
from truthlag import AlertPolicy
from truthlag.alerts import Observation, Threshold


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
