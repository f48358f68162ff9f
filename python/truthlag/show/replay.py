"""The replay itself: events in order go into a tracker, and at the end of every period it is asked what it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from truthlag import ModelPerformanceTracker
from truthlag.show.counted import counted
from truthlag.show.duration import DAY, format_duration
from truthlag.show.errors import LogError
from truthlag.show.events import FIRST_LABEL, Events, column
from truthlag.show.first_days import FirstDays
from truthlag.show.gaps import Gaps
from truthlag.show.judge import Baseline, Judge
from truthlag.show.period import METRICS, Period
from truthlag.show.times import short_time, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from truthlag.show.alert_looks import AlertLooks

EMPTY_IN_A_ROW = 1_000
"""The most empty periods in a row that are given: one mad time in a log must not make a million rows."""


@dataclass(frozen=True)
class ReplaySettings:
    """How to replay; durations are microseconds. Raises `ValueError` when they contradict each other."""

    every: int = DAY
    window: int = 7 * DAY
    min_age: int = 0
    retention: int | None = None
    baseline: Baseline = field(default_factory=Baseline)
    min_labels: int = 30
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        for name, value in (("every", self.every), ("window", self.window)):
            if value <= 0:
                raise ValueError(f"--{name} must be longer than 0")
        if self.retention is None:
            return
        if self.retention < self.min_age + self.window:
            raise ValueError(
                f"--retention {format_duration(self.retention)} would drop predictions of the window: it must be at "
                f"least --min-age and --window together, {format_duration(self.min_age + self.window)}"
            )
        needed = self.min_age + self.baseline.length
        if self.baseline.metrics is None and self.retention < needed:
            raise ValueError(
                f"--retention {format_duration(self.retention)} would drop predictions of the baseline: it must be at "
                f"least --min-age and --baseline together, {format_duration(needed)}"
            )


class Replay:
    """Drives a tracker through a log.

    Periods have the length `every`; the first begins at midnight UTC of the day of the first prediction (or, when
    `every` is shorter than a day, at the last multiple of `every` after that midnight). Labels that came before it
    count as labels of the first period. At the end of each period the window
    [end - min_age - window, end - min_age) of prediction times is read: half open, so that with `window` equal to
    `every` each prediction counts in one row. Every period gives a row, but for more than `EMPTY_IN_A_ROW` in a row in
    which nothing happened and whose windows hold nothing. After the last event periods go on until a window has reached
    the last prediction.

    The baseline is read between two events, at the moment that `FirstDays` says, whatever the periods are. `looks` is
    shown the baseline, the labels and each window as they come.

    Time O(events + periods); memory is that of the tracker and one batch.
    """

    def __init__(self, settings: ReplaySettings, name: str = "replay", looks: AlertLooks | None = None) -> None:
        self._settings = settings
        self._looks = looks
        self.judge = Judge(settings.baseline.metrics, tolerance=settings.tolerance, min_labels=settings.min_labels)
        self.tracker: Any = ModelPerformanceTracker(
            name,
            retention=None if settings.retention is None else to_datetime(settings.retention) - to_datetime(0),
            # Nobody asks for the ids again.
            keep_ids=False,
            keep_features=False,
        )
        self.predictions = 0
        """Predictions fed so far."""
        self.labels = 0
        """Labels fed so far."""
        self.last_event = 0
        """The time of the last event fed."""
        self.first_days: FirstDays | None = None
        """Where the baseline comes from; `None` before the first prediction, and when the baseline is given."""
        self._begun = False
        self._origin = 0
        self._start = 0
        self._gaps = Gaps(settings.window + EMPTY_IN_A_ROW * settings.every)
        self._new_predictions = 0
        self._new_labels = 0

    def run(self, batches: Iterable[Events], tell: Callable[[str], None]) -> Iterator[Period]:
        """Feed all events, which must be in order, and give the row of each period as it ends.

        `tell` takes a line for every stretch of periods that is left out.
        """
        for events in batches:
            if events.num_rows == 0:
                continue
            times = column(events, "time")
            if not self._begun:
                self._begin(events, times)
            fed = 0
            while fed < len(times):
                until = int(np.searchsorted(times, self._pause, side="left")) if self._begun else len(times)
                self._feed(events.slice(fed, until - fed), times[fed:until])
                fed = until
                if fed < len(times):
                    yield from self._advance(int(times[fed]), tell)
        if self._begun:
            # What is younger than `min_age` at the last event has its row later; its labels are all here.
            end = max(self._gaps.newest + self._settings.min_age, self.last_event)
            yield from self._advance(end, tell, whole=True)

    @property
    def last_prediction(self) -> int:
        """The time of the newest prediction fed; before all times as long as there is none."""
        return self._gaps.newest

    @property
    def _end(self) -> int:
        return self._start + self._settings.every

    @property
    def _pause(self) -> int:
        """The next moment before which all events must be in: the end of a period, or that of the baseline."""
        if self.first_days is not None and self.first_days.is_due(self._end):
            return self.first_days.ready
        return self._end

    def _begin(self, events: Events, times: Any) -> None:
        """Begin the periods at the first prediction, if it is among these events."""
        predicted = np.flatnonzero(column(events, "sequence") < FIRST_LABEL)
        if len(predicted) == 0:
            return
        self._begun = True
        first = int(times[predicted[0]])
        self._origin = first
        every = self._settings.every
        midnight = first - first % DAY
        self._start = midnight if every >= DAY else first - (first - midnight) % every
        given = self._settings.baseline.metrics
        if given is None:
            self.first_days = FirstDays(self._settings.baseline.length, self._settings.min_age, first)
        elif self._looks is not None:
            self._looks.begin(self.tracker, given, given)

    def _feed(self, events: Events, times: Any) -> None:
        if events.num_rows == 0:
            return
        is_label = column(events, "sequence") >= FIRST_LABEL
        ids = events.column("id").combine_chunks()
        values = column(events, "value")
        stamps = times.view("datetime64[us]")
        predicted, labelled = np.flatnonzero(~is_label), np.flatnonzero(is_label)
        try:
            if len(predicted):
                scores = events.column("score").combine_chunks().take(predicted)
                self.tracker.log_predictions(
                    ids.take(predicted),
                    values[predicted],
                    None if scores.null_count == len(scores) else scores,
                    timestamps=stamps[predicted],
                )
                self._gaps.add(times[predicted])
            if len(labelled):
                self.tracker.log_ground_truths(ids.take(labelled), values[labelled], timestamps=stamps[labelled])
        except (TypeError, ValueError) as error:
            # The rows were checked while they were read; what comes here is a difference between the two checks.
            raise LogError(f"the tracker refused rows that had passed the checks of the log: {error}") from error
        if self._looks is not None and len(labelled):
            self._looks.take_labels(times[labelled])
        self.last_event = int(times[-1])
        self._new_predictions += len(predicted)
        self._new_labels += len(labelled)
        self.predictions += len(predicted)
        self.labels += len(labelled)

    def _advance(self, now: int, tell: Callable[[str], None], *, whole: bool = False) -> Iterator[Period]:
        """Let time go on to `now`: read the baseline if it is ready, give the row of each period that has ended.

        With `whole` the period in which `now` lies is given as well.
        """
        while True:
            if self.first_days is not None and self.first_days.is_due(self._end if whole else min(now, self._end)):
                self._read_baseline(self.first_days)
            last = now < self._end
            if last and not whole:
                return
            yield self._period()
            self._start = self._end
            self._new_predictions = self._new_labels = 0
            if last:
                return
            empty = self._count_empty_periods(now)
            if empty > EMPTY_IN_A_ROW:
                until = self._start + empty * self._settings.every
                tell(
                    f"no rows from {short_time(self._start)} to {short_time(until)}: nothing happened in these "
                    f"{counted(empty, 'period')}, and nothing is in their windows"
                )
                if self._looks is not None:
                    ends = range(self._end, until + 1, self._settings.every)
                    self._looks.no_labels(ends[:EMPTY_IN_A_ROW])
                self._start = until

    def _count_empty_periods(self, now: int) -> int:
        """How many periods before `now` follow that no event falls into and whose windows hold nothing."""
        window_end = self._end - self._settings.min_age
        predicted = self._gaps.next_prediction(window_end - self._settings.window, window_end)
        if predicted is None:
            return 0
        reached = min(now, predicted + self._settings.min_age)
        return max(reached - self._start, 0) // self._settings.every

    def _read_baseline(self, first_days: FirstDays) -> None:
        snapshot = self._snapshot(first_days.start, first_days.end)
        first_days.predictions = int(snapshot.predictions)
        first_days.labels = int(snapshot.sample_size)
        metrics = _metrics(snapshot)
        if self.judge.offer(metrics, first_days.labels) and self._looks is not None:
            self._looks.begin(self.tracker, snapshot, {name: one.value for name, one in snapshot.metrics.items()})

    def _snapshot(self, start: int, end: int) -> Any:
        # Ranking from the rows themselves: nobody waits here for the milliseconds that bins would save.
        return self.tracker.snapshot(start=to_datetime(start), end=to_datetime(end), exact=True)

    def _period(self) -> Period:
        window_end = self._end - self._settings.min_age
        window_start = window_end - self._settings.window
        # Before the first prediction there is nothing to ask for, and perhaps no such time since 1970.
        snapshot = self._snapshot(max(window_start, self._origin), window_end) if window_end > self._origin else None
        metrics = _metrics(snapshot)
        labels = 0 if snapshot is None else int(snapshot.sample_size)
        verdict, alerts, missing = self.judge.judge(metrics, labels)
        if self._looks is not None:
            self._looks.look(self._end, snapshot, labels, self._new_labels)
        return Period(
            start=self._start,
            end=self._end,
            window_start=window_start,
            window_end=window_end,
            new_predictions=self._new_predictions,
            new_labels=self._new_labels,
            predictions=0 if snapshot is None else int(snapshot.predictions),
            labels=labels,
            coverage=None if snapshot is None or not snapshot.predictions else labels / int(snapshot.predictions),
            metrics=metrics,
            intervals=_intervals(snapshot),
            verdict=verdict,
            alerts=alerts,
            missing=missing,
        )


def _metrics(snapshot: Any) -> dict[str, float | None]:
    return {name: None if snapshot is None else getattr(snapshot, name) for name in METRICS}


def _intervals(snapshot: Any) -> dict[str, tuple[float, float]]:
    intervals: dict[str, tuple[float, float]] = {}
    for name in METRICS if snapshot is not None else ():
        metric = snapshot.metrics[name]
        if metric.low is not None and metric.high is not None:
            intervals[name] = (float(metric.low), float(metric.high))
    return intervals
