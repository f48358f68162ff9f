"""Whether the labels still come: fewer than the last periods led to expect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.alerts.moment import moment, read, read_optional, short, written
from truthlag.verdict.alerts.parameters import between, count, duration, optional_duration, optional_word
from truthlag.verdict.alerts.shortfall import BLOCKS, Shortfall, Slots, lower_limit, shortfall

_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_LEAST_LABELS = 10.0
"""As many labels must have been expected of a span that ends a shortfall."""
_MOST_PERIODS = 20_000
_MOST_LABELS = 2**53


@dataclass(frozen=True, slots=True)
class LabelFeedReport:
    """What one period said of a feed of labels.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag.alerts import LabelFeed
        >>> feed = LabelFeed(timedelta(days=1))
        >>> report = feed.observe(40, datetime(2026, 3, 1))
        >>> report.verdict, report.to_dict()["labels"]
        ('immature', 40)
    """

    at: datetime
    """The end of the period."""
    verdict: str
    """`ok`; `warning` for fewer labels than chance allows; `critical` for next to none; `immature` while there is too little
    to compare with, and for a period that is not newer than the last one."""
    labels: int
    """The labels of the span that was judged."""
    expected: float | None
    """How many the periods before led to expect of it; None while that is not known."""
    lowest: int | None
    """The fewest that are not too few; None likewise."""
    since: datetime
    """The beginning of the span."""
    periods: int
    """The periods of the span."""
    p_value: float | None
    """The chance of so few labels or fewer where nothing has changed, over all spans that were judged."""
    sentence: str
    """The same in words."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, times as ISO 8601.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed(timedelta(days=1)).observe(40, datetime(2026, 3, 1)).to_dict()["since"]
            '2026-02-28T00:00:00+00:00'
        """
        return {
            "at": self.at.isoformat(),
            "verdict": self.verdict,
            "labels": self.labels,
            "expected": self.expected,
            "lowest": self.lowest,
            "since": self.since.isoformat(),
            "periods": self.periods,
            "p_value": self.p_value,
            "sentence": self.sentence,
        }

    def __str__(self) -> str:
        """The verdict and the sentence."""
        return f"{short(self.at)} {self.verdict}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One period."""

    end: datetime
    labels: int
    start: int
    """Of the period, in microseconds from a Monday's midnight by the clock of the feed's zone."""


