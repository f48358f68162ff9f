"""A policy that is saved goes on where it was, and what is no state is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.verdict.alerts.scenario import AT_ONCE, HOUR, at, kinds
from truthlag import AlertPolicy
from truthlag.alerts import LabelFeed


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
