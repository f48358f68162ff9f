"""How much a balanced accuracy lost: the mean of two proportions, each with limits of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthlag.metrics import ConfusionCounts
from truthlag.verdict.degradation.wilson import score_limit
from truthlag.verdict.two_sample.difference_test import DifferenceTest
from truthlag.verdict.two_sample.estimate import Estimate

if TYPE_CHECKING:
    from truthlag.verdict.two_sample import LossTest

__all__ = ["balanced_accuracy_loss"]


def balanced_accuracy_loss(baseline: ConfusionCounts | float, current: ConfusionCounts) -> LossTest:
    """The test of a loss of balanced accuracy, by square-and-add of the Wilson limits of recall and specificity.

    To first order it is the delta method's. That takes the noise of a recall to be the same below it as above it, which it
    is not: for a recall of .31 from 50 positives a test at .05 alarms in .07 of cases, with these limits in .05.

    Args:
        baseline: The counts of the baseline, or its value where that is known exactly.
        current: Those of the window. Both must have rows of both classes.

    Returns:
        The test, positive losses being bad.

    Cost: some hundred microseconds.

    Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", Statistics in Medicine
    17, method 10; Zou and Donner (2008) for other combinations of limits.
    """
    before = _of_counts(baseline) if isinstance(baseline, ConfusionCounts) else Estimate(baseline)
    return DifferenceTest(before, _of_counts(current), math.inf, True, "square-and-add of Wilson's limits")  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class _MeanOfTwo(Estimate):
    """The mean of two proportions, given as successes and trials."""

    one: tuple[int, int] = (0, 1)
    other: tuple[int, int] = (0, 1)

    def limit(self, quantile: float) -> float:
        """See `Estimate`: upwards where `quantile` is positive."""
        moved = [score_limit(k / n, n, quantile) - k / n for k, n in (self.one, self.other)]
        return self.value + math.copysign(math.hypot(*moved) / 2, quantile)


def _of_counts(counts: ConfusionCounts) -> _MeanOfTwo:
    recall = (counts.true_positives, counts.true_positives + counts.false_negatives)
    specificity = (counts.true_negatives, counts.true_negatives + counts.false_positives)
    value = (recall[0] / recall[1] + specificity[0] / specificity[1]) / 2
    # Any scale but its own: there a standard error would stand in for the limits.
    return _MeanOfTwo(value, scale="log odds", one=recall, other=specificity)
