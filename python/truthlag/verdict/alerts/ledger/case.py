"""The incident of a group, while it may still change, and how much of it people have been told."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.incident import Incident, IncidentMetric
from truthlag.verdict.alerts.ledger.condition import Condition, Key
from truthlag.verdict.alerts.moment import read_optional, written
from truthlag.verdict.alerts.observation import RANKS, SEVERITIES
from truthlag.verdict.alerts.settings import Settings

Group = tuple[str, str, str]
"""Kind, model, and the metric where each has incidents of its own (else "")."""

_NOTIFICATIONS_KEPT = 100


@dataclass
class Case:
    """One incident, the conditions that hold it open, and what was told. Level-triggered: see `due`."""

    group: Group
    incident: Incident
    members: list[Key] = field(default_factory=list)
    """The conditions that are open."""
    told_open: bool = False
    """Whether people have been told that it is open, and not yet that it is over."""
    told_rank: int = 0
    """How bad they have been told it is."""
    told_since: datetime | None = None
    """When they were told that it is open."""
    reminders: int = 0
    """Since then."""

    @classmethod
    def begin(cls, group: Group, condition: Condition, now: datetime, number: int) -> Self:
        """A new one, opened by a condition."""
        kind, model, _ = group
        name = "|".join([*group, now.isoformat(), str(number)])
        severity = SEVERITIES[condition.rank]
        incident = Incident(
            id=hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest(),
            kind=kind,
            model=model,
            metrics=(),
            severity=severity,
            peak_severity=severity,
            first_bad=condition.first_bad or now,
            start=now,
        )
        return cls(group, incident)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.incident.end is None

    def join(self, condition: Condition, now: datetime) -> None:
        """A condition has opened."""
        self.members.append(condition.key)
        first_bad = condition.first_bad or now
        self.incident = replace(self.incident, first_bad=min(self.incident.first_bad, first_bad))
        old = next((one for one in self.incident.metrics if one.name == condition.metric), None)
        if old is None:
            severity = SEVERITIES[condition.rank]
            metric = IncidentMetric(condition.metric, first_bad, now, None, severity, None, None, is_worse=False)
            self.incident = replace(self.incident, metrics=(*self.incident.metrics, metric))
        else:
            self._put(replace(old, first_bad=min(old.first_bad, first_bad), ended=None))

    def leave(self, key: Key, now: datetime, why: str) -> None:
        """A condition has closed; the last one that does so ends the incident."""
        self.members.remove(key)
        if all(metric != key[2] for _, _, metric, _ in self.members):
            self._put(replace(self._metric(key[2]), ended=now))
        if not self.members:
            self.end(now, why)

    def end(self, now: datetime, why: str) -> None:
        """The incident is over."""
        self.members = []
        incident = self.incident
        metrics = tuple(one if one.ended is not None else replace(one, ended=now) for one in incident.metrics)
        self.incident = replace(_unacknowledged(incident), metrics=metrics, end=now, ended_by=why, escalated=False)

    def reopen(self) -> None:
        """The incident was not over."""
        self.incident = replace(self.incident, end=None, ended_by=None, reopened=self.incident.reopened + 1)

    def add(self, evidence: Evidence, limit: int) -> None:
        """Keep what was seen: the first half of the limit and the last."""
        kept, left_out = (*self.incident.evidence, evidence), self.incident.evidence_left_out
        if len(kept) > limit:
            kept, left_out = (*kept[: limit // 2], *kept[limit // 2 + 1 :]), left_out + 1
        peak = self.incident.peak
        if RANKS.get(evidence.verdict) and (peak is None or _badness(evidence) > _badness(peak)):
            peak = evidence
        self.incident = replace(self.incident, evidence=kept, evidence_left_out=left_out, peak=peak)
        metric = self._metric(evidence.metric)
        worst = max(RANKS[metric.severity], RANKS.get(evidence.verdict, 0))
        value = metric.value if evidence.value is None else evidence.value
        baseline = metric.baseline if evidence.baseline is None else evidence.baseline
        is_bad = RANKS.get(evidence.verdict, 0) > 0 and evidence.details.get("direction") != "unknown"
        is_worse = metric.is_worse or is_bad
        self._put(replace(metric, severity=SEVERITIES[worst], value=value, baseline=baseline, is_worse=is_worse))

    def weigh(self, rank: int) -> None:
        """Note how bad it is now."""
        if self.incident.escalated:
            rank = 2
        peak = max(rank, RANKS[self.incident.peak_severity])
        self.incident = replace(self.incident, severity=SEVERITIES[rank], peak_severity=SEVERITIES[peak])

    def due(self, now: datetime, loud: int, settings: Settings, *, is_mending: bool) -> str | None:
        """What is to be told now, if that is allowed.

        It follows from what is so and what people have been told, not from what just happened: so what was held back (a
        mute, the cool-down, an acknowledgement) is told later if it is still so, and never if it is not.

        Args:
            now: The time.
            loud: How bad the incident is in what is not muted; 0 where all of it is.
            settings: Those of the policy.
            is_mending: Whether all of it was good at the last look, though not yet for long enough.
        """
        incident = self.incident
        if incident.end is not None:
            if not self.told_open or not loud:
                return None
            return "recovered" if incident.ended_by == "recovered" else "closed"
        until = incident.acknowledged_until
        if until is not None and now >= until:
            self.incident = incident = _unacknowledged(incident)
        if incident.acknowledged_at is not None:
            if loud <= RANKS[incident.acknowledged_severity or "critical"]:
                return None
            self.incident = incident = _unacknowledged(incident)
        if not loud:
            return None
        if not self.told_open:
            return "reopened" if incident.notified else "opened"
        return self._due_again(now, loud, settings, is_mending=is_mending)

    def _due_again(self, now: datetime, loud: int, settings: Settings, *, is_mending: bool) -> str | None:
        if loud > self.told_rank:
            return "escalated"
        if is_mending:
            return None
        since = self.told_since or now
        if settings.escalate_after is not None and self.told_rank < 2 and now - since >= settings.escalate_after:
            return "escalated"
        last, _, _ = self.incident.notifications[-1]
        if (
            settings.repeat_every is not None
            and self.reminders < settings.repeat_limit
            and now - last >= settings.repeat_every
        ):
            return "reminder"
        return None

    def told(self, kind: str, now: datetime, rank: int) -> None:
        """Note that something was told."""
        is_end = kind in {"recovered", "closed"}
        if kind in {"opened", "reopened"}:
            self.told_since, self.reminders, self.told_rank = now, 0, 0
        self.told_open = not is_end
        self.told_rank = max(self.told_rank, rank)
        self.reminders += kind == "reminder"
        severity = self.incident.peak_severity if is_end else SEVERITIES[self.told_rank]
        said = (*self.incident.notifications, (now, kind, severity))[-_NOTIFICATIONS_KEPT:]
        self.incident = replace(self.incident, notifications=said, notified=self.incident.notified + 1)

    def _metric(self, name: str) -> IncidentMetric:
        return next(one for one in self.incident.metrics if one.name == name)

    def _put(self, metric: IncidentMetric) -> None:
        metrics = tuple(metric if one.name == metric.name else one for one in self.incident.metrics)
        self.incident = replace(self.incident, metrics=metrics)

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "group": list(self.group),
            "incident": self.incident.to_dict(),
            "members": [list(key) for key in self.members],
            "told_open": self.told_open,
            "told_rank": self.told_rank,
            "told_since": written(self.told_since),
            "reminders": self.reminders,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], known: Callable[[Key], bool]) -> Self:
        """The case that `to_state` wrote; KeyError, TypeError or ValueError where it is none."""
        kind, model, metric = state["group"]
        members = [(one[0], one[1], one[2], one[3]) for one in state["members"]]
        incident = Incident.from_dict(state["incident"])
        names = {one.name for one in incident.metrics}
        if (incident.end is None) != bool(members) or not all(known(key) and key[2] in names for key in members):
            raise ValueError("an incident whose metrics are not known")
        return cls(
            (kind, model, metric),
            incident,
            members,
            bool(state["told_open"]),
            int(state["told_rank"]),
            read_optional(state["told_since"]),
            int(state["reminders"]),
        )


def _unacknowledged(incident: Incident) -> Incident:
    if incident.acknowledged_at is None:
        return incident
    return replace(
        incident,
        acknowledged_at=None,
        acknowledged_until=None,
        acknowledged_by=None,
        acknowledged_severity=None,
    )


def _badness(evidence: Evidence) -> tuple[int, float]:
    loss = evidence.relative_loss
    return RANKS.get(evidence.verdict, 0), float("-inf") if loss is None else loss
