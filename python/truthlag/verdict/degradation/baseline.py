"""What a window is compared with: the baseline, in whatever form it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol, TypeAlias

from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described
from truthlag.metrics import ConfusionCounts, PerformanceSnapshot
from truthlag.verdict.degradation.given import Rows, given_sample, rows_of
from truthlag.verdict.degradation.moments import checked_tracker, present
from truthlag.verdict.degradation.rolling_baseline import RollingBaseline
from truthlag.verdict.degradation.sample import CONFIDENCE, Sample
from truthlag.verdict.degradation.seasonal_baseline import SeasonalBaseline

__all__ = ["Baseline", "BaselineSource", "GivenBaseline", "StandingBaseline", "baseline_of"]

_WINDOW = "a timedelta, or a mapping of arguments of ModelPerformanceTracker.snapshot"

Baseline: TypeAlias = (
    Mapping[str, Any]
    | PerformanceSnapshot
    | ConfusionCounts
    | RollingBaseline
    | SeasonalBaseline
    | tuple[ModelPerformanceTracker, timedelta | Mapping[str, Any] | None]
)
"""What a baseline may be given as."""


class BaselineSource(Protocol):
    """Where the baseline of a window comes from."""

    def _sample(self, current: Sample) -> Sample:
        """The rows that the current window is compared with."""

    def _example(self) -> Sample:
        """A sample with the metrics that this baseline can have, whatever their values."""


class StandingBaseline:
    """The same sample for every window."""

    def __init__(self, sample: Sample) -> None:
        self._held = sample.without_scores()

    def _sample(self, current: Sample) -> Sample:  # noqa: ARG002 - the same for every window
        return self._held

    def _example(self) -> Sample:
        return self._held


class GivenBaseline:
    """A mapping of the caller's, read anew for every window, as the plain detector does."""

    def __init__(self, given: Any, n: Rows, named: tuple[str, ...]) -> None:
        self._given = given
        self._n = n
        self._named = named

    def _sample(self, current: Sample) -> Sample:  # noqa: ARG002 - the same for every window
        return self._example()

    def _example(self) -> Sample:
        sample = given_sample(
            "baseline_metrics",
            self._given,
            n=self._n,
            named=self._named,
            confidence=CONFIDENCE,
            described_as="numbers that were given",
        )
        rows = [level.rows for level in sample.levels.values() if level.rows is not None]
        if sample.counts is not None:
            return replace(sample, described=f"counts that were given, {sample.counts.labelled:,} rows")
        return replace(sample, described=f"counts that were given, up to {max(rows):,} rows") if rows else sample


def baseline_of(given: Any, n: Any, named: tuple[str, ...]) -> BaselineSource:
    """The baseline of the argument `baseline_metrics`.

    Raises:
        TypeError: It is of no form that a baseline may have.
        ValueError: `n` is given where rows are known, or a value is not allowed.
    """
    # The type is asked and not the value, which is anybody's.
    kind = type(given)
    own: BaselineSource | None = None
    if issubclass(kind, RollingBaseline | SeasonalBaseline):
        own = given
    elif issubclass(kind, PerformanceSnapshot):
        own = StandingBaseline(Sample.of_snapshot(given))
    elif issubclass(kind, ConfusionCounts):
        own = StandingBaseline(Sample.of_counts(given))
    elif issubclass(kind, tuple):
        own = StandingBaseline(Sample.of_snapshot(_with_labels(_window(given))))
    if own is not None:
        if n is not None:
            raise ValueError(f"n must be None, since this baseline knows its rows, got {described(n)}")
        return own
    return GivenBaseline(given, rows_of(n, given), named)


def _window(given: tuple[Any, ...]) -> PerformanceSnapshot:
    allowed = f"a tracker and a window as (tracker, {_WINDOW})"
    if len(given) != 2:
        raise TypeError(f"baseline_metrics must be {allowed}, got a tuple of {len(given)}")
    tracker, window = checked_tracker("baseline_metrics[0]", given[0]), given[1]
    # With an end, so that a check can tell whether it looks at the same rows.
    if window is None:
        return tracker.snapshot(now=present(tracker))
    if isinstance(window, timedelta):
        return tracker.snapshot(window, now=present(tracker))
    if not isinstance(window, Mapping) or not all(isinstance(name, str) for name in window):
        raise TypeError(f"baseline_metrics[1] must be {_WINDOW}, got {described(window)}")
    return tracker.snapshot(**window)


def _with_labels(snapshot: PerformanceSnapshot) -> PerformanceSnapshot:
    """The same, which must hold something: it is taken now and stays what it is, so that labels to come would not be in it."""
    if snapshot.sample_size:
        return snapshot
    first, last = snapshot.start or "the first prediction", snapshot.end or "the last"
    raise ValueError(
        "baseline_metrics must be a window with labelled predictions, which are taken now once and for all, "
        f"got one of {snapshot.predictions:,} predictions without any label, from {first} to {last}"
    )
