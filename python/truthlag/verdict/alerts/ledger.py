"""The state of a policy and how observations change it, without locks, clocks and sinks: time is what it is told."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Self, TypeAlias

from truthlag.verdict.alerts.case import Case, Group
from truthlag.verdict.alerts.condition import AT_ONCE, Condition, Key, Look
from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.label_feed import LabelFeed, LabelFeedReport
from truthlag.verdict.alerts.moment import read, read_optional, written
from truthlag.verdict.alerts.mute import Mute
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.observation import LABELS, RANKS, LabelCount, Observation
from truthlag.verdict.alerts.parameters import word
from truthlag.verdict.alerts.settings import Settings

Taken: TypeAlias = Observation | LabelCount

DEGRADATION = "degradation"
MUTES = 1_000
_COUNTED = (
    "observations",
    "late",
    "repeated",
    "opened",
    "reopened",
    "recovered",
    "resolved",
    "stale",
    "displaced",
    "notifications",
)


class Ledger:
    """Conditions by metric, the incident of each group, what is muted, and the feeds of labels.

    Invariants: a group has at most one case; a case is open exactly while it has members; its members are the open
    conditions of its group.
    """

    def __init__(self, settings: Settings, feed: LabelFeed) -> None:
        self.settings = settings
        self.feed = feed
        """What the feeds of new models are made like."""
        self.now: datetime | None = None
        self.conditions: OrderedDict[Key, Condition] = OrderedDict()
        """In the order in which they were last looked at."""
        self.cases: OrderedDict[Group, Case] = OrderedDict()
        self.closed: OrderedDict[str, Incident] = OrderedDict()
        self.feeds: OrderedDict[str, LabelFeed] = OrderedDict()
        self.label_totals: dict[str, int] = {}
        """How many labels had come to the tracker of each model when it was last asked; the longest ago first."""
        self.mutes: list[Mute] = []
        self.counted: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
        # When something was last told of a group, and how bad the worst was that was told within the cool-down.
        self._spoken: dict[Group, tuple[datetime, int]] = {}
        self._number = 0
        self._mute_number = 0

    # -- what comes in -------------------------------------------------------------------------------------------------

    def take(self, observations: Iterable[Taken]) -> list[Notification]:
        """Take what was found at one moment; what is to be told of it, all together."""
        for observation in observations:
            now = self._advance(observation.at)
            if isinstance(observation, LabelCount):
                self._take_labels(observation, now)
            else:
                self._take_look(observation, now)
        return [] if self.now is None else self._settle(self.now)

    def take_total(self, model: str, total: int, at: datetime, *, is_same: bool) -> list[Notification]:
        """Take how many labels have come by now: since the last time, one period's worth.

        Args:
            model: The model.
            total: How many have come to its tracker.
            at: The end of the period.
            is_same: Whether it is the tracker that was asked the last time.
        """
        found = self.conditions.get(_key_of_labels(model))
        if found is not None and at <= found.last:
            # It is left out, and its labels are those of the next period.
            return self.take([LabelCount(model, 0, at)])
        last = self.label_totals.pop(model, None)
        while len(self.label_totals) >= self.settings.metric_limit:
            del self.label_totals[next(iter(self.label_totals))]
        self.label_totals[model] = total
        if last is None:
            return self._settle(self._advance(at))
        # Labels that were taken back make fewer. So does a new tracker, to which all of its labels have come since.
        count = total if total < last and not is_same else max(0, total - last)
        return self.take([LabelCount(model, count, at)])

    def tick(self, at: datetime) -> list[Notification]:
        """Let time go on; what is to be told by now."""
        now = self._advance(at)
        for model, feed in self.feeds.items():
            found = self.conditions.get(_key_of_labels(model))
            # By the time that is given: an observation that came ahead of it makes no other model's labels overdue.
            if found is not None:
                for report in feed.tick(at):
                    self._take_report(found, report, now)
        return self._settle(now)

    def _advance(self, at: datetime) -> datetime:
        self.now = at if self.now is None else max(self.now, at)
        return self.now

    def _take_look(self, observation: Observation, now: datetime) -> None:
        key = (DEGRADATION, observation.model, observation.metric, observation.source)
        found = self._condition(key, observation.at, now)
        if found is None:
            return
        rank = RANKS.get(observation.verdict)
        if rank is None:
            found.last = observation.at
            return
        look = Look(rank, observation.first_bad or observation.at, observation.seen())
        if observation.source == "alarm":
            self._apply(found, look, is_changed=found.alarm(look), now=now)
        else:
            self._apply(found, look, is_changed=found.take(look, self.settings.rule), now=now)

    def _take_labels(self, labels: LabelCount, now: datetime) -> None:
        feed = self.feeds.get(labels.model)
        # A period that was filled in has not been reported: its count is late, not repeated.
        is_filled = feed is not None and feed.reported_until != labels.at
        found = self._condition(_key_of_labels(labels.model), labels.at, now, is_filled=is_filled)
        if found is None:
            return
        # What makes room for a metric may have taken the feed of one.
        feed = self.feeds.get(labels.model)
        if feed is None:
            feed = self.feeds[labels.model] = LabelFeed(**self.feed.settings)
        for report in feed.observe_all(labels.count, labels.at):
            self._take_report(found, report, now)

    def _take_report(self, found: Condition, report: LabelFeedReport, now: datetime) -> None:
        rank = RANKS.get(report.verdict)
        if rank is None or report.expected is None:
            found.last = report.at
            return
        details = {"periods": report.periods, "lowest": report.lowest, "since": report.since.isoformat()}
        evidence = Evidence(
            report.at,
            LABELS,
            LABELS,
            report.verdict,
            value=report.labels,
            baseline=report.expected,
            loss=report.expected - report.labels,
            p_value=report.p_value,
            sentence=report.sentence,
            details=details,
        )
        look = Look(rank, report.since if rank else report.at, evidence)
        self._apply(found, look, is_changed=found.take(look, AT_ONCE), now=now)

    def _condition(self, key: Key, at: datetime, now: datetime, *, is_filled: bool = False) -> Condition | None:
        """The condition to look at; None where this moment of it has been seen."""
        self.counted["observations"] += 1
        found = self.conditions.get(key)
        if found is None:
            while len(self.conditions) >= self.settings.metric_limit:
                self._forget(next(iter(self.conditions)), now, "displaced")
            found = self.conditions[key] = Condition(key, at)
        elif at <= found.last:
            self.counted["late" if at < found.last or is_filled else "repeated"] += 1
            return None
        found.seen = now
        self.conditions.move_to_end(key)
        return found

    def _apply(self, condition: Condition, look: Look, *, is_changed: bool, now: datetime) -> None:
        group = self._group(condition.key)
        limit = self.settings.evidence_limit
        if is_changed and condition.rank:
            case = self._case(group, condition, now)
            case.join(condition, now)
            for one in condition.looks:
                case.add(one.evidence, limit)
            self._weigh(case)
            return
        case_or_none = self.cases.get(group)
        if case_or_none is None or condition.key not in case_or_none.members:
            return
        case_or_none.add(look.evidence, limit)
        if is_changed:
            self._leave(case_or_none, condition.key, now, "recovered")
        else:
            self._weigh(case_or_none)

    # -- incidents -----------------------------------------------------------------------------------------------------

    def _group(self, key: Key) -> Group:
        kind, model, metric, _ = key
        return kind, model, metric if self.settings.group_by == "metric" else ""

    def _case(self, group: Group, condition: Condition, now: datetime) -> Case:
        """The case that a condition that has opened belongs to."""
        case = self.cases.get(group)
        if case is not None and case.is_open:
            return case
        while sum(one.is_open for one in self.cases.values()) >= self.settings.open_limit:
            self._displace(now)
        case = self.cases.get(group)
        # What people still take for open has not ended for them.
        if case is not None and (case.told_open or self._is_recent(case, now)):
            case.reopen()
            self.closed.pop(case.incident.id, None)
            self.counted["reopened"] += 1
            return case
        self._number += 1
        case = self.cases[group] = Case.begin(group, condition, now, self._number)
        self.cases.move_to_end(group)
        self.counted["opened"] += 1
        return case

    def _is_recent(self, case: Case, now: datetime) -> bool:
        within = self.settings.reopen_within
        return bool(within) and case.incident.end is not None and now - case.incident.end <= within

    def _weigh(self, case: Case) -> None:
        case.weigh(max(self.conditions[key].rank for key in case.members))

    def _leave(self, case: Case, key: Key, now: datetime, why: str) -> None:
        case.leave(key, now, why)
        if case.is_open:
            self._weigh(case)
        else:
            self._keep_closed(case, why)

    def _end(self, case: Case, now: datetime, why: str) -> None:
        for key in case.members:
            self.conditions[key].close()
        case.end(now, why)
        self._keep_closed(case, why)

    def _keep_closed(self, case: Case, why: str) -> None:
        self.counted[why] += 1
        self.closed[case.incident.id] = case.incident
        while len(self.closed) > self.settings.closed_limit:
            self.closed.popitem(last=False)

    def _displace(self, now: datetime) -> None:
        """End the open incident that has not been looked at for longest."""
        for key in self.conditions:
            case = self.cases.get(self._group(key))
            if case is not None and key in case.members:
                self._end(case, now, "displaced")
                return

    def _forget(self, key: Key, now: datetime, why: str) -> None:
        case = self.cases.get(self._group(key))
        if case is not None and key in case.members:
            self._leave(case, key, now, why)
        del self.conditions[key]
        if key[0] == LABELS:
            self.feeds.pop(key[1], None)
            self.label_totals.pop(key[1], None)

    # -- what is told --------------------------------------------------------------------------------------------------

    def _settle(self, now: datetime) -> list[Notification]:
        self._expire(now)
        found = []
        for group, case in list(self.cases.items()):
            loud = self._loud(case, now)
            kind = case.due(now, loud, self.settings, is_mending=self._is_mending(case))
            if kind is not None and self._may_speak(group, kind, loud, now):
                found.append(self._tell(case, kind, loud, now))
            elif not case.is_open and not case.told_open and not self._is_recent(case, now):
                del self.cases[group]
        return found

    def _expire(self, now: datetime) -> None:
        """Let go of what has run out."""
        settings = self.settings
        for case in list(self.cases.values()):
            for key in list(case.members):
                condition = self.conditions[key]
                if (
                    condition.source == "alarm"
                    and settings.alarm_lasts is not None
                    and now - condition.last >= settings.alarm_lasts
                ):
                    condition.close()
                    self._leave(case, key, now, "recovered")
            if case.incident.end is not None and now - case.incident.end >= settings.forget_after:
                del self.cases[case.group]
        while self.conditions:
            key, condition = next(iter(self.conditions.items()))
            if now - condition.seen < settings.forget_after:
                break
            self._forget(key, now, "stale")
        self.mutes = [mute for mute in self.mutes if mute.until is None or now < mute.until]
        self._spoken = {group: said for group, said in self._spoken.items() if now - said[0] < settings.cool_down}
        while len(self.cases) > settings.open_limit + settings.closed_limit:
            # Those that are open are fewer: one that has ended comes up.
            del self.cases[next(group for group, case in self.cases.items() if not case.is_open)]

    def _loud(self, case: Case, now: datetime) -> int:
        """How bad the incident is in what is not muted."""

        def is_muted(metric: str) -> bool:
            return any(mute.covers(case.incident.model, metric, now) for mute in self.mutes)

        if not case.is_open:
            return int(not all(is_muted(metric.name) for metric in case.incident.metrics))
        rank = max((self.conditions[key].rank for key in case.members if not is_muted(key[2])), default=0)
        return 2 if rank and case.incident.escalated else rank

    def _is_mending(self, case: Case) -> bool:
        good = self.settings.rule.close_rank
        return all(self.conditions[key].looks[-1].rank <= good for key in case.members)

    def _may_speak(self, group: Group, kind: str, loud: int, now: datetime) -> bool:
        """Whether the cool-down allows it: what is worse than all that was told in it is told at once."""
        said = self._spoken.get(group)
        if said is None or now - said[0] >= self.settings.cool_down:
            return True
        return kind not in {"recovered", "closed"} and max(loud, 2 if kind == "escalated" else 0) > said[1]

    def _tell(self, case: Case, kind: str, loud: int, now: datetime) -> Notification:
        is_end = kind in {"recovered", "closed"}
        if kind == "escalated" and loud < 2:
            case.incident = replace(case.incident, escalated=True)
            loud = 2
            self._weigh(case)
        case.told(kind, now, 0 if is_end else loud)
        # The worst that people know of it: what comes back soon after its end is no news.
        rank = case.told_rank
        if is_end and case.incident.id in self.closed:
            self.closed[case.incident.id] = case.incident
        self.counted["notifications"] += 1
        last, worst = self._spoken.get(case.group, (now, 0))
        within = now - last < self.settings.cool_down
        self._spoken[case.group] = now, max(rank, worst) if within else rank
        _, _, severity = case.incident.notifications[-1]
        return Notification(now, kind, severity, case.incident)

    # -- what people do ------------------------------------------------------------------------------------------------

    def open_case(self, incident_id: str) -> Case | None:
        """The case of an open incident."""
        return next((one for one in self.cases.values() if one.is_open and one.incident.id == incident_id), None)

    def acknowledge(
        self, case: Case, at: datetime, until: datetime | None, by: str | None, severity: str | None, note: str | None
    ) -> list[Notification]:
        """Note that somebody has taken an incident up."""
        now = self._advance(at)
        case.incident = replace(
            case.incident,
            acknowledged_at=now,
            acknowledged_until=until,
            acknowledged_by=by,
            acknowledged_severity=severity or case.incident.severity,
            note=note or case.incident.note,
        )
        return self._settle(now)

    def resolve(self, case: Case, at: datetime, note: str | None) -> list[Notification]:
        """End an incident."""
        now = self._advance(at)
        case.incident = replace(case.incident, note=note or case.incident.note)
        self._end(case, now, "resolved")
        return self._settle(now)

    def mute(
        self, model: str | None, metric: str | None, at: datetime, until: datetime | None, reason: str | None
    ) -> Mute:
        """Add a mute."""
        self._mute_number += 1
        mute = Mute(f"mute-{self._mute_number}", model, metric, at, until, reason)
        self.mutes.append(mute)
        return mute

    def incidents(self) -> list[Incident]:
        """All that are kept, by start."""
        current = [case.incident for case in self.cases.values() if case.is_open]
        return sorted([*self.closed.values(), *current], key=lambda one: (one.start, one.id))

    # -- the state -----------------------------------------------------------------------------------------------------

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "now": written(self.now),
            "conditions": [condition.to_state() for condition in self.conditions.values()],
            "cases": [case.to_state() for case in self.cases.values()],
            "closed": [incident.to_dict() for incident in self.closed.values()],
            "feeds": [[model, feed.to_dict()] for model, feed in self.feeds.items()],
            "label_totals": [[model, total] for model, total in self.label_totals.items()],
            "mutes": [mute.to_dict() for mute in self.mutes],
            "counted": dict(self.counted),
            "spoken": [[list(group), written(at), rank] for group, (at, rank) in self._spoken.items()],
            "number": self._number,
            "mute_number": self._mute_number,
        }

    @classmethod
    def from_state(cls, settings: Settings, feed: LabelFeed, state: Mapping[str, Any]) -> Self:
        """The ledger that `to_state` wrote; KeyError, TypeError or ValueError where it is none."""
        ledger = cls(settings, feed)
        ledger.now = read_optional(state["now"])
        for one in state["conditions"]:
            condition = Condition.from_state(one)
            ledger.conditions[condition.key] = condition
        for one in state["cases"]:
            case = Case.from_state(one, lambda key: key in ledger.conditions and ledger.conditions[key].rank > 0)
            ledger.cases[case.group] = case
        for one in state["closed"]:
            incident = Incident.from_dict(one)
            ledger.closed[incident.id] = incident
        ledger.feeds.update((model, LabelFeed.from_dict(one)) for model, one in state["feeds"])
        ledger.label_totals = {word("model", model): int(total) for model, total in state["label_totals"]}
        ledger.mutes = [Mute.from_dict(one) for one in state["mutes"]]
        ledger.counted.update({name: int(state["counted"][name]) for name in _COUNTED})
        ledger._spoken = {
            (kind, model, metric): (read(at), int(rank)) for (kind, model, metric), at, rank in state["spoken"]
        }
        ledger._number = int(state["number"])
        ledger._mute_number = int(state["mute_number"])
        ledger._check()
        return ledger

    def _check(self) -> None:
        """ValueError unless the open conditions are the members of the cases of their groups."""
        members = {key for group, case in self.cases.items() for key in case.members if self._group(key) == group}
        is_open = {key for key, condition in self.conditions.items() if condition.rank}
        if members != is_open:
            raise ValueError("open conditions that belong to no incident")


def _key_of_labels(model: str) -> Key:
    return LABELS, model, LABELS, LABELS
