"""Rolling and seasonal baselines against rows picked one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.verdict.check.logs import MONDAY, Log
from truthlag import DegradationDetector, MetricVerdict, RollingBaseline, SeasonalBaseline

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LOG = Log.of(1, 9000, days=35)
NOW = MONDAY + 35 * DAY
TRACKER = LOG.tracker(now=NOW)


def moments() -> list[datetime]:
    return [time.replace(tzinfo=UTC) for time in LOG.times.astype("M8[us]").astype(object)]


def chosen(keep: Callable[[datetime], bool]) -> Any:
    rows = np.array([keep(time) for time in moments()])
    log = Log(LOG.times[rows], LOG.labels[rows], LOG.scores[rows])
    return log.tracker().snapshot()


def baseline_metrics(baseline: Any, window: timedelta, now: datetime = NOW) -> dict[str, MetricVerdict]:
    report = DegradationDetector(baseline).check(TRACKER, window=window, now=now, min_coverage=0)
    return dict(report.verdicts)


def check(found: dict[str, MetricVerdict], expected: Any) -> None:
    for name, verdict in found.items():
        assert verdict.baseline == expected.metrics[name], name
    assert len(found) > 10


def test_a_rolling_baseline_is_the_time_before_the_window() -> None:
    begin = (NOW - 2 * DAY).replace(tzinfo=UTC)
    for gap in (timedelta(0), 3 * DAY):
        found = baseline_metrics(RollingBaseline(TRACKER, 10 * DAY, gap=gap), 2 * DAY)
        check(found, chosen(lambda time, gap=gap: begin - gap - 10 * DAY <= time < begin - gap))


PLACES: dict[str, Callable[[datetime], object]] = {
    "weekday_hour": lambda local: (local.weekday(), local.hour),
    "weekday": datetime.weekday,
    "hour": lambda local: local.hour,
}


@pytest.mark.parametrize("by", PLACES)
@pytest.mark.parametrize("zone", [UTC, ZoneInfo("America/New_York"), timezone(timedelta(hours=5, minutes=45))])
@pytest.mark.parametrize("window", [HOUR, timedelta(hours=7, minutes=20), DAY, 9 * DAY])
def test_a_seasonal_baseline_is_the_same_hours_of_other_weeks(by: Any, zone: Any, window: timedelta) -> None:
    now = NOW - timedelta(hours=3, minutes=10)
    begin, end = (now - window).replace(tzinfo=UTC), now.replace(tzinfo=UTC)
    place = PLACES[by]
    steps = int(window / timedelta(minutes=1)) + 1
    wanted = {place((begin + timedelta(minutes=step)).astimezone(zone)) for step in range(steps)}
    first = begin - 3 * 7 * DAY
    found = baseline_metrics(SeasonalBaseline(TRACKER, weeks=3, by=by, time_zone=zone), window, now)
    check(found, chosen(lambda time: first <= time < begin and place(time.astimezone(zone)) in wanted))
    fixed = SeasonalBaseline(TRACKER, start=MONDAY, end=NOW, by=by, time_zone=zone)
    outside = chosen(lambda time: not begin <= time <= end and place(time.astimezone(zone)) in wanted)
    check(baseline_metrics(fixed, window, now), outside)


def test_summer_time_is_that_of_people() -> None:
    """Nine in the morning in New York is another hour of the day in UTC from the 8th of March 2026 on."""
    log = Log.of(2, 4000, start=datetime(2026, 3, 2), days=14)
    tracker = log.tracker(now=datetime(2026, 3, 16))
    zone = ZoneInfo("America/New_York")
    baseline = SeasonalBaseline(
        tracker, start=datetime(2026, 3, 2), end=datetime(2026, 3, 8), by="hour", time_zone=zone
    )
    # 13:00 UTC, which is 9 in New York by then and was 14:00 UTC before.
    report = DegradationDetector(baseline, metrics=["accuracy"]).check(
        tracker, window=HOUR, now=datetime(2026, 3, 12, 14)
    )
    times = log.times[log.times < np.datetime64("2026-03-08")]
    assert report["accuracy"].baseline.n == (times.astype("M8[h]").astype(int) % 24 == 14).sum()


def test_a_weekly_cycle_is_no_degradation() -> None:
    """Sundays are harder: recall falls by a third every week, and the model is as good as ever."""

    def prevalence(times: Any) -> Any:
        return np.full(len(times), 0.5)

    random = np.random.default_rng(3)
    log = Log.of(4, 20_000, days=35, prevalence=prevalence)
    sunday = (log.times.astype("M8[D]").astype(int) + 3) % 7 == 6
    log.scores = np.where(sunday & (log.labels == 1) & (random.random(len(log.labels)) < 0.33), 0.1, log.scores)
    now = datetime(2026, 3, 2) - timedelta(microseconds=1)
    tracker = log.tracker(now=now)
    seasonal = DegradationDetector(SeasonalBaseline(tracker, weeks=3), metrics=["recall"], margins=0.1)
    plain = DegradationDetector(RollingBaseline(tracker, 21 * DAY), metrics=["recall"], margins=0.1)
    assert plain.check(tracker, window=DAY).severity == "critical"
    assert seasonal.check(tracker, window=DAY).severity == "ok"
    assert {seasonal.check(tracker, window=DAY, now=now - days * DAY).severity for days in range(1, 7)} <= {
        "ok",
        "undecided",
    }


def test_weeks_that_are_not_there() -> None:
    report = DegradationDetector(SeasonalBaseline(TRACKER, weeks=3)).check(TRACKER, window=HOUR, now=MONDAY + HOUR)
    assert report.severity == "no_data" and report["accuracy"].baseline.value is None
    elsewhere = SeasonalBaseline(TRACKER, start=MONDAY, end=MONDAY + HOUR)
    report = DegradationDetector(elsewhere).check(TRACKER, window=HOUR, now=MONDAY + 30 * HOUR)
    assert report.severity == "no_data" and report.baseline.startswith("no rows: the same hours of the week")


def test_they_say_what_they_are() -> None:
    assert (
        repr(RollingBaseline(TRACKER, DAY))
        == "RollingBaseline('fraud', window=datetime.timedelta(days=1), gap=datetime.timedelta(0))"
    )
    assert repr(SeasonalBaseline(TRACKER, weeks=3)) == "SeasonalBaseline('fraud', weeks=3, by='weekday_hour')"
    detector = DegradationDetector(RollingBaseline(TRACKER, DAY))
    assert isinstance(detector.baseline, dict)
