"""The mutes that are not over."""

from datetime import datetime

from truthlag.call.described import described
from truthlag.verdict.alerts.mute import Mute

_MOST = 1_000


class Mutes:
    """At most a thousand, in the order in which they were made."""

    def __init__(self) -> None:
        self.all: list[Mute] = []
        self.number = 0
        """How many there have been."""

    def add(
        self, model: str | None, metric: str | None, at: datetime, until: datetime | None, reason: str | None
    ) -> Mute:
        """Add one; ValueError where there are too many."""
        if len(self.all) >= _MOST:
            raise ValueError(f"there must be at most {_MOST} mutes: end some with `unmute`")
        self.number += 1
        mute = Mute(f"mute-{self.number}", model, metric, at, until, reason)
        self.all.append(mute)
        return mute

    def end(self, mute_id: str) -> None:
        """End one before its time; ValueError where there is none of that name."""
        left = [mute for mute in self.all if mute.id != mute_id]
        if len(left) == len(self.all):
            raise ValueError(f"mute_id must be that of a mute, got {described(mute_id)}")
        self.all = left

    def drop_over(self, now: datetime) -> None:
        """Let go of those that are over."""
        self.all = [mute for mute in self.all if mute.until is None or now < mute.until]

    def covers(self, model: str, metric: str, now: datetime) -> bool:
        """Whether nothing is to be told of this metric now."""
        return any(mute.covers(model, metric, now) for mute in self.all)
