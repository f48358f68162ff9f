"""A look at a tracker whose evidence holds at any time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described
from truthlag.verdict.degradation.any_time import AnyTimeEvidence
from truthlag.verdict.degradation.baseline import GivenBaseline, StandingBaseline
from truthlag.verdict.degradation.look import Question, judged
from truthlag.verdict.degradation.moments import checked_tracker, present, span
from truthlag.verdict.degradation.report import DegradationReport

__all__ = ["looked_at_any_time"]

_WAITS = (
    "Labels have come, but not that of the first prediction: without min_age a row waits for the labels of all earlier ones. "
    "Give a min_age where some never come."
)


def looked_at_any_time(
    evidence_of: WeakKeyDictionary[ModelPerformanceTracker, AnyTimeEvidence],
    given: Any,
    question: Question,
    window: Any,
    min_age: Any,
    now: Any,
) -> DegradationReport:
    """The report of all rows whose time has come by now; what they say is kept in `evidence_of`.

    Raises:
        TypeError: An argument has the wrong type, or the baseline moves with the window.
        ValueError: A value is not allowed.
    """
    tracker = checked_tracker("snapshot_or_tracker", given)
    if window is not None:
        raise ValueError(f"window must be None at any time, since all rows count, got {described(window)}")
    if not isinstance(question.source, GivenBaseline | StandingBaseline):
        raise TypeError(f"baseline_metrics must not move with the window at any time, got {question.source!r}")
    if now is not None:
        raise ValueError(f"now must be None at any time: rows are taken as their labels come, got {described(now)}")
    age = None if min_age is None else span("min_age", min_age, positive=False)
    asked = present(tracker)
    evidence = evidence_of.get(tracker)
    if evidence is None:
        evidence = AnyTimeEvidence.after(question.source._example(), tracker, age)
    elif evidence.min_age != age:
        raise ValueError(
            f"min_age must be that of the first look at any time, {evidence.min_age}, got {described(min_age)}"
        )
    evidence.advance(tracker)
    names = question.plan.names(question.source._example())
    evidence_of[tracker] = evidence
    report = judged(evidence.sample(tracker, names), question, asked, tracker, evidence)
    if evidence.last is None and age is None and tracker.snapshot(start=evidence.began).sample_size:
        report = replace(report, notes=(*report.notes, _WAITS))
    return report
