"""Which pairs of successes speak at least as loudly against the null hypothesis as the pair that was seen."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.two_sample.null_curve import NullCurve, Pair

Floats = NDArray[np.float64]

#: Points along the null curve at which its contour is known before it is refined.
_POINTS = 256
#: What a real number of successes may be off an integer and still count as it: ties belong to the region, and rounding
#: may only make it larger, which is the safe side.
_TIE = 1e-7
#: Steps of the false position, which leave no more than rounding.
_STEPS = 6
#: What chance an enumerated count must have for the other sample's tail to be computed.
_RARE = 1e-12
#: How near the ends of the curve the contour is looked at, in angles, and where it is told whether it comes from inside.
_NEAR_END = 1e-7
_FARTHER = 1e-4


@dataclass(frozen=True, slots=True)
class RejectionRegion:
    """All pairs whose score statistic is at least that of the pair seen.

    The sample with the smaller spread is enumerated. For each of its counts the region is an upper tail of the other
    sample: of the baseline's successes, or of the current failures.
    """

    curve: NullCurve
    enumerates_baseline: bool
    counts: Floats  # Of the enumerated sample's successes, ascending.
    least: Floats  # The other sample's count from which on a pair is in the region; its trials + 1 where none is.

    @classmethod
    def of(cls, curve: NullCurve, pair: Pair, counts: Floats, *, enumerates_baseline: bool) -> "RejectionRegion":
        """The region of a pair, for the given counts of the enumerated sample."""
        other_trials = curve.trials if enumerates_baseline else curve.baseline_trials
        real = _contour_at(curve, curve.statistic(pair), counts, enumerates_baseline=enumerates_baseline)
        least = np.clip(np.ceil(real - _TIE), 0.0, other_trials + 1)
        # More baseline successes or more current failures never leave the region (Barnard's condition).
        if enumerates_baseline:
            least[counts >= pair.baseline_successes] = np.minimum(
                least[counts >= pair.baseline_successes], pair.trials - pair.successes
            )
            least = np.minimum.accumulate(least)
        else:
            least[counts <= pair.successes] = np.minimum(least[counts <= pair.successes], pair.baseline_successes)
            least = np.minimum.accumulate(least[::-1])[::-1]
        return cls(curve, enumerates_baseline, counts, least)

    def probability(self, metric: Floats) -> Floats:
        """How likely the region is at points of the null curve."""
        return self.probability_at(*self.curve.proportions(metric))

    def probability_at(self, baseline: Floats, current: Floats) -> Floats:
        """How likely the region is at pairs of proportions."""
        from scipy import special

        if self.enumerates_baseline:
            trials, proportion = self.curve.baseline_trials, baseline[:, None]
            other_trials, other = self.curve.trials, 1 - current[:, None]
        else:
            trials, proportion = self.curve.trials, current[:, None]
            other_trials, other = self.curve.baseline_trials, baseline[:, None]
        count = self.counts
        logarithm = special.gammaln(trials + 1) - special.gammaln(count + 1) - special.gammaln(trials - count + 1)
        # At 0 and 1 the logarithm is finite, and the mass of what cannot occur is 0 all the same.
        success, failure = np.log(np.maximum(proportion, 1e-300)), np.log(np.maximum(1 - proportion, 1e-300))
        mass = np.exp(logarithm + count * success + (trials - count) * failure)
        # Of counts that hardly ever occur the tail counts as 1, which is more than it is.
        tail = np.where(self.least <= other_trials, 1.0, np.zeros_like(mass))
        row, column = np.nonzero((mass > _RARE) & (self.least >= 1) & (self.least <= other_trials))
        least = self.least[column]
        tail[row, column] = special.betainc(least, other_trials - least + 1, other[row, 0])
        total: Floats = (mass * tail).sum(axis=1)
        return np.minimum(1.0, total)


def _contour_at(curve: NullCurve, statistic: float, counts: Floats, *, enumerates_baseline: bool) -> Floats:
    """The other sample's (real) count on the contour, for each count of the enumerated sample."""
    other_trials = curve.trials if enumerates_baseline else curve.baseline_trials
    trials = curve.baseline_trials if enumerates_baseline else curve.trials

    def contour(angle: Floats) -> tuple[Floats, Floats]:
        metric = curve.lowest + (curve.highest - curve.lowest) * np.sin(angle) ** 2
        x1, x2 = curve.contour(metric, statistic)
        return (x1, curve.trials - x2) if enumerates_baseline else (x2, x1)

    # Where the contour enters the square of possible pairs, fewer baseline successes are never enough and fewer current
    # ones always are; where it leaves it, the other way round.
    none, all_of_them = other_trials + 1.0, 0.0
    left, right = (none, all_of_them) if enumerates_baseline else (all_of_them, none)

    def is_possible(count: Floats, other: Floats) -> NDArray[np.bool_]:
        return (count >= 0) & (count <= trials) & (other >= 0) & (other <= other_trials)

    low, high = _NEAR_END, math.pi / 2 - _NEAR_END
    angle = count = np.empty(0)
    for _ in range(2):
        angle = np.linspace(low, high, _POINTS)
        count, other = contour(angle)
        inside_square = is_possible(count, other)
        # Next to an end a contour touches the square even if, for its statistic, the restricted estimate is never there.
        inside_square[[0, -1]] &= is_possible(*contour(angle[[0, -1]] + [_FARTHER, -_FARTHER]))
        possible = np.flatnonzero(inside_square)
        if not len(possible):
            return np.full(len(counts), none)
        # Inside the square of possible pairs the contour rises; outside of it, it may bend back.
        run = max(np.split(possible, np.flatnonzero(np.diff(possible) > 1) + 1), key=len)
        inside = slice(max(run[0] - 1, 0), run[-1] + 2)
        angle, count = angle[inside], np.maximum.accumulate(count[inside])
        start = max(int(np.searchsorted(count, counts[0])) - 1, 0)
        end = min(int(np.searchsorted(count, counts[-1], "right")), len(count) - 1)
        low, high = angle[start], angle[end]
    at = _crossings(lambda at: contour(at)[0], angle, count, counts)
    other = contour(at)[1]
    other[counts < count[0] - _TIE] = left
    other[counts > count[-1] + _TIE] = right
    return other


def _crossings(function: Callable[[Floats], Floats], grid: Floats, values: Floats, levels: Floats) -> Floats:
    """Where an ascending function, known on a grid, has the given values; the nearest end for values beyond."""
    above = np.clip(np.searchsorted(values, levels), 1, max(len(values) - 1, 1))
    if len(grid) == 1:
        return np.full(len(levels), grid[0])
    low, high = grid[above - 1], grid[above]
    under, over = np.minimum(values[above - 1] - levels, 0.0), np.maximum(values[above] - levels, 0.0)
    best, least_error = low, np.full(len(levels), np.inf)
    # The Illinois variant of the false position: an end that stays twice counts half, so that both ends close in.
    was_under = np.zeros(len(levels))
    for _ in range(_STEPS):
        at = low + (high - low) * np.divide(under, under - over, out=np.full(len(levels), 0.5), where=under < over)
        error = function(at) - levels
        best = np.where(np.abs(error) < least_error, at, best)
        least_error = np.minimum(least_error, np.abs(error))
        is_under = np.where(error < 0, 1, -1)
        under = np.where(is_under > 0, error, np.where(was_under < 0, under / 2, under))
        over = np.where(is_under < 0, error, np.where(was_under > 0, over / 2, over))
        low, high = np.where(is_under > 0, at, low), np.where(is_under < 0, at, high)
        was_under = is_under
    return best
