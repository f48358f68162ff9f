"""Evidence about two proportions from bets on batch after batch, exact at any time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.difference.e_value_rates import MOST, Against
from truthlag.verdict.abtest.statistics.batched_proportion import BatchedProportion

Floats: TypeAlias = NDArray[np.float64]

#: The sizes of the effects that are bet on, in standard errors at the expected number of units.
_SIZES = np.geomspace(0.3, 40.0, 24)
#: The spread of the bets over them, in the same unit, squared: with it as many differences are found as with any.
SPREAD = 10.0
#: And a little on each of them, since effects may be larger than was expected.
_TAIL = 1e-3
_STEPS = 60
#: The divergence is flat where it is least: the e-value is off by the square of that.
_NEAR = 1e-8
#: Bets on rates nearer to 0 or 1 would ask for more digits than floats have.
_LEAST_RATE = 1e-9


def _weights() -> Floats:
    """The bet on each size: half of it goes on either side."""
    density = np.exp(-(_SIZES**2) / (2 * SPREAD)) * _SIZES + _TAIL
    weights: Floats = density / density.sum()
    return weights


_LOG_WEIGHTS = np.log(_weights())


@dataclass(frozen=True, slots=True)
class BettingEvidence:
    """E-values of which each batch is a bet that was placed before the batch came.

    Before a batch the rates p and p + d are estimated from the batches before, on the difference d that is tested, and
    alternatives set beside them: pairs of rates whose log odds lie apart by effects of many sizes, to either side. What an alternative
    earns is the likelihood of the batch at it over that at the nearest pair of rates whose difference is d, in terms of
    Kullback-Leibler's divergence. Its mean is at most 1 if the difference is d, or is on the other side of it, whatever the
    rates and the sizes of the batches (Turner and Grünwald 2023, "Exact anytime-valid confidence intervals for contingency tables and
    beyond"; Turner, Ly and Grünwald 2024, "Generic E-variables for exact sequential k-sample tests that allow for optional
    stopping"). So the product over batches exceeds 20 at some time with a probability of at most 1 in 20, and the mean over
    alternatives does: it pays for the search of an effect, but not of the rates, which the e-value from counts alone does too.
    """

    control: BatchedProportion
    treatment: BatchedProportion
    expected_n: int
    is_one_sided: bool

    @property
    def method(self) -> str:
        """See `Evidence`."""
        return "exact e-value by bets on batches"

    def against_difference(self, null: float) -> Against:
        """See `Evidence`."""
        return self._against(null, 1.0)

    def against_ratio(self, null: float) -> Against:
        """See `Evidence`."""
        if null == -1:
            # The treatment never has a success then.
            value = MOST if any(self.treatment.successes) else 0.0
            return Against(value, value, True)  # noqa: FBT003 - which is the stronger
        return self._against(0.0, 1 + null)

    def path(self, null: float = 0.0) -> Floats:
        """The logarithm of the evidence that the difference is another after every batch, of both sides.

        Bets do not depend on what comes later, so that this is what was seen at each look.
        """
        down, up = self._sides(_Line(null, 1.0))
        return np.asarray(np.logaddexp(down, up) - math.log(2))

    def _against(self, shift: float, slope: float) -> Against:
        """Against the treatment's rate being `shift` and `slope` times the control's."""
        down, up = (float(side[-1]) if len(side) else 0.0 for side in self._sides(_Line(shift, slope)))
        # Where nothing was bet the estimate tells the side.
        k, n = sum(self.control.successes), self.control.n
        j, m = sum(self.treatment.successes), self.treatment.n
        is_up = up > down or (up == down and j * n >= shift * n * m + slope * k * m)
        if self.is_one_sided:
            return Against(down, up, is_up)
        both = float(np.logaddexp(down, up)) - math.log(2)
        return Against(both, both, is_up)

    def _sides(self, line: _Line) -> tuple[Floats, Floats]:
        """The logarithms of the evidence of either side after every batch."""
        k, n, j, m = (
            np.asarray(counts, dtype=np.float64)
            for arm in (self.control, self.treatment)
            for counts in (arm.successes, arm.rows)
        )
        before = [np.cumsum(counts) - counts for counts in (k, n, j, m)]
        may_bet = (n > 0) & (m > 0) & (before[1] > 0) & (before[3] > 0)
        sums = np.zeros((len(n), 2 * len(_SIZES)))
        # A line without a range holds no rates but at its ends, of which nothing can be bet.
        if may_bet.any() and line.low < line.high:
            k, n, j, m = (counts[may_bet, None] for counts in (k, n, j, m))
            centre = _centre(line, *(counts[may_bet] for counts in before))
            first, second = self._alternatives(line, centre, (m / (n + m))[:, 0])
            nearest = line.nearest(n, first, m, second)
            other = line.of(nearest)
            sums[may_bet] = (
                k * np.log(first / nearest)
                + (n - k) * np.log((1 - first) / (1 - nearest))
                + j * np.log(second / other)
                + (m - j) * np.log((1 - second) / (1 - other))
            )
            sums = np.cumsum(sums, axis=0)
        half = len(_SIZES)
        return _log_mean(sums[:, :half]), _log_mean(sums[:, half:])

    def _alternatives(self, line: _Line, centre: Floats, share: Floats) -> tuple[Floats, Floats]:
        """The rates of both arms that are bet on in each batch: first those that are nearer, then those farther apart.

        They lie across the line, so that the estimate of the rates along it matters little.
        """
        first, second = centre, line.of(centre)
        spreads = first * (1 - first), second * (1 - second)
        # The steps of the log odds of the arms, whose information is orthogonal to that along the line.
        steps = -line.slope * share, 1 - share
        information = share * (1 - share) * (line.slope**2 * share * spreads[0] + (1 - share) * spreads[1])
        # The sizes stay those of the first bet, whatever comes later.
        scale = 1 / math.sqrt(self.expected_n * information[0])
        sizes = scale * np.concatenate([-_SIZES, _SIZES])
        return tuple(  # type: ignore[return-value] # there are two
            np.clip(_moved(rate, step[:, None] * sizes), _LEAST_RATE, 1 - _LEAST_RATE)
            for rate, step in zip((first, second), steps, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """The pairs of rates at which the value that is tested holds."""

    shift: float
    slope: float

    @property
    def low(self) -> float:
        """The least rate of the control."""
        return max(0.0, -self.shift)

    @property
    def high(self) -> float:
        """The largest one."""
        return min(1.0, (1 - self.shift) / self.slope) if self.slope > 0 else 0.0

    def of(self, rate: Floats) -> Floats:
        """The treatment's rate."""
        return self.shift + self.slope * rate

    def nearest(self, n: Floats, first: Floats, m: Floats, second: Floats) -> Floats:
        """The control's rate on the line from which n and m rows at two rates diverge least: the likelihood's, were they counts."""
        low, high = np.full(np.broadcast(n, first).shape, self.low), np.full(np.broadcast(n, first).shape, self.high)
        # At a slope of 1 without a shift it is the mean.
        rate = (n * first + m * self.slope * (second - self.shift)) / (n + m * self.slope**2)
        margin = _LEAST_RATE * (high - low)
        rate = np.clip(rate, low + margin, high - margin)
        for _ in range(_STEPS):
            # The derivative, times what makes it a cubic of the rate, which is tame at the ends.
            other = self.shift + self.slope * rate
            spread, other_spread = rate * (1 - rate), other * (1 - other)
            value = n * (first - rate) * other_spread + self.slope * m * (second - other) * spread
            slope = (
                -n * other_spread
                + n * (first - rate) * self.slope * (1 - 2 * other)
                - self.slope**2 * m * spread
                + self.slope * m * (second - other) * (1 - 2 * rate)
            )
            low, high = np.where(value > 0, rate, low), np.where(value > 0, high, rate)
            with np.errstate(divide="ignore", invalid="ignore"):
                moved = rate - value / slope
            is_near = np.abs(moved - rate) <= _NEAR * np.minimum(rate - self.low, self.high - rate)
            if bool(is_near.all()):
                break
            # At the root rounding may put the step beyond the bracket.
            is_inside = is_near | ((moved > low) & (moved < high))
            rate = np.where(is_inside, moved, (low + high) / 2)
        return rate


def _centre(line: _Line, k: Floats, n: Floats, j: Floats, m: Floats) -> Floats:
    """The rates on the line by the batches before, of which half a success and half a failure more are held."""
    share = m / (n + m)
    n, k, m, j = n + 1 - share, k + (1 - share) / 2, m + share, j + share / 2
    return line.nearest(n, k / n, m, j / m)


def _moved(rate: Floats, step: Floats) -> Floats:
    """The rate whose log odds are a step away."""
    from scipy import special

    odds = np.log(rate) - np.log1p(-rate)
    moved: Floats = special.expit(odds[:, None] + step)
    return moved


def _log_mean(logarithms: Floats) -> Floats:
    from scipy import special

    return np.asarray(special.logsumexp(logarithms + _LOG_WEIGHTS, axis=1))
