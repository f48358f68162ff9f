"""An estimate with its standard error, and its confidence limits on the scale on which it is near normal."""

import math
from dataclasses import dataclass, replace
from typing import Literal

#: On which scale an estimate is taken for normal: its own, that of its logarithm, or of its log odds.
NormalScale = Literal["identity", "logarithm", "log odds"]

# Beyond it nothing changes, and not far from it the exponential is no float.
_LARGEST = 300.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate, its standard error, and the scale of its limits.

    Limits from the logarithm or the log odds are as uneven as the distribution of an estimate near an end of its range is,
    and never leave the range. An estimate at an end has no log odds and mostly no standard error either: its limit is that of
    a proportion of all or none of `rows`, where they are known.
    """

    value: float
    standard_error: float = 0.0
    scale: NormalScale = "identity"
    range: tuple[float, float] = (0.0, 1.0)
    rows: float | None = None

    def limit(self, quantile: float) -> float:
        """The value so many standard errors from the estimate on its scale; upwards where `quantile` is positive."""
        step = quantile * self.standard_error
        if self.scale == "logarithm" and self.value > 0:
            return self.value * math.exp(min(step / self.value, _LARGEST))
        if self.scale == "log odds":
            return self._limit_of_odds(quantile)
        return self.value + step

    def no_surer_than(self, other: "Estimate") -> "Estimate":
        """With a standard error that is no smaller than the noise of both samples' rows together says.

        A small sample that misses the rare bad rows looks good and sure at once. Noise is the deviation of a row over the mean, or
        over the root of share (1 - share), which a change of the metric hardly changes. A sample of more rows than the
        other, or of an unknown number, stays as it is.
        """
        if self.rows is None or other.rows is None or self.rows > other.rows:
            return self
        unit, other_unit = self._unit, other._unit
        if min(unit, other_unit) <= 0:
            return self
        noise = math.hypot(self.standard_error * self.rows / unit, other.standard_error * other.rows / other_unit)
        pooled = unit * noise / math.sqrt((self.rows + other.rows) * self.rows)
        # For means of next to nothing there is no such number.
        return replace(self, standard_error=pooled) if self.standard_error < pooled < math.inf else self

    @property
    def rows_that_tell(self) -> float:
        """How many normal values would tell as much of their spread as the rows do of theirs.

        A variance of n values is known as well as that of 1 + 2 (n - 1) / (kurtosis - 1) normal ones. Values that are never negative
        have about the kurtosis of a gamma distribution with their deviation over the mean, c: 3 + 6 c². Infinite where no
        rows are known.
        """
        if self.rows is None or self.scale != "logarithm" or self.value <= 0:
            return math.inf if self.rows is None else self.rows
        # Relative to the mean; beyond this bound the rows tell nothing in any case.
        deviation = min(math.sqrt(self.rows) * (self.standard_error / self.value), 1e100)
        return 1 + (self.rows - 1) / (1 + 3 * deviation**2)

    @property
    def _unit(self) -> float:
        low, high = self.range
        if self.scale == "log odds":
            return math.sqrt(max(0.0, (self.value - low) * (high - self.value)))
        return self.value if self.scale == "logarithm" else 0.0

    def _limit_of_odds(self, quantile: float) -> float:
        low, high = self.range
        share = (self.value - low) / (high - low)
        if 0 < share < 1:
            odds = math.log(share / (1 - share)) + quantile * self.standard_error / ((high - low) * share * (1 - share))
            return low + (high - low) / (1 + math.exp(min(-odds, _LARGEST)))
        outwards = quantile > 0 if share >= 1 else quantile < 0
        if outwards or self.rows is None:
            return self.value
        from scipy import special

        distance = -math.expm1(float(special.log_ndtr(-abs(quantile))) / self.rows)
        return high - (high - low) * distance if share >= 1 else low + (high - low) * distance
