"""Evidence that may be looked at any time: of the rows whose labels have newly matured, each counted once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from truthlag import _core
from truthlag.call import ModelPerformanceTracker
from truthlag.metrics import ConfusionCounts, Metric
from truthlag.verdict.degradation.compare import Obstacle
from truthlag.verdict.degradation.known_metrics import Kind, kind_of
from truthlag.verdict.degradation.moments import EPOCH, MICROSECOND
from truthlag.verdict.degradation.sample import Level, Sample

__all__ = ["AnyTimeEvidence", "AnyTimeLoss"]

_NO_MEAN = "there is no evidence for it that may be looked at any time: it is no share of rows; ask for one look"


@dataclass(slots=True)
class AnyTimeEvidence:
    """The rows of a tracker that have matured since a moment, and the strongest evidence that they ever gave."""

    min_age: timedelta | None
    frontier: tuple[int, int]
    cells: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    passed: list[int] = field(default_factory=lambda: [0, 0])
    """Rows by decision that had no label when their time came."""
    first: int | None = None
    last: int | None = None
    strongest: dict[tuple[str, str, float], tuple[float, datetime]] = field(default_factory=dict)
    """The strongest evidence against each share, and when the look was that saw it."""

    @classmethod
    def after(
        cls,
        baseline: Sample,
        tracker: ModelPerformanceTracker,
        min_age: timedelta | None,
        since: tuple[int, int] = (0, 0),
    ) -> AnyTimeEvidence:
        """Begins with the rows after `since` and after those of the baseline, where these are of the same model.

        Raises:
            ValueError: The baseline is a window of the same model without an end, so that no row is known to come after it.
        """
        if (baseline.model, baseline.version) == (tracker.model_name, tracker.model_version):
            if baseline.end is None:
                raise ValueError(
                    "baseline_metrics must be a window with an end at any time, so that rows after it are known, "
                    "got one of the same model without: give now= or end= to its snapshot"
                )
            since = max(since, ((baseline.end - EPOCH) // MICROSECOND + 1, 0))
        return cls(min_age, since)

    def anew(self, baseline: Sample, tracker: ModelPerformanceTracker) -> AnyTimeEvidence:
        """Nothing, of the rows that come after those that were taken."""
        return self.after(baseline, tracker, self.min_age, self.frontier)

    @property
    def began(self) -> datetime:
        """Where the next rows begin."""
        return _moment(self.frontier[0])

    def advance(self, tracker: ModelPerformanceTracker) -> None:
        """Counts the rows whose time has come."""
        age, has_more = None if self.min_age is None else self.min_age // MICROSECOND, True
        before = self.frontier[0]
        intake = _core.Intake(age, self.frontier)
        while has_more:
            (decisions, actuals, _, times), has_more = intake.next_rows(tracker)
            self.frontier = intake.frontier
            if not times:
                continue
            outcomes = np.frombuffer(decisions, np.uint8) + 2 * np.frombuffer(actuals, np.uint8)
            self.cells = [
                held + int(more) for held, more in zip(self.cells, np.bincount(outcomes, minlength=4), strict=True)
            ]
            moments = np.frombuffer(times, np.int64)
            self.first = int(moments[0]) if self.first is None else self.first
            self.last = int(moments[-1])
        if age is not None and self.frontier[0] > before:
            left = tracker.snapshot(start=_moment(before), end=_moment(self.frontier[0])).counts
            self.passed = [self.passed[0] + left.pending_negatives, self.passed[1] + left.pending_positives]

    def sample(self, tracker: ModelPerformanceTracker, names: tuple[str, ...]) -> Sample:
        """These metrics of the rows that were counted."""
        true_negatives, false_positives, false_negatives, true_positives = self.cells
        counts = ConfusionCounts(
            true_positives=true_positives,
            false_positives=false_positives,
            false_negatives=false_negatives,
            true_negatives=true_negatives,
            pending_negatives=self.passed[0],
            pending_positives=self.passed[1],
        )
        seen = counts.labelled + counts.pending
        sample = Sample.of_counts(counts)
        coverage = counts.labelled / seen if seen else None
        # Scores are not looked at, so that their metrics have nothing.
        has_value = {
            name for name, level in sample.levels.items() if level.metric.n or kind_of(name) is Kind.PROPORTION
        }
        others = {name: Level(Metric(name, None, reason=_NO_MEAN)) for name in names if name not in has_value}
        return replace(
            sample,
            levels={**sample.levels, **others},
            counts=counts,
            coverage=coverage,
            model=tracker.model_name,
            version=tracker.model_version,
            start=None if self.first is None else _moment(self.first),
            end=None if self.last is None else _moment(self.last),
        )

    def loss(
        self, name: str, current: Sample, baseline: Sample, *, higher_is_better: bool, alpha: float, asked: datetime
    ) -> AnyTimeLoss | Obstacle:
        """The test of a loss of this metric at the look of `asked`; `alpha` is its share of the level."""
        now, then = current.levels[name], baseline.levels[name]
        to_metric: Callable[[float], float] = _same
        to_share: Callable[[float], float] = _same
        counted = now.counted
        before: float | tuple[int, int] | None = then.counted
        if before is None and then.is_exact:
            before = then.metric.value
        if kind_of(name) is Kind.F_MEASURE and name == "f1_score" and current.counts is not None:
            # With J the share of true positives among the rows that F1 counts, F1 = 2 J / (1 + J).
            to_metric, to_share = _f1_of, _jaccard_of
            counted = _f1_counts(current.counts)
            if before is not None and not isinstance(before, tuple):
                before = _jaccard_of(before)
            elif baseline.counts is not None:
                before = _f1_counts(baseline.counts)
            elif then.metric.value is not None and then.metric.standard_error is None:
                # F1 and its rows say how many of them are found.
                before = (round(then.metric.n * _jaccard_of(then.metric.value)), then.metric.n)
        if counted is None or before is None:
            return Obstacle(_NO_MEAN)
        successes, trials = counted
        if not higher_is_better:
            # A smaller share of the one is a larger share of the other.
            successes = trials - successes
            before = (before[1] - before[0], before[1]) if isinstance(before, tuple) else 1 - before
        if not isinstance(before, tuple) and not 0 <= before <= 1:
            return Obstacle(f"a share of rows cannot be compared with {before:g}")
        return AnyTimeLoss(name, successes, trials, before, alpha, to_metric, to_share, self.strongest, asked)


@dataclass(frozen=True, slots=True)
class AnyTimeLoss:
    """A share of rows against a baseline, by beta-binomial mixtures (Robbins 1970): valid whenever it is looked at.

    Where the baseline was counted itself, half of the level is that of its limits (Clopper and Pearson 1934), so that a p-value
    holds at `alpha`, and is twice the reciprocal of the evidence.
    """

    name: str
    successes: int
    trials: int
    baseline: float | tuple[int, int]
    alpha: float
    to_metric: Callable[[float], float]
    to_share: Callable[[float], float]
    strongest: dict[tuple[str, str, float], tuple[float, datetime]]
    asked: datetime

    @property
    def estimate(self) -> float:
        """The loss that was seen."""
        before = self.baseline[0] / self.baseline[1] if isinstance(self.baseline, tuple) else self.baseline
        return self.to_metric(before) - self.to_metric(self.successes / self.trials)

    @property
    def method(self) -> str:
        """The name of the test."""
        return "beta-binomial e-process"

    def p_value(self, margin: float = 0.0) -> float:
        """1 over the strongest evidence for a loss beyond the margin at any look."""
        return self._p_value("upper", self._least(margin))

    def gain_p_value(self) -> float:
        """1 over the strongest evidence for a gain at any look."""
        return self._p_value("lower", self._most())

    def earlier_look(self, margin: float | None) -> datetime | None:
        """When the look was that had the strongest evidence for a loss beyond the margin, or for a gain where that is None.

        None where it is this one.
        """
        side, share = ("lower", self._most()) if margin is None else ("upper", self._least(margin))
        held = self.strongest.get((self.name, side, share))
        return None if held is None or held[0] <= self._evidence(side, share) else held[1]

    def _least(self, margin: float) -> float:
        low, _ = self._baseline_limits(self.alpha / 2)
        return self.to_share(max(self.to_metric(low) - margin, 0.0))

    def _most(self) -> float:
        return self._baseline_limits(self.alpha / 2)[1]

    def interval(self, confidence: float) -> tuple[float, float]:
        """A confidence sequence of the loss: it holds at all looks together."""
        from truthlag.verdict.sequences import BetaBinomialSequence

        each = (1 - confidence) / 2
        share = each / self._parts
        sides = {}
        for side in ("lower", "upper"):
            sequence = BetaBinomialSequence(alpha=share, side=side)
            sequence.update_counts(self.successes, self.trials)
            sides[side] = sequence.interval
        low, high = self._baseline_limits(share)
        return (
            self.to_metric(low) - self.to_metric(sides["upper"][1]),
            self.to_metric(high) - self.to_metric(sides["lower"][0]),
        )

    @property
    def _parts(self) -> int:
        return 2 if isinstance(self.baseline, tuple) else 1

    def _baseline_limits(self, alpha: float) -> tuple[float, float]:
        if not isinstance(self.baseline, tuple):
            return self.baseline, self.baseline
        successes, trials = self.baseline
        low = 1 - _core.rate_upper_limit(trials - successes, trials, alpha)
        return low, _core.rate_upper_limit(successes, trials, alpha)

    def _p_value(self, side: str, share: float) -> float:
        if not 0 < share < 1 and (share <= 0) == (side == "upper"):
            # Nothing is below 0, nor above 1.
            return 1.0
        # By the share that is tested: another baseline or margin has evidence of its own.
        now, key = (self._evidence(side, share), self.asked), (self.name, side, share)
        held = self.strongest.get(key, now)
        self.strongest[key] = strongest = held if held[0] > now[0] else now
        return min(1.0, self._parts * math.exp(-max(strongest[0], 0.0)))

    def _evidence(self, side: str, share: float) -> float:
        from truthlag.verdict.sequences import BetaBinomialSequence

        sequence = BetaBinomialSequence(side=side)
        sequence.update_counts(self.successes, self.trials)
        return sequence.log_e_value(share)


def _same(share: float) -> float:
    return share


def _f1_of(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def _jaccard_of(f1: float) -> float:
    return f1 / (2 - f1)


def _f1_counts(counts: ConfusionCounts) -> tuple[int, int]:
    found = counts.true_positives
    return found, found + counts.false_positives + counts.false_negatives


def _moment(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND
