"""What is said of an incident at one moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.moment import lasted, short

KINDS = ("opened", "escalated", "reminder", "recovered", "closed", "reopened")


@dataclass(frozen=True, slots=True)
class Notification:
    """One message about an incident, as sinks take it.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> policy = AlertPolicy(open_looks=1)
        >>> seen = {"sentence": "recall fell from 0.70 to 0.50"}
        >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1), evidence=seen)
        >>> notification.kind, notification.severity, notification.number
        ('opened', 'critical', 1)
        >>> print(notification)
        2026-03-01 00:00 critical opened: fraud: recall worse since 2026-03-01 00:00; recall fell from 0.70 to 0.50
    """

    at: datetime
    """When it was said."""
    kind: str
    """`opened`, `escalated` (a warning became critical), `reminder`, `recovered`, `closed` (over for another reason than that
    all is good), or `reopened`."""
    severity: str
    """`warning` or `critical`; for what is over, the worst that it was."""
    incident: Incident
    """The incident as it was then."""

    @property
    def number(self) -> int:
        """The number of the notification among those of its incident, from 1."""
        return self.incident.notified

    @property
    def key(self) -> str:
        """A name for it, the same whenever the same observations are made, so that a receiver can tell a repeat.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> notification.key == f"{notification.incident.id}-1"
            True
        """
        return f"{self.incident.id}-{self.number}"

    @property
    def text(self) -> str:
        """The message in one line, without the time.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> notification.text
            'critical opened: fraud: recall worse since 2026-03-01 00:00'
        """
        incident = self.incident
        if incident.end is not None:
            why = {"recovered": "", "stale": ", no longer looked at", "displaced": ", too many incidents"}.get(
                incident.ended_by or "", f", {incident.ended_by}"
            )
            if incident.ended_by == "lapsed":
                alarms = [one.at for one in incident.evidence if one.source == "alarm"]
                why = f", no alarm for {lasted(incident.end - alarms[-1])}" if alarms else ", no more alarms"
            names = ", ".join(metric.name for metric in incident.metrics)
            return f"{self.kind}: {incident.model}: {names} after {lasted(incident.end - incident.start)}{why}"
        said = "" if incident.peak is None or not incident.peak.sentence else f"; {incident.peak.sentence}"
        return f"{self.severity} {self.kind}: {incident.headline()}{said}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, times as ISO 8601; `json.dumps` takes it.

        Example:
            >>> from datetime import datetime
            >>> from truthlag import AlertPolicy
            >>> policy = AlertPolicy(open_looks=1)
            >>> (notification,) = policy.observe("fraud", "recall", "critical", datetime(2026, 3, 1))
            >>> sorted(notification.to_dict())
            ['at', 'incident', 'key', 'kind', 'severity', 'text']
        """
        return {
            "key": self.key,
            "at": self.at.isoformat(),
            "kind": self.kind,
            "severity": self.severity,
            "text": self.text,
            "incident": self.incident.to_dict(),
        }

    def __str__(self) -> str:
        """The time and the message."""
        return f"{short(self.at)} {self.text}"
