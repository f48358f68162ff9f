"""One row of the replay: what was known about the model at the end of one period."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from truthlag.show.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping

METRICS = ("accuracy", "precision", "recall", "f1_score", "roc_auc")
"""The metrics of a row, which are also those that the verdict compares with the baseline."""


@dataclass(frozen=True)
class Period:
    """The numbers of a period. Times are microseconds since the epoch; `None` is a metric that is undefined."""

    start: int
    end: int
    window_start: int
    window_end: int
    """The window [window_start, window_end) of prediction times that the numbers are about."""
    new_predictions: int
    """Predictions made in the period."""
    new_labels: int
    """Labels that arrived in the period."""
    predictions: int
    """Predictions in the window."""
    labels: int
    """Predictions in the window whose label had arrived by the end of the period."""
    coverage: float | None
    metrics: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float]]
    """The 95 % interval of each metric that has one."""
    verdict: str
    """`ok`, `warning`, `critical`, `pending` (no baseline yet) or `too_few` (labels)."""
    alerts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Metrics of the baseline that are undefined in the window, so that nobody judged them."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values in full precision, times as ISO 8601; what `--format json` prints."""
        return {
            "period_start": iso(self.start),
            "period_end": iso(self.end),
            "window_start": iso(self.window_start),
            "window_end": iso(self.window_end),
            "new_predictions": self.new_predictions,
            "new_labels": self.new_labels,
            "predictions": self.predictions,
            "labels": self.labels,
            "coverage": self.coverage,
            **self.metrics,
            "verdict": self.verdict,
            "intervals": {name: list(interval) for name, interval in self.intervals.items()},
            "alerts": {name: dict(alert) for name, alert in self.alerts.items()},
            "missing": list(self.missing),
        }


def iso(microseconds: int) -> str:
    """The time as ISO 8601 with `Z`.

    >>> iso(847_756_800_000_000)
    '1996-11-12T00:00:00Z'
    """
    return to_datetime(microseconds).isoformat().replace("+00:00", "Z")
