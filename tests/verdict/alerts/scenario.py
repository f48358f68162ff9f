"""What the tests of a policy share: hours of one March, a policy that tells at once, and what kinds of things it told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE: dict[str, Any] = {"open_looks": 1, "close_looks": 1, "cool_down": timedelta(0), "reopen_within": timedelta(0)}
"""Settings with which the first look opens, the first good one closes, and nothing waits."""


def at(hours: float) -> datetime:
    return START + hours * HOUR


def kinds(told: Any) -> list[str]:
    return [one.kind for one in told]
