"""How much a ratio of sums lost, such as an AUC or an F-measure, given its standard error."""

import math

from truthlag.call.described import described
from truthlag.verdict.two_sample.difference_test import DifferenceTest
from truthlag.verdict.two_sample.estimate import Estimate, NormalScale
from truthlag.verdict.two_sample.loss_test import LossTest
from truthlag.verdict.two_sample.mean import degrees_of_freedom, positive


def ratio_loss(
    baseline_value: float,
    baseline_standard_error: float | None,
    value: float,
    standard_error: float,
    *,
    baseline_n: float | None = None,
    n: float | None = None,
    range: tuple[float, float] | None = (0.0, 1.0),  # noqa: A002 - the statistical term
    higher_is_better: bool = True,
    method: str = "delta method",
) -> LossTest:
    """How much a ratio lost against its baseline, from two standard errors.

    Near an end of its range an estimate is skewed: for an AUC of .95 from 20 positives and 80 negatives a plain z test at .05
    finds a loss from a known baseline in .013 of cases where there is none, and a gain in .165. So limits are taken from the
    log odds of each estimate, that of the difference from those, and a baseline of fewer rows than now is no surer than the
    noise of both says: .042 and .067; a loss of .06 is found in .58 of cases instead of .39.

    Args:
        baseline_value: The metric of the baseline.
        baseline_standard_error: Its standard error, by DeLong's or the delta method; None where it is known exactly.
        value: The current metric.
        standard_error: Its standard error.
        baseline_n: How many rows the baseline's standard error rests on: those of the smaller class for an AUC. With them the
            tails are those of t, and an estimate at an end of its range, whose standard error is 0, is not taken for certain.
        n: The same of the current sample.
        range: The least and the largest value the metric can have; None for one without limits.
        higher_is_better: Whether a larger value is better.
        method: What the result calls the test.

    Returns:
        The test of the loss.

    Raises:
        ValueError: A value out of its range, or a standard error that is negative or not finite.

    Cost: some forty microseconds.

    Source: Zou and Donner (2008), "Construction of confidence limits about effect measures"; DeLong, DeLong and
    Clarke-Pearson (1988) for the standard error of an AUC; Newcombe (2006) for the log odds of an AUC.

    Example:
        >>> from truthlag.verdict.two_sample import ratio_loss
        >>> loss = ratio_loss(0.95, 0.003, 0.91, 0.012, baseline_n=900, n=80, method="DeLong")
        >>> loss.method, round(loss.estimate, 3), round(loss.p_value(0.01), 4)
        ('DeLong', 0.04, 0.003)
    """
    low, high = (-math.inf, math.inf) if range is None else range
    for name, given in (("baseline_value", baseline_value), ("value", value)):
        if not (math.isfinite(given) and low <= given <= high):
            raise ValueError(f"{name} must be a number from {low} to {high}, got {described(given)}")
    first_error = positive("baseline_standard_error", baseline_standard_error or 0.0)
    second_error = positive("standard_error", standard_error)
    scale: NormalScale = "identity" if range is None else "log odds"
    within = range or (0.0, 1.0)
    now = Estimate(value, second_error, scale, within, n)
    if baseline_standard_error is None:
        before = Estimate(baseline_value, 0.0, scale, within)
    else:
        before = Estimate(baseline_value, first_error, scale, within, baseline_n).no_surer_than(now)
    return DifferenceTest(
        before,
        now,
        degrees_of_freedom(before.standard_error, before.rows or math.inf, second_error, n or math.inf),
        higher_is_better,
        method,
    )
