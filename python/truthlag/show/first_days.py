"""The first days of a log, from which the baseline is read: where they lie, when they are ready, what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from truthlag.show.counted import counted
from truthlag.show.duration import format_duration
from truthlag.show.times import short_time


@dataclass
class FirstDays:
    """The predictions of [start, start + length), read at one moment and once: when all are `min_age` old.

    The moment depends on the log and these lengths only, so that the same log has the same baseline however its rows
    are cut into periods.
    """

    length: int
    min_age: int
    start: int
    """The time of the first prediction."""
    predictions: int | None = None
    """How many there were at the moment of reading; `None` before it."""
    labels: int = 0
    """How many of them were labelled by then."""

    @property
    def end(self) -> int:
        """Where the predictions end; itself not included."""
        return self.start + self.length

    @property
    def ready(self) -> int:
        """The moment of reading: labels that arrived before it count."""
        return self.end + self.min_age

    def is_due(self, now: int) -> bool:
        """Whether they are ready at `now` and have not been read."""
        return self.predictions is None and self.ready <= now

    def __str__(self) -> str:
        return f"{short_time(self.start)} to {short_time(self.end)}"

    def why_none(self, last_event: int, min_labels: int, *, interrupted: bool) -> str:
        """Why no baseline came of them."""
        if self.predictions is None:
            old = f" and are {format_duration(self.min_age)} old" if self.min_age else ""
            ended = "replay was stopped" if interrupted else "log ends"
            return (
                f"the {ended} at {short_time(last_event)}, before the first {format_duration(self.length)} of it are "
                f"over{old} ({short_time(self.ready)})"
            )
        return (
            f"from {self} there were {counted(self.predictions, 'prediction')}, {self.labels:,} of them labelled by "
            f"{short_time(self.ready)}, and --min-labels asks for {min_labels:,}"
        )
