"""How far the replay is, for whoever wants to see it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What the replay tells while it works."""

    def start(self, doing: str, rows: int | None) -> None:
        """A phase begins, over so many rows; `None` when that is not known yet."""
        ...

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        ...

    def reached(self, doing: str) -> None:
        """The phase goes on, and is here by now."""
        ...


class NoProgress:
    """Tells nobody."""

    def start(self, doing: str, rows: int | None) -> None:
        """Ignore the phase."""

    def advance(self, rows: int) -> None:
        """Ignore the rows."""

    def reached(self, doing: str) -> None:
        """Ignore where it is."""
