"""Any number of looks: the asymptotic confidence sequence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from truthlag.verdict.abtest.inference.inference import (
    LEAST_STATISTIC,
    MOST,
    Evidence,
    within_reason,
)

#: At how many units of both arms together the interval is narrowest where nobody says.
EXPECTED_N = 5_000
_MOST_EXPONENT = 709.0


@dataclass(frozen=True, slots=True)
class AsymptoticSequence:
    """The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024).

    "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52: the normal mixture of
    Robbins with estimated variances. An interval is narrowest, beside that of one look, at the units that were expected.
    """

    alpha: float
    expected_n: int = EXPECTED_N
    _two_sided: float = field(init=False, repr=False, default=0.0)
    _one_sided: float = field(init=False, repr=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_two_sided", _precision(self.alpha, self.expected_n))
        object.__setattr__(self, "_one_sided", _precision(2 * self.alpha, self.expected_n))

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "confidence_sequence"

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:  # noqa: ARG002 - other modes depend on it
        """See `Inference`."""
        return self._quantile(n, one_sided=one_sided)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:  # noqa: ARG002 - as above
        """See `Inference`; the p-value is the alpha at which the interval would end at the value, the e-value its inverse."""
        weight = n * (self._one_sided if one_sided else self._two_sided)
        exponent = statistic * statistic * weight / (2 * (weight + 1))
        root = math.sqrt(weight + 1)
        if one_sided and statistic <= 0:
            return Evidence(1.0, 0.0)
        if exponent > _MOST_EXPONENT:
            return Evidence(math.exp(-exponent) * root / (2 if one_sided else 1), math.inf)
        if not one_sided:
            return Evidence(min(1.0, math.exp(-exponent) * root), math.exp(exponent) / root)
        e_value = 2 * math.expm1(exponent) / root
        return Evidence(min(1.0, 1 / e_value) if e_value > 0 else 1.0, e_value)

    def refusal(self, n: int) -> str | None:  # noqa: ARG002 - as above
        """See `Inference`; one may look at any time."""
        return None

    def remarks(self) -> tuple[str, ...]:
        """See `Inference`."""
        return ()

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """See `Inference`."""
        if statistic <= LEAST_STATISTIC:
            return None

        def does(units: float) -> bool:
            return statistic * math.sqrt(units / n) >= self._quantile(units, one_sided=one_sided)

        low, high = float(n), 2.0 * n
        while not does(high):
            low, high = high, 2 * high
            if high > MOST:
                return None
        while high - low > max(0.5, 1e-6 * high):
            middle = (low + high) / 2
            low, high = (low, middle) if does(middle) else (middle, high)
        return within_reason(high)

    def narrow_at(self, *, one_sided: bool) -> float:
        """The units at which the normal mixture has as much variance as its prior."""
        return 1 / (self._one_sided if one_sided else self._two_sided)

    def statistic_of(self, log_e_value: float, n: int, *, one_sided: bool) -> float:
        """The statistic from 0 on whose e-value has this logarithm: so other e-processes are read by this one."""
        weight = n * (self._one_sided if one_sided else self._two_sided)
        half = math.log1p(weight) / 2
        if not one_sided:
            exponent = log_e_value + half
        else:
            # log(1 + x) of a large x is its logarithm.
            stake = log_e_value + half - math.log(2)
            exponent = stake if stake > 40 else math.log1p(math.exp(stake))
        return math.sqrt(2 * (weight + 1) / weight * max(0.0, exponent))

    def log_e_value(self, statistic: float, n: int, *, one_sided: bool) -> float:
        """The logarithm of the e-value of a statistic above 0."""
        weight = n * (self._one_sided if one_sided else self._two_sided)
        half = math.log1p(weight) / 2
        exponent = statistic * statistic * weight / (2 * (weight + 1))
        if not one_sided:
            return exponent - half
        return (exponent if exponent > 40 else math.log(math.expm1(exponent))) + math.log(2) - half

    def _quantile(self, n: float, *, one_sided: bool) -> float:
        weight = n * (self._one_sided if one_sided else self._two_sided)
        root = math.sqrt(weight + 1)
        logarithm = math.log1p(root / (2 * self.alpha)) if one_sided else math.log(root / self.alpha)
        return math.sqrt(2 * (weight + 1) / weight * logarithm)


def _precision(alpha: float, n: int) -> float:
    """rho² of the mixture, of which the interval is narrowest at n: equation 9 of the paper, by its approximation."""
    spent = -2 * math.log(min(alpha, 0.999))
    return (spent + math.log(spent + 1)) / n
