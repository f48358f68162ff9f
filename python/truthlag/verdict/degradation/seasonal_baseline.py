"""A baseline that knows the week: the rows of the same hours or days at other times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal, final

from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described
from truthlag.metrics import PerformanceSnapshot
from truthlag.verdict.degradation.moments import EPOCH, MICROSECOND, checked_tracker, earlier, moment, span
from truthlag.verdict.degradation.sample import CONFIDENCE, Sample

__all__ = ["SeasonalBaseline"]

_WEEK = timedelta(weeks=1)
_HOUR = timedelta(hours=1)
_MOST_WEEKS = 520

_SLOTS: dict[str, tuple[Callable[[datetime], object], int, str]] = {
    "weekday_hour": (lambda local: (local.weekday(), local.hour), 168, "the same hours of the week"),
    "weekday": (lambda local: local.weekday(), 7, "the same days of the week"),
    "hour": (lambda local: local.hour, 24, "the same hours of the day"),
}
"""How a moment is placed, how many places there are, and what they are called."""


@final
class SeasonalBaseline:
    """The predictions of the same hours of the week as those of the window, at other times.

    What repeats every week is no degradation: a Monday is compared with Mondays. The window's hours are taken whole, and
    what lies in the window itself is left out.

    Args:
        tracker: What holds the predictions; they must not have expired.
        start: The first moment of the time that the baseline is from; together with `end`.
        end: Where that time ends, itself not part of it.
        weeks: Instead of both: so many weeks before the window.
        gap: With `weeks`: what is left out between these and the window.
        by: What repeats: `"weekday_hour"` (168 hours of a week), `"weekday"` or `"hour"` (of any day).
        time_zone: Where hours and weekdays are those of people, summer time included; UTC by default.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A value is not allowed, or neither or both of `start` with `end` and `weeks` are given.

    Cost: with each check a snapshot of each of those times, and some microseconds for each hour of the baseline.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag import DegradationDetector, ModelPerformanceTracker, RollingBaseline, SeasonalBaseline
        >>> tracker = ModelPerformanceTracker("fraud-detector", clock=lambda: datetime(2026, 3, 2))
        >>> for minute in range(0, 60 * 24 * 35, 10):  # on Sundays the model is always worse
        ...     time = datetime(2026, 1, 26) + timedelta(minutes=minute)
        ...     tracker.log_prediction(minute, 1, timestamp=time)
        ...     tracker.log_ground_truth(minute, minute // 10 % 10 > (3 if time.weekday() == 6 else 0), timestamp=time)
        >>> for baseline in (RollingBaseline(tracker, timedelta(weeks=4)), SeasonalBaseline(tracker, weeks=4)):
        ...     detector = DegradationDetector(baseline, metrics=["precision"], margins=0.1)
        ...     print(detector.check(tracker, window=timedelta(days=1)).severity)
        critical
        ok
    """

    def __init__(
        self,
        tracker: ModelPerformanceTracker,
        *,
        start: Any = None,
        end: Any = None,
        weeks: int | None = None,
        gap: timedelta = timedelta(0),
        by: Literal["weekday_hour", "weekday", "hour"] = "weekday_hour",
        time_zone: tzinfo = UTC,
    ) -> None:
        self._tracker = checked_tracker("tracker", tracker)
        if (weeks is None) == (start is None and end is None):
            raise ValueError("either weeks must be given, or start and end")
        self._weeks: int | None = None
        self._period: tuple[datetime, datetime] | None = None
        if weeks is None:
            self._period = (moment("start", start), moment("end", end))
            if self._period[1] <= self._period[0]:
                raise ValueError(f"end must be after start, got {described(end)} and {described(start)}")
        else:
            self._weeks = _weeks(weeks)
        self._gap = span("gap", gap, positive=False)
        if not isinstance(by, str):
            raise TypeError(f"by must be one of {', '.join(_SLOTS)}, got {described(by)}")
        if by not in _SLOTS:
            raise ValueError(f"by must be one of {', '.join(_SLOTS)}, got {described(by)}")
        self._by = by
        if not isinstance(time_zone, tzinfo):
            raise TypeError(f"time_zone must be a datetime.tzinfo, got {described(time_zone)}")
        self._time_zone = time_zone

    def _sample(self, current: Sample) -> Sample:
        if current.start is None or current.end is None:
            raise ValueError(
                "window must have a beginning and an end to be compared with the same hours of other weeks"
            )
        first, last = self._span(current.start)
        windows = self._windows(first, last, current.start, current.end)
        when = f"{_SLOTS[self._by][2]} from {first} to {last}"
        if not windows:
            return Sample.empty(f"no rows: {when}")
        raw = self._tracker._snapshot_of(windows, CONFIDENCE)
        snapshot = PerformanceSnapshot.from_core(
            raw, model=self._tracker.model_name, version=self._tracker.model_version
        )
        text = f"{snapshot.model} {snapshot.version}, {when}, {snapshot.sample_size:,} labelled rows"
        return replace(Sample.of_snapshot(snapshot, text).without_scores(), has_gaps=True)

    def _example(self) -> Sample:
        return Sample.empty()

    def _span(self, start: datetime) -> tuple[datetime, datetime]:
        if self._period is not None:
            return self._period
        assert self._weeks is not None  # noqa: S101 - one of both was given
        end = earlier(start, self._gap)
        return earlier(end, self._weeks * _WEEK), end

    def _windows(self, first: datetime, last: datetime, start: datetime, end: datetime) -> list[tuple[int, int]]:
        """The times from `first` to before `last` that have a place of the window's, outside of the window itself."""
        wanted = self._wanted(start, end)
        windows: list[tuple[int, int]] = []
        for begin, stop, place in self._hours(first, last):
            if place not in wanted:
                continue
            before = (begin, min(stop, start))
            after = (max(begin, end + MICROSECOND), stop)
            for left, right in (before, after):
                if left < right:
                    _append(windows, (left - EPOCH) // MICROSECOND, (right - EPOCH) // MICROSECOND - 1)
        return windows

    def _wanted(self, start: datetime, end: datetime) -> set[object]:
        most = _SLOTS[self._by][1]
        wanted: set[object] = set()
        # The last moment of a window that ends with an hour is the first of the next, which it is not about.
        for _, _, place in self._hours(start, max(end, start + MICROSECOND)):
            wanted.add(place)
            if len(wanted) == most:
                break
        return wanted

    def _hours(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime, object]]:
        """The hours of the local clock between two moments, cut off there, with their places."""
        place = _SLOTS[self._by][0]
        begin = first
        while begin < last:
            local = begin.astimezone(self._time_zone)
            into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            stop = min(begin + _HOUR - into, last)
            yield begin, stop, place(local)
            begin = stop

    def __repr__(self) -> str:
        when = f"weeks={self._weeks}" if self._period is None else f"start={self._period[0]!r}, end={self._period[1]!r}"
        return f"SeasonalBaseline({self._tracker.model_name!r}, {when}, by={self._by!r})"


def _append(windows: list[tuple[int, int]], first: int, last: int) -> None:
    """Adds a window to those before it, as one where they touch."""
    if windows and windows[-1][1] + 1 == first:
        windows[-1] = (windows[-1][0], last)
    else:
        windows.append((first, last))


def _weeks(weeks: Any) -> int:
    allowed = f"an int from 1 to {_MOST_WEEKS}"
    if isinstance(weeks, bool) or not isinstance(weeks, int):
        raise TypeError(f"weeks must be {allowed}, got {described(weeks)}")
    if not 1 <= weeks <= _MOST_WEEKS:
        raise ValueError(f"weeks must be {allowed}, got {described(weeks)}")
    return weeks
