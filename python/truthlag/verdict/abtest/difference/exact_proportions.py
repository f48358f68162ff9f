"""Evidence about two proportions that is exact at any time, from nothing but their counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference.e_value_rates import Against
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Identity

_GRID = 65
_REFINEMENTS = 3
_REACH = 8.0

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MixtureEvidence:
    """E-values that hold at any sample size, in whichever order the units come to the arms.

    For rates p of the control and p + d of the treatment, the likelihood of each arm's counts, averaged over a beta
    distribution around its rate, over that at the rate is a martingale from 1 on (Robbins 1970; Howard and others 2021), and so is
    their product. The e-value of d is the least of these products over all p:
    it exceeds 20 at some time with a probability of at most 1 in 20 if the difference is d, whatever the rates.
    """

    control: Proportion
    treatment: Proportion
    #: How tight the distributions around the rates are, in units.
    weight: float

    @property
    def method(self) -> str:
        """See `Evidence`."""
        return "exact beta-binomial e-value"

    def against_difference(self, null: float) -> Against:
        """See `Evidence`."""
        lowest, highest = max(0.0, -null), min(1.0, 1.0 - null)
        pair = Pair(self.treatment.k, self.treatment.n, self.control.k, self.control.n)
        nearest = NullCurve(null, Identity()).restricted_estimate(pair)
        least = self._least(lambda p: (p, p + null), lowest, highest, nearest)
        seen = self.treatment.k / self.treatment.n - self.control.k / self.control.n
        return Against(least, least, seen >= null)

    def against_ratio(self, null: float) -> Against:
        """See `Evidence`."""
        ratio = 1 + null
        highest = 1.0 if ratio <= 1 else 1 / ratio
        expected = self.control.n + ratio * self.treatment.n
        nearest = min(highest, (self.control.k + self.treatment.k) / expected)
        least = self._least(lambda p: (p, np.minimum(1.0, ratio * p)), 0.0, highest, nearest)
        return Against(least, least, self.treatment.k / self.treatment.n >= ratio * self.control.k / self.control.n)

    def _least(
        self, rates: Callable[[Floats], tuple[Any, Any]], lowest: float, highest: float, nearest: float
    ) -> float:
        """The least logarithm of the two arms' product over all rates that the value leaves possible."""

        def logarithm(p: Floats) -> Floats:
            before, now = rates(p)
            return _log_mixture(self.control, before, self.weight) + _log_mixture(self.treatment, now, self.weight)

        # All rates, evenly on the arcsine scale, and those near the likeliest finely.
        ends = math.asin(math.sqrt(lowest)), math.asin(math.sqrt(min(1.0, highest)))
        middle = math.asin(math.sqrt(min(1.0, max(0.0, nearest))))
        reach = _REACH / math.sqrt(self.control.n + self.treatment.n)
        near = np.clip(np.linspace(middle - reach, middle + reach, _GRID), *ends)
        angles = np.unique(np.concatenate([np.linspace(*ends, _GRID), near]))
        found = math.inf
        for _ in range(_REFINEMENTS):
            values = logarithm(np.sin(angles) ** 2)
            place = int(np.argmin(values))
            found = min(found, float(values[place]))
            angles = np.linspace(angles[max(0, place - 1)], angles[min(len(angles) - 1, place + 1)], _GRID)
        return min(found, float(logarithm(np.sin(angles) ** 2).min()))


def _log_mixture(arm: Proportion, rate: Any, weight: float) -> Floats:
    """The likelihood averaged over rates around one, over that at it; infinite where the rate cannot be."""
    from scipy import special

    p = np.clip(np.asarray(rate, dtype=np.float64), 0.0, 1.0)
    is_inside = (p > 0) & (p < 1)
    q = np.where(is_inside, p, 0.5)
    k, rest = arm.k, arm.n - arm.k
    # Beta functions of small parameters are differences of large logarithms: their ratios are rising factorials.
    found = (
        special.gammaln(weight * q + k)
        - special.gammaln(weight * q)
        + special.gammaln(weight * (1 - q) + rest)
        - special.gammaln(weight * (1 - q))
        - special.gammaln(weight + arm.n)
        + special.gammaln(weight)
        - k * np.log(q)
        - rest * np.log1p(-q)
    )
    impossible = ((p <= 0) & (k > 0)) | ((p >= 1) & (rest > 0))
    outside = np.where(impossible, math.inf, 0.0)
    mixed: Floats = np.where(is_inside, found, outside)
    return mixed
