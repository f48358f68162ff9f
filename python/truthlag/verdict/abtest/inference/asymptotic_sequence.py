"""Any number of looks: the asymptotic confidence sequence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from truthlag import _core
from truthlag.verdict.abtest.inference.inference import Evidence

#: At how many units of both arms together the interval is narrowest where nobody says.
EXPECTED_N = 5_000


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
    native: _core.NormalMixture | None = field(init=False, repr=False, compare=False)
    """See `Inference`."""
    _mixture: _core.NormalMixture = field(init=False, repr=False, compare=False)
    _two_sided: float = field(init=False, repr=False, default=0.0)
    _one_sided: float = field(init=False, repr=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_two_sided", _precision(self.alpha, self.expected_n))
        object.__setattr__(self, "_one_sided", _precision(2 * self.alpha, self.expected_n))
        mixture = _core.NormalMixture(self.alpha, self._one_sided, self._two_sided, self.is_t)
        object.__setattr__(self, "_mixture", mixture)
        object.__setattr__(self, "native", mixture)

    @property
    def mode(self) -> str:
        """See `Inference`."""
        return "confidence_sequence"

    def quantile(self, freedom: float, n: int, *, one_sided: bool) -> float:
        """See `Inference`."""
        return self._quantile(n, freedom, one_sided=one_sided)

    def evidence(self, statistic: float, freedom: float, n: int, *, one_sided: bool) -> Evidence:
        """See `Inference`; the p-value is the alpha at which the interval would end at the value, the e-value its inverse."""
        return Evidence(*self._mixture.evidence(statistic, freedom, n, one_sided))

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
        return self._mixture.units_needed(n, statistic, one_sided)

    def _quantile(self, n: float, freedom: float = math.inf, *, one_sided: bool) -> float:
        return self._mixture.quantile(n, freedom, one_sided)


def _precision(alpha: float, n: int) -> float:
    """rho² of the mixture, of which the interval is narrowest at n: equation 9 of the paper, by its approximation."""
    spent = -2 * math.log(min(alpha, 0.999))
    return (spent + math.log(spent + 1)) / n
