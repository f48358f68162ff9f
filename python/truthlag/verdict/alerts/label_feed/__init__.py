"""Whether the labels still come: fewer than the last periods led to expect."""

from truthlag.verdict.alerts.label_feed.feed import LabelFeed
from truthlag.verdict.alerts.label_feed.report import LabelFeedReport

__all__ = ["LabelFeed", "LabelFeedReport"]
