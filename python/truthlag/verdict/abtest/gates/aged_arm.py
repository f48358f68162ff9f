"""The rows of one arm that have reached an age, as they were at that age."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from truthlag.metrics import ConfusionCounts
from truthlag.verdict.abtest.gates.arm_log import ArmLog
from truthlag.verdict.abtest.gates.times import NEVER, Times
from truthlag.verdict.abtest.statistics.counts import Counts
from truthlag.verdict.abtest.statistics.proportion import Proportion

Unlabelled: TypeAlias = Literal["missing", "negative"]
"""What a row without a label at the compared age is: one of which the truth is not known, or one that is negative since only
positives are ever sent."""

#: Metrics over the rows of one decision; all others are over rows of both.
_DECISION_OF = {"precision": 1, "negative_predictive_value": 0}

#: In microseconds: times that were computed as floats are no finer.
_FINEST = 1_000


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The labels of 1 that are known now, of the rows of the compared age: in order of prediction time, in microseconds.

    What a comparison that adjusts for the labels still to come would rest on.

    Example:
        >>> from datetime import timedelta
        >>> from truthlag.abtest import ArmLog, arms_at_age
        >>> log = ArmLog([0, 10, 20], [5, None, 90])
        >>> arrivals = arms_at_age(log, log, min_age=timedelta(seconds=60), now=100).control.arrivals
        >>> arrivals.predicted_at.tolist(), arrivals.delays.tolist(), arrivals.ages.tolist()
        ([0, 20000000], [5000000, 70000000], [100000000, 80000000])
    """

    predicted_at: Times
    """The time of the prediction, since the epoch."""
    delays: Times
    """From the prediction to the label."""
    ages: Times
    """From the prediction to now."""


@dataclass(frozen=True, slots=True)
class AgedArm:
    """The rows of one arm that have reached the compared age, by what was known of each at that age.

    Made by `arms_at_age`.

    Example:
        >>> from datetime import timedelta
        >>> from truthlag.abtest import ArmLog, arms_at_age
        >>> day = 86_400
        >>> log = ArmLog([0, 0, 0, 9 * day], [day, 8 * day, None, None], actuals=[1, 1, 0, 0])
        >>> arm = arms_at_age(log, log, min_age=timedelta(days=7), now=10 * day).control
        >>> arm.eligible, arm.labelled, round(arm.coverage, 3), arm.late_labels
        (3, 1, 0.333, 1)
        >>> arm.arrival("precision"), arm.counts_of("missing"), arm.counts_of("negative").proportion("prevalence")
        (Proportion(k=1, n=3), Counts(true_positives=1, ...), Proportion(k=1, n=3))
    """

    counts: ConfusionCounts
    """By decision and by label; labels that came after the age are pending, as they were then."""
    late_labels: int | None
    """Labels that came after the age and do not count; None where the times of labels are not known: then they do count."""
    arrivals: Arrivals | None = field(default=None, compare=False, repr=False)
    """The delays of the labels of 1; None where they are not known."""

    @property
    def eligible(self) -> int:
        """The rows that have reached the age."""
        return self.counts.labelled + self.counts.pending

    @property
    def labelled(self) -> int:
        """Those whose label was known at the age."""
        return self.counts.labelled

    @property
    def coverage(self) -> float | None:
        """Their share; None without rows."""
        return self.labelled / self.eligible if self.eligible else None

    def arrival(self, metric: str | None = None) -> Proportion:
        """The labelled among the rows that a metric is about: those of one decision for precision and negative predictive value.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import AgedArm
            >>> from truthlag.metrics import ConfusionCounts
            >>> arm = AgedArm(ConfusionCounts(8, 2, 5, 80, pending_positives=10), late_labels=0)
            >>> arm.arrival(), arm.arrival("precision")
            (Proportion(k=95, n=105), Proportion(k=10, n=20))
        """
        cells, decision = self.counts, _DECISION_OF.get(metric or "")
        if decision is None:
            return Proportion(self.labelled, self.eligible)
        if decision:
            known = cells.true_positives + cells.false_positives
            return Proportion(known, known + cells.pending_positives)
        known = cells.true_negatives + cells.false_negatives
        return Proportion(known, known + cells.pending_negatives)

    def counts_of(self, unlabelled: Unlabelled) -> Counts:
        """The rows as an arm for `compare`: the labelled ones, or all, those without a label being negative.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import AgedArm
            >>> from truthlag.metrics import ConfusionCounts
            >>> arm = AgedArm(ConfusionCounts(true_positives=8, pending_positives=2, pending_negatives=90), late_labels=0)
            >>> arm.counts_of("negative")
            Counts(true_positives=8, false_positives=2, false_negatives=0, true_negatives=90)
        """
        known = Counts.from_confusion_counts(self.counts)
        if unlabelled == "missing":
            return known
        return known + Counts(
            false_positives=self.counts.pending_positives, true_negatives=self.counts.pending_negatives
        )

    def to_dict(self) -> dict[str, Any]:
        """The counts as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import AgedArm
            >>> from truthlag.metrics import ConfusionCounts
            >>> AgedArm(ConfusionCounts(8, 2, 5, 80), late_labels=0).to_dict()["coverage"]
            1.0
        """
        return {
            "counts": self.counts.to_dict(),
            "eligible": self.eligible,
            "labelled": self.labelled,
            "coverage": self.coverage,
            "late_labels": self.late_labels,
        }


def arm_at_age(log: ArmLog, min_age: int, start: int, now: int) -> AgedArm:
    """The rows predicted from `start` on that are `min_age` old by `now`; what became known after `now` is not known."""
    first = int(np.searchsorted(log.predicted_at, start, "left"))
    last = int(np.searchsorted(log.predicted_at, now - min_age, "right"))
    rows = slice(first, max(first, last))
    predicted, labelled = log.predicted_at[rows], log.labelled_at[rows]
    actuals, decisions = log.actuals[rows], log.predictions[rows]
    is_known = (labelled != NEVER) & (labelled <= now)
    delays = np.where(is_known, labelled - np.where(is_known, predicted, 0), 0)
    # What came at the age itself came in time.
    delays[(delays > min_age) & (delays <= min_age + _FINEST)] = min_age
    in_time = is_known & (delays <= min_age)
    # Cells by decision, label and whether there is one.
    cells = np.bincount(decisions + 2 * np.where(in_time, actuals, 2), minlength=6).tolist()
    true_negatives, false_positives, false_negatives, true_positives, pending_negatives, pending_positives = cells
    counts = ConfusionCounts(
        true_positives=true_positives,
        false_positives=false_positives,
        false_negatives=false_negatives,
        true_negatives=true_negatives,
        pending_positives=pending_positives,
        pending_negatives=pending_negatives,
    )
    positive = is_known & (actuals == 1)
    arrivals = Arrivals(predicted[positive], delays[positive], now - predicted[positive])
    return AgedArm(counts, int(np.count_nonzero(is_known)) - counts.labelled, arrivals)
