"""Snapshots of periods, and a tracker cut into periods, made a series."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.metrics import PerformanceSnapshot
from truthlag.metrics.counts import RATES
from truthlag.verdict.trend.columns import MOST_PERIODS, distinct_times, microseconds_or_none
from truthlag.verdict.trend.given import Given
from truthlag.verdict.trend.series import Series

__all__ = ["Maturity", "from_snapshots", "from_tracker"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)

# Its interval bounds an error that grows with the bins; half of it is no standard error.
_WITHOUT_ERROR = frozenset({"expected_calibration_error"})


@dataclass(frozen=True, slots=True)
class Maturity:
    """Which periods are old enough, and known well enough, to be judged."""

    min_age: timedelta | None = None
    """How long ago a period must have ended."""
    min_coverage: float | None = None
    """The least share of its predictions that have a label."""
    now: datetime | None = None

    def lacks(self, snapshot: PerformanceSnapshot) -> bool:
        """Whether a period is immature."""
        age = self.min_age or timedelta()
        # The last moment of a period is one microsecond before its end.
        if self.now is not None and snapshot.end is not None and snapshot.end + _TICK > self.now - age:
            return True
        return self.min_coverage is not None and snapshot.coverage is not None and snapshot.coverage < self.min_coverage


def from_snapshots(
    metric_name: str, snapshots: Sequence[PerformanceSnapshot], *, times: Any, maturity: Maturity
) -> Given:
    """A metric of each snapshot, at the middle of its window.

    Shares of counts are rates; other metrics are means with the standard error that their interval tells, or, where they
    have none, weighted by their rows.

    Raises:
        TypeError: One is no snapshot.
        ValueError: There is no such metric, or a window without a start or an end has no time given.
    """
    if len(snapshots) > MOST_PERIODS:
        raise ValueError(f"periods must be at most {MOST_PERIODS} snapshots, got {len(snapshots)}")
    for at, snapshot in enumerate(snapshots):
        if not isinstance(snapshot, PerformanceSnapshot):
            raise TypeError(f"periods[{at}] must be a snapshot, as the others are, got {described(snapshot)}")
        if metric_name not in snapshot.metrics:
            known = ", ".join(snapshot.metrics)
            raise ValueError(f"metric_name must be a metric of periods[{at}] ({known}), got {described(metric_name)}")
    moments = [_middle(at, snapshot) for at, snapshot in enumerate(snapshots)] if times is None else list(times)
    days = distinct_times(moments, len(snapshots))
    skipped: dict[str, int] = {}
    places: list[int] = []
    for place in np.argsort(days, kind="stable").tolist():
        reason = _reason(metric_name, snapshots[place], maturity)
        if reason is None:
            places.append(place)
        else:
            skipped[reason] = skipped.get(reason, 0) + 1
    kept = np.array(places, dtype=np.int64)
    series = _series(metric_name, [snapshots[place] for place in places], days[kept])
    return Given(series, kept, tuple(moments[place] for place in places), skipped)


def from_tracker(
    metric_name: str,
    tracker: ModelPerformanceTracker,
    *,
    period: Any,
    last: Any,
    start: Any,
    end: Any,
    threshold: float | None,
    maturity: Maturity,
) -> Given:
    """A metric of each whole period of a tracker by prediction time.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.
    """
    if not isinstance(period, timedelta):
        raise TypeError(f"period must be a timedelta, got {described(period)}")
    if period <= timedelta():
        raise ValueError(f"period must be above 0, got {described(period)}")
    length = period // _TICK
    final = _microseconds(maturity.now or _present(tracker)) - (maturity.min_age or timedelta()) // _TICK
    first, stop = microseconds_or_none("start", start), microseconds_or_none("end", end)
    if first is None:
        last = _whole_number("last", last)
        # Without a word on where periods begin they begin where those of the epoch do: days at midnight, UTC.
        stop = final // length * length if stop is None else stop
        first = stop - last * length
    stop = final if stop is None else stop
    number = max(0, (stop - first) // length)
    if number > MOST_PERIODS:
        raise ValueError(f"period must cut the tracker into at most {MOST_PERIODS} periods, got {number}")
    edges = [_EPOCH + timedelta(microseconds=first + at * length) for at in range(number + 1)]
    mature = [edge for edge in edges if _microseconds(edge) <= final]
    snapshots = [
        tracker.snapshot(start=begin, end=finish, threshold=threshold) for begin, finish in itertools.pairwise(mature)
    ]
    given = from_snapshots(metric_name, snapshots, times=mature[: len(snapshots)], maturity=maturity)
    late = number - len(snapshots)
    if late:
        skipped = dict(given.skipped)
        skipped["immature"] = skipped.get("immature", 0) + late
        return Given(given.series, given.places, given.moments, skipped)
    return given


def _reason(metric_name: str, snapshot: PerformanceSnapshot, maturity: Maturity) -> str | None:
    if maturity.lacks(snapshot):
        return "immature"
    if metric_name in RATES:
        return None if RATES[metric_name](snapshot.counts)[1] else "no_data"
    return "no_data" if snapshot.metrics[metric_name].value is None else None


def _series(metric_name: str, snapshots: list[PerformanceSnapshot], days: Any) -> Series:
    if metric_name in RATES:
        counts = np.array([RATES[metric_name](snapshot.counts) for snapshot in snapshots], dtype=np.float64).reshape(
            -1, 2
        )
        return Series.rates(days, counts[:, 0], counts[:, 1])
    metrics = [snapshot.metrics[metric_name] for snapshot in snapshots]
    values = np.array([metric.value for metric in metrics], dtype=np.float64)
    sizes = np.array([max(metric.n, 1) for metric in metrics], dtype=np.float64)
    errors = [_standard_error(snapshot, metric_name) for snapshot in snapshots]
    if any(error is None for error in errors):
        return Series.means(days, values, sizes, None, None)
    squares = np.maximum(sizes - 1, 0) * sizes * np.array(errors, dtype=np.float64) ** 2
    return Series.means(days, values, sizes, squares, None)


def _standard_error(snapshot: PerformanceSnapshot, metric_name: str) -> float | None:
    from scipy import special

    metric = snapshot.metrics[metric_name]
    if metric.value is None or metric.low is None or metric.high is None or metric_name in _WITHOUT_ERROR:
        return None
    # An interval may be cut off at one end, by 0 or 1.
    reach = max(metric.value - metric.low, metric.high - metric.value)
    return reach / float(special.ndtri((1 + snapshot.confidence) / 2))


def _middle(at: int, snapshot: PerformanceSnapshot) -> datetime:
    if snapshot.start is None or snapshot.end is None:
        raise ValueError(f"times must be given, since the window of periods[{at}] has no start or no end, got None")
    return snapshot.start + (snapshot.end + _TICK - snapshot.start) / 2


def _present(tracker: ModelPerformanceTracker) -> datetime:
    return datetime.fromisoformat(tracker._timestamp()).replace(tzinfo=UTC)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _whole_number(argument: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{argument} must be an int, got {described(value)}")
    if not 1 <= value <= MOST_PERIODS:
        raise ValueError(f"{argument} must be from 1 to {MOST_PERIODS}, got {described(value)}")
    return int(value)
