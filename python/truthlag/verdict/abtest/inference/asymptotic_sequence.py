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
LOG_MOST = math.log(MOST)
_STEPS = 60
#: A larger one needs no more units than it has; with few degrees of freedom it may be undecided all the same.
MOST_STATISTIC = 1e3
#: How near the logarithm of the units that are needed is found, which is the square of how near the step before the last comes.
NEAR, _NEXT_TO = 1e-8, 1e-4


@dataclass(frozen=True, slots=True)
class AsymptoticSequence:
    """The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024).

    "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52: the normal mixture of
    Robbins with estimated variances. An interval is narrowest, beside that of one look, at the units that were expected.

    With `is_t` the statistic is held against t with its degrees of freedom: the mixture of Lindon, Ham, Tingley and Bojinov (2022),
    "Anytime-valid inference in linear models and regression-adjusted causal inference", which for normal errors is exact.
    """

    alpha: float
    expected_n: int = EXPECTED_N
    is_t: bool = False
    _two_sided: float = field(init=False, repr=False, default=0.0)
    _one_sided: float = field(init=False, repr=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_two_sided", _precision(self.alpha, self.expected_n))
        object.__setattr__(self, "_one_sided", _precision(2 * self.alpha, self.expected_n))

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "confidence_sequence"

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:
        """See `Inference`."""
        return self._quantile(n, freedom, one_sided=one_sided)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """See `Inference`; the p-value is the alpha at which the interval would end at the value, the e-value its inverse."""
        weight = n * (self._one_sided if one_sided else self._two_sided)
        squared = statistic * statistic
        exponent = squared * weight / (2 * (weight + 1))
        if self.is_t and math.isfinite(freedom):
            share = squared / freedom
            # Of a square that no float holds, what it goes towards.
            growth = math.log1p(share) - math.log1p(share / (weight + 1)) if share < math.inf else math.log1p(weight)
            exponent = (freedom + 1) / 2 * growth
        root = math.sqrt(weight + 1)
        if one_sided and statistic <= 0:
            return Evidence(1.0, 0.0)
        if exponent > _MOST_EXPONENT:
            return Evidence(math.exp(-exponent) * root / (2 if one_sided else 1), math.inf)
        if not one_sided:
            return Evidence(min(1.0, math.exp(-exponent) * root), math.exp(exponent) / root)
        e_value = 2 * math.expm1(exponent) / root
        return Evidence(min(1.0, 1 / e_value) if e_value > 0 else 1.0, e_value)

    def statistic(self, log_e_value: float, n: int, *, one_sided: bool) -> float:
        """The statistic, of at least 0, whose e-value has this logarithm: by it an exact e-value stands in for a normal one."""
        weight = n * (self._one_sided if one_sided else self._two_sided)
        logarithm = log_e_value + 0.5 * math.log1p(weight)
        if one_sided:
            logarithm -= math.log(2)
            # log1p(exp(x)), which is x itself where that is large.
            logarithm = (
                logarithm + math.log1p(math.exp(-logarithm)) if logarithm > 0 else math.log1p(math.exp(logarithm))
            )
        return math.sqrt(max(0.0, 2 * logarithm * (weight + 1) / weight))

    def log_e_value(self, statistic: float, n: int, *, one_sided: bool) -> float:
        """The logarithm of the e-value of a statistic above 0."""
        weight = n * (self._one_sided if one_sided else self._two_sided)
        half = math.log1p(weight) / 2
        exponent = statistic * statistic * weight / (2 * (weight + 1))
        if not one_sided:
            return exponent - half
        return (exponent if exponent > 40 else math.log(math.expm1(exponent))) + math.log(2) - half

    def narrow_at(self, *, one_sided: bool) -> float:
        """The units at which the normal mixture has as much variance as its prior."""
        return 1 / (self._one_sided if one_sided else self._two_sided)

    def refusal(self, n: int) -> str | None:  # noqa: ARG002 - other modes depend on it
        """See `Inference`; one may look at any time."""
        return None

    def remarks(self) -> tuple[str, ...]:
        """See `Inference`."""
        return ()

    def units_needed(self, n: int, statistic: float, *, one_sided: bool) -> int | None:
        """See `Inference`."""
        if statistic <= LEAST_STATISTIC:
            return None

        # Where units are n (quantile / statistic)², by Newton's method in their logarithms, along which the distance rises by .8 to 2.
        alpha, precision = self.alpha, self._one_sided if one_sided else self._two_sided
        wanted = math.log(n) - 2 * math.log(min(statistic, MOST_STATISTIC))
        at = math.log(n)
        for _ in range(_STEPS):
            weight = math.exp(at) * precision
            more = weight + 1
            root = math.sqrt(more)
            crossed = 1 + root / (2 * alpha) if one_sided else root / alpha
            logarithm = math.log(crossed)
            distance = at - math.log(2 * more / weight * logarithm) - wanted
            # Of the logarithm of the bracket and of the logarithm itself.
            rises = weight / (2 * more * logarithm)
            at -= distance / (1 + 1 / more - (rises * (crossed - 1) / crossed if one_sided else rises))
            if abs(distance) < _NEXT_TO:
                break
        return within_reason(math.exp(at) * (1 + NEAR)) if at <= LOG_MOST else None

    def _quantile(self, n: float, freedom: float = math.inf, *, one_sided: bool) -> float:
        weight = n * (self._one_sided if one_sided else self._two_sided)
        root = math.sqrt(weight + 1)
        logarithm = math.log1p(root / (2 * self.alpha)) if one_sided else math.log(root / self.alpha)
        if not self.is_t or freedom == math.inf:
            return math.sqrt(2 * (weight + 1) / weight * logarithm)
        growth = math.expm1(2 * logarithm / (freedom + 1)) if logarithm < _MOST_EXPONENT * freedom / 4 else math.inf
        # With few degrees of freedom no statistic is enough.
        rest = weight - growth
        return math.sqrt(freedom * growth * (weight + 1) / rest) if rest > 0 else math.inf


def _precision(alpha: float, n: int) -> float:
    """rho² of the mixture, of which the interval is narrowest at n: equation 9 of the paper, by its approximation."""
    spent = -2 * math.log(min(alpha, 0.999))
    return (spent + math.log(spent + 1)) / n
