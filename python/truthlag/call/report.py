"""What became of the rows of a batch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of the rows of a batch.

    Attributes:
        accepted: Rows that were applied, duplicates and stale events included.
        skipped: Rows whose label was null or NaN: nothing is known, nothing was done.
        rejected: Rows with a bad value that `on_error="skip"` left out.
        errors: Row number (from 0) and reason of each rejected row, in order of rows; at most the first 1000.

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector")
        >>> report = tracker.log_predictions(["a", "b", "c"], [0, 7, 1], on_error="skip")
        >>> report.accepted, report.rejected
        (2, 1)
        >>> report.errors
        ((1, 'predictions[1] must be 0 or 1 (an int, bool or float of that value), got 7 of type int'),)
    """

    accepted: int
    skipped: int
    rejected: int
    errors: tuple[tuple[int, str], ...] = ()
