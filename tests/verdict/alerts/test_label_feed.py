"""Whether labels still come: at most the stated false alarms, a stop found quickly, nights no alarm."""

from __future__ import annotations

import copy
import json
import math
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from truthlag.alerts import LabelFeed
from truthlag.verdict.alerts.label_feed.shortfall import lower_limit, lower_tail, shortfall

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LOW = ("warning", "critical")
PROFILE = np.array(
    [2, 1, 1, 1, 2, 5, 20, 60, 120, 150, 160, 160, 150, 150, 155, 150, 140, 110, 80, 60, 40, 20, 10, 4.0]
)
DAYS = np.array([1, 1, 1, 1, 1, 0.5, 0.3])


def feed_with(
    counts: Any, start: datetime = MONDAY, period: timedelta = HOUR, **settings: Any
) -> tuple[LabelFeed, list[Any]]:
    feed = LabelFeed(period, **settings)
    return feed, [feed.observe(int(count), start + (place + 1) * period) for place, count in enumerate(counts)]


def test_the_tail_is_that_of_the_negative_binomial() -> None:
    for expected, dispersion in ((0.5, 1.5), (12.0, 3.0), (400.0, 40.0), (3.0, 1.0)):
        for labels in (0, 1, 5, 11, 300):
            if dispersion == 1:
                reference = stats.poisson.cdf(labels, expected)
            else:
                reference = stats.nbinom.cdf(labels, expected / (dispersion - 1), 1 / dispersion)
            # Two implementations of one function: a few units in the last places, relative.
            assert lower_tail(labels, expected, dispersion) == pytest.approx(reference, rel=1e-9)
        limit = lower_limit(expected, dispersion, 1e-3)
        assert lower_tail(limit, expected, dispersion) > 1e-3
        assert limit == 0 or lower_tail(limit - 1, expected, dispersion) <= 1e-3


def test_a_span_is_compared_with_its_slots_by_the_plain_formulas() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(np.tile([3.0, 30.0, 12.0], 40)).astype(float)
    slots = np.arange(120) % 3
    found = shortfall(counts, (slots,), 2)
    assert found is not None
    past = counts[:-2]
    means = {slot: [count for count, of in zip(past, slots, strict=False) if of == slot] for slot in range(3)}
    assert found.expected == pytest.approx(sum(np.mean(means[slot]) for slot in slots[-2:]), rel=1e-12)
    others = [(sum(means[of]) - count) / (len(means[of]) - 1) for count, of in zip(past, slots, strict=False)]
    squares = means_sum = means_squared = 0.0
    for first in range(len(past) - 1):
        mean = others[first] + others[first + 1]
        squares += (past[first] + past[first + 1] - mean) ** 2
        means_sum += mean
        means_squared += mean**2
    margin = 1 + 2 * math.sqrt(2 * 2 / len(past))
    quadratic = 1 + margin * (squares - means_sum) / means_squared * found.expected
    assert found.dispersion == pytest.approx(max(1, margin * squares / means_sum, quadratic), rel=1e-9)
    assert found.p_value == lower_tail(counts[-2:].sum(), found.expected, found.dispersion)
    assert shortfall(counts[:30], (slots[:30],), 2) is None


