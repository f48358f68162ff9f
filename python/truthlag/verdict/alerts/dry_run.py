"""What a policy would have told over a past log."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from truthlag.call.described import described
from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.ledger.ledger import Ledger, Taken
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.observation import LabelCount, Observation


@dataclass(frozen=True, slots=True)
class DryRun:
    """The notifications and incidents of a log, nothing of which was sent. Iterating gives the notifications.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> from truthlag.alerts import Observation
        >>> verdicts = ["ok", "critical", "critical", "ok", "ok"]
        >>> log = [Observation("fraud", "recall", verdict, datetime(2026, 3, day)) for day, verdict in enumerate(verdicts, 1)]
        >>> run = AlertPolicy().dry_run(log)
        >>> print(run)
        2026-03-03 00:00 critical opened: fraud: recall worse since 2026-03-02 00:00
        2026-03-05 00:00 recovered: fraud: recall after 2 d
        1 incident, 2 notifications
        >>> len(list(run)), run.incidents[0].state
        (2, 'recovered')
    """

    notifications: tuple[Notification, ...]
    """What would have been sent, in order."""
    incidents: tuple[Incident, ...]
    """The incidents, by start; the oldest are missing where there were more than the policy keeps."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values.

        Example:
            >>> from truthlag import AlertPolicy
            >>> AlertPolicy().dry_run([]).to_dict()
            {'notifications': [], 'incidents': []}
        """
        return {
            "notifications": [notification.to_dict() for notification in self.notifications],
            "incidents": [incident.to_dict() for incident in self.incidents],
        }

    def __iter__(self) -> Iterator[Notification]:
        return iter(self.notifications)

    def __str__(self) -> str:
        """One line for each notification, and how many there were."""
        incidents, notifications = len(self.incidents), len(self.notifications)
        total = f"{incidents} incident{'' if incidents == 1 else 's'}"
        total += f", {notifications} notification{'' if notifications == 1 else 's'}"
        return "\n".join([*map(str, self.notifications), total])


def dry_run(ledger: Ledger, observations: Iterable[Taken]) -> DryRun:
    """What a ledger of their own tells of observations in order of time, those of one moment together.

    Raises:
        TypeError: They are no iterable, or one is neither an `Observation` nor a `LabelCount`.
    """
    if not isinstance(observations, Iterable):
        raise TypeError(
            f"observations must be an iterable of Observation and LabelCount, got {described(observations)}"
        )
    told: list[Notification] = []
    together: list[Taken] = []
    for place, one in enumerate(observations):
        if not isinstance(one, Observation | LabelCount):
            raise TypeError(f"observations[{place}] must be an Observation or a LabelCount, got {described(one)}")
        if together and one.at != together[0].at:
            told += ledger.take(together)
            together = []
        together.append(one)
    if together:
        told += ledger.take(together)
    return DryRun(tuple(told), tuple(ledger.incidents()))
