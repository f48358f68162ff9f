"""The state of one metric as one source sees it: whether looks have been bad often and long enough, and good again."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.moment import read, read_optional, written
from truthlag.verdict.alerts.parameters import NOTHING

Key = tuple[str, str, str, str]
"""Kind of incident, model, metric, source."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a condition opens and closes."""

    open_looks: tuple[int, int]
    open_after: timedelta
    close_looks: tuple[int, int]
    close_after: timedelta
    open_rank: int
    """The least rank that is bad."""
    close_rank: int
    """The greatest rank that is good."""


AT_ONCE = Rule((1, 1), NOTHING, (1, 1), NOTHING, open_rank=1, close_rank=0)
"""For a source that has weighed the evidence over time by itself."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look that decided something."""

    rank: int
    first_bad: datetime
    """When what it saw began: its own time, unless told."""
    evidence: Evidence

    @property
    def at(self) -> datetime:
        """When."""
        return self.evidence.at


class Condition:
    """Opens when m of the last n looks were bad, and have been for long enough; closes likewise by good ones."""

    def __init__(self, key: Key, at: datetime) -> None:
        self.key = key
        self.last = at
        """The newest look, decided or not."""
        self.seen = at
        """The time of the policy when it was last looked at."""
        self.rank = 0
        """0 while closed, else how bad it is now."""
        self.first_bad: datetime | None = None
        self.looks: deque[Look] = deque()
        self._since: dict[int, datetime] = {}
        """For each rank whose rule is met: the first of the looks that met it."""
        self._good: deque[tuple[datetime, bool]] = deque()
        self._good_since: datetime | None = None
        self.opened_by: Evidence | None = None
        """The first alarm of those that stand."""

    @property
    def metric(self) -> str:
        """Of what it is the state."""
        return self.key[2]

    @property
    def source(self) -> str:
        """Who looks: `check`, `alarm` or `labels`."""
        return self.key[3]

    def take(self, look: Look, rule: Rule) -> bool:
        """Take a look newer than the last; whether the condition has opened or closed by it."""
        self.last = look.at
        self.looks.append(look)
        least, of = rule.open_looks
        while len(self.looks) > of:
            self.looks.popleft()
        for rank in (1, 2):
            bad = [one for one in self.looks if one.rank >= rank]
            if len(bad) < least:
                self._since.pop(rank, None)
            else:
                self._since.setdefault(rank, bad[0].at)
        held = [rank for rank, since in self._since.items() if look.at - since >= rule.open_after]
        reached = max((rank for rank in held if rank >= rule.open_rank), default=0)
        if not self.rank:
            if look.rank < rule.open_rank or not reached:
                return False
            self.rank = reached
            since = self._since[rule.open_rank]
            begun = [one.first_bad for one in self.looks if one.rank >= rule.open_rank]
            self.first_bad = min(since, *begun)
            return True
        self.rank = max(reached, rule.open_rank)
        return self._is_over(look, rule)

    def alarm(self, look: Look) -> bool:
        """Take an alarm, which opens at once and stays, or a proof of recovery, which closes; whether it did."""
        self.last = look.at
        if not look.rank:
            was_open = self.rank > 0
            self.close()
            return was_open
        self.looks = deque([look])
        self._good.clear()
        self._good_since = None
        opened = not self.rank
        self.opened_by = look.evidence if opened else self.opened_by
        self.rank = max(self.rank, look.rank)
        self.first_bad = look.first_bad if opened or self.first_bad is None else min(self.first_bad, look.first_bad)
        return opened

    def check(self, look: Look, rule: Rule) -> bool:
        """While an alarm stands, take a look of another source at the same metric; whether the alarm is over by it.

        It counts only where what it looked at began after the loss did: a window that is mostly older says nothing of it.
        """
        begins = look.evidence.details.get("window_start")
        if look.at <= self.last or not self.rank:
            return False
        if isinstance(begins, str) and self.first_bad is not None and read(begins) < self.first_bad:
            return False
        return self._is_over(look, rule)

    def close(self) -> None:
        """Be closed, and begin anew."""
        self.rank = 0
        self.opened_by = None
        self.first_bad = None
        self.looks.clear()
        self._since.clear()
        self._good.clear()
        self._good_since = None

    def _is_over(self, look: Look, rule: Rule) -> bool:
        least, of = rule.close_looks
        is_good = look.rank <= rule.close_rank
        self._good.append((look.at, is_good))
        while len(self._good) > of:
            self._good.popleft()
        good = [at for at, was_good in self._good if was_good]
        if len(good) < least:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = good[0]
        if not is_good or self._good_since is None or look.at - self._good_since < rule.close_after:
            return False
        self.close()
        return True

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "key": list(self.key),
            "last": written(self.last),
            "seen": written(self.seen),
            "rank": self.rank,
            "first_bad": written(self.first_bad),
            "looks": [[look.rank, written(look.first_bad), look.evidence.to_dict()] for look in self.looks],
            "since": [[rank, written(since)] for rank, since in self._since.items()],
            "good": [[written(at), was_good] for at, was_good in self._good],
            "good_since": written(self._good_since),
            "opened_by": None if self.opened_by is None else self.opened_by.to_dict(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The condition that `to_state` wrote; KeyError, TypeError or ValueError where it is none."""
        kind, model, metric, source = state["key"]
        condition = cls((kind, model, metric, source), read(state["last"]))
        condition.seen = read(state["seen"])
        condition.rank = state["rank"]
        condition.first_bad = read_optional(state["first_bad"])
        for rank, first_bad, evidence in state["looks"]:
            condition.looks.append(Look(rank, read(first_bad), Evidence.from_dict(evidence)))
        condition._since = {rank: read(since) for rank, since in state["since"]}
        condition._good = deque((read(at), bool(was_good)) for at, was_good in state["good"])
        condition._good_since = read_optional(state["good_since"])
        opened_by = state["opened_by"]
        condition.opened_by = None if opened_by is None else Evidence.from_dict(opened_by)
        return condition
