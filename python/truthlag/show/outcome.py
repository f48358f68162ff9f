"""What a replay came to, beside its rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from truthlag.show.judge import SEVERITIES, reached

if TYPE_CHECKING:
    from truthlag.show.period import Period


@dataclass
class Outcome:
    """Counts the rows by verdict."""

    verdicts: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False

    def add(self, period: Period) -> None:
        """Take note of one row."""
        self.verdicts[period.verdict] += 1

    @property
    def periods(self) -> int:
        """The number of rows."""
        return self.verdicts.total()

    @property
    def decided(self) -> bool:
        """Whether any row was judged."""
        return any(self.verdicts[verdict] for verdict in SEVERITIES)

    def reached(self, level: str) -> bool:
        """Whether any row is at least as bad as `level`."""
        return any(reached(verdict, level) for verdict in self.verdicts)
