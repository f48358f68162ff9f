"""The false alarms and the power of the test of a proportion, by enumeration rather than by simulation."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from truthlag.verdict.two_sample import proportion_loss
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Identity

#: Outcomes of a baseline whose chances add up to no more than this on either side are left out.
LEFT_OUT = 1e-6
#: Between two outcomes of the baseline whose boundaries are as near as this share of the current sample's deviation, the
#: boundary is a straight line.
STRAIGHT = 0.1


class Alarms:
    """How often a loss beyond a margin is reported, for any true rates."""

    def __init__(self, baseline_trials: int | None, trials: int, margin: float, level: float) -> None:
        self.baseline_trials, self.trials, self.margin, self.level = baseline_trials, trials, margin, level
        self._found: dict[float, int] = {}

    def share(self, baseline_rate: float, rate: float) -> float:
        """The chance of an alarm, over all outcomes of both samples."""
        if self.baseline_trials is None:
            return float(stats.binom.cdf(self.most_successes(baseline_rate), self.trials, rate))
        ends = stats.binom.ppf([LEFT_OUT, 1 - LEFT_OUT], self.baseline_trials, baseline_rate).astype(int)
        outcomes = np.arange(ends[0], ends[1] + 1)
        near = STRAIGHT * math.sqrt(self.trials * rate * (1 - rate))
        boundary = {int(end): self.most_successes(int(end)) for end in ends}
        parts = [(int(ends[0]), int(ends[1]))]
        while parts:
            low, high = parts.pop()
            # The boundary never falls where the baseline is better.
            if high - low > 1 and boundary[high] > boundary[low] and boundary[high] - boundary[low] >= near:
                middle = (low + high) // 2
                boundary[middle] = self.most_successes(middle)
                parts += [(low, middle), (middle, high)]
        known = sorted(boundary)
        # Rounded at random, as it were: a boundary between two counts alarms at the upper one so often.
        line = np.interp(outcomes, known, [boundary[outcome] for outcome in known])
        below, share = np.floor(line), line - np.floor(line)
        alarms = stats.binom.cdf(below, self.trials, rate) + share * stats.binom.pmf(below + 1, self.trials, rate)
        return float((stats.binom.pmf(outcomes, self.baseline_trials, baseline_rate) * alarms).sum())

    def most_successes(self, baseline: float) -> int:
        """The largest number of current successes that still alarms, for the baseline's successes or its known rate."""
        if baseline not in self._found:
            most = min(self.trials, max(-1, self._guess(baseline)))
            # It alarms at `low` and not at `high`; steps double until it is between.
            low, high, step = most, most + 1, 1
            while not self._alarms(baseline, low):
                low, high, step = low - step, low, 2 * step
            while self._alarms(baseline, high):
                low, high, step = high, high + step, 2 * step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._alarms(baseline, middle) else (low, middle)
            most = low
            self._found[baseline] = most
        return self._found[baseline]

    def _alarms(self, baseline: float, successes: int) -> bool:
        if not 0 <= successes <= self.trials:
            return successes < 0
        known = (baseline, self.baseline_trials)
        return proportion_loss(known, successes, self.trials).p_value(self.margin) <= self.level

    def _guess(self, baseline: float) -> int:
        rate = baseline if self.baseline_trials is None else baseline / self.baseline_trials
        variance = (
            rate * (1 - rate) * (1 / self.trials + (0 if self.baseline_trials is None else 1 / self.baseline_trials))
        )
        return math.floor(self.trials * (rate - self.margin - stats.norm.isf(self.level) * math.sqrt(variance)))


def score_alarms(baseline_trials: int, trials: int, margin: float, level: float, baseline_rate: float) -> float:
    """The chance of an alarm of the score test alone, in full, where the true loss is the margin."""
    curve = NullCurve(margin, Identity())
    first, last = stats.binom.ppf([1e-9, 1 - 1e-9], baseline_trials, baseline_rate).astype(int)
    outcomes = np.arange(first, last + 1)
    quantile = stats.norm.isf(level) / math.sqrt(1 - 1 / (baseline_trials + trials))
    most, total = trials, 0.0
    for outcome in outcomes[::-1]:
        # More baseline successes never need fewer current ones.
        while most >= 0 and curve.statistic(Pair(int(outcome), baseline_trials, most, trials)) < quantile:
            most -= 1
        total += stats.binom.pmf(outcome, baseline_trials, baseline_rate) * stats.binom.cdf(
            most, trials, baseline_rate - margin
        )
    return float(total)
