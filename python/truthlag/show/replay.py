"""The replay itself: events in order go into a tracker, and at the end of every period it is asked what it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from truthlag import ModelPerformanceTracker
from truthlag.show.duration import DAY, format_duration
from truthlag.show.errors import LogError
from truthlag.show.events import FIRST_LABEL, Events, column
from truthlag.show.judge import Baseline, Judge
from truthlag.show.period import METRICS, Period
from truthlag.show.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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
        needed = self.min_age + self.baseline.length + self.every
        if self.baseline.metrics is None and self.retention < needed:
            raise ValueError(
                f"--retention {format_duration(self.retention)} would drop predictions of the baseline: it must be at "
                f"least --min-age, --baseline and --every together, {format_duration(needed)}"
            )


class Replay:
    """Drives a tracker through a log.

    Periods have the length `every`; the first begins at midnight UTC of the day of the first event (or, when `every` is
    shorter than a day, at the last multiple of `every` after that midnight). At the end of each, the window
    [end - min_age - window, end - min_age) of prediction times is read: half open, so that with `window` equal to
    `every` each prediction counts in one row. A period in which no prediction was made and whose window holds none
    gives no row.

    Time O(events + periods); memory is that of the tracker and one batch.
    """

    def __init__(self, settings: ReplaySettings, name: str = "replay") -> None:
        self._settings = settings
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
        self.baseline_window: tuple[int, int] | None = None
        """The window that the baseline was taken from, once it is fixed on the log."""
        self._begun = False
        self._origin = 0
        self._start = 0
        self._newest_prediction = 0
        self._new_predictions = 0
        self._new_labels = 0

    def run(self, batches: Iterable[Events]) -> Iterator[Period]:
        """Feed all events, which must be in order, and give the row of each period as it ends."""
        for events in batches:
            if events.num_rows == 0:
                continue
            times = column(events, "time")
            if not self._begun:
                self._begin(int(times[0]))
            fed = 0
            while fed < len(times):
                until = int(np.searchsorted(times, self._end, side="left"))
                self._feed(events.slice(fed, until - fed), times[fed:until])
                fed = until
                if fed < len(times):
                    yield from self._close(next_event=int(times[fed]))
        if self._begun:
            yield from self._close(next_event=None)

    @property
    def _end(self) -> int:
        return self._start + self._settings.every

    def _begin(self, first: int) -> None:
        self._begun = True
        midnight = first - first % DAY
        every = self._settings.every
        self._origin = midnight if every >= DAY else first - (first - midnight) % every
        self._start = self._origin

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
                self._newest_prediction = int(times[predicted[-1]])
            if len(labelled):
                self.tracker.log_ground_truths(ids.take(labelled), values[labelled], timestamps=stamps[labelled])
        except (TypeError, ValueError) as error:
            # The rows were checked while they were read; what comes here is a difference between the two checks.
            raise LogError(f"the tracker refused rows that had passed the checks of the log: {error}") from error
        self._new_predictions += len(predicted)
        self._new_labels += len(labelled)
        self.predictions += len(predicted)
        self.labels += len(labelled)

    def _close(self, next_event: int | None) -> Iterator[Period]:
        """Give the row of the period that ends, and of those before the next event that still hold predictions."""
        while True:
            self._fix_baseline()
            period = self._period()
            if period.predictions or period.new_predictions:
                yield period
            self._start = self._end
            self._new_predictions = self._new_labels = 0
            if next_event is None or next_event < self._end:
                return
            # Windows only move on: once they are past the newest prediction they stay empty until the next event.
            if self._window_start(self._end) > self._newest_prediction:
                self._start += (next_event - self._start) // self._settings.every * self._settings.every
                return

    def _window_start(self, end: int) -> int:
        return end - self._settings.min_age - self._settings.window

    def _fix_baseline(self) -> None:
        if self.judge.baseline is not None:
            return
        until = self._origin + self._settings.baseline.length
        if self._end < until + self._settings.min_age:
            return
        retention = self._settings.retention
        if retention is not None and self._end - retention > self._origin:
            # It had too few labels while it was whole; what is left of it would be another baseline.
            return
        snapshot = self._snapshot(self._origin, until)
        if self.judge.offer(_metrics(snapshot), snapshot.sample_size):
            self.baseline_window = (self._origin, until)

    def _snapshot(self, start: int, end: int) -> Any:
        # Ranking from the rows themselves: nobody waits here for the milliseconds that bins would save.
        return self.tracker.snapshot(start=to_datetime(start), end=to_datetime(end), exact=True)

    def _period(self) -> Period:
        window_start = self._window_start(self._end)
        window_end = window_start + self._settings.window
        # Before the first event there is nothing to ask for, and perhaps no such time since 1970.
        snapshot = self._snapshot(max(window_start, self._origin), window_end) if window_end > self._origin else None
        metrics = _metrics(snapshot)
        labels = 0 if snapshot is None else int(snapshot.sample_size)
        verdict, alerts, missing = self.judge.judge(metrics, labels)
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
