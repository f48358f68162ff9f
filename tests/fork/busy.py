"""Threads that keep trackers busy in one way or another until they are told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from truthlag import ModelPerformanceTracker

BATCH = 2_000
# Ids come round again: a tracker without bound would make each fork of the test dearer than the one before.
KEPT = 20_000


class Busy:
    """Keeps the threads going while it is entered; their errors are raised where it is left."""

    def __init__(self, trackers: list[ModelPerformanceTracker], *works: str) -> None:
        self.trackers = trackers
        self.done = threading.Event()
        #: Requests of each kind that every tracker got, predictions and labels alike.
        self.called = 0
        self.batched = 0
        self.errors: list[BaseException] = []
        self.threads = [threading.Thread(target=self._guarded, args=(getattr(self, work),)) for work in works]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done.set()
        for thread in self.threads:
            thread.join()
        if self.errors and error is None:
            raise self.errors[0]

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again where the test waits
            self.errors.append(error)

    def calls(self) -> None:
        row = 0
        while not self.done.is_set():
            for tracker in self.trackers:
                tracker.log_prediction(f"call-{row % KEPT}", 1, 0.5, {"row": row})
                tracker.log_ground_truth(f"call-{row % KEPT}", 1)
            row += 1
        # Several such threads log the same requests.
        self.called = max(self.called, min(row, KEPT))

    def batches(self) -> None:
        row = 0
        while not self.done.is_set():
            ids = np.arange(row, row + BATCH) % KEPT
            for tracker in self.trackers:
                tracker.log_predictions(ids, np.ones(BATCH), np.full(BATCH, 0.5))
                tracker.log_ground_truths(ids, np.ones(BATCH))
            row += BATCH
        self.batched = min(row, KEPT)

    def queries(self) -> None:
        while not self.done.is_set():
            for tracker in self.trackers:
                tracker.counters()
                tracker.compute_metrics(24)
                tracker.snapshot(exact=True)
                len(list(tracker.predictions))

    def to_bytes(self) -> None:
        while not self.done.is_set():
            for tracker in self.trackers:
                tracker.to_bytes()

    def make(self) -> None:
        """Makes trackers and drops them."""
        while not self.done.is_set():
            tracker = ModelPerformanceTracker("m")
            tracker.log_prediction("a", 1, 0.5)
            tracker.counters()
