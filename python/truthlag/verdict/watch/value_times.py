"""When the rows behind a detector's values were predicted: of the last ones exactly, of older ones nearly."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Any

import numpy as np

Times = np.ndarray[Any, np.dtype[np.int64]]

EXACT = 65_536
"""Values at the end whose times are all kept."""
MARKS = 4_096
"""The most marks of older values; half of them go when there are more."""
NEAREST = 128
"""The least distance of two marks, in values."""


class ValueTimes:
    """The times of values by how long ago they came; bounded, however many there are."""

    def __init__(self) -> None:
        self.count = 0
        self._parts: deque[tuple[int, Times]] = deque()
        self._marks: list[tuple[int, int]] = []
        self._stride = NEAREST

    def add(self, times: Times) -> None:
        """Takes the times of the next values, in microseconds since the epoch."""
        if not times.size:
            return
        self._parts.append((self.count, times))
        self.count += int(times.size)
        # The newest part stays whole, whatever its size.
        while len(self._parts) > 1 and self.count - self._parts[1][0] >= EXACT:
            self._mark(*self._parts.popleft())

    def _mark(self, first: int, times: Times) -> None:
        size = int(times.size)
        begin, last = -first % self._stride, first + size - 1
        if begin >= size:
            return
        # What there will be when these have come, before any of them is marked.
        while len(self._marks) + last // self._stride - (first - 1) // self._stride > MARKS:
            self._stride *= 2
            del self._marks[1::2]
        begin = -first % self._stride
        marked = times[begin :: self._stride].tolist()
        self._marks += zip(range(first + begin, last + 1, self._stride), marked, strict=True)

    def time_of(self, ago: int) -> int | None:
        """When the value was predicted that came so many values ago, 1 for the last; None where that is not known any more."""
        number = self.count - ago
        if number < 0 or ago < 1:
            return None
        for first, times in reversed(self._parts):
            if first <= number:
                return int(times[number - first])
        place = bisect_right(self._marks, (number, 1 << 62))
        return self._marks[place - 1][1] if place else None

    def saved(self, most: int, exactly: int) -> list[tuple[int, int]]:
        """Some values as number and time, oldest first: the last ones all, and so many of those before, equally far apart."""
        last = max(self.count - exactly, 0)
        spread = {int(number) for number in np.linspace(0, last, most)} if last else set()
        numbers = sorted(spread | set(range(last, self.count)))
        known = ((number, self.time_of(self.count - number)) for number in numbers)
        return [(number, time) for number, time in known if time is not None]

    @classmethod
    def restored(cls, count: int, marks: list[tuple[int, int]]) -> ValueTimes:
        """What `saved` gave, after so many values."""
        times = cls()
        times.count = count
        times._marks = marks
        while times._stride * MARKS < count:
            times._stride *= 2
        return times
