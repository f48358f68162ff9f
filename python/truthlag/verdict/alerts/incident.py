"""An incident: what happened to a model from the first bad look to the recovery, and what was seen and said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self

from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.moment import lasted, read, read_optional, short, written
from truthlag.verdict.alerts.observation import SEVERITIES

_TIMES = ("first_bad", "start", "end", "acknowledged_at", "acknowledged_until")


@dataclass(frozen=True, slots=True)
class IncidentMetric:
    """One metric of an incident.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> policy = AlertPolicy(open_looks=1)
        >>> _ = policy.observe("fraud", "recall", "warning", datetime(2026, 3, 1), evidence={"current": 0.5})
        >>> metric = policy.incidents()[0].metrics[0]
        >>> metric.name, metric.value, metric.to_dict()["ended"]
        ('recall', 0.5, None)
    """

    name: str
    """The metric."""
    first_bad: datetime
    """When its loss began, as far as is known."""
    opened: datetime
    """When it became part of the incident."""
    ended: datetime | None
    """When it was good again; None while it is not."""
    severity: str
    """How bad it was at the worst: `warning` or `critical`."""
    value: float | None
    """What it was when last seen, where that was given."""
    baseline: float | None
    """What it is held against, where that was given."""
    is_worse: bool = True
    """Whether it is known to be worse; False where a detector has found no more than that it has changed."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, times as ISO 8601.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import IncidentMetric
            >>> moment = datetime(2026, 3, 1, tzinfo=UTC)
            >>> IncidentMetric("recall", moment, moment, None, "warning", 0.5, 0.7).to_dict()["first_bad"]
            '2026-03-01T00:00:00+00:00'
        """
        return {
            "name": self.name,
            "first_bad": written(self.first_bad),
            "opened": written(self.opened),
            "ended": written(self.ended),
            "severity": self.severity,
            "value": self.value,
            "baseline": self.baseline,
            "is_worse": self.is_worse,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The metric that `to_dict` wrote; KeyError, TypeError or ValueError where it is none.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import IncidentMetric
            >>> moment = datetime(2026, 3, 1, tzinfo=UTC)
            >>> metric = IncidentMetric("recall", moment, moment, None, "warning", 0.5, 0.7)
            >>> IncidentMetric.from_dict(metric.to_dict()) == metric
            True
        """
        times = {"first_bad": read(data["first_bad"]), "opened": read(data["opened"])}
        return cls(**{**data, **times, "ended": read_optional(data["ended"])})


