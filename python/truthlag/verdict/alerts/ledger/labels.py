"""The labels of each model: its feed, what its tracker had counted, and what a report of the feed amounts to."""

from collections import OrderedDict

from truthlag.verdict.alerts.evidence import Evidence
from truthlag.verdict.alerts.label_feed import LabelFeed, LabelFeedReport
from truthlag.verdict.alerts.ledger.condition import Key, Look
from truthlag.verdict.alerts.observation import LABELS, RANKS


class Labels:
    """A feed for each model whose labels are watched, and the totals that counts are worked out from."""

    def __init__(self, feed: LabelFeed, limit: int) -> None:
        self._feed = feed
        """What the feeds of new models are made like."""
        self._limit = limit
        self.feeds: OrderedDict[str, LabelFeed] = OrderedDict()
        self.totals: dict[str, int] = {}
        """How many labels had come to the tracker of each model when it was last asked; the longest ago first."""

    def feed_of(self, model: str) -> LabelFeed:
        """The feed of a model, made anew where there is none."""
        feed = self.feeds.get(model)
        if feed is None:
            feed = self.feeds[model] = LabelFeed(**self._feed.settings)
        return feed

    def count_since(self, model: str, total: int, *, is_same: bool) -> int | None:
        """How many labels have come since the last total, which this one takes the place of; None where it is the first.

        Args:
            model: The model.
            total: How many have come to its tracker.
            is_same: Whether it is the tracker that was asked the last time.
        """
        last = self.totals.pop(model, None)
        while len(self.totals) >= self._limit:
            del self.totals[next(iter(self.totals))]
        self.totals[model] = total
        if last is None:
            return None
        # Labels that were taken back make fewer. So does a new tracker, to which all of its labels have come since.
        return total if total < last and not is_same else max(0, total - last)

    def forget(self, model: str) -> None:
        """Watch the labels of a model no longer."""
        self.feeds.pop(model, None)
        self.totals.pop(model, None)


def key_of_labels(model: str) -> Key:
    """That of the condition of a feed."""
    return LABELS, model, LABELS, LABELS


def look_of(report: LabelFeedReport) -> Look | None:
    """The look that a report of a feed is; None where it decides nothing."""
    rank = RANKS.get(report.verdict)
    if rank is None or report.expected is None:
        return None
    evidence = Evidence(
        report.at,
        LABELS,
        LABELS,
        report.verdict,
        value=report.labels,
        baseline=report.expected,
        loss=report.expected - report.labels,
        p_value=report.p_value,
        sentence=report.sentence,
        details={"periods": report.periods, "lowest": report.lowest, "since": report.since.isoformat()},
    )
    return Look(rank, report.since if rank else report.at, evidence)
