"""The recursion of Armitage, McPherson and Rowe (1969): how likely a test that is looked at now and then crosses its bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Further out in standard deviations there is less than the least float.
FURTHEST = 38.0
#: Gauss and Legendre's points in a panel that is so many standard deviations of a step wide: an error of some 1e-13.
_POINTS = 24
_PANEL = 8.0
#: A chance on one side that is next to none: there is no more beyond the furthest.
_LEAST_CHANCE = 1e-315
#: Newton's method takes three to six steps, the last of them from so near that its own error is next to 1e-13.
_STEPS = 100
_NEAR = 3e-7

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """Between which values of the statistic a test goes on after a look."""

    low: float
    high: float


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """Where a test may be that has crossed no bound at its looks so far.

    The score is a Brownian motion with drift: at information t it is normal with the mean `drift * t` and the variance t, and the
    statistic is the score over the root of t. The density at the last look follows from that at the look before; it is computed
    when the next look is known, since a short step to it needs more points.
    """

    #: Rising.
    points: Floats
    masses: Floats
    drift: float
    #: The information of the points, and of the last look.
    before: float
    information: float
    #: Between which scores the test went on at the last look.
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def begin(cls, drift: float = 0.0, information: float = 0.0, score: float = 0.0) -> Path:
        """A test of which the score is known: 0 at its begin."""
        return cls(np.array([score]), np.ones(1), drift, information, information)

    def reach(self, information: float) -> Reached:
        """Where it may be at the next look."""
        if self.information == self.before or (self.low == -math.inf and self.high == math.inf):
            # Nothing was cut off since the points: one step leads as far as two.
            return Reached(self.points, self.masses, self.drift, self.before, information)
        settled = self.settled(information)
        return Reached(settled.points, settled.masses, self.drift, self.information, information)

    def settled(self, nearest: float) -> Path:
        """The same, its density computed for whatever next look, of which the first may be at this information."""
        points, masses = self._settled(math.sqrt(nearest - self.information))
        return Path(points, masses, self.drift, self.information, self.information)

    def _settled(self, next_step: float) -> tuple[Floats, Floats]:
        """The density at the last look, as masses at points."""
        gone = self.information - self.before
        step = math.sqrt(gone)
        moved = self.points + self.drift * gone
        if not len(moved):
            return moved, moved
        reach = FURTHEST * step
        low, high = max(self.low, float(moved[0]) - reach), min(self.high, float(moved[-1]) + reach)
        if not low < high:
            return np.empty(0), np.empty(0)
        panels = math.ceil((high - low) / (_PANEL * min(step, next_step)))
        nodes, weights = _panel()
        half = (high - low) / panels / 2
        middles = low + half * (2 * np.arange(panels) + 1)
        points = (middles[:, None] + half * nodes).ravel()
        with np.errstate(under="ignore"):
            if high - float(moved[0]) < reach and float(moved[-1]) - low < reach:
                density = _spread(points, moved, self.masses, step)
            else:
                # To compute what underflows takes several times as long.
                firsts = moved.searchsorted(middles - half - reach)
                lasts = moved.searchsorted(middles + half + reach)
                near = zip(points.reshape(panels, -1), firsts, lasts, strict=True)
                density = np.concatenate(
                    [_spread(panel, moved[first:last], self.masses[first:last], step) for panel, first, last in near]
                )
            masses = (density.reshape(panels, _POINTS) * (weights * half)).ravel()
        held = masses > 0
        return points[held], masses[held]


@dataclass(frozen=True, eq=False, slots=True)
class Reached:
    """A test at a look, before its bounds are applied."""

    points: Floats
    masses: Floats
    drift: float
    before: float
    information: float

    def above(self, statistic: float) -> float:
        """The chance that it got here and has at least this statistic."""
        return self._chance(-1.0, statistic)

    def below(self, statistic: float) -> float:
        """The chance that it got here and has at most this statistic."""
        return self._chance(1.0, statistic)

    def _chance(self, side: float, statistic: float) -> float:
        from scipy import special

        if math.isinf(statistic):
            return float(self.masses.sum()) if side * statistic > 0 else 0.0
        step = self.information - self.before
        moved = self.points + self.drift * step
        distance = side * (statistic * math.sqrt(self.information) - moved) / math.sqrt(step)
        with np.errstate(under="ignore"):
            return float(self.masses @ special.ndtr(distance))

    def go_on(self, bounds: Bounds) -> Path:
        """The test if it stays within the bounds."""
        root = math.sqrt(self.information)
        return Path(
            self.points, self.masses, self.drift, self.before, self.information, bounds.low * root, bounds.high * root
        )

    def bound(self, chance: float, *, sides: int) -> float:
        """The bound that is crossed here with a chance: both ways, or upwards alone; infinite where it is next to none.

        Both ways it is that of a test from 0 without drift, whose bounds before were symmetric too.
        """
        from scipy import special

        of_side = chance / sides
        if of_side <= _LEAST_CHANCE:
            return math.inf
        low, high = 0.0 if sides == 2 else -FURTHEST, FURTHEST
        if self.masses.sum() <= chance:
            return low
        step = self.information - self.before
        scaled = (self.points + self.drift * step) / math.sqrt(step)
        slope = math.sqrt(self.information / step)
        # Without the looks before, it would be this one. A tail falls the faster the further out it is, so that Newton's method, on the
        # logarithm, comes down from there to what is left of the tail.
        at = min(high, max(low, -float(special.ndtri(of_side))))
        with np.errstate(under="ignore"):
            for _ in range(_STEPS):
                distance = scaled - slope * at
                crossed = float(self.masses @ special.ndtr(distance))
                density = float(self.masses @ np.exp(-0.5 * distance * distance)) * slope / math.sqrt(2 * math.pi)
                low, high = (at, high) if crossed > of_side else (low, at)
                move = math.log(crossed / of_side) * crossed / density if crossed > 0 and density > 0 else math.inf
                if abs(move) <= _NEAR or high - low <= _NEAR:
                    return at + move if low <= at + move <= high else at
                at = at + move if low < at + move < high else (low + high) / 2
        return at


def _spread(points: Floats, moved: Floats, masses: Floats, step: float) -> Floats:
    """The density at points of masses elsewhere after a step of a Brownian motion."""
    distance = (points[:, None] - moved) / step
    return np.exp(-0.5 * distance * distance) @ masses / (step * math.sqrt(2 * math.pi))


@lru_cache(maxsize=1)
def _panel() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(_POINTS)


class Crossed(NamedTuple):
    """The chances to cross at each look, having crossed at none before."""

    above: tuple[float, ...]
    below: tuple[float, ...]


def crossing_chances(path: Path, information: Sequence[float], bounds: Sequence[Bounds]) -> Crossed:
    """How likely bounds are crossed at looks that are still to come.

    Args:
        path: The test so far.
        information: That of each look, rising.
        bounds: Those of each look.
    """
    above, below = [], []
    for share, bound in zip(information, bounds, strict=True):
        reached = path.reach(share)
        above.append(reached.above(bound.high))
        below.append(reached.below(bound.low))
        path = reached.go_on(bound)
    return Crossed(tuple(above), tuple(below))


def sided(bound: float, sides: int) -> Bounds:
    """The bounds of a test of both sides, or of the upper one."""
    return Bounds(-bound if sides == 2 else -math.inf, bound)
