"""What all boundaries share: limits, p-values, and whether a process has crossed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truthlag.verdict.boundaries.given import answer, numbers, together
from truthlag.verdict.boundaries.near_zero import Floats
from truthlag.verdict.detectors.parameters import choice, share

SIDES = ("upper", "lower", "both")


@dataclass(frozen=True)
class Boundary(ABC):
    """A boundary that a process crosses with probability `alpha` at most, at whatever times one looks.

    The process is a sum S that should have no drift, beside its intrinsic time V, which never falls: a number that tells how much
    S may have varied by now. Both are yours, and so is the promise that S is small as V says; each class says which. This is
    the common base, for `isinstance`; make one of `NormalMixtureBoundary`, `GammaExponentialBoundary`, `GammaPoissonBoundary`,
    `BetaBinomialBoundary` and `StitchedBoundary`.

    Raises:
        TypeError: It is made itself.

    Example:
        >>> import numpy as np
        >>> from truthlag.boundaries import Boundary, NormalMixtureBoundary
        >>> boundary = NormalMixtureBoundary(tuned_at=100)
        >>> isinstance(boundary, Boundary)
        True
        >>> s, v = np.array([5.0, 15.0, 45.0]), np.array([25.0, 50.0, 100.0])
        >>> boundary.crossed(s, v)
        array([False, False,  True])
    """

    alpha: float = field(default=0.05, kw_only=True)
    """The probability with which the process ever crosses where it has no drift."""
    side: str = field(default="upper", kw_only=True)
    """Where it is watched: `"upper"`, `"lower"` or `"both"`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", share("alpha", self.alpha))
        choice("side", self.side, self._sides())

    @staticmethod
    def _sides() -> tuple[str, ...]:
        return SIDES

    def at(self, v: Any) -> Any:
        """u(v), which S does not exceed; for the side `"lower"` what it does not fall below, a negative number.

        Of both sides it is the upper one; `limits` has the two.

        Args:
            v: The intrinsic time, a number from 0 to 1e100, or an array of any shape.

        Returns:
            A float, or an array of the shape of `v`.

        Raises:
            TypeError: `v` are no numbers.
            ValueError: One of them is not allowed.

        Example:
            >>> from truthlag.boundaries import NormalMixtureBoundary
            >>> boundary = NormalMixtureBoundary(tuned_at=100)
            >>> round(boundary.at(100), 2), boundary.at([100, 1e12]).round(1).tolist()
            (27.66, [27.7, 5429193.4])
        """
        low, high = self.limits(v)
        return low if self.side == "lower" else high

    def limits(self, v: Any) -> tuple[Any, Any]:
        """Between which S stays at the intrinsic time, at all times together; infinite on a side that is not watched.

        Args:
            v: The intrinsic time, a number from 0 to 1e100, or an array of any shape.

        Returns:
            Two floats, or two arrays of the shape of `v`.

        Raises:
            TypeError: `v` are no numbers.
            ValueError: One of them is not allowed.

        Example:
            >>> from truthlag.boundaries import GammaPoissonBoundary
            >>> low, high = GammaPoissonBoundary(tuned_at=100, side="both").limits(100)
            >>> round(low, 1), round(high, 1)
            (-28.5, 32.2)
        """
        given = numbers("v", v, 0)
        flat = given.ravel()
        nowhere = np.full(flat.size, math.inf)
        # What is beyond all floats in between is infinite, or nothing.
        with np.errstate(all="ignore"):
            low = -self._limit(flat, -1) if self.side != "upper" else -nowhere
            high = self._limit(flat, 1) if self.side != "lower" else nowhere
        return answer(low, given.shape), answer(high, given.shape)

    def p_value(self, s: Any, v: Any) -> Any:
        """The alpha at which S would just have crossed: an anytime-valid p-value.

        It is at most any level at any time with at most that probability, however often one looks. The least one so far is valid too.

        Args:
            s: The sum, a number from -1e100 to 1e100 or an array.
            v: Its intrinsic time, from 0 to 1e100; a number or an array. The two broadcast as numpy's arrays do.

        Returns:
            A float, or an array of the shape that they broadcast to.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import NormalMixtureBoundary
            >>> round(NormalMixtureBoundary(tuned_at=100).p_value(45, 100), 6)
            0.000216
        """
        shape, (sums, times) = together(s=numbers("s", s), v=numbers("v", v, 0))
        return answer(np.exp(np.minimum(0, self._log_p_value(sums, times))), shape)

    def crossed(self, s: Any, v: Any) -> Any:
        """Whether S is outside now: the p-value is at most `alpha`.

        Args:
            s: The sum, a number from -1e100 to 1e100 or an array.
            v: Its intrinsic time, from 0 to 1e100; a number or an array. The two broadcast as numpy's arrays do.

        Returns:
            A bool, or an array of the shape that they broadcast to.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or their shapes do not broadcast.

        Example:
            >>> from truthlag.boundaries import NormalMixtureBoundary
            >>> NormalMixtureBoundary(tuned_at=100).crossed(45, 100)
            True
        """
        shape, (sums, times) = together(s=numbers("s", s), v=numbers("v", v, 0))
        return answer(self._log_p_value(sums, times) <= math.log(self.alpha), shape)

    @abstractmethod
    def _limit(self, v: Floats, sign: int) -> Floats:
        """How far S may go in one direction."""

    @abstractmethod
    def _log_p_value(self, s: Floats, v: Floats) -> Floats:
        """The logarithm of the p-value, or above 0 where there is no evidence."""
