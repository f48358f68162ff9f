"""What all confidence sequences share: arrays of values, bytes and back, their text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import choice, flag, real, share
from truthlag.verdict.detectors.state_bytes import call_of, packed, restored
from truthlag.verdict.detectors.value_array import value_array

SIDES = ("both", "lower", "upper")
MAGIC = b"TRUTHLAG-SEQUENCE"


class ConfidenceSequence(_core.ConfidenceSequence):
    """An interval for a rate or a mean that may be looked at after every value.

    With probability `1 - alpha` the mean lies in every interval that is ever shown, however often one looks and for whatever
    reason one stops (an interval for a fixed number of values, looked at again and again, misses it sooner or later). For that
    each value must have, given those before it, the same mean; nothing else is asked of them but their bounds.

    This is the common base, for `isinstance`; make one of `BetaBinomialSequence` (a rate), `BettingSequence` (a mean, the
    narrowest) and `EmpiricalBernsteinSequence` (a mean, the cheapest).

    Raises:
        TypeError: It is made itself.

    Example:
        >>> from truthlag.detectors import BetaBinomialSequence, ConfidenceSequence
        >>> sequence = BetaBinomialSequence(alpha=0.05)
        >>> sequence.update_many([0, 0, 0, 0, 1] * 100)
        >>> low, high = sequence.interval
        >>> print(f"{sequence.estimation:.2f} of {sequence.n}, from {low:.3f} to {high:.3f}")
        0.20 of 500, from 0.143 to 0.267
        >>> isinstance(sequence, ConfidenceSequence), sequence.is_empty
        (True, False)
    """

    KIND: ClassVar[str]

    _parameters: dict[str, Any]

    def __init__(self) -> None:
        raise TypeError("a ConfidenceSequence is not made itself: make one of its subclasses")

    def _begin(
        self,
        alpha: float,
        side: str,
        running_intersection: bool,
        bounds: tuple[float, float],
        own: dict[str, Any],
        numbers: list[float],
    ) -> None:
        """Starts one whose parameters of its own are checked: as a user gives them, and as the core takes them."""
        level = share("alpha", alpha)
        choice("side", side, SIDES)
        running = bool(flag("running_intersection", running_intersection))
        self._initialise(self.KIND, level, side, running, numbers, *bounds)
        self._parameters = {"alpha": level, "side": side, **own, "running_intersection": running}

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name; a new dict.

        Example:
            >>> from truthlag.detectors import EmpiricalBernsteinSequence
            >>> EmpiricalBernsteinSequence(bounds=(0, 24)).parameters
            {'alpha': 0.05, 'side': 'both', 'bounds': (0.0, 24.0), 'running_intersection': False}
        """
        return dict(self._parameters)

    def update_many(self, values: Sequence[float] | np.ndarray[Any, Any]) -> None:
        """Take the next values in order: the same as one `update` for each.

        Cost: that of the class a value; other threads run meanwhile where there are many.

        Args:
            values: A list, a tuple, or an array of one dimension, of ints, floats or bools.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or they have not one dimension. The sequence is as before.

        Example:
            >>> from truthlag.detectors import EmpiricalBernsteinSequence
            >>> sequence = EmpiricalBernsteinSequence()
            >>> sequence.update_many([0.25, 0.5, 0.75])
            >>> sequence.estimation
            0.5
        """
        self._update_many(value_array("values", values))

    def to_bytes(self) -> bytes:
        """The sequence as bytes, with its parameters and all that it has seen.

        Returns:
            Bytes with a format version and a checksum, for `from_bytes`.

        Example:
            >>> from truthlag.detectors import BetaBinomialSequence
            >>> sequence = BetaBinomialSequence()
            >>> sequence.update_many([0, 0, 1])
            >>> BetaBinomialSequence.from_bytes(sequence.to_bytes()).n
            3
        """
        return packed(MAGIC, self.KIND, self._parameters, self._state())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The sequence that `to_bytes` wrote.

        Args:
            data: What `to_bytes` of the same class gave.

        Returns:
            A sequence that goes on where the other one was.

        Raises:
            TypeError: `data` are no bytes.
            ValueError: They are damaged, of another class, or of a version that this one does not know.

        Example:
            >>> from truthlag.detectors import BettingSequence
            >>> BettingSequence.from_bytes(BettingSequence(grid=50).to_bytes()).parameters["grid"]
            50
        """
        return restored(cls, MAGIC, "a confidence sequence", data)

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy, by way of the bytes."""
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        """The call that makes one with the same parameters."""
        return call_of(self)


def checked_bounds(bounds: Any) -> tuple[float, float]:
    """A lower and an upper bound, of which the difference is a finite number too."""
    allowed = "a tuple of two finite numbers, the lower one first"
    if not isinstance(bounds, tuple | list):
        raise TypeError(f"bounds must be {allowed}, got {described(bounds)}")
    if len(bounds) != 2:
        raise ValueError(f"bounds must be {allowed}, got {len(bounds)} values")
    low, high = (real(f"bounds[{place}]", bound, -1e300, 1e300) for place, bound in enumerate(bounds))
    if not low < high:
        raise ValueError(f"bounds must be {allowed}, got {low:g} and {high:g}")
    return low, high
