"""Boundaries of mixtures of exponential supermartingales."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.verdict.boundaries.boundary import Boundary
from truthlag.verdict.boundaries.crossing import Functions, Indices, bracket, crossings
from truthlag.verdict.boundaries.given import answer, numbers, together
from truthlag.verdict.boundaries.half_line import log_integral
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.boundaries.tuning import precision
from truthlag.verdict.detectors.parameters import real

#: Within that no power of anything is too large or too small for a float.
LEAST_TIME, MOST_TIME = 1e-60, 1e60
#: So many numbers are integrated at once: some megabytes.
_AT_ONCE = 2048
#: A sum of many numbers that reaches as far as it can may exceed that by rounding, which is no evidence.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class MixtureBoundary(Boundary):
    """exp(lambda S - psi(lambda) V), averaged over lambda: where that is `1 / alpha`, is the boundary.

    Where S cannot go further than some multiple of V, and even that is no evidence of `1 / alpha`, the boundary is there (and a
    billionth further, so that rounding does not cross it).

    Each of those has a mean of at most 1 at any time, so their average has, and by Ville's inequality it ever reaches `1 / alpha` with
    probability `alpha` at most. One side averages over lambda of one sign. The weights are the conjugate ones of the family,
    exp(-psi(lambda) rho), so that an integral is that of a later time.

    This is the common base, for `isinstance`.

    Raises:
        TypeError: It is made itself.

    Example:
        >>> from truthlag.boundaries import GammaPoissonBoundary, MixtureBoundary, StitchedBoundary
        >>> [isinstance(one, MixtureBoundary) for one in (GammaPoissonBoundary(10), StitchedBoundary(10))]
        [True, False]
        >>> GammaPoissonBoundary(10).tuned_at
        10.0
    """

    tuned_at: float
    """The intrinsic time at which the boundary is to be narrow."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tuned_at", real("tuned_at", self.tuned_at, LEAST_TIME, MOST_TIME))

    def log_e_value(self, s: Any, v: Any) -> Any:
        """The natural logarithm of the e-value, which no float is too small for.

        Args:
            s: The sum, a number from -1e100 to 1e100 or an array.
            v: Its intrinsic time, from 0 to 1e100; a number or an array. The two broadcast as numpy's arrays do.

        Returns:
            A float, or an array of the shape that they broadcast to; infinite where S cannot be by chance.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import NormalMixtureBoundary
            >>> round(NormalMixtureBoundary(tuned_at=100).log_e_value(10, 100), 6)
            -0.065024
        """
        shape, (sums, times) = together(s=numbers("s", s), v=numbers("v", v, 0))
        return answer(self._log_e_values(sums, times), shape)

    def e_value(self, s: Any, v: Any) -> Any:
        """The evidence against no drift: the average of exp(lambda S - psi(lambda) V).

        Where S has no drift its mean is at most 1 whenever one stops, and it ever reaches `1 / a` with probability `a` at most.
        E-values of independent processes may be multiplied.

        Args:
            s: The sum, a number from -1e100 to 1e100 or an array.
            v: Its intrinsic time, from 0 to 1e100; a number or an array. The two broadcast as numpy's arrays do.

        Returns:
            A float, or an array of the shape that they broadcast to; infinite where no float is large enough.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import NormalMixtureBoundary
            >>> boundary = NormalMixtureBoundary(tuned_at=100)
            >>> round(boundary.e_value(boundary.at(100), 100), 6)
            20.0
        """
        shape, (sums, times) = together(s=numbers("s", s), v=numbers("v", v, 0))
        with np.errstate(over="ignore"):
            return answer(np.exp(self._log_e_values(sums, times)), shape)

    @property
    def rho(self) -> float:
        """How much intrinsic time the weights of the mixture are worth, by `tuned_at`.

        Example:
            >>> from truthlag.boundaries import GammaPoissonBoundary
            >>> round(GammaPoissonBoundary(tuned_at=100).rho, 2)
            15.8
        """
        return precision(self.tuned_at, self.alpha, self.side)

    def _log_p_value(self, s: Floats, v: Floats) -> Floats:
        return -self._log_e_values(s, v)

    def _limit(self, v: Floats, sign: int) -> Floats:
        nothing = np.zeros(1)
        target = self._log_mass(nothing, nothing) - math.log(self.alpha)
        reach = np.full(v.size, math.inf) if (rate := self._reach(sign)) is None else v * rate
        found = reach * (1 + _ROUNDING)
        is_crossed = ~np.isfinite(reach)
        if rate is not None:
            is_crossed = self._log_masses(sign * reach, v) > target
        found[is_crossed] = self._crossing(v[is_crossed], sign, reach[is_crossed], float(target[0]))
        return found

    def _crossing(self, v: Floats, sign: int, reach: Floats, target: float) -> Floats:
        def line(size: Floats, which: Indices) -> Floats:
            return self._log_line(sign * np.minimum(size, reach[which]), v[which])

        near = _line_crossing(line, np.full(v.size, target), self._guess(v), reach)
        if self.side == "both":
            return near

        # What the other half takes from the whole falls as S rises, so that the crossing is between those of the line with
        # nothing taken and with what is taken at the first of them: next to each other, and cheap.
        rest = self._log_masses(sign * near, v) - line(near, np.arange(v.size))
        far = _line_crossing(line, target - rest, self._guess(v), reach)

        def mass(size: Floats, which: Indices) -> Floats:
            return self._log_masses(sign * size, v[which]) - target

        return crossings(mass, near, np.maximum(near, far))

    def _guess(self, v: Floats) -> Floats:
        """About where the boundary is: that of the normal mixture."""
        found: Floats = np.sqrt((v + self.rho) * (np.log1p(v / self.rho) - 2 * math.log(self.alpha)))
        return found

    def _log_e_values(self, s: Floats, v: Floats) -> Floats:
        nothing = np.zeros(1)
        with np.errstate(all="ignore"):
            found = self._log_masses(s, v) - self._log_mass(nothing, nothing)
        for sign in (-1, 1):
            rate = self._reach(sign)
            if rate is not None and self.side in ("both", "upper" if sign > 0 else "lower"):
                found[sign * s > v * rate * (1 + _ROUNDING)] = math.inf
        return found

    def _log_masses(self, s: Floats, v: Floats) -> Floats:
        found = np.empty(s.size)
        for first in range(0, s.size, _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            found[some] = self._log_mass(s[some], v[some])
        return found

    def _log_mass(self, s: Floats, v: Floats) -> Floats:
        """The logarithm of the average, but for a constant."""
        for way in (-1, 1):
            rate = self._reach(way)
            if rate is not None and self.side in ("both", "upper" if way > 0 else "lower"):
                s = np.where(way * s > v * rate, way * v * rate, s)
        if self.side == "both":
            return self._log_line(s, v)
        sign = 1 if self.side == "upper" else -1
        is_away = sign * s > 0
        half = self._log_half(s, v, np.where(is_away, -sign, sign))
        line = self._log_line(np.where(is_away, s, 0), v)
        # The half on which it falls is integrated; the other one is what it leaves of the whole.
        rest = np.log1p(-np.exp(np.minimum(0, half - line)))
        return np.where(is_away, line + rest, half)

    def _log_half(self, s: Floats, v: Floats, sign: Floats) -> Floats:
        scale = 1 / (np.abs(self._slope(s)) + np.sqrt(self._curvature(v)))
        return log_integral(lambda w: self._exponent(sign[:, None] * w, s[:, None], v[:, None]), scale)

    @abstractmethod
    def _reach(self, sign: int) -> float | None:
        """How far S can go in a direction for each unit of V; None where it can go anywhere."""

    @abstractmethod
    def _slope(self, s: Floats) -> Floats:
        """How fast `_exponent` changes at 0."""

    @abstractmethod
    def _curvature(self, v: Floats) -> Floats:
        """And how fast that changes there."""

    @abstractmethod
    def _exponent(self, w: Floats, s: Floats, v: Floats) -> Floats:
        """Lambda s - psi(lambda) (v + rho) at a place w that grows with lambda from 0, and whose measure is that of the weights."""

    @abstractmethod
    def _log_line(self, s: Floats, v: Floats) -> Floats:
        """The logarithm of the integral of its exponential over the whole line."""


def _line_crossing(line: Functions, target: Floats, guess: Floats, reach: Floats) -> Floats:
    """Where the line reaches a target, from 0 on; 0 where it is above it there, and the reach where it does not."""

    def excess(size: Floats, which: Indices) -> Floats:
        return line(size, which) - target[which]

    everyone = np.arange(target.size)
    near = np.zeros(target.size)
    found = np.where(excess(near, everyone) >= 0, near, reach)
    is_open = found > 0
    bounded = np.isfinite(reach)
    is_open[bounded] &= excess(reach[bounded], everyone[bounded]) > 0
    which = everyone[is_open]

    def of_open(size: Floats, index: Indices) -> Floats:
        return excess(size, which[index])

    start = np.minimum(guess[which], reach[which])
    found[which] = crossings(of_open, near[which], np.minimum(bracket(of_open, near[which], start), reach[which]))
    return found
