"""Two proportions that differ by a given margin, in closed form."""

import math

#: A step of Newton's that is longer than this is no rounding of the closed form.
_LONGEST = 1e-4
_STEPS = 2
#: After a step that is no longer than this share the next one is rounding.
_NEAR = 1e-8


def restricted_proportions(
    first_successes: float, first_trials: float, successes: float, trials: float, margin: float
) -> tuple[float, float]:
    """The maximum-likelihood estimates of two proportions of which the first is larger than the second by `margin`.

    The root of a cubic that Miettinen and Nurminen (1985) give in closed form. Near 0 and 1 that cancels, so that steps of
    Newton's on the likelihood equation follow, which does not.

    Cost: one or two microseconds.
    """
    if margin == 0:
        common = (first_successes + successes) / (first_trials + trials)
        return common, common
    # Comparisons are a third of the cost of `min` and `max`, and this is the inside of a search.
    lowest, highest = (0.0, 1.0 - margin) if margin > 0 else (-margin, 1.0)
    both, total = first_successes + successes, first_trials + trials
    if both in (0, total):
        return (max(0.0, margin), lowest) if both == 0 else (min(1.0, highest + margin), highest)
    # The coefficients of the second proportion's powers, over that of its cube.
    square = ((first_trials + 2 * trials) * margin - total - both) / total
    linear = ((trials * margin - total - 2 * successes) * margin + both) / total
    constant = successes * margin * (1 - margin) / total
    third = square / 3
    q = third**3 - square * linear / 6 + constant / 2
    squared = third * third - linear / 3
    size = math.copysign(math.sqrt(squared), q) if squared > 0 else 0.0
    at = -third
    if size:
        cosine = q / (size * size * size) if abs(size) > 1e-100 else 1.0
        cosine = 1.0 if cosine > 1 else -1.0 if cosine < -1 else cosine
        at += 2 * size * math.cos((math.pi + math.acos(cosine)) / 3)
    if not lowest <= at <= highest:
        at = lowest if at < lowest else highest
    for _ in range(_STEPS):
        before = at + margin
        before = 1.0 if before > 1 else 0.0 if before < 0 else before
        first_variance, variance = before * (1 - before), at * (1 - at)
        first_residual, residual = first_successes - first_trials * before, successes - trials * at
        score = first_residual * variance + residual * first_variance
        slope = (
            first_residual * (1 - 2 * at)
            - first_trials * variance
            + residual * (1 - 2 * before)
            - trials * first_variance
        )
        # A maximum is where the score falls; an end is where it does not turn.
        if slope >= 0:
            break
        step = score / slope
        if abs(step) > _LONGEST or not lowest <= at - step <= highest:
            break
        at -= step
        if abs(step) <= _NEAR * at:
            break
    return min(1.0, max(0.0, at + margin)), at
