"""How much evidence there is against a quantile that lies above so few of an arm's values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from truthlag.verdict.abtest.quantiles.binomial_ranks import at_most
from truthlag.verdict.abtest.statistics.column import Floats

#: The share of the stake that a one-sided mixture never bets.
ASIDE = 0.1


class RankScale(Protocol):
    """The evidence of one arm, which that of the other arm is added to.

    Against "the p-quantile is at most θ" speaks that few values are at most θ: so the evidence falls with their number. Sizes and
    counts are effective ones, which need not be whole.
    """

    @property
    def beyond(self) -> float:
        """From so many standard deviations above the mean count on, the evidence is taken for the least that there is."""

    def evidence(self, counts: Floats, n: float, p: float) -> Floats:
        """Where so many of n values are at most θ; it never rises with the count."""

    def floor(self, n: float, p: float) -> float:
        """The least evidence that there is, or less."""

    def reach(self, budget: float, n: float, p: float) -> float:
        """So many standard deviations below the mean count the evidence is, by the normal approximation, above the budget."""


@dataclass(frozen=True, slots=True)
class BinomialScale:
    """The squared normal quantile of the exact binomial tail; 0 where the count is not low."""

    @property
    def beyond(self) -> float:
        """See `RankScale`."""
        return 0.0

    def evidence(self, counts: Floats, n: float, p: float) -> Floats:
        """See `RankScale`."""
        from scipy import special

        quantiles = special.ndtri(np.minimum(at_most(counts, n, p), 0.5))
        return np.asarray(quantiles * quantiles, dtype=np.float64)

    def floor(self, n: float, p: float) -> float:  # noqa: ARG002 - other scales depend on it
        """See `RankScale`."""
        return 0.0

    def reach(self, budget: float, n: float, p: float) -> float:  # noqa: ARG002 - as above
        """See `RankScale`."""
        return math.sqrt(max(0.0, budget)) + 0.5


@dataclass(frozen=True, slots=True)
class MixtureScale:
    """The logarithm of an e-process, so that the evidence may be looked at at any time.

    The likelihood of the count, averaged by a beta distribution over all shares of values at most θ, over that at the share p:
    Howard and Ramdas (2022), "Sequential estimation of quantiles with applications to A/B testing and best-arm identification",
    Bernoulli 28, with the mixture of Howard, Ramdas, McAuliffe and Sekhon (2021). With `one_sided` only shares below p are
    averaged over, and a tenth of the stake is kept aside: an arm that speaks for the hypothesis loses no more than the rest.

    Args:
        narrow_at: The rows at which the normal mixture that it resembles has as much variance as its prior.
        one_sided: Whether only one direction is looked for.
    """

    narrow_at: float
    one_sided: bool

    @property
    def beyond(self) -> float:
        """See `RankScale`."""
        return 8.0 if self.one_sided else 0.0

    def evidence(self, counts: Floats, n: float, p: float) -> Floats:
        """See `RankScale`."""
        from scipy import special

        k = np.minimum(counts, n)
        if not self.one_sided:
            return self._all_shares(np.minimum(k, self._least_likely(n, p)), n, p)
        a, b = self._prior(p)
        with np.errstate(divide="ignore"):
            below = np.log(special.betainc(a + k, b + n - k, p)) - math.log(special.betainc(a, b, p))
        wealth = self._all_shares(k, n, p) + below
        return np.asarray(np.logaddexp(wealth + math.log1p(-ASIDE), math.log(ASIDE)), dtype=np.float64)

    def floor(self, n: float, p: float) -> float:
        """See `RankScale`."""
        if self.one_sided:
            return math.log(ASIDE)
        return float(self._all_shares(np.array([self._least_likely(n, p)]), n, p)[0])

    def reach(self, budget: float, n: float, p: float) -> float:  # noqa: ARG002 - the normal approximation knows no p
        """See `RankScale`."""
        weight = n / self.narrow_at
        exponent = max(0.0, budget) + math.log1p(weight) / 2 + 1.5
        return math.sqrt(2 * (1 + 1 / weight) * exponent)

    def _prior(self, p: float) -> tuple[float, float]:
        variance = p * (1 - p)
        # As the one-sided and two-sided mixtures of that paper are tuned.
        r = max(variance * self.narrow_at - variance, 1e-3 * variance)
        return r / (1 - p), r / p

    def _all_shares(self, k: Floats, n: float, p: float) -> Floats:
        from scipy import special

        a, b = self._prior(p)
        ratio = special.betaln(a + k, b + n - k) - special.betaln(a, b) - k * math.log(p) - (n - k) * math.log1p(-p)
        return np.asarray(ratio, dtype=np.float64)

    def _least_likely(self, n: float, p: float) -> float:
        """The count at which the mixture is least, which is convex in it."""
        from scipy import special

        a, b = self._prior(p)
        low, high = 0.0, n
        odds = math.log(p) - math.log1p(-p)
        while high - low > 1e-9 * max(1.0, n):
            middle = (low + high) / 2
            rises = special.psi(a + middle) - special.psi(b + n - middle) > odds
            low, high = (low, middle) if rises else (middle, high)
        return high
