"""Runs of a detector on resamples of a history, the same ones for every detector with the same seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from truthlag.verdict.evaluation.block_bootstrap import resampled
from truthlag.verdict.evaluation.fresh import first_alarm_place

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
FEWEST_AT_ONCE = 1_000


class ResampledRuns:
    """Simulates first alarms, and tells how many runs are done."""

    def __init__(
        self,
        history: Floats,
        block_length: float,
        horizon: int,
        progress: Callable[[int, int], object] | None,
        total: int,
    ) -> None:
        self._history = history
        self._block_length = block_length
        self.horizon = horizon
        self._progress = progress
        self._total = total
        self._done = 0
        # A resample is drawn piece by piece, as far as the detector gets. A block that a piece cuts is one among many.
        self._piece = max(horizon // 6, int(10 * block_length), FEWEST_AT_ONCE)

    def first_alarm(self, detector: Any, history: Floats, seed: list[int]) -> int | None:
        """The 1-based place of the first alarm within the horizon."""
        rng = np.random.default_rng(seed)
        taken = 0
        first = None
        while taken < self.horizon and first is None:
            piece = min(self._piece, self.horizon - taken)
            values = resampled(history, self._block_length, piece, rng)
            place = first_alarm_place(detector, values)
            if place is not None:
                first = taken + place + 1
            taken += piece
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
        return first

    def is_at_least(self, make: Callable[[], Any], runs: int, seed: list[int], arl: float) -> bool:
        """Whether the values watched are `arl` or more for each alarm; ends as soon as that is decided."""
        watched, alarms = 0, 0
        for run in range(runs):
            first = self.first_alarm(make(), self._history, [*seed, run])
            watched += self.horizon if first is None else first
            alarms += first is not None
            if watched >= arl * (alarms + runs - run - 1):
                return True
        return watched >= arl * alarms

    def first_alarms(
        self, make: Callable[[], Any], runs: int, seed: list[int], history: Floats | None = None
    ) -> list[int | None]:
        """Those of so many runs, on the history or another of the same length."""
        source = self._history if history is None else history
        return [self.first_alarm(make(), source, [*seed, run]) for run in range(runs)]

    def lengths(self, first_alarms: list[int | None]) -> tuple[Floats, Any]:
        """Values watched in each of these runs, and whether it ended with an alarm."""
        watched = [self.horizon if one is None else one for one in first_alarms]
        return np.array(watched, dtype=np.float64), np.array([one is not None for one in first_alarms])

    def finish(self) -> None:
        """Tell that no more runs come."""
        if self._progress is not None:
            self._progress(self._total, self._total)
