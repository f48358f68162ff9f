"""The incident of each group, and the conditions of metrics that hold it open."""

from collections import Counter, OrderedDict
from datetime import datetime

from truthlag.verdict.alerts.incident import Incident
from truthlag.verdict.alerts.ledger.case import Case, Group
from truthlag.verdict.alerts.ledger.condition import Condition, Key, Look
from truthlag.verdict.alerts.observation import ALARM
from truthlag.verdict.alerts.settings import Settings


class Cases:
    """Conditions by metric, cases by group, and the incidents that are over.

    Invariants: a group has at most one case; a case is open exactly while it has members; its members are the open
    conditions of its group.
    """

    def __init__(self, settings: Settings, counted: Counter[str]) -> None:
        self._settings = settings
        self._counted = counted
        self.conditions: OrderedDict[Key, Condition] = OrderedDict()
        """In the order in which they were last looked at."""
        self.by_group: OrderedDict[Group, Case] = OrderedDict()
        self.closed: OrderedDict[str, Incident] = OrderedDict()
        """Those that are over, by id, the longest ago first."""
        self.number = 0
        """How many incidents there have been."""

    def check(self) -> None:
        """ValueError unless the open conditions are the members of the cases of their groups."""
        members = {key for group, case in self.by_group.items() for key in case.members if self._group(key) == group}
        is_open = {key for key, condition in self.conditions.items() if condition.rank}
        if members != is_open:
            raise ValueError("open conditions that belong to no incident")

    def incidents(self) -> list[Incident]:
        """All that are kept, by start."""
        current = [case.incident for case in self.by_group.values() if case.is_open]
        return sorted([*self.closed.values(), *current], key=lambda one: (one.start, one.id))

    def rank(self, key: Key) -> int:
        """How bad a metric is now; 0 while it is good."""
        return self.conditions[key].rank

    def is_mending(self, case: Case) -> bool:
        """Whether all of it was good at the last look, though not yet for long enough."""
        good = self._settings.rule.close_rank
        return all(self.conditions[key].looks[-1].rank <= good for key in case.members)

    def is_recent(self, case: Case, now: datetime) -> bool:
        """Whether it is over, and for so short a time that what falls now is the same incident."""
        within = self._settings.reopen_within
        return bool(within) and case.incident.end is not None and now - case.incident.end <= within

    # -- what changes them ---------------------------------------------------------------------------------------------

    def apply(self, condition: Condition, look: Look, *, is_changed: bool, now: datetime) -> None:
        """Let an incident follow a look that its condition has taken, and that has opened or closed it where that is said."""
        group = self._group(condition.key)
        limit = self._settings.evidence_limit
        if is_changed and condition.rank:
            case = self._case(group, condition, now)
            case.join(condition, now)
            for one in condition.looks:
                case.add(one.evidence, limit)
            self.weigh(case)
            return
        case_or_none = self.by_group.get(group)
        if case_or_none is None or condition.key not in case_or_none.members:
            return
        case_or_none.add(look.evidence, limit)
        if is_changed:
            self._leave(case_or_none, condition.key, now, "recovered")
        else:
            self.weigh(case_or_none)

    def weigh(self, case: Case) -> None:
        """Note how bad an open incident is now: as bad as its worst metric."""
        case.weigh(max(self.rank(key) for key in case.members))

    def end(self, case: Case, now: datetime, why: str) -> None:
        """End an incident whatever its metrics are; they begin anew."""
        for key in case.members:
            self.conditions[key].close()
        case.end(now, why)
        self._keep_closed(case, why)

    def update_closed(self, incident: Incident) -> None:
        """Keep the newer value of an incident that is over, where it is kept."""
        if incident.id in self.closed:
            self.closed[incident.id] = incident

    def forget(self, key: Key, now: datetime, why: str) -> None:
        """Watch a metric no longer; it leaves its incident."""
        case = self.by_group.get(self._group(key))
        if case is not None and key in case.members:
            self._leave(case, key, now, why)
        del self.conditions[key]

    def close(self, condition: Condition, look: Look, now: datetime) -> None:
        """Let an incident follow a condition that a look of another source has closed."""
        case = self.by_group.get(self._group(condition.key))
        if case is None or condition.key not in case.members:
            return
        if all(self.conditions[key] is condition or key[2] != condition.metric for key in case.members):
            case.add(look.evidence, self._settings.evidence_limit)
        self._leave(case, condition.key, now, "recovered")

    def standing_alarms(self) -> list[Condition]:
        """The conditions of alarms that stand."""
        return [self.conditions[key] for case in self.by_group.values() for key in case.members if key[3] == ALARM]

    def end_alarms(self, now: datetime) -> None:
        """Close the conditions of alarms that have lasted their time, where they have one."""
        lasts = self._settings.alarm_lasts
        if lasts is None:
            return
        for case in self.by_group.values():
            for key in list(case.members):
                condition = self.conditions[key]
                if condition.source == ALARM and now - condition.last >= lasts:
                    condition.close()
                    self._leave(case, key, now, "lapsed")

    def drop_old(self, now: datetime) -> None:
        """Let go of the cases of incidents that were over long ago."""
        after = self._settings.forget_after
        for group, case in list(self.by_group.items()):
            if case.incident.end is not None and now - case.incident.end >= after:
                del self.by_group[group]

    def drop_surplus(self) -> None:
        """Let go of cases beyond the limits."""
        while len(self.by_group) > self._settings.open_limit + self._settings.closed_limit:
            # Those that are open are fewer: one that has ended comes up.
            del self.by_group[next(group for group, case in self.by_group.items() if not case.is_open)]

    # -- inside --------------------------------------------------------------------------------------------------------

    def _group(self, key: Key) -> Group:
        kind, model, metric, _ = key
        return kind, model, metric if self._settings.group_by == "metric" else ""

    def _case(self, group: Group, condition: Condition, now: datetime) -> Case:
        """The case that a condition that has opened belongs to."""
        case = self.by_group.get(group)
        if case is not None and case.is_open:
            return case
        while sum(one.is_open for one in self.by_group.values()) >= self._settings.open_limit:
            self._displace(now)
        # What people still take for open has not ended for them.
        if case is not None and (case.told_open or self.is_recent(case, now)):
            case.reopen()
            self.closed.pop(case.incident.id, None)
            self._counted["reopened"] += 1
            return case
        self.number += 1
        case = self.by_group[group] = Case.begin(group, condition, now, self.number)
        self.by_group.move_to_end(group)
        self._counted["opened"] += 1
        return case

    def _displace(self, now: datetime) -> None:
        """End the open incident that has not been looked at for longest."""
        for key in self.conditions:
            case = self.by_group.get(self._group(key))
            if case is not None and key in case.members:
                self.end(case, now, "displaced")
                return

    def _leave(self, case: Case, key: Key, now: datetime, why: str) -> None:
        case.leave(key, now, why)
        if case.is_open:
            self.weigh(case)
        else:
            self._keep_closed(case, why)

    def _keep_closed(self, case: Case, why: str) -> None:
        self._counted[why] += 1
        self.closed[case.incident.id] = case.incident
        while len(self.closed) > self._settings.closed_limit:
            self.closed.popitem(last=False)