def week(hours: int) -> Any:
    hour = np.arange(hours)
    return PROFILE[hour % 24] * DAYS[hour // 24 % 7]


def poisson(rng: Any, mean: Any) -> Any:
    return rng.poisson(mean)


def bursts(rng: Any, mean: Any) -> Any:
    """Variance in proportion to the mean: labels that come four at a time."""
    return rng.negative_binomial(mean / 3, 1 / 4)


def gamma_poisson(rng: Any, mean: Any) -> Any:
    """Variance in proportion to the square of the mean."""
    return rng.negative_binomial(5, 5 / (5 + mean))


def slow_days(rng: Any, mean: Any) -> Any:
    """All hours of a day share its luck."""
    return rng.poisson(mean * np.repeat(rng.gamma(10, 1 / 10, len(mean) // 24 + 1), 24)[: len(mean)])


@pytest.mark.parametrize("process", [poisson, bursts, gamma_poisson, slow_days])
@pytest.mark.parametrize("mean", [lambda hours: np.full(hours, 20.0), week], ids=["flat", "week"])
def test_false_alarms_are_at_most_as_many_as_stated(process: Any, mean: Any) -> None:
    rng = np.random.default_rng([7, len(process.__name__)])
    looks = 0
    alarms = {0.01: 0, 0.001: 0}
    for weeks in (1, 2, 4):
        hours = 168 * weeks
        counts = process(rng, mean(hours + 350))
        # No drop is too small to tell: the statistic alone decides.
        feed = LabelFeed(HOUR, false_alarm_rate=1e-12, least_drop=0)
        # The past is taken as it is, and need not be judged.
        past = [[(MONDAY + (place + 1) * HOUR).isoformat(), int(counts[place])] for place in range(hours + 1)]
        feed = LabelFeed.from_dict({**feed.to_dict(), "known": past, "last": past[-1][0]})
        for place in range(hours + 1, len(counts)):
            report = feed.observe(int(counts[place]), MONDAY + (place + 1) * HOUR)
            if place > hours and report.p_value is not None:
                looks += 1
                for rate in alarms:
                    alarms[rate] += report.p_value <= rate
    assert looks == 3 * 349
    # At most the rate, and three standard deviations of chance (a Poisson count, with one more since alarms come in runs).
    for rate, number in alarms.items():
        assert number <= rate * looks + 3 * math.sqrt(rate * looks) + 1, alarms


def test_a_feed_that_stops_is_found_at_once_and_its_recovery_too() -> None:
    rng = np.random.default_rng(3)
    for stop_at, allowed in ((10, 1), (15, 1), (1, 8)):
        hours = 24 * 21 + stop_at
        counts = rng.poisson(week(hours + 60))
        counts[hours : hours + 30] = 0
        feed, reports = feed_with(counts)
        assert not any(report.verdict in LOW for report in reports[:hours])
        first = next(place for place, report in enumerate(reports) if report.verdict in LOW)
        assert first < hours + allowed
        assert reports[first].verdict == "critical"
        # Of the night hours little is expected, so that they say little.
        assert abs(reports[first].since - (MONDAY + hours * HOUR)) <= (1 if stop_at > 5 else 5) * HOUR
        while_down = [report.verdict for report in reports[first : hours + 30]]
        assert set(while_down) == {"critical"}
        over = next(place for place in range(hours + 30, len(reports)) if reports[place].verdict == "ok")
        assert over < hours + 30 + 8
        assert all(report.verdict == "ok" for report in reports[over:])
        assert feed.low_since is None


def test_a_feed_of_few_labels_is_judged_over_longer_spans() -> None:
    rng = np.random.default_rng(4)
    counts = np.concatenate([rng.poisson(1.5, 24 * 28), np.zeros(48, dtype=int)])
    _, reports = feed_with(counts)
    first = next(place for place, report in enumerate(reports) if report.verdict in LOW)
    assert 24 * 28 + 5 <= first <= 24 * 28 + 20
    assert reports[first].periods in (8, 16)


def test_slow_nights_and_weekends_are_no_alarm() -> None:
    rng = np.random.default_rng(6)
    _, reports = feed_with(rng.poisson(week(24 * 7 * 5)))
    assert not any(report.verdict in LOW for report in reports)
    assert sum(report.verdict == "immature" for report in reports) == 24 * 7


def test_labels_in_bulk_are_no_standard() -> None:
    counts = np.full(24 * 21, 50)
    counts[[3, 200, 400]] = 100_000
    counts[-1] = 0
    _, reports = feed_with(counts)
    assert reports[-1].verdict == "critical"
    assert [report.verdict for report in reports if report.verdict in LOW] == ["critical"]
    assert reports[-1].expected < 200


def test_a_new_level_is_what_is_expected_after_a_while() -> None:
    counts = np.concatenate([np.full(40, 100), np.full(80, 30)])
    _, reports = feed_with(counts, period=DAY, history=40 * DAY)
    verdicts = [report.verdict for report in reports]
    assert verdicts[40] == "warning"
    assert set(verdicts[41:79]) == {"warning"}
    assert set(verdicts[82:]) == {"ok"}


def days_of(seed: int, days: int, spread: float, share: Any = 1.0) -> Any:
    """Counts of an ordinary week, whose days vary by so much besides chance."""
    rng = np.random.default_rng(seed)
    luck = rng.gamma(1 / spread**2, spread**2, days)
    return rng.poisson(500 * np.resize([1, 1, 1, 0.95, 0.9, 0.4, 0.3], days) * luck * share)


def test_a_smaller_drop_that_lasts_is_told_once_and_its_end_too() -> None:
    found = 0
    for seed in range(5):
        share = np.repeat([1.0, 0.6, 1.0], [60, 30, 14])
        _, reports = feed_with(days_of(seed, 104, 0.1, share), period=DAY)
        verdicts = [report.verdict in LOW for report in reports]
        assert not any(verdicts[:60]) and not verdicts[-1]
        found += any(verdicts[60:70])
        # It does not come and go, but for a day that chance brings below a half before it is known that it lasts.
        assert sum(later and not earlier for earlier, later in pairwise(verdicts)) <= 2
    assert found >= 4


def test_a_feed_that_loses_four_of_ten_labels_is_told_at_once() -> None:
    feed, reports = feed_with([500] * 50 + [300] * 30, period=DAY)
    first = next(place for place, report in enumerate(reports) if report.verdict in LOW)
    # The last day and the one before, of which the sum is a fifth too small.
    assert (first, reports[first].verdict) == (50, "warning")
    assert (reports[first].labels, reports[first].lowest) == (800, 801)
    assert {report.verdict for report in reports[first:]} == {"warning"}
    assert [feed.observe(500, MONDAY + (81 + day) * DAY).verdict for day in range(2)] == ["warning", "ok"]
    # That it stops altogether within a shortage is said at once.
    feed, _ = feed_with([500] * 50 + [300] * 5, period=DAY)
    assert feed.observe(0, MONDAY + 56 * DAY).verdict == "critical"
    # Not asked for, not told.
    _, reports = feed_with([500] * 50 + [300] * 30, period=DAY, least_lasting_drop=0.5)
    assert {report.verdict for report in reports[20:]} == {"ok"}


def test_a_year_of_ordinary_weeks_is_no_alarm() -> None:
    # 1 in 10 000 periods at most: of 20 years of days 0.73, of which 4 or more come by chance in less than one of 100.
    alarms = 0
    for seed in range(20):
        _, reports = feed_with(days_of(seed, 365, 0.1 + 0.05 * (seed % 3)), period=DAY)
        verdicts = [report.verdict in LOW for report in reports]
        alarms += sum(later and not earlier for earlier, later in pairwise(verdicts))
    assert alarms <= 3


def test_days_and_weeks() -> None:
    rng = np.random.default_rng(8)
    daily = np.tile([900, 950, 930, 940, 900, 200, 100], 8)
    counts = rng.poisson(daily)
    _, reports = feed_with(counts, period=DAY)
    assert not any(report.verdict in LOW for report in reports)
    assert reports[-1].expected == pytest.approx(100, abs=15)
    feed, _ = feed_with(counts[:-2], period=DAY)
    report = feed.observe(70, MONDAY + (len(counts) - 1) * DAY)
    # Not so few for a Sunday, but for a Saturday.
    assert (report.verdict, feed.observe(3, MONDAY + len(counts) * DAY).verdict) == ("warning", "critical")


def test_the_days_of_a_zone() -> None:
    # Labels from 8 to 20 by the clock of Berlin, across the change to summer time on 29 March 2026.
    feeds = {zone: LabelFeed(HOUR, zone=zone) for zone in ("Europe/Berlin", None)}
    low = dict.fromkeys(feeds, 0)
    for hour in range(24 * 33):
        end = MONDAY + (hour + 1) * HOUR
        summer = end > datetime(2026, 3, 29, 1, tzinfo=UTC)
        local = ((end - HOUR).hour + (2 if summer else 1)) % 24
        for zone, feed in feeds.items():
            low[zone] += feed.observe(100 if 8 <= local < 20 else 1, end).verdict in LOW
    assert low["Europe/Berlin"] == 0
    assert low[None] > 0


def test_periods_that_divide_nothing_and_gaps() -> None:
    _, reports = feed_with(np.full(100, 40), period=timedelta(hours=7))
    assert reports[-1].verdict == "ok"
    feed, _ = feed_with(np.full(24 * 14, 40))
    later = MONDAY + 20 * DAY
    assert feed.observe(40, later).verdict == "ok"
    assert feed.observe(0, later + HOUR).verdict == "critical"


def test_late_periods_are_left_out() -> None:
    feed, _ = feed_with(np.full(24 * 14, 40))
    before = feed.to_dict()
    for late in (MONDAY + 14 * DAY, MONDAY):
        report = feed.observe(0, late)
        assert (report.verdict, report.expected) == ("immature", None)
        assert "is not after the last one" in report.sentence
    assert feed.to_dict() == before


def ends_of(feed: LabelFeed) -> list[datetime]:
    data = feed.to_dict()
    return [datetime.fromisoformat(end) for end, _ in [*data["known"], *data["low"]]]


@pytest.mark.parametrize("mean", [lambda hours: np.full(hours, 40.0), week, lambda hours: np.full(hours, 1.5)])
def test_overdue_periods_are_what_zeros_would_have_been(mean: Any) -> None:
    counts = np.random.default_rng(10).poisson(mean(24 * 21 + 10))
    end = MONDAY + len(counts) * HOUR
    silent, _ = feed_with(counts)
    told, _ = feed_with(counts)
    reports = silent.tick(end + 31 * HOUR)
    zeros = [told.observe(0, end + hour * HOUR) for hour in range(1, 30)]
    first = next(place for place, report in enumerate(zeros) if report.verdict in LOW)
    # All until labels are too few, and the last.
    assert [replace(one, sentence="") for one in reports] == [
        replace(one, sentence="") for one in [*zeros[: first + 1], zeros[-1]]
    ]
    assert {**silent.to_dict(), "reported": None} == {**told.to_dict(), "reported": None}
    assert reports[-1].sentence == f"{zeros[-1].sentence}; not reported since {end:%Y-%m-%d %H:%M}"
    assert silent.reported_until == end
    assert silent.observe(int(counts[-1]), end + 30 * HOUR) == told.observe(int(counts[-1]), end + 30 * HOUR)


def test_a_period_is_overdue_after_the_grace() -> None:
    instant = timedelta(microseconds=1)
    for grace in (None, HOUR, timedelta(0), timedelta(minutes=150)):
        feed, _ = feed_with(np.full(24 * 14, 40), grace=grace)
        last = MONDAY + 14 * DAY
        due = last + HOUR + (HOUR if grace is None else grace)
        assert feed.tick(due) == feed.tick(last) == feed.tick(MONDAY) == ()
        (report,) = feed.tick(due + instant)
        assert (report.verdict, report.at) == ("critical", last + HOUR)
        assert feed.tick(due + HOUR) == ()
        assert [one.at for one in feed.tick(due + HOUR + instant)] == [last + 2 * HOUR]


def test_a_count_after_a_gap_finds_the_periods_before_it_empty() -> None:
    last = MONDAY + 14 * DAY
    for count, verdict in ((40, "ok"), (0, "critical")):
        feed, _ = feed_with(np.full(24 * 14, 40))
        reports = feed.observe_all(count, last + 60 * HOUR)
        assert [report.at for report in reports] == [last + hour * HOUR for hour in (1, 59, 60)]
        assert [report.verdict for report in reports] == ["critical", "critical", verdict]
        if not count:
            # Each of them, once.
            assert ends_of(feed) == [MONDAY + hour * HOUR for hour in range(1, 24 * 14 + 61)]
        assert feed.observe(40, last + 30 * HOUR).verdict == "immature"
    # One report that was missed is forgiven.
    feed, _ = feed_with(np.full(24 * 14, 40))
    assert [one.verdict for one in feed.observe_all(40, last + 2 * HOUR)] == ["ok"]


def test_not_more_is_filled_in_than_the_longest_span_and_the_rest_later() -> None:
    feed, _ = feed_with(np.full(24 * 14, 40))
    last = MONDAY + 14 * DAY
    far = last + 2000 * DAY
    assert [one.at - last for one in feed.tick(far)] == [HOUR, 64 * HOUR]
    assert [one.at - last for one in feed.tick(far)] == [128 * HOUR]
    told = [feed.tick(far) for _ in range(100)]
    # Silence does not become what is usual, however long it is.
    assert {one.verdict for some in told for one in some} == {"critical"}
    assert told[-1] == ()
    assert ends_of(feed)[-1] - last < timedelta(weeks=8)
    assert feed.low_since == last


def test_a_young_feed_is_not_filled_in() -> None:
    assert LabelFeed().tick(MONDAY) == ()
    feed, _ = feed_with(np.full(24 * 3, 40))
    before = feed.to_dict()
    assert feed.tick(MONDAY + 30 * DAY) == ()
    assert feed.to_dict() == before
    assert [one.verdict for one in feed.observe_all(40, MONDAY + 30 * DAY)] == ["ok"]


def test_the_state_goes_on_at_any_point() -> None:
    rng = np.random.default_rng(9)
    counts = rng.poisson(week(24 * 16))
    counts[24 * 12 + 9 : 24 * 12 + 20] = 0
    _, reports = feed_with(counts, zone="Europe/Berlin", false_alarm_rate=1e-3)
    other = LabelFeed(HOUR, zone="Europe/Berlin", false_alarm_rate=1e-3)
    for place, count in enumerate(counts):
        assert other.observe(int(count), MONDAY + (place + 1) * HOUR) == reports[place]
        if place % 7 == 0 or place > 24 * 12:
            other = LabelFeed.from_dict(json.loads(json.dumps(other.to_dict())))
    assert {report.verdict for report in reports} == {"immature", "ok", "critical"}
    assert json.loads(json.dumps(reports[-1].to_dict()))["verdict"] == "ok"
    assert str(reports[-1]).startswith("2026-03-18 00:00 ok: ")


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"period": 1}, TypeError, "period must be a timedelta above 0, got 1"),
    ({"period": timedelta(0)}, ValueError, "period must be a timedelta above 0"),
    ({"false_alarm_rate": 0}, ValueError, "false_alarm_rate must be a number above 0 and below 1, got 0"),
    ({"false_alarm_rate": "x"}, TypeError, "false_alarm_rate must be a number above 0"),
    ({"least_drop": 1}, ValueError, "least_drop must be a number from 0 and below 1"),
    ({"least_lasting_drop": -0.1}, ValueError, "least_lasting_drop must be a number from 0 and below 1"),
    ({"critical_share": float("nan")}, ValueError, "critical_share must be a number from 0"),
    ({"history": timedelta(minutes=1)}, ValueError, "history must hold from 1 to 20000 periods"),
    ({"period": timedelta(seconds=1)}, ValueError, "history must hold from 1 to 20000 periods"),
    ({"least_history": None}, TypeError, "least_history must be a timedelta"),
    ({"zone": "Mars/Olympus"}, ValueError, "zone must be a time zone that this system knows, got 'Mars/Olympus'"),
    ({"zone": 1}, TypeError, "zone must be a str"),
    ({"grace": -HOUR}, ValueError, "grace must be a timedelta of at least 0"),
    ({"grace": 3}, TypeError, "grace must be a timedelta of at least 0, got 3"),
]


@pytest.mark.parametrize(("settings", "error", "message"), BAD)
def test_bad_settings(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        LabelFeed(**settings)


def test_bad_periods_change_nothing() -> None:
    feed, _ = feed_with([3, 4])
    before = feed.to_dict()
    for count, error in ((-1, ValueError), (2**60, ValueError), (1.0, TypeError), (True, TypeError), (None, TypeError)):
        with pytest.raises(error, match=r"^count must be an int from 0"):
            feed.observe(count, MONDAY + DAY)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^at must be a datetime"):
        feed.observe(1, "2026-03-01")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^at must be a datetime"):
        feed.tick(3)  # type: ignore[arg-type]
    assert feed.to_dict() == before
    for data in (3, {}, {**before, "known": [["x", 1]]}, {**before, "settings": {"period": "x"}}):
        with pytest.raises((TypeError, ValueError), match=r"^data must be a dict of a LabelFeed"):
            LabelFeed.from_dict(data)  # type: ignore[arg-type]


def test_a_copy_goes_on_by_itself() -> None:
    feed, _ = feed_with([100] * 30, period=DAY, zone="Europe/Berlin")
    before = feed.to_dict()
    for copied in (copy.deepcopy(feed), pickle.loads(pickle.dumps(feed))):
        assert copied.to_dict() == before
        assert copied.observe(0, MONDAY + 31 * DAY).verdict == "critical"
        assert copied.low_since == MONDAY + 30 * DAY and feed.to_dict() == before
