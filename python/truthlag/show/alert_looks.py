"""What there was to see in a past log, look by look, as a team that checked it then would have seen it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from truthlag.show.judge import CRITICAL, OK, WARNING
from truthlag.show.times import to_datetime
from truthlag.verdict.alerts.clock import now_of_system
from truthlag.verdict.alerts.observation import ALARM
from truthlag.verdict.alerts.recovery import recovery
from truthlag.verdict.alerts.report_reader import observations_of
from truthlag.verdict.alerts.watch_reader import observation_of
from truthlag.verdict.watch.watched_loss import PROPORTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from truthlag import DegradationDetector
    from truthlag.alerts import DryRun, LabelCount, Observation
    from truthlag.show.alert_settings import AlertSettings
    from truthlag.show.replay import ReplaySettings

VERDICTS = (CRITICAL, WARNING, "improved", OK, "undecided", "immature", "no_data")
"""Of a look, the worst of its metrics first; what decides nothing last."""
DECIDED = frozenset((CRITICAL, WARNING, "improved", OK))


class AlertLooks:
    """Takes the observations of a replay, and says at its end what a policy would have made of them.

    At the end of each period with a baseline and labels enough, `DegradationDetector.check` looks at the window. Between the
    looks an e-detector of each metric that is a share of rows takes every row when it is `min_age` old; with a `min_age` of 0
    there is none, since it would see the fastest labels alone. Each period tells how many labels it brought, up to the last
    prediction: what comes after it tells where the log ends, and not that labels stop.

    Time as in the replay, and that of a check for each period.
    """

    def __init__(self, settings: ReplaySettings, alerts: AlertSettings, model: str) -> None:
        self._settings = settings
        self._alerts = alerts
        self._model = model
        self._detector: DegradationDetector | None = None
        self._names: tuple[str, ...] = ()
        self._observations: list[Observation | LabelCount] = []
        self._watches: dict[str, Any] = {}
        self._alarms: list[Any] = []
        self._standing: dict[str, Mapping[str, Any]] = {}
        """By watch, the first alarm of a loss that is not proven to be gone."""
        self.looks = 0
        """How many windows were checked."""
        self.verdicts: Counter[str] = Counter(dict.fromkeys(VERDICTS, 0))
        """What was found of each of them at the worst."""
        self.alarms = 0
        """How many alarms the watches raised."""
        self.without_value: tuple[str, ...] = ()
        """Metrics that were asked for and that the baseline leaves undefined."""

    @property
    def is_decided(self) -> bool:
        """Whether any look found anything good or bad."""
        return any(self.verdicts[verdict] for verdict in DECIDED)

    @property
    def judged(self) -> tuple[str, ...]:
        """The metrics that are checked; none before there is a baseline."""
        return self._names

    @property
    def watched(self) -> tuple[str, ...]:
        """The metrics that are watched between the looks."""
        return tuple(self._watches)

    def begin(self, tracker: Any, baseline: Any, values: Mapping[str, float | None]) -> None:
        """Take the baseline: a snapshot, or a mapping of numbers, with the values of its metrics."""
        from truthlag import DegradationDetector

        known = {name: value for name in self._alerts.names if (value := values.get(name)) is not None}
        self.without_value = tuple(name for name in self._alerts.metrics if name not in known)
        if not known:
            return
        tolerance, margin = self._settings.tolerance, self._alerts.margin
        margins = {name: tolerance * abs(value) if margin is None else margin for name, value in known.items()}
        self._names = tuple(known)
        self._detector = DegradationDetector(baseline, metrics=self._names, margins=margins)
        if not (self._alerts.watch and self._settings.min_age):
            return
        for name, value in known.items():
            if name in PROPORTIONS:
                # Rows of a log's own baseline are counted and not looked at; a number is taken as known.
                self._watch(tracker, name, value, margins[name], is_given=not hasattr(baseline, "counts"))

    def _watch(self, tracker: Any, name: str, value: float, margin: float, *, is_given: bool) -> None:
        try:
            self._watches[name] = tracker.watch(
                name,
                baseline=value if is_given else None,
                tolerance=_loss_of_margin(name, value, margin),
                min_age=timedelta(microseconds=self._settings.min_age),
                on_alarm=self._alarms.append,
            )
        except ValueError:
            # A baseline without rows of the metric, or one that cannot be worse.
            return

    def take_labels(self, times: Any) -> None:
        """Have the watches look, after labels that came at these times, which never run backwards."""
        for watch in self._watches.values():
            watch.look()
        for alarm in sorted(self._alarms, key=lambda one: one.time):
            due = (alarm.time - to_datetime(0)) // timedelta(microseconds=1) + self._settings.min_age
            place = min(int(np.searchsorted(times, due, side="left")), len(times) - 1)
            at = to_datetime(int(times[place]))
            self._observations.append(observation_of(alarm, at, self._model))
            self._standing.setdefault(alarm.watch, alarm.to_dict())
        self.alarms += len(self._alarms)
        self._alarms.clear()

    def look(self, end: int, snapshot: Any, labels: int, new_labels: int) -> None:
        """Look at the window of the period that ends at `end`; None for a window before the first prediction."""
        from truthlag.alerts import LabelCount

        at = to_datetime(end)
        self._observations.append(LabelCount(self._model, new_labels, at))
        self._ask_watches(at)
        if self._detector is None or snapshot is None or labels < self._settings.min_labels:
            return
        report = self._detector.check(snapshot, now=at)
        self._detector.history.clear()
        self.looks += 1
        found = {verdict.verdict for verdict in report.verdicts.values()}
        self.verdicts[next(verdict for verdict in VERDICTS if verdict in found)] += 1
        self._observations += observations_of(report, self._model, at, now_of_system)

    def _ask_watches(self, at: datetime) -> None:
        """Note what proves that a loss is gone, as `AlertPolicy.tick` asks for it."""
        from truthlag.alerts import Observation

        for name, first in list(self._standing.items()):
            proof = recovery(self._watches[name], first)
            if proof is not None:
                del self._standing[name]
                self._observations.append(Observation(self._model, name, "ok", at, proof, source=ALARM))

    def no_labels(self, ends: Iterable[int]) -> None:
        """Take note that these periods, by their ends, brought nothing."""
        from truthlag.alerts import LabelCount

        self._observations += [LabelCount(self._model, 0, to_datetime(end)) for end in ends]

    def dry_run(self, last_prediction: int) -> DryRun:
        """What the policy would have told of all that was seen."""
        from truthlag.alerts import LabelCount

        until = to_datetime(max(last_prediction, 0))
        seen = [one for one in self._observations if not (isinstance(one, LabelCount) and one.at > until)]
        seen.sort(key=lambda one: one.at)
        return self._alerts.policy(self._settings.every).dry_run(seen)


def _loss_of_margin(name: str, value: float, margin: float) -> float:
    """A margin in units of the metric as one in units of the loss that is watched."""

    def loss(level: float) -> float:
        return 2 * (1 - level) / (2 - level) if name == "f1_score" else 1 - level

    return loss(max(value - margin, 0.0)) - loss(value)
