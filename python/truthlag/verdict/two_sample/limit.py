"""Where a test turns: the limits of its interval."""

from collections.abc import Callable


def lower_limit(p_value: Callable[[float], float], level: float, start: float, estimate: float, least: float) -> float:
    """The largest margin below the estimate, to a thousandth of their distance, at which the test still rejects.

    The p-value rises with the margin, though with small steps down where the order of the outcomes changes; the limit is
    one of the places where it passes the level, always from the side that rejects.

    Args:
        p_value: One-sided p-value of a loss beyond a margin.
        level: The level of the test.
        start: Where the limit about is.
        estimate: The loss that was seen.
        least: No loss is smaller.

    Cost: some ten p-values.
    """
    from scipy import special

    if estimate <= least or p_value(least) > level:
        return least

    quantile = float(special.ndtri(level))

    def height(margin: float) -> float:
        # On the scale of normal quantiles the p-value is nearly a straight line.
        return float(special.ndtri(min(max(p_value(margin), 1e-300), 1 - 1e-16))) - quantile

    low = high = min(max(start, least), estimate)
    standard_error = max((estimate - low) / max(-quantile, 0.1), 1e-4 * (estimate - least))
    below = above = height(low)
    reach = 1.2
    while below > 0:
        high, above = low, below
        low = max(least, low - standard_error * (reach * below + 0.002))
        # That it rejects at the least of all losses is known.
        below = height(low) if low > least else -1.0
        reach *= 2
    while above <= 0:
        low, below = high, above
        if high >= estimate:
            return estimate
        high = min(estimate, high + standard_error * (0.002 - reach * above))
        above = height(high)
        reach *= 2
    tolerance = 1e-3 * (estimate - low)
    halve = False
    while high - low > tolerance:
        # By turns the root of the straight line and the middle, which never stalls at a jump.
        middle = (low + high) / 2 if halve else low + (high - low) * below / (below - above)
        middle = min(max(middle, low + tolerance / 2), high - tolerance / 2)
        halve = not halve
        value = height(middle)
        if value <= 0:
            low, below = middle, value
        else:
            high, above = middle, value
    return low
