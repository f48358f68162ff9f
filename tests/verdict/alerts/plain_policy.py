"""A policy that is plainly right: it keeps every look in a list and works everything out from the lists, each time anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RANK = {"ok": 0, "improved": 0, "warning": 1, "critical": 2}
NAME = ("ok", "warning", "critical")


@dataclass
class Watched:
    """All looks at one metric since it was last good, as (time, rank, when it began)."""

    model: str
    metric: str
    source: str
    looks: list[tuple[datetime, int, datetime]] = field(default_factory=list)
    opened: int | None = None
    """How many looks there were when it opened."""
    newest: datetime | None = None
    checks: list[tuple[datetime, int]] = field(default_factory=list)
    """Of an alarm that stands: the looks at the same metric since the last alarm."""

    def close(self) -> None:
        self.looks, self.opened, self.checks = [], None, []


def holds_since(marks: list[tuple[datetime, bool]], least: int, of: int) -> datetime | None:
    """Since when at least `least` of the last `of` looks are marked: the first mark of the window that began the stretch."""
    since = None
    for end in range(len(marks), 0, -1):
        window = marks[max(0, end - of) : end]
        marked = [at for at, mark in window if mark]
        if len(marked) < least:
            break
        since = marked[0]
    return since


@dataclass
class PlainIncident:
    group: tuple[str, str]
    start: datetime
    first_bad: datetime
    metrics: list[str] = field(default_factory=list)
    end: datetime | None = None
    why: str | None = None
    told: list[tuple[datetime, str, str]] = field(default_factory=list)
    believed_open: bool = False
    believed_rank: int = 0
    acknowledged: tuple[datetime | None, int] | None = None
    escalated: bool = False
    reopened: int = 0


class PlainPolicy:
    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.watched: list[Watched] = []
        self.incidents: list[PlainIncident] = []
        self.mutes: list[tuple[str | None, str | None, datetime, datetime | None]] = []
        self.told: list[tuple[datetime, tuple[str, str], str, str]] = []
        """When, of which group, what kind, how bad (how bad it had been told to be, for what is over)."""
        self.now: datetime | None = None

    def group(self, model: str, metric: str) -> tuple[str, str]:
        return model, metric if self.settings["group_by"] == "metric" else ""

    def members(self, incident: PlainIncident) -> list[Watched]:
        return [
            one
            for one in self.watched
            if one.opened is not None and self.group(one.model, one.metric) == incident.group
        ]

    # -- what comes in -------------------------------------------------------------------------------------------------

    def look(self, model: str, metric: str, verdict: str, at: datetime, source: str) -> list[tuple[Any, ...]]:
        self.now = at if self.now is None else max(self.now, at)
        found = [one for one in self.watched if (one.model, one.metric, one.source) == (model, metric, source)]
        one = found[0] if found else Watched(model, metric, source)
        if not found:
            self.watched.append(one)
        if (one.newest is None or at > one.newest) and verdict in RANK:
            was_open = one.opened is not None
            if source == "alarm" and not RANK[verdict]:
                one.close()
            else:
                one.looks.append((at, RANK[verdict], at))
            if source == "alarm":
                one.opened = 1 if RANK[verdict] else None
                one.checks = []
            elif was_open:
                self.close_if_good(one)
            elif self.reached(one) and RANK[verdict] >= RANK[self.settings["open_at"]]:
                one.opened = len(one.looks)
            if not was_open and one.opened is not None:
                self.join(one)
            if source == "check":
                self.end_alarm_if_good(model, metric, at, RANK[verdict])
        one.newest = at if one.newest is None else max(one.newest, at)
        return self.settle()

    def rank(self, one: Watched) -> int:
        """How bad an open metric is now."""
        if one.source == "alarm":
            return max(rank for _, rank, _ in one.looks)
        return max(self.reached(one), RANK[self.settings["open_at"]])

    def reached(self, one: Watched) -> int:
        least, of = self.settings["open_looks"]
        reached = 0
        for rank in range(RANK[self.settings["open_at"]], 3):
            since = holds_since([(at, got >= rank) for at, got, _ in one.looks], least, of)
            if since is not None and one.looks[-1][0] - since >= self.settings["open_after"]:
                reached = rank
        return reached

    def close_if_good(self, one: Watched) -> None:
        assert one.opened is not None
        least, of = self.settings["close_looks"]
        good = RANK[self.settings["close_at"]]
        since = holds_since([(at, rank <= good) for at, rank, _ in one.looks[one.opened :]], least, of)
        at, rank, _ = one.looks[-1]
        if since is not None and rank <= good and at - since >= self.settings["close_after"]:
            one.close()

    def end_alarm_if_good(self, model: str, metric: str, at: datetime, rank: int) -> None:
        for one in self.watched:
            if (one.model, one.metric, one.source) == (model, metric, "alarm") and one.opened is not None:
                assert one.newest is not None
                if at <= one.newest:
                    continue
                one.checks.append((at, rank))
                least, of = self.settings["close_looks"]
                good = RANK[self.settings["close_at"]]
                since = holds_since([(when, got <= good) for when, got in one.checks], least, of)
                if since is not None and rank <= good and at - since >= self.settings["close_after"]:
                    one.close()

    def first_bad(self, one: Watched) -> datetime:
        if one.source == "alarm":
            return min(at for at, _, _ in one.looks)
        worst = RANK[self.settings["open_at"]]
        least, of = self.settings["open_looks"]
        since = holds_since([(at, rank >= worst) for at, rank, _ in one.looks], least, of)
        assert since is not None
        return min([since, *(at for at, rank, _ in one.looks[-of:] if rank >= worst)])

    def join(self, one: Watched) -> None:
        assert self.now is not None
        group = self.group(one.model, one.metric)
        incident = next((found for found in self.incidents if found.group == group and found.end is None), None)
        if incident is None:
            earlier = [found for found in self.incidents if found.group == group]
            last = earlier[-1] if earlier else None
            within = self.settings["reopen_within"]
            if last is not None and (
                last.believed_open or (within and last.end is not None and self.now - last.end <= within)
            ):
                incident = last
                incident.end, incident.why = None, None
                incident.reopened += 1
            else:
                incident = PlainIncident(group, self.now, self.first_bad(one))
                self.incidents.append(incident)
        incident.first_bad = min(incident.first_bad, self.first_bad(one))
        if one.metric not in incident.metrics:
            incident.metrics.append(one.metric)

    # -- what is told --------------------------------------------------------------------------------------------------

    def tick(self, at: datetime) -> list[tuple[Any, ...]]:
        self.now = at if self.now is None else max(self.now, at)
        return self.settle()

    def is_muted(self, model: str, metric: str) -> bool:
        return any(
            of in (None, model) and what in (None, metric) and start <= self.now and (end is None or self.now < end)
            for of, what, start, end in self.mutes
        )

    def settle(self) -> list[tuple[Any, ...]]:
        if self.now is None:
            return []
        lasts = self.settings["alarm_lasts"]
        for incident in self.incidents:
            if incident.end is None and not self.members(incident):
                self.end(incident, "recovered")
        for one in self.watched:
            if (
                one.source == "alarm"
                and one.opened is not None
                and lasts is not None
                and self.now - one.looks[-1][0] >= lasts
            ):
                one.close()
        for incident in self.incidents:
            if incident.end is None and not self.members(incident):
                self.end(incident, "lapsed")
        found = []
        for incident in self.incidents:
            told = self.due(incident)
            if told is None:
                continue
            kind, rank = told
            incident.told.append((self.now, kind, NAME[rank]))
            self.told.append((self.now, incident.group, kind, NAME[rank]))
            found.append((self.now, incident.group, kind, NAME[rank], list(incident.metrics)))
        return found

    def end(self, incident: PlainIncident, why: str) -> None:
        incident.end, incident.why = self.now, why
        incident.acknowledged, incident.escalated = None, False

    def due(self, incident: PlainIncident) -> tuple[str, int] | None:
        assert self.now is not None
        settings = self.settings
        model = incident.group[0]
        if incident.end is not None:
            if not incident.believed_open or all(self.is_muted(model, metric) for metric in incident.metrics):
                return None
            kind = "recovered" if incident.why == "recovered" else "closed"
            if not self.may_speak(incident, 0):
                return None
            incident.believed_open = False
            return kind, incident.believed_rank
        members = self.members(incident)
        loud = max((self.rank(one) for one in members if not self.is_muted(model, one.metric)), default=0)
        if loud and incident.escalated:
            loud = 2
        if incident.acknowledged is not None:
            until, covered = incident.acknowledged
            if (until is None or self.now < until) and loud <= covered:
                return None
            incident.acknowledged = None
        if not loud:
            return None
        if not incident.believed_open:
            if not self.may_speak(incident, loud):
                return None
            incident.believed_open, incident.believed_rank = True, loud
            return ("reopened" if incident.told else "opened"), loud
        last = max(place for place, (_, kind, _) in enumerate(incident.told) if kind in ("opened", "reopened"))
        opened, since_opened = incident.told[last][0], [kind for _, kind, _ in incident.told[last:]]
        if loud > incident.believed_rank:
            if not self.may_speak(incident, loud):
                return None
            incident.believed_rank = loud
            return "escalated", loud
        good = RANK[settings["close_at"]]
        if all(one.looks[-1][1] <= good for one in members):
            return None
        after = settings["escalate_after"]
        if after is not None and incident.believed_rank < 2 and self.now - opened >= after:
            if not self.may_speak(incident, 2):
                return None
            incident.escalated, incident.believed_rank = True, 2
            return "escalated", 2
        every = settings["repeat_every"]
        is_time = every is not None and self.now - incident.told[-1][0] >= every
        if is_time and since_opened.count("reminder") < settings["repeat_limit"] and self.may_speak(incident, loud):
            return "reminder", incident.believed_rank
        return None

    def may_speak(self, incident: PlainIncident, rank: int) -> bool:
        """Nothing in the cool-down, but for what is worse than all that was told without such a pause before it."""
        assert self.now is not None
        earlier = [(at, NAME.index(severity)) for at, group, _, severity in self.told if group == incident.group]
        later, worst = self.now, -1
        for at, told in reversed(earlier):
            if later - at >= self.settings["cool_down"]:
                break
            later, worst = at, max(worst, told)
        return worst < 0 or rank > worst

    # -- what people do ------------------------------------------------------------------------------------------------

    def open_incident(self, model: str) -> PlainIncident | None:
        return next((one for one in self.incidents if one.group[0] == model and one.end is None), None)

    def acknowledge(self, incident: PlainIncident, at: datetime, until: datetime | None) -> list[tuple[Any, ...]]:
        self.now = at if self.now is None else max(self.now, at)
        rank = 2 if incident.escalated else max(self.rank(one) for one in self.members(incident))
        incident.acknowledged = until, rank
        return self.settle()

    def resolve(self, incident: PlainIncident, at: datetime) -> list[tuple[Any, ...]]:
        self.now = at if self.now is None else max(self.now, at)
        for one in self.members(incident):
            one.close()
        self.end(incident, "resolved")
        return self.settle()
