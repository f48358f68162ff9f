"""One look at a window: what was asked, and the report that answers it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described
from truthlag.verdict.degradation.any_time import AnyTimeEvidence
from truthlag.verdict.degradation.baseline import BaselineSource, StandingBaseline
from truthlag.verdict.degradation.compare import Obstacle, loss_test
from truthlag.verdict.degradation.judge import Comparison, judge
from truthlag.verdict.degradation.labels import Labels, least_coverage, only_positives
from truthlag.verdict.degradation.plan import Plan
from truthlag.verdict.degradation.report import DegradationReport
from truthlag.verdict.degradation.sample import CONFIDENCE, Sample

if TYPE_CHECKING:
    from truthlag.verdict.two_sample import LossTest

__all__ = ["Question", "judged"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a window is asked, so that it can be asked again when more of its labels are there."""

    source: BaselineSource
    plan: Plan
    min_coverage: float | None
    labels: Labels | None

    @classmethod
    def of(cls, source: BaselineSource, plan: Plan, min_coverage: Any, labels: Any) -> Question:
        """The question of a check's arguments.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A value is not allowed.
        """
        return cls(source, plan, _share(min_coverage), _labels(labels))


def judged(
    current: Sample,
    question: Question,
    asked: datetime,
    tracker: ModelPerformanceTracker | None,
    evidence: AnyTimeEvidence | None = None,
) -> DegradationReport:
    """The report of a window; `tracker` is the one that holds it, if any. With `evidence`, by that which holds at any time."""
    baseline = question.source._sample(current)
    compare: Comparison = loss_test
    if evidence is not None:
        alpha = question.plan.alpha / len(question.plan.names(baseline))

        def compare(name: str, now: Sample, then: Sample, /, *, higher_is_better: bool) -> LossTest | Obstacle:
            return evidence.loss(name, now, then, higher_is_better=higher_is_better, alpha=alpha, asked=asked)

    labels, notes = question.labels, _overlap(current, baseline)
    if isinstance(question.source, StandingBaseline) and baseline.counts is not None and not baseline.counts.labelled:
        notes = [
            "The baseline has no labelled rows and stays as it is: no window can be compared with it. Set another."
        ]
    if labels is None:
        labels = "positives_only" if _has_only_positives(current, baseline, tracker) else "both"
        if labels == "positives_only":
            notes.append("All labels that have come are 1: it is taken that labels of 0 are never reported.")
    least = None
    if labels == "positives_only":
        notes.append(
            "Only labels of 1 are reported, so that the share of labelled predictions says nothing: the rule is off."
        )
    elif current.coverage is not None:
        least = least_coverage(baseline) if question.min_coverage is None else question.min_coverage
    confidence = current.confidence or CONFIDENCE
    return DegradationReport(
        asked=asked,
        model=current.model,
        version=current.version,
        start=current.start,
        end=current.end,
        baseline=baseline.described,
        verdicts=judge(
            current,
            baseline,
            question.plan,
            labels=labels,
            min_coverage=least,
            confidence=confidence,
            compare=compare,
            is_any_time=evidence is not None,
        ),
        alpha=question.plan.alpha,
        confidence=confidence,
        counts=current.counts,
        min_coverage=least,
        labels=labels,
        evidence="one look" if evidence is None else "any time",
        notes=tuple(notes),
    )


def _has_only_positives(current: Sample, baseline: Sample, tracker: ModelPerformanceTracker | None) -> bool:
    """Whether labels of 0 are never reported, by all that is known: the window, the tracker as a whole, the baseline."""
    if current.counts is None or not current.counts.pending or not only_positives(current.counts):
        return False
    held = None if tracker is None else tracker.snapshot().counts
    return only_positives(current.counts, held, baseline.counts)


def _overlap(current: Sample, baseline: Sample) -> list[str]:
    """A warning where the window and the baseline hold the same rows."""
    if (current.model, current.version) != (baseline.model, baseline.version) or baseline.has_gaps:
        return []
    if current.model is None:
        return []
    starts = [start for start in (current.start, baseline.start) if start is not None]
    ends = [end for end in (current.end, baseline.end) if end is not None]
    first, last = max(starts, default=None), min(ends, default=None)
    if first is not None and last is not None and first > last:
        return []
    span = " to ".join(str(one) for one in (first or "the first prediction", last or "the last"))
    shared = f"The window and the baseline share the time from {span}"
    return [f"{shared}: rows that are in both hide a loss, and the tests take the two for independent."]


def _share(value: Any) -> float | None:
    if value is None:
        return None
    allowed = "a number from 0 to 1, or None"
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"min_coverage must be {allowed}, got {described(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    # NaN is in no range.
    if not 0 <= number <= 1:
        raise ValueError(f"min_coverage must be {allowed}, got {described(value)}")
    return number


def _labels(value: Any) -> Labels | None:
    allowed = '"both", "positives_only" or None'
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"labels must be {allowed}, got {described(value)}")
    if value == "both":
        return "both"
    if value == "positives_only":
        return "positives_only"
    raise ValueError(f"labels must be {allowed}, got {described(value)}")
