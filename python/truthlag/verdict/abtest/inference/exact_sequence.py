"""Any number of looks at two rates: e-values without approximation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag.verdict.abtest.difference.betting_proportions import SPREAD, BettingEvidence
from truthlag.verdict.abtest.difference.e_value_rates import OFFSET, EValueDifference
from truthlag.verdict.abtest.difference.exact_proportions import MixtureEvidence
from truthlag.verdict.abtest.inference.asymptotic_sequence import EXPECTED_N
from truthlag.verdict.abtest.inference.inference import MOST, Evidence, within_reason
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion
from truthlag.verdict.abtest.statistics.proportion import Proportion

#: An arm has so many times the units of the distribution around its rate where the interval is to be narrowest: the c at
#: which (1 + 1 / c) (log(20) + log(1 + c)) is least.
_UNITS = 5.0


@dataclass(frozen=True, slots=True)
class ExactSequence:
    """The e-values of `EValueDifference`, which are what its statistics are of."""

    alpha: float
    expected_n: int = EXPECTED_N
    #: Whether the evidence is that of bets on batches, or of counts.
    has_bets: bool = False

    @property
    def native(self) -> None:
        """See `Inference`."""
        return

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "confidence_sequence"

    @property
    def weight(self) -> float:
        """How tight the distributions around the rates are, in units."""
        return max(1.0, self.expected_n / 2 / _UNITS)

    def effect(self, control: Proportion, treatment: Proportion) -> EValueDifference:
        """The difference that goes with it."""
        return EValueDifference(control, treatment, MixtureEvidence(control, treatment, self.weight))

    def effect_of_batches(
        self, control: BatchedProportion, treatment: BatchedProportion, *, one_sided: bool = False
    ) -> EValueDifference:
        """The difference by bets on batches."""
        bets = BettingEvidence(control, treatment, self.expected_n, one_sided)
        return EValueDifference(control.total, treatment.total, bets)

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:  # noqa: ARG002 - other modes depend on it
        """See `Inference`; an e-value of one side is held against the same."""
        return OFFSET - math.log(self.alpha)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:  # noqa: ARG002 - as above
        """See `Inference`."""
        if one_sided and statistic <= 0:
            return Evidence(1.0, 0.0)
        logarithm = abs(statistic) - OFFSET
        return Evidence(min(1.0, math.exp(-logarithm)), math.exp(logarithm))

    def refusal(self, n: int) -> str | None:  # noqa: ARG002 - as above
        """See `Inference`; one may look at any time."""
        return None

    def remarks(self) -> tuple[str, ...]:
        """See `Inference`."""
        return ()

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:  # noqa: ARG002 - as above
        """See `Inference`; as if the rates were normal."""
        if statistic <= 0 or n <= 0:
            return None
        # What an arm's rate is averaged over, or what the effect alone is.
        share = SPREAD / self.expected_n if self.has_bets else 1 / (2 * self.weight)
        searched = 0.5 if self.has_bets else 1.0
        gain = statistic - OFFSET + searched * math.log1p(share * n)
        squared = 2 * gain * (1 + share * n) / (share * n)
        if squared <= 1e-9:
            return None

        def does(units: float) -> bool:
            ratio = share * units
            return squared / 2 * units / n * ratio / (1 + ratio) - searched * math.log1p(ratio) >= -math.log(self.alpha)

        low, high = float(n), 2.0 * n
        while not does(high):
            low, high = high, 2 * high
            if high > MOST:
                return None
        while high - low > max(0.5, 1e-6 * high):
            middle = (low + high) / 2
            low, high = (low, middle) if does(middle) else (middle, high)
        return within_reason(high)
