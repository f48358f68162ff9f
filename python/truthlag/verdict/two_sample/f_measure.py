"""How much an F-measure lost."""

import math

from truthlag.call.described import described
from truthlag.verdict.two_sample.binomial_test import BinomialTest
from truthlag.verdict.two_sample.loss_test import LossTest
from truthlag.verdict.two_sample.null_curve import Pair
from truthlag.verdict.two_sample.proportion import counts, known, of_pair
from truthlag.verdict.two_sample.ratio import ratio_loss
from truthlag.verdict.two_sample.scale import F1

#: True positives, false positives, false negatives.
Confusions = tuple[float, float, float]


def f_loss(baseline: Confusions | float, current: Confusions, beta: float = 1.0) -> LossTest:
    """How much an F-measure lost against its baseline.

    F1 is a function of one proportion, the true positives among the relevant rows (those that are predicted or labelled
    positive): 2 J / (1 + J). Given the number of relevant rows it is compared as proportions are, by the same exact and score
    tests, on its own scale; so its false alarm rate holds at any number of rows. Other F-measures weigh the two errors
    differently and use the delta method with limits from the log odds.

    Args:
        baseline: True positives, false positives and false negatives of the baseline, or its value where it is known exactly.
        current: The same counts of the current sample.
        beta: How many times as important recall is as precision.

    Returns:
        The test of the loss, which is the baseline's F-measure minus the current one.

    Raises:
        ValueError: Counts or values that are not possible, no relevant row, or a beta that is not positive.

    Cost: that of `proportion_loss`; some forty microseconds for a beta other than 1.

    Source: F = (1 + b²) tp / ((1 + b²) tp + b² fn + fp), van Rijsbergen (1979).

    Example:
        >>> from truthlag.verdict.two_sample import f_loss
        >>> loss = f_loss((800, 100, 100), (150, 30, 40))
        >>> loss.method, round(loss.estimate, 3), round(loss.p_value(0.02), 3)
        ('exact unconditional test', 0.078, 0.004)
        >>> f_loss(0.89, (150, 30, 40), beta=2).method
        'delta method'
    """
    if not (math.isfinite(beta) and beta > 0):
        raise ValueError(f"beta must be a positive number, got {described(beta)}")
    hits, relevant = _relevant("current", current)
    if beta != 1:
        value, error = _delta(current, beta)
        if not isinstance(baseline, tuple):
            return ratio_loss(known("baseline", baseline), None, value, error, n=relevant)
        before = _relevant("baseline", baseline)[1]
        return ratio_loss(*_delta(baseline, beta), value, error, baseline_n=before, n=relevant)
    if isinstance(baseline, tuple):
        return of_pair(Pair(*_relevant("baseline", baseline), hits, relevant), F1())
    return BinomialTest(known("baseline", baseline), hits, relevant, F1(), "exact binomial test")


def _relevant(name: str, confusions: Confusions) -> tuple[int, int]:
    """True positives and relevant rows."""
    return counts(f"true positives of {name}", confusions[0], f"tp + fp + fn of {name}", sum(confusions))


def _delta(confusions: Confusions, beta: float) -> tuple[float, float]:
    """The F-measure and its standard error, given the relevant rows."""
    weight = beta * beta
    hits, false_alarms, misses = confusions
    value = (1 + weight) * hits / ((1 + weight) * hits + weight * misses + false_alarms)
    # Half a row of each kind more: errors that are rare and happen to be missing are not taken for impossible.
    hits, false_alarms, misses = hits + 0.5, false_alarms + 0.5, misses + 0.5
    denominator = (1 + weight) * hits + weight * misses + false_alarms
    about = (1 + weight) * hits / denominator
    # What one row of each kind adds, squared; together they add nothing.
    variance = hits * ((1 + weight) * (1 - about)) ** 2 + (weight**2 * misses + false_alarms) * about**2
    return value, math.sqrt(variance) / denominator
