"""The largest value of a probability along a null curve."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.two_sample.null_curve import NullCurve

Floats = NDArray[np.float64]

#: The distance of two looks, in standard errors of the nuisance parameter: over that distance a probability, which is a
#: mean over samples, hardly bends.
_STEP = 0.3
_LEAST_LOOKS = 33
#: How many of the highest peaks are looked at closer, one time after the other, and by how many points each.
_PEAKS = (3, 2, 1)
_CLOSER = 7


def largest(probability: Callable[[Floats], Floats], curve: NullCurve, low: float, high: float) -> float:
    """The largest probability where the current metric is between `low` and `high`.

    Looks are evenly spaced in the metric of the Fisher information, in which the difficulty is the same everywhere. What
    is found is below the largest by some 1e-5 of it: measured against forty times as many looks, on hundreds of cases.
    """
    at = _evenly_informed(curve, low, high)
    values = probability(_metric(curve, at))
    best = float(values.max())
    for most in _PEAKS:
        peaks = _peaks(values, most)
        before, after = at[np.maximum(peaks - 1, 0)], at[np.minimum(peaks + 1, len(at) - 1)]
        at = np.unique(np.linspace(before, after, _CLOSER))
        values = probability(_metric(curve, at))
        best = max(best, float(values.max()))
    return best


def _peaks(values: Floats, most: int) -> NDArray[np.intp]:
    padded = np.concatenate(([-1.0], values, [-1.0]))
    peaks = np.flatnonzero((values >= padded[:-2]) & (values >= padded[2:]))
    return peaks[np.argsort(values[peaks])[-most:]]


def _evenly_informed(curve: NullCurve, low: float, high: float) -> Floats:
    """Angles at even distances of information."""
    angle = np.linspace(_angle(curve, low), _angle(curve, high), 33)
    middle = _metric(curve, (angle[1:] + angle[:-1]) / 2)
    distance = np.sqrt(curve.information(middle)) * np.diff(_metric(curve, angle))
    travelled = np.concatenate(([0.0], np.cumsum(distance)))
    looks = max(_LEAST_LOOKS, math.ceil(travelled[-1] / _STEP) + 1)
    return np.interp(np.linspace(0, travelled[-1], looks), travelled, angle)


def _angle(curve: NullCurve, metric: float) -> float:
    share = (metric - curve.lowest) / (curve.highest - curve.lowest)
    return math.asin(math.sqrt(min(1.0, max(0.0, share))))


def _metric(curve: NullCurve, angle: Floats) -> Floats:
    return curve.lowest + (curve.highest - curve.lowest) * np.sin(angle) ** 2
