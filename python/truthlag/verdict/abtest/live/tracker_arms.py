"""The arms of a test whose labels come through trackers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.metrics.counts import RATES
from truthlag.verdict.abtest.gates import AgedArm, Gate, arms_at_age, label_arrival_parity
from truthlag.verdict.abtest.gates.times import EPOCH
from truthlag.verdict.abtest.live.allocation import Allocation
from truthlag.verdict.abtest.live.metric_spec import TrackerMetric
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.abtest.statistics.strata import Strata

#: What can be asked of counts.
_OF_COUNTS = frozenset({*RATES, "f1_score"})
_LEAST = 2


@dataclass(frozen=True, slots=True)
class TrackerArms:
    """The trackers by arm, and the span of time that is looked at."""

    trackers: Mapping[str, ModelPerformanceTracker]
    allocation: Allocation
    start: int
    """The first moment of prediction time, in microseconds."""
    now: int

    def arms(self, name: str, metric: TrackerMetric, notes: dict[str, None]) -> dict[str, Any]:
        """What each arm shows: rates stratified by allocation period, other metrics since the weights changed last."""
        if name not in _OF_COUNTS:
            start = self._since_weights(name, notes)
            return {arm: self._snapshot(tracker, metric, start, self.now) for arm, tracker in self.trackers.items()}
        if name not in RATES:
            start = self._since_weights(name, notes)
            return {arm: self._counts(arm, metric, start, self.now) for arm in self.trackers}
        by_period = {
            str(place + 1): {arm: self._counts(arm, metric, start, end).proportion(name) for arm in self.trackers}
            for place, (start, end) in self._periods(metric).items()
        }
        filled = {period: found for period, found in by_period.items() if any(one.n for one in found.values())}
        enough = {period: found for period, found in filled.items() if min(one.n for one in found.values()) >= _LEAST}
        if len(filled) > 1 and len(enough) < len(filled):
            notes[f"rows of {name} in allocation periods with fewer than two rows in an arm are left out."] = None
        used = enough or filled
        if len(used) > 1:
            return {arm: Strata({period: found[arm] for period, found in used.items()}) for arm in self.trackers}
        if used:
            return next(iter(used.values()))
        return {arm: Proportion(0, 0) for arm in self.trackers}

    def coverage(self, metric: TrackerMetric) -> dict[str, float | None]:
        """The share of the rows of each arm that have their label."""
        found = {}
        for arm, tracker in self.trackers.items():
            if metric.min_age is not None:
                found[arm] = self._aged(arm, metric, self.start, self.now).coverage
            else:
                found[arm] = self._snapshot(tracker, metric, self.start, self.now).coverage
        return found

    def parity(self, name: str, metric: TrackerMetric, control: str, arm: str, alpha: float) -> Gate:
        """Whether labels come alike."""
        asked = name if name in RATES else None
        if metric.min_age is None:
            arms = [self._snapshot(self.trackers[one], metric, self.start, self.now) for one in (control, arm)]
            return label_arrival_parity(arms[0], arms[1], metric=asked, alpha=alpha)
        aged = arms_at_age(
            self.trackers[control],
            self.trackers[arm],
            min_age=metric.min_age,
            start=_datetime(self.start),
            now=_datetime(self.now),
        )
        return aged.parity(asked, unlabelled=metric.unlabelled, alpha=alpha)

    def _periods(self, metric: TrackerMetric) -> dict[int, tuple[int, int]]:
        """Start and end of each period that has rows of the age."""
        periods = self.allocation.periods
        found = {}
        for place, period in enumerate(periods):
            start = self.start if period.start is None else max(self.start, period.start)
            following = periods[place + 1].start if place + 1 < len(periods) else None
            end = self.now if following is None else min(self.now, following - 1 + _age(metric))
            if end >= start:
                found[place] = start, end
        return found

    def _since_weights(self, name: str, notes: dict[str, None]) -> int:
        """When the present weights began to hold."""
        periods = self.allocation.periods
        first = len(periods) - 1
        while first and periods[first - 1].weights == periods[-1].weights:
            first -= 1
        if not first:
            return self.start
        notes[
            f"{name} is that of predictions since the weights changed last, since it does not average over strata."
        ] = None
        return max(self.start, periods[first].start or 0)

    def _counts(self, arm: str, metric: TrackerMetric, start: int, end: int) -> Counts:
        """The rows predicted from `start` on, as they were known at their age, or at `end`."""
        if metric.min_age is not None:
            aged: AgedArm = self._aged(arm, metric, start, end)
            return aged.counts_of(metric.unlabelled)
        return Counts.from_confusion_counts(self._snapshot(self.trackers[arm], metric, start, end).counts)

    def _aged(self, arm: str, metric: TrackerMetric, start: int, now: int) -> Any:
        tracker = self.trackers[arm]
        return arms_at_age(
            tracker, tracker, min_age=metric.min_age or timedelta(0), start=_datetime(start), now=_datetime(now)
        ).control

    @staticmethod
    def _snapshot(tracker: ModelPerformanceTracker, metric: TrackerMetric, start: int, end: int) -> Any:
        # Rows up to the age; that of a moment before the start is a span without any.
        last = end - _age(metric) + 1
        return tracker.snapshot(start=_datetime(start), end=_datetime(max(start, last)))


def _age(metric: TrackerMetric) -> int:
    return 0 if metric.min_age is None else metric.min_age // timedelta(microseconds=1)


def _datetime(microseconds: int) -> Any:
    return EPOCH + timedelta(microseconds=microseconds)
