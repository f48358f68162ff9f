"""Any sequence of events: the policy says what one that is plainly right says, whenever its state is saved and restored."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verdict.alerts.plain_policy import PlainPolicy
from truthlag import AlertPolicy

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODELS = ["a", "b"]
METRICS = ["x", "y"]


def hours(*numbers: float) -> Any:
    return st.sampled_from([number * HOUR for number in numbers])


@st.composite
def all_settings(draw: Any) -> dict[str, Any]:
    def looks() -> tuple[int, int]:
        of = draw(st.integers(1, 4))
        return draw(st.integers(1, of)), of

    cool_down = draw(hours(0, 1, 6))
    open_at = draw(st.sampled_from(["warning", "warning", "critical"]))
    return {
        "open_looks": looks(),
        "open_after": draw(hours(0, 0, 3)),
        "open_at": open_at,
        "close_looks": looks(),
        "close_after": draw(hours(0, 0, 3)),
        "close_at": "ok" if open_at == "warning" else draw(st.sampled_from(["ok", "warning"])),
        "alarm_lasts": draw(st.none() | hours(2, 24)),
        "group_by": draw(st.sampled_from(["model", "model", "metric"])),
        "reopen_within": cool_down + draw(hours(0, 4, 24)),
        "cool_down": cool_down,
        "escalate_after": draw(st.none() | hours(2, 12)),
        "repeat_every": draw(st.none() | hours(1, 5, 12)),
        "repeat_limit": draw(st.integers(0, 3)),
    }


LOOK = st.tuples(
    st.just("look"),
    st.sampled_from(MODELS),
    st.sampled_from(METRICS),
    st.sampled_from(
        ["ok", "ok", "improved", "warning", "warning", "critical", "critical", "critical", "undecided", "no_data"]
    ),
)
ALARM = st.tuples(
    st.just("alarm"),
    st.sampled_from(MODELS),
    st.sampled_from(METRICS),
    st.sampled_from(["warning", "critical", "critical", "ok"]),
)
OTHER = st.one_of(
    st.tuples(st.just("tick"), st.none(), st.none(), st.none()),
    st.tuples(st.just("acknowledge"), st.sampled_from(MODELS), st.none(), st.none() | hours(3, 30)),
    st.tuples(st.just("resolve"), st.sampled_from(MODELS), st.none(), st.none()),
    st.tuples(st.just("mute"), st.none() | st.sampled_from(MODELS), st.none() | st.sampled_from(METRICS), hours(3, 30)),
)
EVENTS = st.lists(
    st.tuples(
        st.one_of(LOOK, LOOK, LOOK, LOOK, ALARM, OTHER),
        # A step back is an observation that comes late.
        st.sampled_from([0.0, 0.5, 1, 1, 1, 2, 5, 30, -1]),
        st.booleans(),
    ),
    max_size=50,
)


class Pair:
    """Both policies, driven by the same events."""

    def __init__(self, given_settings: dict[str, Any]) -> None:
        self.settings = given_settings
        self.plain = PlainPolicy(**given_settings)
        self.policy = AlertPolicy(**given_settings)
        self.told: list[Any] = []

    def step(self, event: tuple[Any, ...], at: datetime) -> None:
        what, model, metric, more = event
        plain, policy = self.plain, self.policy
        if what == "look":
            expected, told = plain.look(model, metric, more, at, "check"), policy.observe(model, metric, more, at)
        elif what == "alarm":
            expected = plain.look(model, metric, more, at, "alarm")
            told = (
                policy.observe_recovery(model, metric, at)
                if more == "ok"
                else policy.observe_alarm(model, metric, at, severity=more)
            )
        elif what == "tick":
            expected, told = plain.tick(at), policy.tick(at)
        elif what == "mute":
            plain.mutes.append((model, metric, at, at + more))
            policy.mute(model, metric, at=at, until=at + more)
            return
        else:
            incident = plain.open_incident(model)
            if incident is None:
                assert not [one for one in policy.incidents() if one.model == model and one.end is None]
                return
            found = next(
                one
                for one in policy.incidents()
                if one.end is None and one.start == incident.start and self.group(one) == incident.group
            )
            if what == "acknowledge":
                until = None if more is None else at + more
                expected, told = plain.acknowledge(incident, at, until), policy.acknowledge(found.id, at, until=until)
            else:
                expected, told = plain.resolve(incident, at), policy.resolve(found.id, at)
        self.told += told
        got = [
            (
                one.at,
                self.group(one.incident),
                one.kind,
                # Of what is over, the plain policy says how bad it was told to be.
                one.severity if one.incident.end is None else None,
                [metric.name for metric in one.incident.metrics],
            )
            for one in told
        ]
        wanted = [
            (when, group, kind, None if kind in ("recovered", "closed") else severity, metrics)
            for when, group, kind, severity, metrics in expected
        ]
        assert sorted(got, key=str) == sorted(wanted, key=str)

    def group(self, incident: Any) -> tuple[str, str]:
        return incident.model, incident.metrics[0].name if self.settings["group_by"] == "metric" else ""

    def compare(self) -> None:
        got = [
            (self.group(one), one.start, one.first_bad, one.end, [metric.name for metric in one.metrics], one.reopened)
            for one in self.policy.incidents()
        ]
        wanted = [
            (one.group, one.start, one.first_bad, one.end, one.metrics, one.reopened) for one in self.plain.incidents
        ]
        assert sorted(got, key=str) == sorted(wanted, key=str)

    def check_promises(self) -> None:
        groups = [self.group(one) for one in self.policy.incidents() if one.end is None]
        assert len(groups) == len(set(groups)), "two open incidents of one group"
        by_group: dict[Any, list[Any]] = defaultdict(list)
        for one in self.told:
            by_group[self.group(one.incident)].append(one)
        for told in by_group.values():
            for earlier, later in pairwise(told):
                assert earlier.at <= later.at
                if later.at - earlier.at < self.settings["cool_down"]:
                    # Of what is over it is told how bad it was, which nobody may have been told while it lasted.
                    assert earlier.severity == "warning" or earlier.incident.end is not None
                    assert later.severity == "critical" and later.incident.end is None
        for incident in self.policy.incidents():
            mine = [one for one in self.told if one.incident.id == incident.id]
            assert [one.number for one in mine] == list(range(1, incident.notified + 1))
            kinds = [one.kind for one in mine]
            openings = kinds.count("opened") + kinds.count("reopened")
            assert kinds.count("opened") <= 1
            assert kinds.count("reminder") <= self.settings["repeat_limit"] * openings
            assert kinds.count("escalated") <= openings
            assert kinds.count("recovered") + kinds.count("closed") in (openings - 1, openings)
            assert incident.first_bad <= incident.start <= (incident.end or incident.start)
            json.dumps(incident.to_dict())


@settings(max_examples=max(200, settings().max_examples))
@given(all_settings(), EVENTS)
def test_any_sequence_of_events(given_settings: dict[str, Any], events: list[tuple[Any, ...]]) -> None:
    pair = Pair(given_settings)
    at = START
    for event, step, is_restored in events:
        at += step * HOUR
        pair.step(event, at)
        pair.compare()
        if is_restored:
            restored = AlertPolicy.from_bytes(pair.policy.to_bytes())
            assert restored.to_dict() == pair.policy.to_dict()
            pair.policy = restored
    pair.check_promises()


ONE_METRIC = st.lists(
    st.tuples(
        st.sampled_from(["ok", "warning", "critical"]) | st.sampled_from(["ok", "critical", "undecided"]),
        st.sampled_from([0.5, 1, 1, 2]),
    ),
    min_size=10,
    max_size=30,
)


@settings(max_examples=max(200, settings().max_examples))
@given(st.data(), all_settings(), ONE_METRIC)
def test_looks_at_one_metric(data: Any, given_settings: dict[str, Any], looks: list[tuple[str, float]]) -> None:
    for name in ("open_after", "close_after"):
        given_settings[name] = data.draw(hours(0, 1, 2, 3))
    pair = Pair(given_settings)
    at = START
    for verdict, step in looks:
        at += step * HOUR
        pair.step(("look", "a", "x", verdict), at)
        pair.compare()
    pair.check_promises()
