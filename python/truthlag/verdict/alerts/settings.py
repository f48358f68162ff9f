"""The parameters of a policy, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Self

from truthlag.verdict.alerts.ledger.condition import Rule
from truthlag.verdict.alerts.observation import RANKS
from truthlag.verdict.alerts.parameters import choice, count, duration, looks, optional_duration


@dataclass(frozen=True, slots=True)
class Settings:
    """See `AlertPolicy`, whose parameters these are."""

    open_looks: tuple[int, int]
    open_after: timedelta
    open_at: str
    close_looks: tuple[int, int]
    close_after: timedelta
    close_at: str
    alarm_lasts: timedelta | None
    group_by: str
    reopen_within: timedelta
    cool_down: timedelta
    escalate_after: timedelta | None
    repeat_every: timedelta | None
    repeat_limit: int
    forget_after: timedelta
    open_limit: int
    closed_limit: int
    evidence_limit: int
    metric_limit: int

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Self:
        """The settings that a caller gives; TypeError or ValueError names the one that is not allowed."""
        settings = cls(
            open_looks=looks("open_looks", given["open_looks"]),
            open_after=duration("open_after", given["open_after"]),
            open_at=choice("open_at", given["open_at"], ("warning", "critical")),
            close_looks=looks("close_looks", given["close_looks"]),
            close_after=duration("close_after", given["close_after"]),
            close_at=choice("close_at", given["close_at"], ("ok", "warning")),
            alarm_lasts=optional_duration("alarm_lasts", given["alarm_lasts"]),
            group_by=choice("group_by", given["group_by"], ("model", "metric")),
            reopen_within=duration("reopen_within", given["reopen_within"]),
            cool_down=duration("cool_down", given["cool_down"]),
            escalate_after=optional_duration("escalate_after", given["escalate_after"]),
            repeat_every=optional_duration("repeat_every", given["repeat_every"]),
            repeat_limit=count("repeat_limit", given["repeat_limit"], 0),
            forget_after=duration("forget_after", given["forget_after"], above=True),
            open_limit=count("open_limit", given["open_limit"], 1),
            closed_limit=count("closed_limit", given["closed_limit"], 0),
            evidence_limit=count("evidence_limit", given["evidence_limit"], 2, 10_000),
            metric_limit=count("metric_limit", given["metric_limit"], 1),
        )
        if RANKS[settings.close_at] >= RANKS[settings.open_at]:
            raise ValueError(
                f"close_at must be better than open_at, got close_at {settings.close_at!r} and open_at {settings.open_at!r}"
            )
        if settings.reopen_within < settings.cool_down:
            raise ValueError(
                f"reopen_within must be at least cool_down, so that what comes back meanwhile is one incident, got "
                f"{settings.reopen_within} and {settings.cool_down}"
            )
        return settings

    @property
    def rule(self) -> Rule:
        """When a metric that is looked at opens and closes."""
        return Rule(
            self.open_looks,
            self.open_after,
            self.close_looks,
            self.close_after,
            RANKS[self.open_at],
            RANKS[self.close_at],
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values; durations in seconds."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value.total_seconds()
            if isinstance(value, timedelta)
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in found.items()
        }

    @classmethod
    def arguments(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """What `to_dict` wrote, as arguments of a policy; KeyError, TypeError or ValueError where it is none."""
        durations = {one.name for one in fields(cls) if "timedelta" in str(one.type)}
        found = {one.name: data[one.name] for one in fields(cls)}
        return {
            name: timedelta(seconds=value) if name in durations and value is not None else value
            for name, value in found.items()
        }
