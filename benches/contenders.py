"""The three that log the same events: the tracker, the baseline and the lean floor."""

from collections.abc import Callable, Mapping
from typing import Protocol

from benches.baseline import LeanFloor, PlainTracker
from truthlag import ModelPerformanceTracker


class Logger(Protocol):
    """What the loops call: the names of the tracker, positional arguments, nothing optional."""

    def log_prediction(self, request_id: str, prediction: int, score: float, /) -> None:
        """Log one prediction."""

    def log_ground_truth(self, request_id: str, actual: int, /) -> None:
        """Log one label."""

    def counters(self) -> Mapping[str, int]:
        """Return the counters; drains whatever is staged."""


def new_tracker() -> ModelPerformanceTracker:
    """Return an empty tracker with default arguments."""
    return ModelPerformanceTracker("bench")


TRACKER = "truthlag"
BASELINE = "two dicts of dicts"
FLOOR = "two dicts of tuples"

LOGGERS: Mapping[str, Callable[[], Logger]] = {TRACKER: new_tracker, BASELINE: PlainTracker, FLOOR: LeanFloor}
