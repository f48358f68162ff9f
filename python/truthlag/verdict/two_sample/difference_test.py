"""The difference of two independent estimates that have standard errors."""

import math
from dataclasses import dataclass

from truthlag.verdict.two_sample.estimate import Estimate

#: No tail matters beyond the latter; nearer than the former it is one half.
_NEAREST = 1e-9
_FURTHEST = 1e3


@dataclass(frozen=True, slots=True)
class Side:
    """Two estimates, and the degrees of freedom of their difference, as one limit of it takes them."""

    baseline: Estimate
    current: Estimate
    degrees_of_freedom: float


@dataclass(frozen=True, slots=True)
class DifferenceTest:
    """Test and interval of a difference from the limits of its two estimates.

    The interval ends where the squared distances from each estimate to its own limit add up to that of the difference (MOVER:
    Zou and Donner 2008); the p-value is that of the interval which ends at the margin. On the estimates' own scale this is the
    usual z test, or Welch's (1947) where there are degrees of freedom. None at all (0) leave a limit infinite, and the p-value
    on its side is 1.

    `gain` is how the upper limit of the loss, and so the test of a gain, takes the estimates, if not as the lower one does.
    """

    baseline: Estimate
    current: Estimate
    degrees_of_freedom: float
    higher_is_better: bool
    method: str
    gain: Side | None = None

    @property
    def estimate(self) -> float:
        """See `LossTest`."""
        return self._sign * (self.baseline.value - self.current.value)

    def p_value(self, margin: float = 0.0) -> float:
        """See `LossTest`."""
        return self._tail(margin, 1)

    def gain_p_value(self) -> float:
        """See `LossTest`."""
        return self._tail(0.0, -1)

    def interval(self, confidence: float) -> tuple[float, float]:
        """See `LossTest`."""
        share = (1 + confidence) / 2
        return self._end(share, 1), self._end(share, -1)

    @property
    def _sign(self) -> int:
        return 1 if self.higher_is_better else -1

    def _side(self, direction: float) -> Side:
        """How the lower limit of the loss takes the estimates if the direction is positive, or the upper one if not."""
        if direction < 0 and self.gain is not None:
            return self.gain
        return Side(self.baseline, self.current, self.degrees_of_freedom)

    def _end(self, share: float, direction: int) -> float:
        from scipy import special

        freedom = self._side(direction).degrees_of_freedom
        if freedom <= 0:
            return -direction * math.inf
        quantile = special.ndtri(share) if math.isinf(freedom) else special.stdtrit(freedom, share)
        return self.limit(direction * float(quantile))

    def limit(self, quantile: float) -> float:
        """The limit of the loss on the lower side for a positive quantile, on the upper for a negative one."""
        side = self._side(quantile)
        # The loss is least where the baseline is low and the current value high, if higher is better.
        baseline = side.baseline.value - side.baseline.limit(-self._sign * quantile)
        current = side.current.limit(self._sign * quantile) - side.current.value
        return self.estimate - math.copysign(math.hypot(baseline, current), quantile)

    def quantile(self, margin: float) -> float:
        """The quantile whose limit is the margin."""
        from scipy import optimize

        distance = self.estimate - margin
        if distance == 0:
            return 0.0
        side = self._side(distance)
        if side.baseline.scale == side.current.scale == "identity":
            standard_error = math.hypot(side.baseline.standard_error, side.current.standard_error)
            return distance / standard_error if standard_error > 0 else math.copysign(math.inf, distance)
        near, end = math.copysign(_NEAREST, distance), math.copysign(_FURTHEST, distance)
        # Rounding, or the gap that an estimate at an end of its range leaves, may put the margin nearer than any limit.
        if (self.limit(near) - margin) * distance <= 0:
            return 0.0
        if (self.limit(end) - margin) * distance > 0:
            return end
        low, high = min(near, end), max(near, end)
        return float(optimize.brentq(lambda quantile: self.limit(quantile) - margin, low, high, xtol=1e-12))

    def _tail(self, margin: float, sign: int) -> float:
        """How likely a loss as large is (a gain, if the sign is negative), where the true one is the margin."""
        from scipy import special

        freedom = self._side(self.estimate - margin).degrees_of_freedom
        if freedom <= 0:
            return 1.0
        quantile = sign * self.quantile(margin)
        if math.isinf(freedom) or math.isinf(quantile):
            return float(special.ndtr(-quantile))
        return float(special.stdtr(freedom, -quantile))
