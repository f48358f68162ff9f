"""How much a mean of many rows lost, such as Brier score and log loss."""

import math

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.two_sample.difference_test import DifferenceTest, Side
from truthlag.verdict.two_sample.estimate import Estimate, NormalScale
from truthlag.verdict.two_sample.loss_test import LossTest

#: Of fewer rows that tell how much a mean is spread (see `Estimate.rows_that_tell`) nothing is concluded: the sample holds some two
#: of the bad rows, and none at all too often.
_LEAST_THAT_TELL = 3


def mean_loss(
    baseline_mean: float,
    baseline_standard_error: float | None,
    baseline_n: float | None,
    mean: float,
    standard_error: float,
    n: float,
    *,
    higher_is_better: bool,
    is_positive: bool = False,
) -> LossTest:
    """How much a mean lost against its baseline: Welch's t test.

    Losses of classifiers are skewed, those of rare events very much, and means of skewed values have t values that are
    skewed the other way. Where `is_positive` says that no value is negative, limits are taken from the logarithm of each
    mean. The danger is a sample that missed bad rows, and so looks better than it is and sure of it: a baseline makes later
    periods look worse, a current sample looks like a gain. So whichever mean must be larger than it looks for nothing to have
    changed is, if it has fewer rows than the other, no surer than the noise of both says, and has the degrees of freedom that a
    variance of so skewed rows has. A skewness of 4 (log loss of a sharp, calibrated model), a level of .05, 4 000 runs:

    =================  ======================  ======================  ======================
    rows               false alarms of a loss  of a gain               a rise by half, found
    baseline, now      plain, logarithms       plain, logarithms       plain, logarithms
    =================  ======================  ======================  ======================
    known, 100         .021, .041              .114, .057              .43, .56
    10 000, 200        .025, .043              .088, .048              .74, .81
    10 000, 1 000      .034, .051              .063, .051              1, 1
    500, 500           .051, .048              .051, .052              .90, .90
    500, 5 000         .071, .048              .042, .047              .99, .99
    100, 2 000         .104, .048              .021, .041              .69, .47
    =================  ======================  ======================  ======================

    Where the mean of that sample is less than 2.5 standard errors above 0 (a skewness of 8 and 100 rows: two events), the p-value
    is 1 and the limit infinite: no alarm says no loss or gain then. One thing stays: of a sample without any of the bad rows
    nothing shows that they are missing if the baseline is known exactly; where two are expected, that looks like a gain in .13
    of cases. A window should have some ten events.

    Args:
        baseline_mean: The mean of the baseline.
        baseline_standard_error: Its standard error; None where the baseline is known exactly.
        baseline_n: The rows of the baseline; None where it is known exactly.
        mean: The current mean.
        standard_error: Its standard error: the standard deviation of the rows, with n - 1, over the square root of n.
        n: The rows it is of.
        higher_is_better: Whether a larger mean is better. False for losses.
        is_positive: Whether no row's value is negative, as with Brier score and log loss.

    Returns:
        The test of the loss, in units of the metric. With fewer than two rows in a sample its p-values are 1 and its interval
        is infinite; with few that tell how skewed rows are spread, those of one side.

    Raises:
        ValueError: A number that is not finite, or a negative standard error.

    Cost: two microseconds; forty where `is_positive`.

    Source: Welch (1947), Satterthwaite (1946) for the degrees of freedom; Zou and Donner (2008), "Construction of confidence
    limits about effect measures", for limits of a difference from limits of its parts.

    Example:
        >>> from truthlag.verdict.two_sample import mean_loss
        >>> loss = mean_loss(0.081, 0.0016, 10_000, 0.093, 0.0049, 1_000, higher_is_better=False, is_positive=True)
        >>> loss.method, round(loss.estimate, 3), round(loss.p_value(), 3)
        ("Welch's t test of logarithms", 0.012, 0.007)
    """
    is_known = baseline_standard_error is None or baseline_n is None
    first_error, first_n = (0.0, math.inf) if is_known else (baseline_standard_error or 0.0, baseline_n or 0.0)
    finite("baseline_mean", baseline_mean)
    finite("mean", mean)
    positive("baseline_standard_error", first_error)
    # The standard error of a single row may be anything, NaN included.
    second_error = positive("standard_error", standard_error) if n >= 2 else 0.0
    scale: NormalScale = "logarithm" if is_positive and baseline_mean > 0 and mean > 0 else "identity"
    test = "one-sample t test" if is_known else "Welch's t test"
    before, now = (
        Estimate(baseline_mean, first_error, scale, rows=None if is_known else baseline_n),
        Estimate(mean, second_error, scale, rows=n),
    )
    method = f"{test} of logarithms" if scale == "logarithm" else test
    sides = []
    # Whichever mean may be larger than it looks is the one that missed bad rows, if any did.
    for is_loss in (True, False):
        raises_baseline = is_loss != higher_is_better
        one = before.no_surer_than(now) if raises_baseline else before
        other = now if raises_baseline else now.no_surer_than(before)
        rows = [
            estimate.rows_that_tell if estimate.rows is not None and is_raised else of
            for estimate, is_raised, of in ((one, raises_baseline, first_n), (other, not raises_baseline, n))
        ]
        freedom = degrees_of_freedom(one.standard_error, rows[0], other.standard_error, rows[1])
        sides.append(Side(one, other, freedom if scale == "identity" or min(rows) >= _LEAST_THAT_TELL else 0.0))
    loss, gain = sides
    return DifferenceTest(loss.baseline, loss.current, loss.degrees_of_freedom, higher_is_better, method, gain)


degrees_of_freedom = _core.degrees_of_freedom
"""Satterthwaite's (1946); 0 where a sample cannot tell its spread, infinite for two values known exactly."""


def finite(name: str, value: float) -> float:
    """The value, which must be a finite number."""
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {described(value)}")
    return value


def positive(name: str, value: float) -> float:
    """The value, which must be finite and not negative."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative, got {described(value)}")
    return value
