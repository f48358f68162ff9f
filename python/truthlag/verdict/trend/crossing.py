"""When a falling line meets a limit."""

from __future__ import annotations

import math

from truthlag.verdict.trend.line import Line

__all__ = ["crossing"]


def crossing(line: Line, limit: float, reach: float) -> tuple[float, float] | None:
    """The first and last time at which the line may meet the limit: Fieller's interval of (limit - level) / slope.

    All times u, counted from the centre of the line, with |level - limit + slope u| <= reach sqrt(1 / weight + u² / spread):
    those where the band about the line holds the limit. Fieller (1954, Journal of the Royal Statistical Society B 16, 175-185).

    Args:
        line: The fitted line.
        limit: The height that is asked for.
        reach: The half width of the interval of a value of weight 1.

    Returns:
        Both times on the line's axis; None where the slope may be 0, so that the line may never meet it.

    Cost: O(1).
    """
    gap = line.level - limit
    curve = line.slope**2 - reach**2 / line.spread
    # A slope at the very end of its interval from 0 meets the limit at no time that could be told.
    if curve <= 1e-9 * line.slope**2:
        return None
    root = reach * math.sqrt(max(0.0, curve / line.weight + gap**2 / line.spread))
    middle = -gap * line.slope
    return line.centre + (middle - root) / curve, line.centre + (middle + root) / curve
