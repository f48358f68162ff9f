"""A confidence sequence for differences of which nobody knows how large they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from truthlag.verdict.abtest.inference import AsymptoticSequence, Evidence
from truthlag.verdict.abtest.inference.inference import LEAST_STATISTIC, MOST, within_reason
from truthlag.verdict.abtest.inference.root_beyond import Place, root_beyond

#: The second sequence is narrow at so many times fewer units.
EARLIER = 16
_MOST_LOGARITHM = 690.0
_LOG_MOST = math.log(MOST)
#: A larger one needs no more units than it has.
_MOST_STATISTIC = 1e3
#: How near the logarithm of the units that are needed is found.
_NEAR = 1e-8


@dataclass(frozen=True, slots=True)
class MixedSequence(AsymptoticSequence):
    """The mean of two e-values: of a sequence that is narrow at `expected_n`, and of one that is narrow at a sixteenth of that.

    A mean of e-values is one. Where one model is far better the verdict comes after a third to half of the units that the first alone
    needs, and where they are close after seven percent more.
    """

    _earlier: AsymptoticSequence = field(init=False, repr=False, default=AsymptoticSequence(0.05))

    def __post_init__(self) -> None:
        AsymptoticSequence.__post_init__(self)
        earlier = AsymptoticSequence(self.alpha, max(1, round(self.expected_n / EARLIER)))
        object.__setattr__(self, "_earlier", earlier)
        # The core knows the one sequence alone.
        object.__setattr__(self, "native", None)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """See `Inference`."""
        found = [
            AsymptoticSequence.evidence(self, statistic, freedom, n, one_sided=one_sided),
            self._earlier.evidence(statistic, freedom, n, one_sided=one_sided),
        ]
        e_value = sum(one.e_value or 0.0 for one in found) / 2
        if math.isinf(e_value):
            return Evidence(min(1.0, 2 * min(one.p_value for one in found)), e_value)
        return Evidence(min(1.0, 1 / e_value) if e_value > 0 else 1.0, e_value)

    def statistic(self, log_e_value: float, n: int, *, one_sided: bool) -> float:
        """See `AsymptoticSequence`."""
        ends = sorted(
            (
                AsymptoticSequence.statistic(self, log_e_value, n, one_sided=one_sided),
                self._earlier.statistic(log_e_value, n, one_sided=one_sided),
            )
        )
        return self._between(ends[0], ends[1], log_e_value, n, one_sided=one_sided)

    def _quantile(self, n: float, freedom: float = math.inf, *, one_sided: bool) -> float:  # noqa: ARG002 - never a t statistic
        ends = sorted(
            (
                AsymptoticSequence._quantile(self, n, one_sided=one_sided),
                self._earlier._quantile(n, one_sided=one_sided),
            )
        )
        return self._between(ends[0], ends[1], -math.log(self.alpha), n, one_sided=one_sided)

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """See `Inference`."""
        if statistic <= LEAST_STATISTIC:
            return None
        wanted = math.log(n) - 2 * math.log(min(statistic, _MOST_STATISTIC))

        def distance(at: float) -> float:
            return at - 2 * math.log(self._quantile(math.exp(at), one_sided=one_sided)) - wanted

        begin = Place(math.log(n), distance(math.log(n)))
        at = root_beyond(distance, begin, begin.at - begin.value, _LOG_MOST if begin.value < 0 else 0.0)
        return within_reason(math.exp(at) * (1 + _NEAR)) if at < _LOG_MOST else None

    def _between(self, low: float, high: float, log_e_value: float, n: float, *, one_sided: bool) -> float:
        """The statistic at which the mean is this e-value: each of the two has it at one of the ends."""
        if high - low <= 1e-13 * high or log_e_value > _MOST_LOGARITHM:
            return low
        from scipy import optimize

        target = math.exp(log_e_value)

        def excess(statistic: float) -> float:
            e_value = self.evidence(statistic, math.inf, n, one_sided=one_sided).e_value  # type: ignore[arg-type]
            return math.log(max(e_value or 0.0, 1e-300) / target)

        if excess(low) >= 0:
            return low
        return high if excess(high) <= 0 else float(optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-14))
