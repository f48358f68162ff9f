"""What was said when, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from truthlag.verdict.degradation.report import DegradationReport

__all__ = ["MOST_REJUDGED", "BaselineEntry", "CheckEntry"]

MOST_REJUDGED = 32
"""Later judgements that an entry holds: the first of them leaves when another comes."""


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """A check: what was said of a window, and what was said of the same window later, with more of its labels.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag import DegradationDetector, ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector", clock=lambda: datetime(2026, 3, 1))
        >>> _ = tracker.log_predictions(list(range(200)), [1] * 200, timestamps=[datetime(2026, 2, 28, 12)] * 200)
        >>> detector = DegradationDetector({"precision": 0.9})
        >>> detector.check(tracker, window=timedelta(days=1)).severity
        'immature'
        >>> _ = tracker.log_ground_truths(list(range(200)), [row % 2 for row in range(200)])
        >>> _ = detector.rejudge(tracker)
        >>> entry = detector.history[0]
        >>> entry.report.severity, entry.latest.severity, entry.was_revised
        ('immature', 'critical', True)
    """

    time: datetime
    """When it was asked (UTC)."""
    report: DegradationReport
    """What was said then."""
    rejudged: tuple[DegradationReport, ...] = ()
    """What was said of the same window since, oldest first, each time that its labels had changed."""
    # The `Question` it answers, which is nobody's business.
    _question: Any = field(default=None, repr=False, compare=False)

    @property
    def latest(self) -> DegradationReport:
        """The last judgement of the window."""
        return self.rejudged[-1] if self.rejudged else self.report

    @property
    def was_revised(self) -> bool:
        """Whether the last judgement has another severity than the first."""
        return self.latest.severity != self.report.severity

    def to_dict(self) -> dict[str, object]:
        """All content as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.9})
            >>> _ = detector.check({"accuracy": (90, 100)})
            >>> detector.history[0].to_dict()["rejudged"]
            []
        """
        return {
            "kind": "check",
            "time": self.time.isoformat(),
            "report": self.report.to_dict(),
            "rejudged": [report.to_dict() for report in self.rejudged],
        }


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """A baseline that was set anew: what comes after it in the history was judged by it.

    Example:
        >>> from truthlag import DegradationDetector
        >>> detector = DegradationDetector({"accuracy": 0.9})
        >>> detector.rebaseline({"accuracy": 0.93}, note="version 3")
        >>> detector.history[0].note
        'version 3'
    """

    time: datetime
    """When (UTC)."""
    note: str
    """Why, in the caller's words."""
    baseline: str
    """What it is, in words."""

    def to_dict(self) -> dict[str, object]:
        """All content as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.9})
            >>> detector.rebaseline({"accuracy": (930, 1000)})
            >>> detector.history[0].to_dict()["baseline"]
            'counts that were given, up to 1,000 rows'
        """
        return {"kind": "baseline", "time": self.time.isoformat(), "note": self.note, "baseline": self.baseline}
