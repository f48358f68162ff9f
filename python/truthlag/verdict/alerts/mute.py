"""What is not to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from truthlag.verdict.alerts.moment import read, read_optional, written


@dataclass(frozen=True, slots=True)
class Mute:
    """Nothing is told of a model, of a metric, or of both together, from one moment to another.

    Example:
        >>> from datetime import datetime
        >>> from truthlag import AlertPolicy
        >>> policy = AlertPolicy()
        >>> mute = policy.mute("fraud", at=datetime(2026, 3, 1), until=datetime(2026, 3, 2), reason="backfill")
        >>> policy.mutes() == (mute,), mute.reason
        (True, 'backfill')
    """

    id: str
    """A name for it, for `unmute`."""
    model: str | None
    """Of which model; None for all."""
    metric: str | None
    """Of which metric; None for all. That of a label feed is `labels`."""
    at: datetime
    """From when."""
    until: datetime | None
    """Until when, itself excluded; None for until `unmute`."""
    reason: str | None
    """Why."""

    def covers(self, model: str, metric: str, now: datetime) -> bool:
        """Whether nothing is to be told of this metric now.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import Mute
            >>> mute = Mute("mute-1", "fraud", None, datetime(2026, 3, 1, tzinfo=UTC), None, None)
            >>> mute.covers("fraud", "recall", datetime(2026, 3, 1, tzinfo=UTC))
            True
        """
        return (
            self.model in (None, model)
            and self.metric in (None, metric)
            and self.at <= now
            and (self.until is None or now < self.until)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, times as ISO 8601.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import Mute
            >>> Mute("mute-1", "fraud", None, datetime(2026, 3, 1, tzinfo=UTC), None, None).to_dict()["at"]
            '2026-03-01T00:00:00+00:00'
        """
        return {
            "id": self.id,
            "model": self.model,
            "metric": self.metric,
            "at": written(self.at),
            "until": written(self.until),
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The mute that `to_dict` wrote; KeyError, TypeError or ValueError where it is none.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag.alerts import Mute
            >>> mute = Mute("mute-1", "fraud", None, datetime(2026, 3, 1, tzinfo=UTC), None, None)
            >>> Mute.from_dict(mute.to_dict()) == mute
            True
        """
        return cls(**{**data, "at": read(data["at"]), "until": read_optional(data["until"])})
