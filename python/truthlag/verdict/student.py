"""Student's t-test of two samples, from their moments."""

import numpy as np


def student(mean: float, deviation: float, n: int, other_mean: float, other_deviation: float, m: int) -> np.float64:
    """The two-sided p-value with pooled variance: `scipy.stats.ttest_ind_from_stats` to the bit, of which the import takes a second.

    NaN where it is undefined. numpy may warn.

    Args:
        mean: Of the first sample.
        deviation: Its standard deviation, by n - 1; of no matter for one value.
        n: How many values it has.
        other_mean: Of the second sample.
        other_deviation: Its standard deviation.
        m: How many values it has; both have more than two.

    Source: Student (1908), "The probable error of a mean", Biometrika 6.

    Example:
        >>> from truthlag.verdict.student import student
        >>> round(float(student(0.18, 0.084, 5, 0.52, 0.084, 5)), 6)
        0.000209
    """
    # Imported on first use: a server that only logs never loads it.
    from scipy import special

    variance, other_variance = np.square(np.float64(deviation)), np.square(np.float64(other_deviation))
    freedom = n + m - 2.0
    pooled = ((n - 1) * (variance if n > 1 else 0.0) + (m - 1) * (other_variance if m > 1 else 0.0)) / freedom
    error = np.sqrt(pooled * (1.0 / n + 1.0 / m))
    statistic = np.divide(mean - other_mean, error)
    return np.float64(2 * special.stdtr(freedom, -np.abs(statistic)))
