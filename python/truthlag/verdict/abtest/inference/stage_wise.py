"""What a group sequential test says of the effect once it has stopped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from truthlag.verdict.abtest.inference.crossing import Path, sided

#: Further from the statistic no limit is.
_REACH = 30.0


@dataclass(frozen=True, slots=True)
class StoppedEstimate:
    """The effect by the stage-wise ordering, once the test has stopped.

    A test stops early where the effect happens to look large, so the estimate at stopping is too large on average. This one is
    as often too large as too small, whatever the effect, and its interval holds it with the stated probability: earlier
    crossings count as further out, and within a look larger statistics do.

    Source: Fairbanks and Madsen (1982); Tsiatis, Rosner and Mehta (1984), "Exact confidence intervals following a group sequential
    test", Biometrics 40.

    Example:
        >>> from truthlag.abtest import GroupSequentialPlan, Proportion, compare
        >>> plan = GroupSequentialPlan(20_000, looks=4)
        >>> for k in (680, 1_390):
        ...     n = 5_000 if k == 680 else 10_000
        ...     result = compare(Proportion(n * 12 // 100, n), Proportion(k, n), mode="group_sequential", looks=plan)
        >>> found = plan.estimate()
        >>> f"seen {found.seen:.4f}, adjusted {found.estimate:.4f} ({found.low:.4f} to {found.high:.4f}), p = {found.p_value:.3f}"
        'seen 0.0190, adjusted 0.0177 (0.0065 to 0.0276), p = 0.003'
        >>> found.to_dict()["n"]
        20000
    """

    estimate: float
    """The median-unbiased estimate of the difference."""
    low: float
    """The lower limit of its interval."""
    high: float
    """The upper limit."""
    confidence: float
    """The level of the interval."""
    p_value: float
    """The stage-wise p-value."""
    seen: float
    """The difference as it was seen at stopping."""
    n: int
    """The units at stopping."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes; infinite limits are None.

        Example:
            >>> from truthlag.abtest import StoppedEstimate
            >>> StoppedEstimate(0.1, 0.02, float("inf"), 0.95, 0.03, 0.12, 800).to_dict()["high"] is None
            True
        """
        return {name: None if isinstance(one, float) and math.isinf(one) else one for name, one in asdict(self).items()}


def at_least(shares: Sequence[float], bounds: Sequence[float], statistic: float, drift: float, *, sides: int) -> float:
    """The chance of an outcome that is at least as far up as a statistic at the last look, all before having gone on.

    Args:
        shares: The information at the looks.
        bounds: Those of the looks but the last.
        statistic: That of the last.
        drift: That of the score.
        sides: Whether the test could have stopped on both sides.
    """
    path, chance = Path.begin(drift), 0.0
    for share, bound in zip(shares, bounds, strict=False):
        reached = path.reach(share)
        chance += reached.above(bound)
        path = reached.go_on(sided(bound, sides))
    return chance + path.reach(shares[-1]).above(statistic)


def shifts(
    shares: Sequence[float], bounds: Sequence[float], statistic: float, alpha: float, *, sides: int
) -> tuple[float, float, float]:
    """The means of the last statistic at which the outcome is at the upper tail of alpha, the middle, and the lower tail."""
    from scipy import optimize

    root = math.sqrt(shares[-1])

    def mean_for(chance: float) -> float:
        def surplus(mean: float) -> float:
            return at_least(shares, bounds, statistic, mean / root, sides=sides) - chance

        low, high = statistic - _REACH, statistic + _REACH
        if surplus(low) >= 0:
            return -math.inf
        if surplus(high) <= 0:
            return math.inf
        return float(optimize.brentq(surplus, low, high, xtol=1e-10))

    return mean_for(alpha), mean_for(0.5), mean_for(1 - alpha)
