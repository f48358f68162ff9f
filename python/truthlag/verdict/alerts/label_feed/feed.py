"""Tells whether labels still come: the feed of one model, period by period."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from truthlag.call.described import described
from truthlag.verdict.alerts.label_feed.calendar import WEEK, Calendar
from truthlag.verdict.alerts.label_feed.judge import Judge
from truthlag.verdict.alerts.label_feed.overdue import periods_missed, periods_overdue, periods_to_fill
from truthlag.verdict.alerts.label_feed.past import Past
from truthlag.verdict.alerts.label_feed.report import LabelFeedReport, untold
from truthlag.verdict.alerts.label_feed.settings import FeedSettings
from truthlag.verdict.alerts.moment import moment, short
from truthlag.verdict.alerts.parameters import labels_counted


class LabelFeed:
    """Tells whether labels still come as they used to, from the number of them in each period.

    The expected number of a period is the mean of the same hour of the week (of the day, while there are fewer than three
    weeks to look back on) in the periods before. Summed over the last 1, 2, 4, 8, ... periods, the labels are too few if
    the chance of so few is at most `false_alarm_rate` divided by the number of these spans, and if at least `least_drop`
    of what was expected is missing; over spans of two periods or more, and of a day at least, `least_lasting_drop`. So a
    false alarm comes in at most `false_alarm_rate` of the periods, whatever the spans; how far sums of that length vary is
    measured on the past, so that bursts and slow days count as chance (a negative binomial variable, a Poisson one whose
    rate varies; see Ver Hoef and Boveng 2007, "Quasi-Poisson vs. negative binomial regression", for the two laws of
    variance of which the larger one is used).

    A span is short where many labels come, and a stop is found in the first period of which seven or more labels
    were sure; it is long where few come, and nights of which nothing is expected say nothing. While labels are too few,
    their periods do not become part of what is expected. It is over once there are more than (1 - `least_drop`) of the labels
    expected in the shortest span from which ten were expected; a smaller drop that lasted, once less than half of
    `least_lasting_drop` is missing in a span as long as those that find it. A feed that stays low is what is expected once `history` has
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
        least_lasting_drop: The same of a span of two periods or more, and of a day at least; `least_drop` where that is less.
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
        least_lasting_drop: float = 0.2,
        critical_share: float = 0.1,
        history: timedelta | None = None,
        least_history: timedelta = WEEK,
        zone: str | None = None,
        grace: timedelta | None = None,
    ) -> None:
        self._settings = FeedSettings.checked(dict(locals()))
        self._calendar = Calendar(self._settings.period, self._settings.zone)
        self.reset()

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters, by name.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed(zone="Europe/Berlin").settings["zone"]
            'Europe/Berlin'
        """
        return self._settings.arguments

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
        self._past = Past(self._settings)
        self._judge = Judge(self._settings, self._calendar, self._past)

    @property
    def reported_until(self) -> datetime | None:
        """The end of the last period that was reported; None before the first.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed().reported_until is None
            True
        """
        return self._past.reported

    @property
    def low_since(self) -> datetime | None:
        """Since when labels are too few; None while they are not.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed().low_since is None
            True
        """
        return self._past.low_since

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
        settings, past = self._settings, self._past
        period = self._calendar.period(moment("at", at), labels_counted(count))
        if past.last is not None and period.end <= past.last:
            until = short(past.last)
            why = f"the period up to {short(period.end)} is not after the last one, up to {until}"
            return (untold(period, settings.period, why),)
        missed = 0 if past.last is None else periods_missed(past.last, period.end, settings)
        filled = self._fill(missed, period.end)
        past.reported = period.end
        return (*filled, self._judge.take(period, is_judged=True))

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
        last = self._past.last
        if last is None or now <= last:
            return ()
        return tuple(self._fill(periods_overdue(last, now, self._settings), now))

    def _fill(self, number: int, now: datetime) -> list[LabelFeedReport]:
        """Take the unreported periods after the last as periods without labels, where they are overdue; what they say."""
        past, last = self._past, self._past.last
        if last is None:
            return []
        told: list[LabelFeedReport] = []
        number = periods_to_fill(past, number, now, self._settings)
        for place in range(1, number + 1):
            # Empty periods within a shortage make it no better: one verdict at their end says it.
            is_judged = past.low_since is None or place == number
            period = self._calendar.period(last + place * self._settings.period, 0)
            report = self._judge.take(period, is_judged=is_judged)
            if is_judged:
                sentence = f"{report.sentence}; not reported since {short(past.reported)}"
                told.append(replace(report, sentence=sentence))
        return told

    def to_dict(self) -> dict[str, Any]:
        """The settings and all that the feed has seen, as plain values.

        Example:
            >>> from truthlag.alerts import LabelFeed
            >>> LabelFeed.from_dict(LabelFeed().to_dict()).settings == LabelFeed().settings
            True
        """
        return {"settings": self._settings.to_dict(), **self._past.to_state()}

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
            feed = cls(**FeedSettings.arguments_of(data["settings"]))
            feed._past.load(data, feed._calendar)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError("data must be a dict of a LabelFeed, got one that cannot be read") from error
        return feed

    def __repr__(self) -> str:
        """The period, and how many are known."""
        return f"LabelFeed(period={self._settings.period!r}, {len(self._past.known)} periods known)"
