"""Arms of equal final rate whose labels come at different speed."""

from __future__ import annotations

import numpy as np

from truthlag.abtest import ArmLog

DAY = 86_400.0


def late_arm(
    rng: np.random.Generator,
    mean_delay: float,
    *,
    rows: int = 6_000,
    rate: float = 0.1,
    days: float = 75.0,
    longest: float = 60.0,
    only_positives: bool = True,
) -> ArmLog:
    """Rows spread over the days of a test; delays exponential, and cut off at the longest, at which all labels have come."""
    made = np.sort(rng.uniform(0, days, rows))
    known = made + np.minimum(rng.exponential(mean_delay, rows), longest)
    positive = rng.random(rows) < rate
    if only_positives:
        return ArmLog(made * DAY, np.where(positive, known, np.nan) * DAY)
    return ArmLog(made * DAY, known * DAY, positive)
