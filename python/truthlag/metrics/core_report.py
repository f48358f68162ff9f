"""What the core says of a window, before it becomes dataclasses."""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

__all__ = ["CoreEstimate", "CoreReport"]

CoreEstimate: TypeAlias = tuple[
    str, float | None, float | None, float | None, float | None, int, str | None, float | None
]
"""(name, value, low, high, error_bound, n, reason, standard_error)"""


class CoreReport(TypedDict):
    """The plain dict that the extension gives for a snapshot. All members are plain numbers, strings, tuples and lists."""

    start: int | None
    """The first moment of the window, microseconds since the epoch, UTC; None when it has none"""
    end: int | None
    """The last moment of the window, itself included; None when it has none"""
    threshold: float | None
    """Decisions are 1 where the score is at least this; None for the decisions as logged"""
    confidence: float
    """The level of the intervals"""
    exact: bool
    """Whether scores were ranked one by one"""
    counts: tuple[int, int, int, int, int, int]
    """(true positives, false positives, false negatives, true negatives, pending positives, pending negatives)"""
    scored: int
    """Labelled predictions that have a score."""
    estimates: list[CoreEstimate]
    """Every metric, always all of them, in the order in which they are shown."""
    by_label: NotRequired[list[CoreEstimate]]
    """Brier score and log loss of the rows of each label."""
    histogram: NotRequired[bytes]
    """The labelled rows by score: see `ScoreHistogram`."""
    calibration: list[tuple[float, float, int, float, float, float, float]]
    """(lower, upper, n, mean score, positive rate, low, high), ascending, bins with rows only"""
    roc: list[tuple[float | None, float, float]]
    """(threshold or None, false positive rate, true positive rate), by falling threshold"""
    precision_recall: list[tuple[float | None, float, float]]
    """(threshold or None, precision, recall), by falling threshold"""
