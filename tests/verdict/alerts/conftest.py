"""Notifications to send, and somebody to send them to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.verdict.alerts.receiver import Receiver
from truthlag import AlertPolicy


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    # Whoever runs the tests may be behind a proxy, which knows nothing of this machine.
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Receiver() as one:
        yield one


@pytest.fixture
def told() -> list[Any]:
    """Five notifications of one incident: opened, three reminders, recovered."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    policy = AlertPolicy(open_looks=1, close_looks=1, repeat_every=timedelta(hours=2))
    seen = {"current": 0.81, "baseline": 0.9, "loss": 0.09, "sentence": "accuracy fell by 0.09 <really> & truly"}
    found = [*policy.observe("fraud & co", "accuracy", "critical", start, evidence=seen)]
    for hours in (2, 4, 6):
        found += policy.tick(start + timedelta(hours=hours))
    found += policy.observe("fraud & co", "accuracy", "ok", start + timedelta(hours=8))
    assert [one.kind for one in found] == ["opened", "reminder", "reminder", "reminder", "recovered"]
    return found
