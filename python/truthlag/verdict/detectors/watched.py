"""What all detectors share: arrays of values, bytes and back, their text."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np

from truthlag import _core
from truthlag.verdict.detectors.parameters import choice
from truthlag.verdict.detectors.state_bytes import call_of, packed, restored
from truthlag.verdict.detectors.value_array import value_array

RESETS = ("auto", "manual", "never")
MAGIC = b"TRUTHLAG-DETECTOR"


class WatchedDetector(_core.Detector):
    """The common base of the detectors; not to be made itself."""

    KIND: ClassVar[str]

    _parameters: dict[str, Any]

    def _begin(self, parameters: dict[str, Any], numbers: list[float], reset: str) -> None:
        choice("reset", reset, RESETS)
        self._initialise(self.KIND, numbers, reset)
        self._parameters = {name: _plain(value) for name, value in parameters.items()} | {"reset": reset}

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, `reset` among them; a new dict.

        Example:
            >>> from truthlag.detectors import EDDM
            >>> EDDM(beta=0.8).parameters
            {'warm_start': 30, 'alpha': 0.95, 'beta': 0.8, 'reset': 'auto'}
        """
        return {name: list(value) if isinstance(value, list) else value for name, value in self._parameters.items()}

    def update_many(self, values: Sequence[float] | np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Take the next values in order: the same as one `update` for each.

        Cost: some nanoseconds a value; other threads run meanwhile where there are many.

        Args:
            values: A list, a tuple, or an array of one dimension, of ints, floats or bools.

        Returns:
            The 0-based positions in `values` of the alarms, as an array of int64: those for which `update` says True.

        Raises:
            TypeError: They are no numbers.
            ValueError: One of them is not allowed, or they have not one dimension. The detector is as before.

        Example:
            >>> from truthlag.detectors import DDM
            >>> DDM().update_many([0] * 100 + [1] * 100)
            array([100])
        """
        alarms = self._update_many(value_array("values", values))
        return np.array(alarms, dtype=np.int64)

    def _statistic(self, name: str) -> float:
        """One of the statistics that there is at any time."""
        value = self.statistics[name]
        return 0.0 if value is None else value

    def to_bytes(self) -> bytes:
        """The detector as bytes, with its parameters and all that it has seen.

        Returns:
            Bytes with a format version and a checksum, for `from_bytes`.

        Example:
            >>> from truthlag.detectors import DDM
            >>> detector = DDM()
            >>> detector.update_many([0] * 100).size
            0
            >>> DDM.from_bytes(detector.to_bytes()).update(1)
            True
        """
        return packed(MAGIC, self.KIND, self._parameters, self._state())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The detector that `to_bytes` wrote.

        Args:
            data: What `to_bytes` of the same class gave.

        Returns:
            A detector that goes on where the other one was.

        Raises:
            TypeError: `data` are no bytes.
            ValueError: They are damaged, of another class, or of a version that this one does not know.

        Example:
            >>> from truthlag.detectors import EDDM
            >>> EDDM.from_bytes(EDDM(warm_start=40).to_bytes()).parameters["warm_start"]
            40
        """
        return restored(cls, MAGIC, "a detector", data)

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy, by way of the bytes."""
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        """The call that makes one with the same parameters."""
        return call_of(self)


def _plain(value: Any) -> Any:
    """A checked parameter as JSON can hold it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, Integral) else float(value)
