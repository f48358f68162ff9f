"""How many labels have come to a tracker, and which tracker was asked last."""

import weakref
from typing import TYPE_CHECKING, Any

from truthlag.call.described import described

if TYPE_CHECKING:
    from truthlag.call.tracker import ModelPerformanceTracker

_CAME = ("labels", "expired_labelled", "dropped_orphans", "late_labels")
"""The counters of a tracker whose sum is how many ids labels have come for."""


class AskedTrackers:
    """By model, the tracker that was last asked for its labels, for as long as somebody else keeps it."""

    def __init__(self) -> None:
        self._asked: dict[str, weakref.ref[ModelPerformanceTracker]] = {}

    def is_last(self, model: str, tracker: "ModelPerformanceTracker") -> bool:
        """Whether it is the one."""
        asked = self._asked.get(model)
        return asked is not None and asked() is tracker

    def note(self, model: str, tracker: "ModelPerformanceTracker") -> None:
        """It is the one now."""
        self._asked = {one: reference for one, reference in self._asked.items() if reference() is not None}
        self._asked[model] = weakref.ref(tracker)


def checked_tracker(given: Any) -> "ModelPerformanceTracker":
    """The tracker; TypeError where it is none."""
    from truthlag.call.tracker import ModelPerformanceTracker

    if not isinstance(given, ModelPerformanceTracker):
        raise TypeError(f"tracker must be a ModelPerformanceTracker, got {described(given)}")
    return given


def labels_that_came(tracker: "ModelPerformanceTracker") -> int:
    """For how many ids labels have come to it, whatever became of them."""
    counters = tracker.counters()
    return sum(counters[counter] for counter in _CAME)
