"""Periods that nobody reported: which of them count as periods without labels."""

from datetime import datetime

from truthlag.verdict.alerts.label_feed.past import Past
from truthlag.verdict.alerts.label_feed.settings import FeedSettings
from truthlag.verdict.alerts.label_feed.shortfall import BLOCKS


def periods_missed(last: datetime, end: datetime, settings: FeedSettings) -> int:
    """How many whole periods lie between the last one and the one that ends at `end`."""
    return (end - last) // settings.period - 1


def periods_overdue(last: datetime, now: datetime, settings: FeedSettings) -> int:
    """How many periods after the last one should have been reported by now."""
    # The most k for which now - (last + k * period) > grace.
    return -((settings.grace - (now - last)) // settings.period) - 1


def periods_to_fill(past: Past, number: int, now: datetime, settings: FeedSettings) -> int:
    """How many of so many unreported periods are to be filled in at once; 0 where the first of them is not overdue.

    None where the feed is too young to be judged, none after all of `history` was low, and no more than the longest span
    that can be judged.
    """
    last = past.last
    if last is None or not past.known or now - last - settings.period <= settings.grace:
        return 0
    if past.low_since is not None:
        left = settings.history - (last - past.low_since)
        number = min(number, -(-left // settings.period) - 1)
    elif not past.is_mature:
        return 0
    longest = max(1, settings.most_periods // (BLOCKS + 1))
    return max(0, min(number, longest))
