"""What is told of the incidents: what is due of each, unless it is muted or too soon."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from truthlag.verdict.alerts.ledger.case import Case, Group
from truthlag.verdict.alerts.ledger.cases import Cases
from truthlag.verdict.alerts.ledger.mutes import Mutes
from truthlag.verdict.alerts.notification import Notification
from truthlag.verdict.alerts.settings import Settings

_ENDS = frozenset({"recovered", "closed"})


class Telling:
    """Looks at how things are and at what people know; remembers when it last spoke of each group."""

    def __init__(self, settings: Settings, cases: Cases, mutes: Mutes, counted: Counter[str]) -> None:
        self._settings = settings
        self._cases = cases
        self._mutes = mutes
        self._counted = counted
        self.spoken: dict[Group, tuple[datetime, int]] = {}
        """When something was last told of a group, and how bad the worst was that was told within the cool-down."""

    def tell(self, now: datetime) -> list[Notification]:
        """What is to be told now; cases of which nothing more can be are let go."""
        self.spoken = {group: said for group, said in self.spoken.items() if now - said[0] < self._settings.cool_down}
        cases = self._cases
        found = []
        for group, case in list(cases.by_group.items()):
            loud = self._loud(case, now)
            kind = case.due(now, loud, self._settings, is_mending=cases.is_mending(case))
            if kind is not None and self._may_speak(group, kind, loud, now):
                found.append(self._tell(case, kind, loud, now))
            elif not case.is_open and not case.told_open and not cases.is_recent(case, now):
                del cases.by_group[group]
        return found

    def _loud(self, case: Case, now: datetime) -> int:
        """How bad the incident is in what is not muted."""

        def is_muted(metric: str) -> bool:
            return self._mutes.covers(case.incident.model, metric, now)

        if not case.is_open:
            return int(not all(is_muted(metric.name) for metric in case.incident.metrics))
        rank = max((self._cases.rank(key) for key in case.members if not is_muted(key[2])), default=0)
        return 2 if rank and case.incident.escalated else rank

    def _may_speak(self, group: Group, kind: str, loud: int, now: datetime) -> bool:
        """Whether the cool-down allows it: what is worse than all that was told in it is told at once."""
        said = self.spoken.get(group)
        if said is None or now - said[0] >= self._settings.cool_down:
            return True
        return kind not in _ENDS and max(loud, 2 if kind == "escalated" else 0) > said[1]

    def _tell(self, case: Case, kind: str, loud: int, now: datetime) -> Notification:
        is_end = kind in _ENDS
        if kind == "escalated" and loud < 2:
            case.incident = replace(case.incident, escalated=True)
            loud = 2
            self._cases.weigh(case)
        case.told(kind, now, 0 if is_end else loud)
        if is_end:
            self._cases.update_closed(case.incident)
        self._counted["notifications"] += 1
        # The worst that people know of it: what comes back soon after its end is no news.
        rank = case.told_rank
        last, worst = self.spoken.get(case.group, (now, 0))
        within = now - last < self._settings.cool_down
        self.spoken[case.group] = now, max(rank, worst) if within else rank
        _, _, severity = case.incident.notifications[-1]
        return Notification(now, kind, severity, case.incident)
