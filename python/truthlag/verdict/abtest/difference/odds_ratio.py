"""The odds ratio of two proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from truthlag.verdict.abtest.difference.effect import FURTHEST, Effect, NormalEffect
from truthlag.verdict.abtest.statistics.proportion import Proportion
from truthlag.verdict.two_sample.falling import falling_crossing

ODDS_RATIO_METHODS = ("logit", "logit_adjusted", "logit_smoothed", "score")

#: The least and the largest logarithm of an odds ratio that is looked at.
_LOGS = (-60.0, 60.0)


def odds_ratio_effect(control: Proportion, treatment: Proportion, method: str) -> tuple[Effect | None, float | None]:
    """The logarithm of the odds ratio of treatment and control, normal: Woolf (1955); and the ratio that was seen.

    Args:
        control: The control.
        treatment: The treatment.
        method: `"logit"`: as they are. `"logit_adjusted"`: half a row more in each of the four cells, Haldane (1956) and Gart
            (1966). `"logit_smoothed"`: two rows more, spread over the cells as if the arms were independent of the outcome,
            Agresti (1999). `"score"`: the score interval of Miettinen and Nurminen (1985).

    Returns:
        Both; None for the logarithm where a cell is empty and the method adds nothing to it, and for a ratio of nothing to nothing.
    """
    cells = [treatment.k, treatment.n - treatment.k, control.k, control.n - control.k]
    if method == "logit_adjusted":
        used = [cell + 0.5 for cell in cells]
    elif method == "logit_smoothed":
        rows, ones = control.n + treatment.n, control.k + treatment.k
        shares = [treatment.n * ones, treatment.n * (rows - ones), control.n * ones, control.n * (rows - ones)]
        used = [cell + 2 * share / rows**2 for cell, share in zip(cells, shares, strict=True)]
    else:
        used = [float(cell) for cell in cells]
    above, below = cells[0] * cells[3], cells[1] * cells[2]
    seen = above / below if below else math.inf if above else None
    if method == "score":
        return ScoreOddsRatio(control, treatment), seen
    if not all(used):
        return None, seen
    log_ratio = math.log(used[0] / used[1] * (used[3] / used[2]))
    return NormalEffect(log_ratio, math.sqrt(sum(1 / cell for cell in used)), math.inf, "logit"), seen


@dataclass(frozen=True, slots=True)
class ScoreOddsRatio:
    """The logarithm of the odds ratio by the score statistic: its standard error is that of the likelihood at each value."""

    control: Proportion
    treatment: Proportion

    @property
    def method(self) -> str:
        """See `Effect`."""
        return "score"

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    @property
    def estimate(self) -> float:
        """See `Effect`; with half a row more in each cell, which is finite."""
        above = (self.treatment.k + 0.5) * (self.control.n - self.control.k + 0.5)
        return math.log(above / ((self.treatment.n - self.treatment.k + 0.5) * (self.control.k + 0.5)))

    @property
    def standard_error(self) -> float:
        """See `Effect`; with half a row more in each cell."""
        cells = (self.treatment.k, self.treatment.n - self.treatment.k, self.control.k, self.control.n - self.control.k)
        return math.sqrt(sum(1 / (cell + 0.5) for cell in cells))

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        if null < 0:
            # Of failures the ratio is the inverse one: so it is always the treatment's rate that may be next to 1.
            return -self._of_failures.statistic(-null)
        if self._tells_nothing:
            return 0.0
        before, now, now_failures = self._restricted(null)
        first, second = before * (1 - before) * self.control.n, now * now_failures * self.treatment.n
        rows = self.control.n + self.treatment.n
        # Both residuals are equal and opposite where the likelihood is largest; that of what is rarer does not cancel.
        residual = (
            self.treatment.k - self.treatment.n * now
            if now < 0.5
            else self.treatment.n * now_failures - (self.treatment.n - self.treatment.k)
        )
        error = math.sqrt((1 / first + 1 / second) * rows / (rows - 1))
        return max(-FURTHEST, min(FURTHEST, residual * (1 / first + 1 / second) / error))

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`; infinite where an arm has no success or no failure on that side, and where rows are too few."""
        if self._tells_nothing:
            return -math.inf, math.inf
        error = self.standard_error
        low, high = (
            falling_crossing(
                self.statistic,
                side * quantile,
                _LOGS,
                min(_LOGS[1], max(_LOGS[0], self.estimate - side * quantile * error)),
                error,
                1e-10,
            )
            for side in (1, -1)
        )
        return -math.inf if low <= _LOGS[0] else low, math.inf if high >= _LOGS[1] else high

    @property
    def _tells_nothing(self) -> bool:
        """Whether all rows of both arms are successes, or none is."""
        return self.control.k + self.treatment.k in (0, self.control.n + self.treatment.n)

    @property
    def _of_failures(self) -> ScoreOddsRatio:
        control, treatment = self.control, self.treatment
        return ScoreOddsRatio(
            Proportion(control.n - control.k, control.n), Proportion(treatment.n - treatment.k, treatment.n)
        )

    def _restricted(self, null: float) -> tuple[float, float, float]:
        """The proportions of largest likelihood whose log odds differ by a value of at least 0: the root of a quadratic.

        The treatment's comes with its complement.
        """
        ratio, both = math.exp(null), self.control.k + self.treatment.k
        square = self.control.n * (ratio - 1)
        linear = self.treatment.n * ratio + self.control.n - both * (ratio - 1)
        root = math.sqrt(max(0.0, linear * linear + 4 * square * both))
        # Of the two forms of the root the one that does not cancel.
        before = 2 * both / (linear + root) if linear > 0 else (root - linear) / (2 * square)
        before = min(1.0, before)
        odds = 1 - before + before * ratio
        return before, before * ratio / odds, (1 - before) / odds
