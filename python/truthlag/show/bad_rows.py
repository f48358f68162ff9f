"""Rows that cannot be used: told with their number, counted, left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthlag.show.errors import BadRowError

if TYPE_CHECKING:
    from collections.abc import Callable

TOLD_ON_TERMINAL = 20
"""More would push the rows of the replay off the screen."""


class BadRows:
    """Counts bad rows and tells them, all or the first `at_most`.

    Under `strict` the first one ends the replay with `BadRowError`.

    >>> bad_rows = BadRows(tell=print)
    >>> bad_rows.add("log.csv", "line", 17, "score is `high`, not a finite number")
    log.csv, line 17: score is `high`, not a finite number
    >>> bad_rows.count
    1
    """

    def __init__(self, tell: Callable[[str], None], *, at_most: int | None = None, strict: bool = False) -> None:
        self.count = 0
        self._tell = tell
        self._at_most = at_most
        self._strict = strict

    def add(self, path: str, row_word: str, number: int, reason: str) -> None:
        """Take note of one bad row."""
        message = f"{path}, {row_word} {number}: {reason}"
        if self._strict:
            raise BadRowError(message)
        self.count += 1
        if self._at_most is None or self.count <= self._at_most:
            self._tell(message)
        elif self.count == self._at_most + 1:
            self._tell(f"more bad rows follow; from here on they are only counted ({self._at_most} were told)")