class LabelFeed:
    """Tells whether labels still come as they used to, from the number of them in each period.

    The expected number of a period is the mean of the same hour of the week (of the day, while there are fewer than three
    weeks to look back on) in the periods before. Summed over the last 1, 2, 4, 8, ... periods, the labels are too few if
    the chance of so few is at most `false_alarm_rate` divided by the number of these spans, and if at least `least_drop`
    of what was expected is missing. So a false alarm comes in at most `false_alarm_rate` of the periods, whatever the
    spans; how far sums of that length vary is measured on the past, so that bursts and slow days count as chance
    (a negative binomial variable, a Poisson one whose rate varies; see Ver Hoef and Boveng 2007, "Quasi-Poisson vs.
    negative binomial regression", for the two laws of variance of which the larger one is used).

    A span is short where many labels come, and a stop is found in the first period of which seven or more labels
    were sure; it is long where few come, and nights of which nothing is expected say nothing. While labels are too few,
    their periods do not become part of what is expected. It is over once there are more than (1 - `least_drop`) of the labels
    expected in the shortest span from which ten were expected. A feed that stays low is what is expected once `history` has
    passed, or after `reset()`.

    Whoever reports may be down with the feed. So a period that is not reported within `grace` of its end is overdue, and
    counts as one without labels, with the next `tick` or `observe`; a count that comes for it later is left out. One missed
    report is forgiven where the next one comes within the grace. At most the periods of the longest span that can be judged
    (a twenty-first of `history`: 64 hours of 8 weeks) are filled in at once, the next of them with the next call, and none
    once all of `history` was low. A feed too young to be judged is left as it is.

    Args:
        period: The length of a period; each must be reported once, those without labels too.
        false_alarm_rate: The most periods to alarm in without cause, as a share; above 0 and below 1.
        least_drop: The share of the expected labels that must be missing; from 0 to below 1.
        critical_share: `critical` when at most this share of the expected labels came; from 0 to below 1.
        history: How far to look back; None for 8 weeks, or 100 periods where that is longer.
        least_history: How long to look before the first verdict.
        zone: The time zone whose days and weeks the labels follow, as "Europe/Berlin"; None for UTC.
        grace: How long after its end a period may be reported; None for one period.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag.alerts import LabelFeed
        >>> feed = LabelFeed(timedelta(hours=1))
        >>> start = datetime(2026, 3, 2)
        >>> for hour in range(24 * 14):
        ...     report = feed.observe(60 if 8 <= hour % 24 < 20 else 3, start + timedelta(hours=hour + 1))
        >>> report.verdict
        'ok'
        >>> stops = start + timedelta(days=14, hours=9)
        >>> for hour in range(8):
        ...     _ = feed.observe(3, start + timedelta(days=14, hours=hour + 1))
        >>> report = feed.observe(0, stops)
        >>> report.verdict, report.labels, round(report.expected)
        ('critical', 0, 60)
        >>> print(report.sentence)
        no label in 1 period up to 2026-03-16 09:00, where about 60 were expected; below 31 are too few
    """

    def __init__(
        self,
        period: timedelta = timedelta(hours=1),
        *,
        false_alarm_rate: float = 1e-4,
        least_drop: float = 0.5,
        critical_share: float = 0.1,
        history: timedelta | None = None,
        least_history: timedelta = _WEEK,
        zone: str | None = None,
        grace: timedelta | None = None,
    ) -> None:
        self._period = duration("period", period, above=True)
        self._false_alarm_rate = between("false_alarm_rate", false_alarm_rate, 0, 1)
        self._least_drop = between("least_drop", least_drop, 0, 1, least_allowed=True)
        self._critical_share = between("critical_share", critical_share, 0, 1, least_allowed=True)
        usual = max(8 * _WEEK, 100 * self._period)
        self._history = optional_duration("history", history) or usual
        self._least_history = duration("least_history", least_history)
        self._zone_name = optional_word("zone", zone)
        self._zone = _zone(self._zone_name)
        self._grace = self._period if grace is None else duration("grace", grace)
        self._most_periods = self._history // self._period
        if not 1 <= self._most_periods <= _MOST_PERIODS:
            raise ValueError(
                f"history must hold from 1 to {_MOST_PERIODS} periods, got {described(history)} for {described(period)}"
            )
        self.reset()

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters, by name.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed(zone="Europe/Berlin").settings["zone"]
            'Europe/Berlin'
        """
        return {
            "period": self._period,
            "false_alarm_rate": self._false_alarm_rate,
            "least_drop": self._least_drop,
            "critical_share": self._critical_share,
            "history": self._history,
            "least_history": self._least_history,
            "zone": self._zone_name,
            "grace": self._grace,
        }

    def reset(self) -> None:
        """Forget all periods: what comes from now on is what is expected.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag.alerts import LabelFeed
            >>> feed = LabelFeed(timedelta(days=1))
            >>> for day in range(1, 31):
            ...     report = feed.observe(100, datetime(2026, 3, day))
            >>> report.verdict
            'ok'
            >>> feed.reset()
            >>> feed.observe(10, datetime(2026, 3, 31)).verdict
            'immature'
        """
        self._known: list[_Entry] = []
        # Periods that were too few, newest last; the span that said so is among them.
        self._low: list[_Entry] = []
        self._low_since: datetime | None = None
        self._last: datetime | None = None
        self._reported: datetime | None = None
        """The last period that was reported; those after it, up to the last, were filled in."""

    @property
    def reported_until(self) -> datetime | None:
        """The end of the last period that was reported; None before the first.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed().reported_until is None
            True
        """
        return self._reported

    @property
    def low_since(self) -> datetime | None:
        """Since when labels are too few; None while they are not.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed().low_since is None
            True
        """
        return self._low_since

    def observe(self, count: int, at: datetime) -> LabelFeedReport:
        """Take the number of labels that came in one period.

        Args:
            count: How many; 0 where none came.
            at: The end of the period. One that is not after the last is left out, with the verdict `immature`.

        Returns:
            What the period says.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The count is below 0, or the time is none that UTC can hold.

        Cost: proportional to the periods looked back on, about a millisecond for 8 weeks of hours; that of each period
            that is filled in before it too, until labels are too few.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed(timedelta(days=1)).observe(40, datetime(2026, 3, 1)).verdict
            'immature'
        """
        return self.observe_all(count, at)[-1]

    def observe_all(self, count: int, at: datetime) -> tuple[LabelFeedReport, ...]:
        """The same, and what was said of the periods before it that were not reported.

        Args:
            count: How many; 0 where none came.
            at: The end of the period.

        Returns:
            What the periods say that were filled in, then what this one says.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The count is below 0, or the time is none that UTC can hold.

        Cost: that of `observe`, for each period that is filled in until labels are too few.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag.alerts import LabelFeed
            >>> feed = LabelFeed()
            >>> for hour in range(24 * 14):
            ...     _ = feed.observe(40, datetime(2026, 3, 2) + timedelta(hours=hour))
            >>> reports = feed.observe_all(30, datetime(2026, 3, 18, 11))
            >>> reports[0].verdict, reports[-1].verdict
            ('critical', 'ok')
        """
        entry = self._entry(moment("at", at), _labels(count))
        if self._last is not None and entry.end <= self._last:
            last = short(self._last)
            return (
                self._untold(entry, f"the period up to {short(entry.end)} is not after the last one, up to {last}"),
            )
        missed = self._fill(entry.end, 0 if self._last is None else (entry.end - self._last) // self._period - 1)
        self._reported = entry.end
        return (*missed, self._add(entry, is_judged=True))

    def tick(self, at: datetime) -> tuple[LabelFeedReport, ...]:
        """Let time go on without a count: periods that are overdue count as periods without labels.

        Args:
            at: The time.

        Returns:
            What they say; of those within a shortage, only the last is judged.

        Raises:
            TypeError: `at` is no datetime.
            ValueError: UTC cannot hold it.

        Cost: a microsecond where nothing is overdue, else that of `observe` for each period until labels are too few.

        Example:
            >>> from datetime import datetime, timedelta
            >>> from truthlag.alerts import LabelFeed
            >>> feed = LabelFeed()
            >>> for hour in range(24 * 14):
            ...     _ = feed.observe(40, datetime(2026, 3, 2) + timedelta(hours=hour))
            >>> feed.tick(datetime(2026, 3, 16))
            ()
            >>> report = feed.tick(datetime(2026, 3, 16, 2))[0]
            >>> report.verdict, report.labels, report.sentence.split("; ")[-1]
            ('critical', 0, 'not reported since 2026-03-15 23:00')
        """
        now = moment("at", at)
        if self._last is None or now <= self._last:
            return ()
        # The most k for which now - (last + k * period) > grace.
        number = -((self._grace - (now - self._last)) // self._period) - 1
        return tuple(self._fill(now, number))

    def _fill(self, now: datetime, number: int) -> list[LabelFeedReport]:
        """Take so many periods after the last as periods without labels, where the first is overdue, and what they say."""
        last = self._last
        if last is None or not self._known or now - last - self._period <= self._grace:
            return []
        if self._low_since is not None:
            left = self._history - (last - self._low_since)
            number = min(number, -(-left // self._period) - 1)
        elif last - self._known[0].end < self._least_history:
            return []
        told: list[LabelFeedReport] = []
        longest = max(1, self._most_periods // (BLOCKS + 1))
        number = min(number, longest)
        for place in range(1, number + 1):
            # Empty periods within a shortage make it no better: one verdict at their end says it.
            is_judged = self._low_since is None or place == number
            report = self._add(self._entry(last + place * self._period, 0), is_judged=is_judged)
            if is_judged:
                sentence = f"{report.sentence}; not reported since {short(self._reported)}"
                told.append(replace(report, sentence=sentence))
        return told

    def _add(self, entry: _Entry, *, is_judged: bool) -> LabelFeedReport:
        self._last = entry.end
        if self._low_since is not None:
            # What is known does not age meanwhile: there is nothing newer to hold the labels against.
            self._low = [*self._low, entry][-self._most_periods :]
            if self._known and entry.end - self._low_since < self._history:
                return self._judge_while_low(entry) if is_judged else self._untold(entry, "")
            # So low for so long that it is what is usual.
            self._known, self._low, self._low_since = self._low, [], None
        else:
            self._known = [known for known in self._known if entry.end - known.end < self._history]
            self._known = [*self._known, entry][-self._most_periods :]
        return self._judge(entry)

    def _judge(self, entry: _Entry) -> LabelFeedReport:
        is_mature = entry.end - self._known[0].end >= self._least_history
        found = self._shortfalls([], self._known) if is_mature else []
        if not found:
            return self._untold(entry, f"too few periods to know what to expect of the one up to {short(entry.end)}")
        chance = self._false_alarm_rate / len(found)
        low = [one for one in found if one.p_value <= chance and self._is_drop(one)]
        if not low:
            return self._report(self._known, found[0], "ok", chance, min(one.p_value for one in found) * len(found))
        # The span that says it most clearly begins where the labels did; the shortest one where several say it for sure.
        chosen = min(low, key=lambda one: one.p_value)
        self._low, self._known = self._known[-chosen.span :], self._known[: -chosen.span]
        self._low_since = self._low[0].end - self._period
        return self._report(self._low, chosen, self._severity(chosen), chance, chosen.p_value * len(found))

    def _judge_while_low(self, entry: _Entry) -> LabelFeedReport:
        found = self._shortfalls(self._known, self._low)
        if not found:
            return self._untold(entry, f"the period up to {short(entry.end)} has none like it to compare with")
        chosen = next((one for one in found if one.expected >= _LEAST_LABELS), found[-1])
        is_over = chosen.labels > 0 and not self._is_drop(chosen)
        verdict = "ok" if is_over else self._severity(chosen)
        chance = self._false_alarm_rate / len(found)
        report = self._report(self._low, chosen, verdict, chance, chosen.p_value * len(found))
        if is_over:
            self._known, self._low, self._low_since = [*self._known, *self._low[-chosen.span :]], [], None
        return report

    def _is_drop(self, found: Shortfall) -> bool:
        return found.labels <= (1 - self._least_drop) * found.expected

    def _severity(self, found: Shortfall) -> str:
        return "critical" if found.labels <= self._critical_share * found.expected else "warning"

    def _shortfalls(self, before: list[_Entry], periods: list[_Entry]) -> list[Shortfall]:
        """The spans of the last periods that can be judged, shortest first; each against what is before it.

        Where some are given that were before, none of the others is: they are low.
        """
        counts = np.array([entry.labels for entry in [*before, *periods]], dtype=np.float64)
        starts = np.array([entry.start for entry in [*before, *periods]], dtype=np.int64)
        found: list[Shortfall] = []
        span = 1
        while span <= len(periods):
            chosen = np.ones(len(counts), dtype=bool)
            if before:
                chosen[len(before) : len(counts) - span] = False
            one = shortfall(counts[chosen], self._slots(starts[chosen]), span)
            if one is None:
                break
            found.append(one)
            span *= 2
        return found

    def _slots(self, starts: Slots) -> tuple[Slots, ...]:
        """For each cycle, the finest first, the slot of each period."""
        # A cycle that the period does not divide, or is not shorter than, has no slots.
        cycles = [cycle for cycle in (_WEEK, _DAY) if cycle > self._period and cycle % self._period == timedelta(0)]
        slots = [starts % (cycle // _MICROSECOND) // (self._period // _MICROSECOND) for cycle in cycles]
        # An hour is compared with the same hour, never with all of them.
        if self._period >= _DAY or not slots:
            slots.append(np.zeros(len(starts), dtype=np.int64))
        return tuple(slots)

    def _entry(self, end: datetime, labels: int) -> _Entry:
        start = (end - self._period).astimezone(self._zone).replace(tzinfo=UTC) - _MONDAY
        return _Entry(end, labels, start // _MICROSECOND)

    def _untold(self, entry: _Entry, told: str) -> LabelFeedReport:
        since = entry.end - self._period
        return LabelFeedReport(entry.end, "immature", entry.labels, None, None, since, 1, None, told)

    def _report(
        self, series: list[_Entry], found: Shortfall, verdict: str, chance: float, p_value: float
    ) -> LabelFeedReport:
        end, labels = series[-1].end, int(found.labels)
        # A smaller drop is none, however improbable.
        lowest = min(
            lower_limit(found.expected, found.dispersion, chance), int((1 - self._least_drop) * found.expected) + 1
        )
        periods = f"{found.span} period{'' if found.span == 1 else 's'}"
        came = {0: "no label", 1: "1 label"}.get(labels, f"{labels:,} labels")
        expected = f"{found.expected:,.0f}" if found.expected >= 10 else f"{found.expected:.2g}"
        told = f"{came} in {periods} up to {short(end)}, where about {expected} were expected"
        if lowest:
            told += f"; below {lowest:,} are too few"
        return LabelFeedReport(
            at=end,
            verdict=verdict,
            labels=labels,
            expected=found.expected,
            lowest=lowest,
            since=series[-found.span].end - self._period,
            periods=found.span,
            p_value=min(1.0, p_value),
            sentence=told,
        )

    def to_dict(self) -> dict[str, Any]:
        """The settings and all that the feed has seen, as plain values.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed.from_dict(LabelFeed().to_dict()).settings == LabelFeed().settings
            True
        """
        settings = {
            name: value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in self.settings.items()
        }
        return {
            "settings": settings,
            "known": [[entry.end.isoformat(), entry.labels] for entry in self._known],
            "low": [[entry.end.isoformat(), entry.labels] for entry in self._low],
            "low_since": written(self._low_since),
            "last": written(self._last),
            "reported": written(self._reported),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The feed that `to_dict` wrote.

        Raises:
            TypeError: `data` is no mapping.
            ValueError: It is none that `to_dict` wrote.

        Example:
            >>> from datetime import datetime
            >>> from truthlag.alerts import LabelFeed
            >>> feed = LabelFeed()
            >>> _ = feed.observe(5, datetime(2026, 3, 1))
            >>> LabelFeed.from_dict(feed.to_dict()).to_dict() == feed.to_dict()
            True
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"data must be a dict of a LabelFeed, got {described(data)}")
        try:
            settings: dict[str, Any] = {
                name: timedelta(seconds=value) if name in {"period", "history", "least_history", "grace"} else value
                for name, value in data["settings"].items()
            }
            feed = cls(**settings)
            feed._known = [feed._entry(read(end), _labels(labels)) for end, labels in data["known"]]
            feed._low = [feed._entry(read(end), _labels(labels)) for end, labels in data["low"]]
            feed._low_since = read_optional(data["low_since"])
            feed._last = read_optional(data["last"])
            feed._reported = read_optional(data["reported"])
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError("data must be a dict of a LabelFeed, got one that cannot be read") from error
        return feed

    def __repr__(self) -> str:
        """The period, and how many are known."""
        return f"LabelFeed(period={self._period!r}, {len(self._known)} periods known)"


def _labels(value: Any) -> int:
    return count("count", value, 0, _MOST_LABELS)


def _zone(name: str | None) -> Any:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"zone must be a time zone that this system knows, got {described(name)}") from error