@dataclass(frozen=True, slots=True)
class Incident:
    """One time that a model was in trouble, or its labels did not come. A value: it does not change when more is seen.

    Made by `AlertPolicy`, which gives it with each notification and by `incidents()`. It compares, hashes by its `id`, and
    pickles.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag import AlertPolicy
        >>> policy = AlertPolicy()
        >>> for day, verdict in enumerate(["ok", "warning", "critical", "critical", "ok", "ok"], 1):
        ...     seen = {"current": 0.90 - (0.02 * day if verdict != "ok" else 0), "baseline": 0.90}
        ...     _ = policy.observe("fraud", "accuracy", verdict, datetime(2026, 3, day), evidence=seen)
        >>> incident = policy.incidents()[0]
        >>> incident.state, incident.peak_severity, [metric.name for metric in incident.metrics]
        ('recovered', 'critical', ['accuracy'])
        >>> incident.first_bad.day, incident.start.day, incident.peak.at.day, incident.end.day, incident.lasted.days
        (2, 3, 3, 6, 3)
        >>> print(incident)
        incident ...: fraud, critical, recovered
          bad since  2026-03-02 00:00
          opened     2026-03-03 00:00
          recovered  2026-03-06 00:00, after 3 d
          accuracy   critical, 0.9 (baseline 0.9), good since 2026-03-06 00:00
          worst      2026-03-03 00:00 accuracy critical: 0.84
          told       2026-03-03 00:00 opened warning, 2026-03-04 00:00 escalated critical, 2026-03-06 00:00 recovered
    """

    id: str
    """A name for it: the same whenever the same observations are made."""
    kind: str
    """`degradation`, or `labels` for a feed of labels that stopped."""
    model: str
    """The model."""
    metrics: tuple[IncidentMetric, ...]
    """The metrics that fell, in the order in which they did."""
    severity: str
    """`warning` or `critical`: how bad it is now, or was last."""
    peak_severity: str
    """How bad it was at the worst."""
    first_bad: datetime
    """When it began, as far as is known: before it was opened."""
    start: datetime
    """When it was opened."""
    end: datetime | None = None
    """When it was over; None while it is not."""
    ended_by: str | None = None
    """`recovered`; `resolved` by a person; `lapsed` where no alarm came for `alarm_lasts`, which says nothing of a recovery;
    `stale` where it was no longer looked at; `displaced` where there were too many."""
    reopened: int = 0
    """How many times it was over and came back."""
    escalated: bool = False
    """Whether it is critical since nobody acknowledged it."""
    peak: Evidence | None = None
    """The worst that was seen: by severity, then by the loss in margins (or else in baselines)."""
    evidence: tuple[Evidence, ...] = ()
    """What was seen, in the order in which it came: the first and the last of it, where there was more than is kept."""
    evidence_left_out: int = 0
    """How much of it is not kept, of the middle."""
    acknowledged_at: datetime | None = None
    """When somebody took it up; None where nobody did, or no longer."""
    acknowledged_until: datetime | None = None
    """Until when that holds; None for until the end."""
    acknowledged_by: str | None = None
    """Who."""
    acknowledged_severity: str | None = None
    """How bad it may become without being told of again."""
    note: str | None = None
    """What was said of it by whom acknowledged or resolved it."""
    notifications: tuple[tuple[datetime, str, str], ...] = ()
    """What was said of it: when, which kind, and how bad it was; the newest of it, where there was more than is kept."""
    notified: int = 0
    """How many notifications there were."""

    @property
    def state(self) -> str:
        """`open`, `acknowledged` or `recovered`: over, for whatever reason (`ended_by`).

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "warning", datetime(2026, 3, 1))
            >>> policy.incidents()[0].state
            'open'
        """
        if self.end is not None:
            return "recovered"
        return "open" if self.acknowledged_at is None else "acknowledged"

    @property
    def lasted(self) -> timedelta | None:
        """From when it was opened until it was over; None while it is not."""
        return None if self.end is None else self.end - self.start

    def __hash__(self) -> int:
        return hash(self.id)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, times as ISO 8601; `json.dumps` takes it.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "warning", datetime(2026, 3, 1))
            >>> found = policy.incidents()[0].to_dict()
            >>> found["state"], found["start"], found["metrics"][0]["name"]
            ('open', '2026-03-01T00:00:00+00:00', 'recall')
        """
        data: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        data |= {name: written(data[name]) for name in _TIMES}
        data["state"] = self.state
        data["metrics"] = [metric.to_dict() for metric in self.metrics]
        data["peak"] = None if self.peak is None else self.peak.to_dict()
        data["evidence"] = [evidence.to_dict() for evidence in self.evidence]
        data["notifications"] = [[written(at), kind, severity] for at, kind, severity in self.notifications]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The incident that `to_dict` wrote.

        Raises:
            ValueError: `data` is none.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy, Incident
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "warning", datetime(2026, 3, 1))
            >>> incident = policy.incidents()[0]
            >>> Incident.from_dict(incident.to_dict()) == incident
            True
        """
        try:
            values = {name: value for name, value in data.items() if name != "state"}
            values["first_bad"], values["start"] = read(data["first_bad"]), read(data["start"])
            values |= {name: read_optional(data[name]) for name in _TIMES[2:]}
            values["metrics"] = tuple(IncidentMetric.from_dict(metric) for metric in data["metrics"])
            values["peak"] = None if data["peak"] is None else Evidence.from_dict(data["peak"])
            values["evidence"] = tuple(Evidence.from_dict(evidence) for evidence in data["evidence"])
            values["notifications"] = tuple((read(at), kind, level) for at, kind, level in data["notifications"])
            found = cls(**values)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError("data must be a dict of an Incident, got one that cannot be read") from error
        if not {found.severity, found.peak_severity} <= set(SEVERITIES[1:]):
            raise ValueError("data must be a dict of an Incident, got one whose severity is none")
        return found

    def headline(self) -> str:
        """What fell, since when, in one line.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> _ = policy.observe("fraud", "recall", "warning", datetime(2026, 3, 1))
            >>> policy.incidents()[0].headline()
            'fraud: recall worse since 2026-03-01 00:00'
        """
        if self.kind == "labels":
            return f"{self.model}: too few labels since {short(self.first_bad)}"
        told = [metric for metric in self.metrics if metric.ended is None] or self.metrics
        names = ", ".join(metric.name for metric in told)
        changed = "has changed" if len(told) == 1 else "have changed"
        turn = "worse" if any(metric.is_worse for metric in told) else changed
        return f"{self.model}: {names} {turn} since {short(self.first_bad)}"

    def __str__(self) -> str:
        """Aligned lines: what, since when, the metrics, the worst, what was said."""
        is_worse = any(metric.is_worse for metric in self.metrics) or not self.metrics
        rows = [("bad since" if is_worse else "changed since", short(self.first_bad)), ("opened", short(self.start))]
        if self.reopened:
            rows.append(("reopened", f"{self.reopened} time{'' if self.reopened == 1 else 's'}"))
        if self.end is not None:
            rows.append((self.ended_by or "recovered", f"{short(self.end)}, after {lasted(self.end - self.start)}"))
        if self.acknowledged_at is not None:
            by = "" if self.acknowledged_by is None else f" by {self.acknowledged_by}"
            until = "" if self.acknowledged_until is None else f" until {short(self.acknowledged_until)}"
            rows.append(("acknowledged", f"{short(self.acknowledged_at)}{by}{until}"))
        if self.note is not None:
            rows.append(("note", self.note))
        rows += [(metric.name, _metric_text(metric, is_lapsed=self.ended_by == "lapsed")) for metric in self.metrics]
        if self.peak is not None:
            rows.append(("worst", str(self.peak)))
        if self.notifications:
            said = ", ".join(_said(*notification) for notification in self.notifications)
            rows.append(("told", said))
        width = max(len(name) for name, _ in rows) + 2
        lines = [f"  {name.ljust(width)}{text}" for name, text in rows]
        return "\n".join(
            [f"incident {self.id}: {self.model}, {self._severity_text()}, {self.ended_by or self.state}", *lines]
        )

    def _severity_text(self) -> str:
        """How bad it is, and was; of what is over, how bad it was at the worst."""
        if self.end is not None or self.severity == self.peak_severity:
            return self.peak_severity
        return f"{self.severity} ({self.peak_severity} at the worst)"


def _metric_text(metric: IncidentMetric, *, is_lapsed: bool) -> str:
    text = metric.severity
    if metric.value is not None:
        text += f", {metric.value:.4g}"
        if metric.baseline is not None:
            text += f" (baseline {metric.baseline:.4g})"
    return text if metric.ended is None else f"{text}, {'over' if is_lapsed else 'good'} since {short(metric.ended)}"


def _said(at: datetime, kind: str, severity: str) -> str:
    return f"{short(at)} {kind}" + ("" if kind in {"recovered", "closed"} else f" {severity}")
