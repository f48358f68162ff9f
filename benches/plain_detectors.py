"""Detectors as their papers write them, in plain Python and numpy: the right alarms where River has no such detector."""

import math
from collections.abc import Sequence

import numpy as np


def e_detector_alarms(values: Sequence[float], reference: float, arl: float, bets: int = 10) -> list[int]:
    """Return the alarms of a mixture of Shiryaev-Roberts e-detectors, worked out in logarithms."""
    stakes = 0.99 / reference * 0.5 ** np.arange(bets)
    worth = np.full(bets, -np.inf)
    alarms: list[int] = []
    for position, value in enumerate(values):
        # M = (M + 1) L for each bet.
        worth = np.logaddexp(worth, 0.0) + np.log1p(stakes * (value - reference))
        greatest = float(worth.max())
        evidence = greatest + math.log(float(np.exp(worth - greatest).mean()))
        if evidence >= math.log(arl):
            alarms.append(position)
            worth = np.full(bets, -np.inf)
    return alarms


def cusum_alarms(values: Sequence[float], target: float, deviation: float, k: float, h: float) -> list[int]:
    """Return the alarms of the upper cumulative sum (Page), which begins anew after each."""
    total = 0.0
    alarms: list[int] = []
    for position, value in enumerate(values):
        total = max(0.0, total + (value - target) / deviation - k)
        if total > h:
            alarms.append(position)
            total = 0.0
    return alarms


def ewma_alarms(values: Sequence[float], target: float, deviation: float, weight: float, limit: float) -> list[int]:
    """Return the alarms of the upper exponentially weighted chart with its asymptotic limit (Roberts)."""
    average = target
    highest = target + limit * deviation * math.sqrt(weight / (2 - weight))
    alarms: list[int] = []
    for position, value in enumerate(values):
        average = weight * value + (1 - weight) * average
        if average > highest:
            alarms.append(position)
            average = target
    return alarms
