"""What a label feed says of a period, in numbers and in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from truthlag.verdict.alerts.label_feed.calendar import Period
from truthlag.verdict.alerts.label_feed.settings import FeedSettings
from truthlag.verdict.alerts.label_feed.shortfall import Shortfall, lower_limit
from truthlag.verdict.alerts.moment import short


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


def untold(period: Period, length: timedelta, why: str) -> LabelFeedReport:
    """Of a period of that length that decides nothing."""
    since = period.end - length
    return LabelFeedReport(period.end, "immature", period.labels, None, None, since, 1, None, why)


def report_of(
    series: list[Period], found: Shortfall, verdict: str, chance: float, p_value: float, settings: FeedSettings
) -> LabelFeedReport:
    """Of the span that was found at the end of a series.

    Args:
        series: Periods, the newest last.
        found: The span, and what was expected of it.
        verdict: What it amounts to.
        chance: The greatest chance at which its labels are too few.
        p_value: The chance of so few, over all spans that were judged.
        settings: Those of the feed.
    """
    end, labels = series[-1].end, int(found.labels)
    # A smaller drop is none, however improbable.
    least_for_a_drop = int((1 - settings.least_drop_of(found.span)) * found.expected) + 1
    lowest = min(lower_limit(found.expected, found.dispersion, chance), least_for_a_drop)
    return LabelFeedReport(
        at=end,
        verdict=verdict,
        labels=labels,
        expected=found.expected,
        lowest=lowest,
        since=series[-found.span].end - settings.period,
        periods=found.span,
        p_value=min(1.0, p_value),
        sentence=_sentence(labels, found, end, lowest),
    )


def _sentence(labels: int, found: Shortfall, end: datetime, lowest: int) -> str:
    periods = f"{found.span} period{'' if found.span == 1 else 's'}"
    came = {0: "no label", 1: "1 label"}.get(labels, f"{labels:,} labels")
    expected = f"{found.expected:,.0f}" if found.expected >= 10 else f"{found.expected:.2g}"
    told = f"{came} in {periods} up to {short(end)}, where about {expected} were expected"
    return f"{told}; below {lowest:,} are too few" if lowest else told
