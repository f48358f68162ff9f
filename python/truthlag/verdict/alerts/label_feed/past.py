"""The periods that a feed has seen: those that say what to expect, and those in which too few labels came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from truthlag.verdict.alerts.label_feed.calendar import Calendar, Period
from truthlag.verdict.alerts.label_feed.settings import FeedSettings
from truthlag.verdict.alerts.moment import read, read_optional, written
from truthlag.verdict.alerts.parameters import labels_counted


class Past:
    """Periods by their ends, at most as many as the history holds; while labels are too few, apart from those before."""

    def __init__(self, settings: FeedSettings) -> None:
        self._settings = settings
        self.known: list[Period] = []
        """What is expected follows from these."""
        self.low: list[Period] = []
        """Those that were too few, newest last; the span that said so is among them."""
        self.low_since: datetime | None = None
        self.is_lasting = False
        """Whether they are too few by a smaller drop that lasts."""
        self.last: datetime | None = None
        """The end of the newest period."""
        self.reported: datetime | None = None
        """The last period that was reported; those after it, up to the last, were filled in."""

    @property
    def is_mature(self) -> bool:
        """Whether it reaches back far enough for a verdict."""
        last = self.last
        return last is not None and bool(self.known) and last - self.known[0].end >= self._settings.least_history

    def add(self, period: Period) -> None:
        """Take the next period: to those that are too few while labels are, else to those that are known."""
        settings = self._settings
        self.last = period.end
        if self.low_since is None:
            self.known = [known for known in self.known if period.end - known.end < settings.history]
            self.known = [*self.known, period][-settings.most_periods :]
            return
        # What is known does not age meanwhile: there is nothing newer to hold the labels against.
        self.low = [*self.low, period][-settings.most_periods :]
        if not self.known or period.end - self.low_since >= settings.history:
            # So low for so long that it is what is usual.
            self.known, self.low, self.low_since, self.is_lasting = self.low, [], None, False

    def begin_low(self, span: int, *, is_lasting: bool) -> None:
        """The last so many periods were too few, by a smaller drop that lasts where that is said."""
        self.is_lasting = is_lasting
        self.low, self.known = self.known[-span:], self.known[:-span]
        self.low_since = self.low[0].end - self._settings.period

    def end_low(self, span: int) -> None:
        """The last so many periods were good again; those before them, which were too few, are forgotten."""
        self.known, self.low, self.low_since = [*self.known, *self.low[-span:]], [], None
        self.is_lasting = False

    def to_state(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "known": [[period.end.isoformat(), period.labels] for period in self.known],
            "low": [[period.end.isoformat(), period.labels] for period in self.low],
            "low_since": written(self.low_since),
            "is_lasting": self.is_lasting,
            "last": written(self.last),
            "reported": written(self.reported),
        }

    def load(self, state: Mapping[str, Any], calendar: Calendar) -> None:
        """Be what `to_state` wrote; KeyError, TypeError or ValueError where it is nothing of the kind."""
        self.known = [calendar.period(read(end), labels_counted(labels)) for end, labels in state["known"]]
        self.low = [calendar.period(read(end), labels_counted(labels)) for end, labels in state["low"]]
        self.low_since = read_optional(state["low_since"])
        self.is_lasting = bool(state.get("is_lasting", False))
        self.last = read_optional(state["last"])
        self.reported = read_optional(state["reported"])
