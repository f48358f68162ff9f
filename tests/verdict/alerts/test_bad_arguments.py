"""Whatever is not allowed is an error that names it, and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.verdict.alerts.scenario import HOUR, at
from truthlag import AlertPolicy
from truthlag.alerts import Threshold

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
        "severity must be one of 'warning', 'critical'",
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
