"""The demo's story as a server lives it: predictions every day, labels when they arrive, checks, an alert, a comparison.

This is the part of the demo that shows how truthlag is used; it prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from truthlag import DegradationDetector, ModelABTestMonitor, ModelPerformanceTracker
from truthlag.show.simulate import DISPUTE_DAYS, START

if TYPE_CHECKING:
    import numpy.typing as npt

    from truthlag.metrics.counts import ConfusionCounts
    from truthlag.show.simulate import PaymentStream

MONTH = 30
CHECK_EVERY = 5
METRICS = ("precision", "recall", "f1_score")
"""What is watched. Not accuracy: with 2 % of frauds a model that flags nothing has 98 %."""
MIN_AGES = (0, 45, 60, 75, DISPUTE_DAYS)
TEST_AFTER = 10
"""Days from the alert to the test of the next version."""
COHORT = (30, 60)
"""The days whose payments are followed while their labels arrive."""
COHORT_AGES = (0, 15, 30, 45, 60, 75, 90)
LAST_DAY = 600
"""The story ends here even if no alert is ever given."""


def moment(day: int) -> datetime:
    """The beginning of a day of the story."""
    return START + timedelta(days=day)


# begin view
class View:
    """One way to look at a model: its payments of a month that are at least `min_age` days old."""

    def __init__(self, min_age: int) -> None:
        self.min_age = min_age
        self._detector: DegradationDetector | None = None

    def look(self, tracker: ModelPerformanceTracker, day: int) -> Look:
        """What the tracker says on the morning of `day`, and the verdict; the model's first month is the baseline."""
        snapshot = tracker.snapshot(timedelta(days=MONTH), now=moment(day), min_age=timedelta(days=self.min_age))
        if day < MONTH + self.min_age:
            return Look(snapshot, "pending")
        metrics = {name: getattr(snapshot, name) for name in METRICS}
        if self._detector is None:
            self._detector = DegradationDetector(metrics)
        result = self._detector.check_absolute_degradation(metrics)
        return Look(snapshot, result["severity"], result["alerts"])


# end view


@dataclass(frozen=True)
class Look:
    """One answer of the tracker, judged."""

    snapshot: Any
    verdict: str
    alerts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """What was seen on one day, and the truth, which nobody knew."""

    day: int
    looks: dict[int, Look]
    """By `min_age`: 0 takes whatever labels there are, 90 waits until all are known."""
    true_recall: float

    @property
    def fresh(self) -> Look:
        """The look at the youngest payments."""
        return self.looks[0]

    @property
    def mature(self) -> Look:
        """The look at payments about which all is known."""
        return self.looks[DISPUTE_DAYS]


@dataclass(frozen=True)
class Comparison:
    """The two versions side by side, on the labels of one day."""

    metric: str
    days_after_test: int
    result: dict[str, Any]


@dataclass
class Story:
    """All that happened."""

    checks: list[Check] = field(default_factory=list)
    cohort: list[tuple[int, Any]] = field(default_factory=list)
    """The followed payments: days after the last of them, and the snapshot then."""
    cohort_truth: float = 0.0
    alert: Check | None = None
    test_day: int | None = None
    comparisons: list[Comparison] = field(default_factory=list)

    def first_critical(self, min_age: int) -> int | None:
        """The first day on which payments of at least this age looked critical."""
        return next((check.day for check in self.checks if check.looks[min_age].verdict == "critical"), None)


# begin live
def live(stream: PaymentStream) -> Story:
    """Run model v1 day after day; when it alerts, test v2 against it on half of the traffic for a month."""
    story = Story()
    v1 = ModelPerformanceTracker("fraud", "v1", retention=timedelta(days=150))
    v2 = ModelPerformanceTracker("fraud", "v2", retention=timedelta(days=150))
    views = {min_age: View(min_age) for min_age in MIN_AGES}
    for day in range(LAST_DAY):
        testing = story.test_day is not None and day >= story.test_day
        # Each day brings its predictions, and labels of predictions made weeks and months ago.
        for tracker, share in ((v1, 0.5 if testing else 1.0), (v2, 0.5 if testing else 0.0)):
            payments = stream.payments(day, tracker.model_version, share)
            tracker.log_predictions(payments.ids, payments.decisions, payments.scores, timestamps=payments.times)
            labels = stream.labels(day, tracker.model_version)
            tracker.log_ground_truths(labels.ids, labels.actuals, timestamps=labels.times)

        morning = day + 1
        if morning - COHORT[1] in COHORT_AGES:
            snapshot = v1.snapshot(start=moment(COHORT[0]), end=moment(COHORT[1]))
            story.cohort.append((morning - COHORT[1], snapshot))
        if morning % CHECK_EVERY == 0:
            truth = stream.true_recall(max(morning - MONTH, 0), morning)
            check = Check(morning, {min_age: view.look(v1, morning) for min_age, view in views.items()}, truth)
            story.checks.append(check)
            if story.alert is None and check.mature.verdict == "critical":
                story.alert = check
                story.test_day = morning + TEST_AFTER
        if story.test_day is not None:
            after_test = morning - (story.test_day + MONTH)
            if after_test in (0, DISPUTE_DAYS):
                story.comparisons += compare(v1, v2, story.test_day, after_test)
            if after_test == DISPUTE_DAYS:
                break
    story.cohort_truth = stream.true_recall(*COHORT)
    return story


# end live


# begin compare
def compare(
    v1: ModelPerformanceTracker, v2: ModelPerformanceTracker, test_day: int, after_test: int
) -> list[Comparison]:
    """Compare the two versions on the month of the test, with the labels that are known so far."""
    monitor = ModelABTestMonitor("v1", "v2", min_sample_size=100)
    start, end = moment(test_day), moment(test_day + MONTH)
    control, treatment = v1.snapshot(start=start, end=end).counts, v2.snapshot(start=start, end=end).counts
    accuracy = monitor.evaluate(right(control), right(treatment), metric_name="accuracy")
    found = [Comparison("accuracy", after_test, accuracy)]
    if after_test == DISPUTE_DAYS:
        # Before, hardly any missed fraud is known: every version seems to catch them all.
        catch_rate = monitor.evaluate(caught(control), caught(treatment), metric_name="fraud_catch_rate")
        found.append(Comparison("frauds caught", after_test, catch_rate))
    return found


def right(counts: ConfusionCounts) -> npt.NDArray[np.int64]:
    """For each payment whose truth is known a 1 if the decision was right, else a 0."""
    wrong = counts.false_positives + counts.false_negatives
    return np.repeat([1, 0], [counts.labelled - wrong, wrong])


def caught(counts: ConfusionCounts) -> npt.NDArray[np.int64]:
    """For each known fraud a 1 if it was flagged, else a 0."""
    return np.repeat([1, 0], [counts.true_positives, counts.false_negatives])


# end compare
