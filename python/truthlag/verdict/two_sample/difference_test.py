"""The difference of two independent estimates that have standard errors."""

import math
from dataclasses import dataclass

from truthlag.verdict.two_sample.estimate import Estimate

#: No tail matters beyond the latter; nearer than the former it is one half.
_NEAREST = 1e-9
_FURTHEST = 1e3


@dataclass(frozen=True, slots=True)
class DifferenceTest:
    """Test and interval of a difference from the limits of its two estimates.

    The interval ends where the squared distances from each estimate to its own limit add up to that of the difference (MOVER:
    Zou and Donner 2008); the p-value is that of the interval which ends at the margin. On the estimates' own scale this is the
    usual z test, or Welch's (1947) where there are degrees of freedom.
    """

    baseline: Estimate
    current: Estimate
    degrees_of_freedom: float
    higher_is_better: bool
    method: str

    @property
    def estimate(self) -> float:
        """See `LossTest`."""
        return self._sign * (self.baseline.value - self.current.value)

    def p_value(self, margin: float = 0.0) -> float:
        """See `LossTest`."""
        return self._tail(self._quantile(margin))

    def gain_p_value(self) -> float:
        """See `LossTest`."""
        return self._tail(-self._quantile(0.0))

    def interval(self, confidence: float) -> tuple[float, float]:
        """See `LossTest`."""
        from scipy import special

        if self.degrees_of_freedom <= 0:
            return -math.inf, math.inf
        share = (1 + confidence) / 2
        is_normal = math.isinf(self.degrees_of_freedom)
        quantile = float(special.ndtri(share) if is_normal else special.stdtrit(self.degrees_of_freedom, share))
        return self._limit(quantile), self._limit(-quantile)

    @property
    def _sign(self) -> int:
        return 1 if self.higher_is_better else -1

    def _limit(self, quantile: float) -> float:
        """The limit of the loss on the lower side for a positive quantile, on the upper for a negative one."""
        # The loss is least where the baseline is low and the current value high, if higher is better.
        baseline = self.baseline.value - self.baseline.limit(-self._sign * quantile)
        current = self.current.limit(self._sign * quantile) - self.current.value
        return self.estimate - math.copysign(math.hypot(baseline, current), quantile)

    def _quantile(self, margin: float) -> float:
        """The quantile whose limit is the margin."""
        from scipy import optimize

        if self.degrees_of_freedom <= 0:
            return 0.0
        distance = self.estimate - margin
        if distance == 0:
            return 0.0
        if self.baseline.scale == self.current.scale == "identity":
            standard_error = math.hypot(self.baseline.standard_error, self.current.standard_error)
            return distance / standard_error if standard_error > 0 else math.copysign(math.inf, distance)
        near, end = math.copysign(_NEAREST, distance), math.copysign(_FURTHEST, distance)
        # Rounding, or the gap that an estimate at an end of its range leaves, may put the margin nearer than any limit.
        if (self._limit(near) - margin) * distance <= 0:
            return 0.0
        if (self._limit(end) - margin) * distance > 0:
            return end
        low, high = min(near, end), max(near, end)
        return float(optimize.brentq(lambda quantile: self._limit(quantile) - margin, low, high, xtol=1e-12))

    def _tail(self, quantile: float) -> float:
        from scipy import special

        if self.degrees_of_freedom <= 0:
            return 1.0
        if math.isinf(self.degrees_of_freedom) or math.isinf(quantile):
            return float(special.ndtr(-quantile))
        return float(special.stdtr(self.degrees_of_freedom, -quantile))
