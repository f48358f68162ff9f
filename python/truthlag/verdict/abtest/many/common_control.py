"""The largest of several statistics that share a control."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What adds less than exp(-45) of the largest term adds nothing.
_NEGLIGIBLE = 45.0
#: Loadings are held below that of a control with 100 times the standard error of a treatment, which makes p-values larger.
_LEAST_WIDTH = 0.01
#: From so many degrees of freedom on t is normal to ten digits.
_NORMAL = 1e9
_FURTHEST = 39.0


@dataclass(frozen=True, slots=True)
class CommonControl:
    """Statistics T_i = (l_i Z + sqrt(1 - l_i^2) E_i) / S of independent normal Z, E_i and a common S² = chi² / freedom.

    So are treatments beside one control: l_i is the control's standard error over that of the difference, and the correlation of
    two statistics is l_i l_j: Dunnett (1955). Given Z and S they are independent, which leaves two integrals instead of as
    many as there are treatments; both are of analytic functions that vanish at the ends, for which the trapezoid rule
    converges faster than any power of its step.
    """

    loadings: tuple[float, ...]
    freedom: float = math.inf
    two_sided: bool = True

    def tail(self, statistic: float) -> float:
        """The chance that the largest statistic, in absolute value where two-sided, is at least this one."""
        if math.isnan(statistic) or (self.two_sided and statistic <= 0):
            return 1.0
        if math.isinf(statistic):
            return 0.0 if statistic > 0 else 1.0
        if math.isinf(self.freedom) or self.freedom > _NORMAL:
            return min(1.0, float(self._given_spread(np.array([statistic]))[0]))
        spreads, weights = self._spreads(statistic)
        return min(1.0, float(weights @ self._given_spread(statistic * spreads)))

    def quantile(self, alpha: float) -> float:
        """The statistic that the largest one reaches with the chance alpha."""
        from scipy import optimize, special

        def above(statistic: float) -> float:
            return math.log(max(self.tail(statistic), 1e-300)) - math.log(alpha)

        # One test alone, and all of them by Bonferroni, are on either side.
        sides = 2 if self.two_sided else 1
        low, high = (
            -float(special.ndtri(tail) if math.isinf(self.freedom) else special.stdtrit(self.freedom, tail))
            for tail in (alpha / sides, alpha / sides / len(self.loadings))
        )
        if high - low < 1e-12:
            return low
        return float(optimize.brentq(above, low - 1e-6, high + 1e-6, xtol=1e-12, rtol=1e-13))

    def _spreads(self, statistic: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of S that matter, and their weights; they are even in the logarithm of S."""
        from scipy import special

        freedom = self.freedom
        step = min(0.1, 0.2 / math.sqrt(freedom))
        lowest = -math.log1p(abs(statistic)) - (_NEGLIGIBLE + 5) / freedom
        highest = math.log(10 / math.sqrt(freedom) + 1.5)
        logs = np.arange(lowest, highest, step)
        density = freedom * (logs - np.expm1(2 * logs) / 2)
        density -= density.max()
        total = float(np.exp(density).sum())
        # No more than by Bonferroni: where that vanishes nothing needs to be worked out.
        bound = density + np.minimum(
            0.0, special.log_ndtr(-statistic * np.exp(logs)) + math.log(2 * len(self.loadings))
        )
        matters = bound > bound.max() - _NEGLIGIBLE
        return np.exp(logs[matters]), np.exp(density[matters]) / total

    def _given_spread(self, limits: NDArray[np.float64]) -> NDArray[Any]:
        """The chance that one of the numerators reaches each limit."""
        from scipy import special

        held = [min(one, 1 / math.hypot(1.0, _LEAST_WIDTH)) for one in self.loadings]
        loadings, counts = np.unique(held, return_counts=True)
        own = np.sqrt((1 - loadings) * (1 + loadings))
        width = float(np.min(own / np.maximum(loadings, 1e-9)))
        step = min(0.2, width / 2)
        # The sum is no less than the tail of one statistic; a term is no more than its weight.
        reach = min(_FURTHEST, math.sqrt(2 * (_NEGLIGIBLE - float(special.log_ndtr(-float(limits.max()))))))
        shared = np.arange(-math.ceil(reach / step), math.ceil(reach / step) + 1) * step
        missed = np.zeros((len(limits), len(shared)))
        with np.errstate(divide="ignore"):
            for loading, alone, arms in zip(loadings, own, counts, strict=True):
                beyond = special.ndtr((loading * shared - limits[:, None]) / alone)
                if self.two_sided:
                    beyond = beyond + special.ndtr((-loading * shared - limits[:, None]) / alone)
                missed += arms * np.log1p(-np.minimum(beyond, 1.0))
        weights = np.exp(-shared * shared / 2) * (step / math.sqrt(2 * math.pi))
        return np.asarray(-np.expm1(missed) @ weights)
