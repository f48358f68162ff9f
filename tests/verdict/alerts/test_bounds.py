"""A policy that runs for years: what it forgets, and how much it keeps at most."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.verdict.alerts.scenario import AT_ONCE, at
from truthlag import AlertPolicy


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


def test_mutes_are_bounded() -> None:
    policy = AlertPolicy()
    for _ in range(1_000):
        policy.mute("m", at=at(0), until=at(1))
    with pytest.raises(ValueError, match=r"^there must be at most 1000 mutes"):
        policy.mute("m", at=at(0))
    policy.tick(at(1))
    policy.mute("m", at=at(2))
