"""One value for each period, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.trend.cochran_armitage import pooled_variance
from truthlag.verdict.trend.line import Floats

__all__ = ["Kind", "Series"]

Kind = Literal["rate", "mean", "value"]


@dataclass(frozen=True, slots=True)
class Series:
    """Periods in the order of time, each with its value and the variance of that value."""

    kind: Kind
    times: Floats
    """Days, ascending."""
    values: Floats
    trials: Floats | None
    """For rates: the denominators, at least 1."""
    sizes: Floats | None
    """For others: the rows that each value rests on, where they are known."""
    row_squares: Floats | None
    """The sum of squares of the rows of each period about its mean, where it is known."""
    standard_errors: Floats | None
    """The standard error of each value, where it is known and the rows are not."""
    variances: Floats
    """The sampling variance of each value; its inverse weight where that is not known."""
    known: float | None
    """1 where `variances` are variances, None where they are inverse weights."""
    floor: float
    """The least variance of a value of weight 1: that of the rounding of values, or of their arithmetic."""

    @classmethod
    def rates(cls, times: Floats, successes: Floats, trials: Floats) -> Self:
        """Rates, whose variance is p (1 - p) / n with the rate p of all periods, as in the test of Cochran and Armitage."""
        variances = pooled_variance(successes, trials) / trials
        return cls("rate", times, successes / trials, trials, None, None, None, variances, 1.0, _ARITHMETIC)

    @classmethod
    def means(
        cls,
        times: Floats,
        values: Floats,
        sizes: Floats | None,
        row_squares: Floats | None,
        standard_errors: Floats | None,
    ) -> Self:
        """Means or other estimates.

        With rows and squares the variance of a row is pooled over the periods, so that a period whose rows happen to be
        alike gets no weight for it. With standard errors alone they are taken as they are.
        """
        kind: Kind = "value" if sizes is None and standard_errors is None else "mean"
        if row_squares is not None and sizes is not None:
            freedom, squares = float((sizes - 1).sum()), float(row_squares.sum())
            if freedom > 0 and squares > 0:
                variances = squares / freedom / sizes
                return cls(kind, times, values, None, sizes, row_squares, None, variances, 1.0, _ARITHMETIC)
        elif standard_errors is not None:
            return cls(kind, times, values, None, sizes, None, standard_errors, standard_errors**2, 1.0, _ARITHMETIC)
        variances = np.ones(len(values)) if sizes is None else 1 / sizes
        floor = _rounding(values) * float((1 / variances).mean()) if len(values) else 0.0
        return cls(kind, times, values, None, sizes, row_squares, None, variances, None, floor)

    def only(self, places: NDArray[np.int64]) -> Self:
        """Some of the periods, with what is pooled over periods pooled anew."""
        times, values = self.times[places], self.values[places]
        if self.trials is not None:
            # A rate times its trials is a whole number but for rounding.
            return self.rates(times, np.rint(values * self.trials[places]), self.trials[places])
        sizes, squares, errors = (
            None if column is None else column[places]
            for column in (self.sizes, self.row_squares, self.standard_errors)
        )
        return self.means(times, values, sizes, squares, errors)


# In units of the sampling variance: far below all that could be seen, far above what arithmetic makes of equal values.
_ARITHMETIC = 1e-12


def _rounding(values: Floats) -> float:
    """The variance of values by their last decimal, 10^-d / sqrt(12), and at least that of their arithmetic.

    Values that say 0.95 six times and then 0.94 are not known to be equal to the last bit.
    """
    largest = float(np.abs(values).max())
    # 8 is about the square root of 12 times the rounding of a few sums.
    arithmetic = max(8 * float(np.finfo(float).eps) * largest, 1e-120)
    step = next((10.0**-d for d in range(9) if np.abs(np.round(values, d) - values).max() <= 1e-12 * largest), 0.0)
    return max(min(step, 0.01 * largest), arithmetic) ** 2 / 12
