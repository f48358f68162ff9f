"""What a watch says when its detector alarms."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from truthlag.call.described import described

_KINDS: dict[str, tuple[type, ...]] = {
    "model version watch detector order": (str,),
    "position": (int,),
    "estimation": (int, float),
    "reference log_evidence before after": (int, float, type(None)),
    "is_guaranteed": (bool,),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of a watch.

    Example:
        >>> from datetime import UTC, datetime
        >>> from truthlag import Alarm
        >>> alarm = Alarm(
        ...     model="fraud-detector", version="v2", watch="accuracy", time=datetime(2026, 3, 4, 12, tzinfo=UTC), position=5_131,
        ...     change=datetime(2026, 3, 4, 9, tzinfo=UTC), reference=0.10, estimation=0.104, log_evidence=11.6, detector="EDetector",
        ...     is_guaranteed=True, before=0.101, after=0.213,
        ... )
        >>> print(alarm)
        fraud-detector v2: accuracy is worse than its baseline, by predictions up to 2026-03-04 12:00, probably since 2026-03-04 09:00
        >>> alarm.is_gain
        False
    """

    model: str
    """The name of the model."""
    version: str
    """Its version."""
    watch: str
    """The name of the watch."""
    time: datetime
    """When the prediction was made whose label raised the alarm (UTC)."""
    position: int
    """How many rows the watch had looked at, that one included."""
    change: datetime | None
    """When the first prediction after the change was made, as the detector estimates it; None where it does not."""
    reference: float | None
    """The mean loss above which there is a loss; None for detectors without a baseline."""
    estimation: float
    """What the detector held for the mean loss: most often that of all rows since it began afresh. See `after`."""
    log_evidence: float | None
    """The natural logarithm of the evidence; None for detectors that have none."""
    detector: str
    """The class of the detector."""
    is_guaranteed: bool
    """Whether the detector promises how rare false alarms are, and the promise holds: as `Watch.is_guaranteed`."""
    order: str = "prediction"
    """`"prediction"` or `"arrival"`."""
    before: float | None = None
    """The mean loss since the last alarm up to the change; None where there was no row."""
    after: float | None = None
    """The mean loss since the change, of the last 1 024 rows where there are more. Where the detector does not estimate when it
    was, of the last half of the rows since the last alarm, 256 at most."""

    @property
    def is_gain(self) -> bool:
        """Whether the losses have become fewer: detectors of changes either way alarm for those too, as `ADWIN` does.

        False of detectors with a baseline, which watch for losses only.
        """
        if self.reference is not None or self.before is None or self.after is None:
            return False
        return self.after < self.before

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes; times in ISO format.

        Example:
            >>> import json
            >>> from datetime import UTC, datetime
            >>> from truthlag import Alarm
            >>> time = datetime(2026, 3, 4, tzinfo=UTC)
            >>> alarm = Alarm("fraud-detector", "v2", "recall", time, 90, None, None, 0.1, None, "DDM", True)
            >>> json.loads(json.dumps(alarm.to_dict()))["time"]
            '2026-03-04T00:00:00+00:00'
        """
        change = None if self.change is None else self.change.isoformat()
        return asdict(self) | {"time": self.time.isoformat(), "change": change}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Alarm:
        """The alarm that `to_dict` gave.

        Raises:
            ValueError: A field is missing, or is not what it was.

        Example:
            >>> from datetime import UTC, datetime
            >>> from truthlag import Alarm
            >>> alarm = Alarm("m", "v2", "recall", datetime(2026, 3, 4, tzinfo=UTC), 90, None, None, 0.1, None, "DDM", True)
            >>> Alarm.from_dict(alarm.to_dict()) == alarm
            True
        """
        try:
            times = {
                name: datetime.fromisoformat(fields[name]) for name in ("time", "change") if fields[name] is not None
            }
            alarm = cls(**(fields | times))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"fields must be those of an alarm: {error}") from error
        for names, kinds in _KINDS.items():
            for name in names.split():
                value = getattr(alarm, name)
                if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                    raise ValueError(f"fields must be those of an alarm, got {described(value)} for {name}")
        return alarm

    def __str__(self) -> str:
        since = "" if self.change is None else f", probably since {self.change:%Y-%m-%d %H:%M}"
        what = "is worse than its baseline" if self.reference is not None else self._turn()
        doubt = "" if self.order == "prediction" else " (in order of labels, without a guarantee)"
        return f"{self.model} {self.version}: {self.watch} {what}, by predictions up to {self.time:%Y-%m-%d %H:%M}{since}{doubt}"

    def _turn(self) -> str:
        if self.before is None or self.after is None:
            return "has changed"
        turn = "better" if self.is_gain else "worse"
        return f"has become {turn} (mean loss {self.before:.3g}, then {self.after:.3g})"


def finite(number: float) -> float | None:
    """A number that JSON can hold, or None."""
    return number if math.isfinite(number) else None
