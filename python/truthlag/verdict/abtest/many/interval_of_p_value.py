"""An interval that says what an adjusted p-value says."""

from __future__ import annotations

import math

from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import real, share


def interval_of_p_value(estimate: float, p_value: float, alpha: float = 0.05) -> tuple[float, float]:
    """The normal interval about an estimate that holds 0 exactly where its two-sided p-value is above alpha.

    It has the standard error that would give the p-value. With an adjusted p-value it shows a reader the same as the verdict, as
    GrowthBook's intervals do; it does not hold the differences of all tests together, as those of `dunnett` and
    `ComparisonRow.adjusted_interval` do.

    Args:
        estimate: The difference.
        p_value: Its p-value, adjusted or not, between 0 and 1.
        alpha: One less the level of the interval.

    Returns:
        The limits: infinite for a p-value of 1, or an estimate of 0 with any other, which tell nothing of the error.

    Raises:
        TypeError: One of them is no number.
        ValueError: One of them is not finite or not in its range.

    Cost: a microsecond.

    Example:
        >>> from truthlag.abtest import interval_of_p_value
        >>> low, high = interval_of_p_value(0.1, 0.01, alpha=0.05)
        >>> print(f"{low:.4f} to {high:.4f}")
        0.0239 to 0.1761
    """
    from scipy import special

    centre, level = real("estimate", estimate), share("alpha", alpha)
    chance = real("p_value", p_value, 0.0, 1.0)
    if chance == 0:
        raise ValueError(f"p_value must be above 0, since 0 leaves no interval, got {described(p_value)}")
    if chance == 1 or centre == 0:
        return -math.inf, math.inf
    reach = abs(centre) * float(special.ndtri(level / 2) / special.ndtri(chance / 2))
    return centre - reach, centre + reach
