"""How observations and people change what a policy knows, in order of time: time is what it is told."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from truthlag.call.described import described
from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.label_feed import LabelFeed, LabelFeedReport
from truthlag.verdict.alerts.ledger.case import Case
from truthlag.verdict.alerts.ledger.cases import Cases
from truthlag.verdict.alerts.ledger.condition import AT_ONCE, Condition, Key, Look
from truthlag.verdict.alerts.ledger.labels import Labels, key_of_labels, look_of
from truthlag.verdict.alerts.ledger.mutes import Mutes
from truthlag.verdict.alerts.ledger.telling import Telling
from truthlag.verdict.alerts.mute import Mute
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.observation import ALARM, LABELS, RANKS, LabelCount, Observation
from truthlag.verdict.alerts.parameters import word
from truthlag.verdict.alerts.settings import Settings

Taken: TypeAlias = Observation | LabelCount

DEGRADATION = "degradation"
COUNTED = (
    "observations",
    "late",
    "repeated",
    "opened",
    "reopened",
    "recovered",
    "resolved",
    "lapsed",
    "stale",
    "displaced",
    "notifications",
)


@dataclass(frozen=True, slots=True)
class StandingAlarm:
    """An alarm that stands, so that its watch can be asked without holding the policy."""

    key: Key
    last: Evidence
    """Of the last alarm."""
    first: Evidence
    """Of the first one."""


class Ledger:
    """Takes what comes in and what people do, each at its time, and gives what is to be told then.

    Invariant: `now` never goes back.
    """

    def __init__(self, settings: Settings, feed: LabelFeed) -> None:
        self._settings = settings
        self.now: datetime | None = None
        self.counted: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        self.cases = Cases(settings, self.counted)
        self.labels = Labels(feed, settings.metric_limit)
        self.mutes = Mutes()
        self.telling = Telling(settings, self.cases, self.mutes, self.counted)

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
        """Take how many labels have come by now: since the last time, one period's worth (see `Labels.count_since`)."""
        found = self.cases.conditions.get(key_of_labels(model))
        if found is not None and at <= found.last:
            # It is left out, and its labels are those of the next period.
            return self.take([LabelCount(model, 0, at)])
        count = self.labels.count_since(model, total, is_same=is_same)
        return self._settle(self._advance(at)) if count is None else self.take([LabelCount(model, count, at)])

    def standing_alarms(self) -> list[StandingAlarm]:
        """The alarms that stand."""
        return [
            StandingAlarm(one.key, one.looks[-1].evidence, one.opened_by or one.looks[-1].evidence)
            for one in self.cases.standing_alarms()
        ]

    def tick(
        self, at: datetime, asked: Iterable[tuple[StandingAlarm, Mapping[str, Any] | None]] = ()
    ) -> list[Notification]:
        """Let time go on; what is to be told by now.

        Args:
            at: The time.
            asked: Alarms that stood, with what proves that their loss is gone, or None where their watch was asked in vain.
        """
        now = self._advance(at)
        for alarm, proof in asked:
            self._take_proof(alarm, proof, at, now)
        for model, feed in self.labels.feeds.items():
            found = self.cases.conditions.get(key_of_labels(model))
            # By the time that is given: an observation that came ahead of it makes no other model's labels overdue.
            if found is not None:
                for report in feed.tick(at):
                    self._take_report(found, report, now)
        return self._settle(now)

    # -- what people do ------------------------------------------------------------------------------------------------

    def acknowledge(
        self,
        incident_id: str,
        at: datetime,
        until: datetime | None,
        by: str | None,
        severity: str | None,
        note: str | None,
    ) -> list[Notification]:
        """Note that somebody has taken an open incident up."""
        case = self._open_case(incident_id)
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

    def resolve(self, incident_id: str, at: datetime, note: str | None) -> list[Notification]:
        """End an open incident."""
        case = self._open_case(incident_id)
        now = self._advance(at)
        case.incident = replace(case.incident, note=note or case.incident.note)
        self.cases.end(case, now, "resolved")
        return self._settle(now)

    def mute(
        self, model: str | None, metric: str | None, at: datetime, until: datetime | None, reason: str | None
    ) -> Mute:
        """Add a mute."""
        return self.mutes.add(model, metric, at, until, reason)

    def unmute(self, mute_id: str, at: datetime) -> list[Notification]:
        """End a mute before its time."""
        self.mutes.end(mute_id)
        return self.tick(at)

    # -- what can be asked ---------------------------------------------------------------------------------------------

    def incidents(self) -> list[Incident]:
        """All that are kept, by start."""
        return self.cases.incidents()

    def counters(self) -> dict[str, int]:
        """What came and what became of it, and how much is kept."""
        cases = self.cases
        return {
            **self.counted,
            "metrics": len(cases.conditions),
            "open": sum(case.is_open for case in cases.by_group.values()),
            "closed": len(cases.closed),
        }

    # -- inside --------------------------------------------------------------------------------------------------------

    def _advance(self, at: datetime) -> datetime:
        self.now = at if self.now is None else max(self.now, at)
        return self.now

    def _take_look(self, observation: Observation, now: datetime) -> None:
        key = (DEGRADATION, observation.model, observation.metric, observation.source)
        found = self._admitted(key, observation.at, now)
        if found is None:
            return
        rank = RANKS.get(observation.verdict)
        if rank is None:
            found.last = observation.at
            return
        look = Look(rank, observation.first_bad or observation.at, observation.seen())
        if observation.source == ALARM:
            self.cases.apply(found, look, is_changed=found.alarm(look), now=now)
            return
        self.cases.apply(found, look, is_changed=found.take(look, self._settings.rule), now=now)
        alarm = self.cases.conditions.get((*key[:3], ALARM))
        if alarm is None or not alarm.rank:
            return
        alarm.seen = now
        self.cases.conditions.move_to_end(alarm.key)
        if alarm.check(look, self._settings.rule):
            self.cases.close(alarm, look, now)

    def _take_proof(self, alarm: StandingAlarm, proof: Mapping[str, Any] | None, at: datetime, now: datetime) -> None:
        found = self.cases.conditions.get(alarm.key)
        # Meanwhile another alarm may have come, or a person.
        if found is None or not found.rank or found.looks[-1].evidence is not alarm.last:
            return
        # Its watch lives: it is looked at.
        found.seen = now
        self.cases.conditions.move_to_end(alarm.key)
        if proof is not None and at > found.last:
            _, model, metric, source = alarm.key
            self._take_look(Observation(model, metric, "ok", at, proof, source=source), now)

    def _take_labels(self, labels: LabelCount, now: datetime) -> None:
        feed = self.labels.feeds.get(labels.model)
        # A period that was filled in has not been reported: its count is late, not repeated.
        is_filled = feed is not None and feed.reported_until != labels.at
        found = self._admitted(key_of_labels(labels.model), labels.at, now, is_filled=is_filled)
        if found is None:
            return
        # Asked for again: what makes room for a metric may have taken the feed of one.
        for report in self.labels.feed_of(labels.model).observe_all(labels.count, labels.at):
            self._take_report(found, report, now)

    def _take_report(self, found: Condition, report: LabelFeedReport, now: datetime) -> None:
        look = look_of(report)
        if look is None:
            found.last = report.at
            return
        self.cases.apply(found, look, is_changed=found.take(look, AT_ONCE), now=now)

    def _admitted(self, key: Key, at: datetime, now: datetime, *, is_filled: bool = False) -> Condition | None:
        """The condition to look at; None where this moment of it has been seen."""
        conditions = self.cases.conditions
        self.counted["observations"] += 1
        found = conditions.get(key)
        if found is None:
            while len(conditions) >= self._settings.metric_limit:
                self._forget(next(iter(conditions)), now, "displaced")
            found = conditions[key] = Condition(key, at)
        elif at <= found.last:
            self.counted["late" if at < found.last or is_filled else "repeated"] += 1
            return None
        found.seen = now
        conditions.move_to_end(key)
        return found

    def _settle(self, now: datetime) -> list[Notification]:
        """Let go of what has run out; what is to be told."""
        cases = self.cases
        cases.end_alarms(now)
        cases.drop_old(now)
        while cases.conditions:
            key, condition = next(iter(cases.conditions.items()))
            if now - condition.seen < self._settings.forget_after:
                break
            self._forget(key, now, "stale")
        self.mutes.drop_over(now)
        cases.drop_surplus()
        return self.telling.tell(now)

    def _forget(self, key: Key, now: datetime, why: str) -> None:
        self.cases.forget(key, now, why)
        if key[0] == LABELS:
            self.labels.forget(key[1])

    def _open_case(self, incident_id: str) -> Case:
        word("incident_id", incident_id)
        cases = self.cases.by_group.values()
        found = next((one for one in cases if one.is_open and one.incident.id == incident_id), None)
        if found is None:
            raise ValueError(f"incident_id must be that of an open incident, got {described(incident_id)}")
        return found
