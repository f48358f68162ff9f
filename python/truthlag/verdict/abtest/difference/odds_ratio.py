"""The odds ratio of two proportions."""

from __future__ import annotations

import math

from truthlag.verdict.abtest.difference.effect import Effect, NormalEffect
from truthlag.verdict.abtest.statistics.proportion import Proportion

ODDS_RATIO_METHODS = ("logit", "logit_adjusted", "logit_smoothed")


def odds_ratio_effect(control: Proportion, treatment: Proportion, method: str) -> tuple[Effect | None, float | None]:
    """The logarithm of the odds ratio of treatment and control, normal: Woolf (1955); and the ratio that was seen.

    Args:
        control: The control.
        treatment: The treatment.
        method: `"logit"`: as they are. `"logit_adjusted"`: half a row more in each of the four cells, Haldane (1956) and Gart
            (1966). `"logit_smoothed"`: two rows more, spread over the cells as if the arms were independent of the outcome,
            Agresti (1999).

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
    if not all(used):
        return None, seen
    log_ratio = math.log(used[0] / used[1] * (used[3] / used[2]))
    return NormalEffect(log_ratio, math.sqrt(sum(1 / cell for cell in used)), math.inf, "logit"), seen
