"""From verdicts to incidents, and from incidents to people."""

from truthlag.verdict.alerts.label_feed import LabelFeed, LabelFeedReport

__all__ = ["LabelFeed", "LabelFeedReport"]
