"""A baseline that follows: the rows just before the window."""

from __future__ import annotations

from datetime import timedelta
from typing import final

from truthlag.call import ModelPerformanceTracker
from truthlag.verdict.degradation.moments import checked_tracker, earlier, span
from truthlag.verdict.degradation.sample import Sample

__all__ = ["RollingBaseline"]


@final
class RollingBaseline:
    """The predictions of a span of time that ends before the window which is judged.

    It finds what changes within the span and forgets what is older: a model that loses a little each week is never far below
    its last month. For that use a standing baseline, or a trend.

    Args:
        tracker: What holds the predictions; they must not have expired.
        window: The length of the baseline.
        gap: What is left out between the baseline and the window; none by default.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: `window` is not above zero, or `gap` is negative.

    Cost: that of a snapshot with each check.

    Example:
        >>> from datetime import datetime, timedelta
        >>> from truthlag import DegradationDetector, ModelPerformanceTracker, RollingBaseline
        >>> tracker = ModelPerformanceTracker("fraud-detector", clock=lambda: datetime(2026, 3, 1))
        >>> for hour in range(24 * 28):
        ...     time = datetime(2026, 2, 1) + timedelta(hours=hour)
        ...     tracker.log_prediction(hour, 1, timestamp=time)
        ...     tracker.log_ground_truth(hour, hour % 10 > (3 if time.day > 26 else 0), timestamp=time)
        >>> detector = DegradationDetector(RollingBaseline(tracker, timedelta(days=14)), metrics=["precision"])
        >>> report = detector.check(tracker, window=timedelta(days=2))
        >>> report.severity, report.baseline
        ('critical', 'fraud-detector latest from 2026-02-13 00:00:00+00:00 to 2026-02-26 23:59:59.999999+00:00, 336 labelled rows')
    """

    def __init__(self, tracker: ModelPerformanceTracker, window: timedelta, *, gap: timedelta = timedelta(0)) -> None:
        self._tracker = checked_tracker("tracker", tracker)
        self._window = span("window", window, positive=True)
        self._gap = span("gap", gap, positive=False)

    def _sample(self, current: Sample) -> Sample:
        if current.start is None:
            raise ValueError("window must be given, since a rolling baseline ends where the window begins, got None")
        end = earlier(current.start, self._gap)
        snapshot = self._tracker.snapshot(start=earlier(end, self._window), end=end)
        described = (
            f"{snapshot.model} {snapshot.version} from {snapshot.start} to {snapshot.end}, "
            f"{snapshot.sample_size:,} labelled rows"
        )
        return Sample.of_snapshot(snapshot, described).without_scores()

    def _example(self) -> Sample:
        return Sample.empty()

    def __repr__(self) -> str:
        return f"RollingBaseline({self._tracker.model_name!r}, window={self._window!r}, gap={self._gap!r})"
