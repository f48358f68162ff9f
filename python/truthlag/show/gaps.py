"""Stretches of time without predictions, so that their periods need not be asked for one by one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

FOREVER = 1 << 62
"""Later than any time of a log; its negative is earlier."""


class Gaps:
    """The gaps between predictions that are longer than `least`, and the one after the newest of them.

    Questions must go forwards, so that gaps that lie behind them can be forgotten.

    >>> gaps = Gaps(least=100)
    >>> gaps.add(np.array([1_000, 1_050, 1_500]))
    >>> gaps.next_prediction(900, 1_000), gaps.next_prediction(1_050, 1_400), gaps.next_prediction(1_051, 1_400)
    (1000, None, 1500)
    >>> gaps.next_prediction(1_501, 1_600) == FOREVER
    True
    """

    def __init__(self, least: int) -> None:
        self.newest = -FOREVER
        """The newest prediction."""
        self._least = least
        self._gaps: deque[tuple[int, int]] = deque()

    def add(self, times: npt.NDArray[Any]) -> None:
        """Take note of predictions; their times never run backwards."""
        before = np.concatenate(([self.newest], times[:-1]))
        for place in np.flatnonzero(times - before > self._least):
            self._gaps.append((int(before[place]), int(times[place])))
        self.newest = int(times[-1])

    def next_prediction(self, start: int, end: int) -> int | None:
        """The first prediction after [start, end), or `FOREVER`, if one of the gaps covers it; else None."""
        while self._gaps and self._gaps[0][1] <= start:
            self._gaps.popleft()
        if start > self.newest:
            return FOREVER
        if self._gaps and self._gaps[0][0] < start and end <= self._gaps[0][1]:
            return self._gaps[0][1]
        return None
