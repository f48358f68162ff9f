"""The false alarms and the power of the test of a proportion, by enumeration rather than by simulation."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from truthlag.verdict.two_sample import proportion_loss
from truthlag.verdict.two_sample.null_curve import NullCurve, Pair
from truthlag.verdict.two_sample.scale import Identity

#: Baselines of more rows than this are looked at through quantiles of equal weight, each with the chance of the middle one.
MOST_ROWS = 100
QUANTILES = 32


class Alarms:
    """How often a loss beyond a margin is reported, for any true rates."""

    def __init__(self, baseline_trials: int | None, trials: int, margin: float, level: float) -> None:
        self.baseline_trials, self.trials, self.margin, self.level = baseline_trials, trials, margin, level
        self._found: dict[float, int] = {}

    def share(self, baseline_rate: float, rate: float) -> float:
        """The chance of an alarm. The current sample is enumerated in full."""
        if self.baseline_trials is None:
            return float(stats.binom.cdf(self.most_successes(baseline_rate), self.trials, rate))
        outcomes = np.arange(self.baseline_trials + 1)
        weights = stats.binom.pmf(outcomes, self.baseline_trials, baseline_rate)
        if self.baseline_trials > MOST_ROWS:
            at = (np.arange(QUANTILES) + 0.5) / QUANTILES
            outcomes, weights = (
                stats.binom.ppf(at, self.baseline_trials, baseline_rate).astype(int),
                np.full(QUANTILES, 1 / QUANTILES),
            )
        likely = weights > 1e-7
        alarms = [self.most_successes(int(outcome)) for outcome in outcomes[likely]]
        return float((weights[likely] * stats.binom.cdf(alarms, self.trials, rate)).sum())

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
    curve = NullCurve(margin, baseline_trials, trials, Identity())
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
