"""The parameters of a label feed, checked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Self

from truthlag.call.described import described
from truthlag.verdict.alerts.label_feed.calendar import DAY, WEEK, zone_of
from truthlag.verdict.alerts.parameters import between, duration, optional_duration, optional_word

_MOST_PERIODS = 20_000
_LASTING_PERIODS = 2
_DURATIONS = frozenset({"period", "history", "least_history", "grace"})


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """See `LabelFeed`, whose parameters these are."""

    period: timedelta
    false_alarm_rate: float
    least_drop: float
    least_lasting_drop: float
    critical_share: float
    history: timedelta
    least_history: timedelta
    zone: str | None
    grace: timedelta

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Self:
        """The settings that a caller gives; TypeError or ValueError names the one that is not allowed."""
        period = duration("period", given["period"], above=True)
        settings = cls(
            period=period,
            false_alarm_rate=between("false_alarm_rate", given["false_alarm_rate"], 0, 1),
            least_drop=between("least_drop", given["least_drop"], 0, 1, least_allowed=True),
            least_lasting_drop=between("least_lasting_drop", given["least_lasting_drop"], 0, 1, least_allowed=True),
            critical_share=between("critical_share", given["critical_share"], 0, 1, least_allowed=True),
            history=optional_duration("history", given["history"]) or max(8 * WEEK, 100 * period),
            least_history=duration("least_history", given["least_history"]),
            zone=_zone_name(given["zone"]),
            grace=period if given["grace"] is None else duration("grace", given["grace"]),
        )
        if not 1 <= settings.most_periods <= _MOST_PERIODS:
            raise ValueError(
                f"history must hold from 1 to {_MOST_PERIODS} periods, got {described(given['history'])} for "
                f"{described(given['period'])}"
            )
        return settings

    @property
    def most_periods(self) -> int:
        """How many periods the history holds."""
        return self.history // self.period

    def is_lasting(self, span: int) -> bool:
        """Whether a span of so many periods is one over which smaller drops count: several periods, and a day at least."""
        return span >= _LASTING_PERIODS and span * self.period >= DAY

    def least_drop_of(self, span: int) -> float:
        """The share of the labels expected in so many periods that must be missing."""
        return min(self.least_drop, self.least_lasting_drop) if self.is_lasting(span) else self.least_drop

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters, by name."""
        return asdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; durations in seconds."""
        return {
            name: value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in self.arguments.items()
        }

    @staticmethod
    def arguments_of(data: Mapping[str, Any]) -> dict[str, Any]:
        """What `to_dict` wrote, as arguments of a feed; AttributeError, TypeError or OverflowError where it is none."""
        return {name: timedelta(seconds=value) if name in _DURATIONS else value for name, value in data.items()}


def _zone_name(given: Any) -> str | None:
    name = optional_word("zone", given)
    zone_of(name)
    return name
