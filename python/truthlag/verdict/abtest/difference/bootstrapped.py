"""An effect whose distribution is that of draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

#: From this share of the draws on the tail is taken to be exponential, which is heavier than a normal one.
_TAIL = 0.01
#: Statistics are within that: a further one would be a tail of less than the least float.
_FURTHEST = 37.0


@dataclass(frozen=True, slots=True, eq=False)
class BootstrapEffect:
    """An effect by the basic bootstrap: the estimate is as far from the truth as draws are from what they were drawn around.

    The statistic is the normal quantile of the share of draws that lie below the distance. Beyond the outermost hundredth of
    the draws that share falls exponentially, by the mean distance of these.
    """

    estimate: float
    standard_error: float
    method: str
    #: The draws less what they were drawn around, ascending.
    errors: Floats

    @property
    def degrees_of_freedom(self) -> float:
        """See `Effect`."""
        return math.inf

    def statistic(self, null: float) -> float:
        """See `Effect`."""
        distance = self.estimate - null
        middle = float(np.median(self.errors))
        quantile = _quantile(self.errors, distance) if distance >= middle else -_quantile(-self.errors[::-1], -distance)
        return max(-_FURTHEST, min(_FURTHEST, quantile))

    def limits(self, quantile: float) -> tuple[float, float]:
        """See `Effect`."""
        bound = min(quantile, _FURTHEST)
        return self.estimate - _distance(self.errors, bound), self.estimate + _distance(-self.errors[::-1], bound)


def _tail(errors: Floats) -> tuple[float, float]:
    """Where the upper tail begins, and how far its draws are beyond that on average."""
    first = float(np.quantile(errors, 1 - _TAIL))
    beyond = errors[errors > first] - first
    return first, float(beyond.mean()) if len(beyond) else 0.0


def _quantile(errors: Floats, distance: float) -> float:
    """The normal quantile of a distance above the median."""
    from scipy import special

    first, scale = _tail(errors)
    if distance <= first:
        ranks = np.linspace(0.0, 1.0, len(errors))
        return float(special.ndtri(min(1 - _TAIL, float(np.interp(distance, errors, ranks)))))
    if scale <= 0:
        return _FURTHEST
    return -float(special.ndtri_exp(math.log(_TAIL) - (distance - first) / scale))


def _distance(errors: Floats, quantile: float) -> float:
    """The distance whose normal quantile is that, of at least 0."""
    from scipy import special

    first, scale = _tail(errors)
    logarithm = float(special.log_ndtr(-quantile))
    if logarithm >= math.log(_TAIL):
        return float(np.quantile(errors, 1 - math.exp(logarithm)))
    return first + scale * (math.log(_TAIL) - logarithm)
