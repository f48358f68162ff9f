"""Two detectors that know nothing, for seeing what a score means."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from truthlag.verdict.detectors.value_array import value_array


class AlwaysFires:
    """Alarms at every value: it misses nothing, finds every change after one value, and is worth nothing.

    Example:
        >>> from truthlag.detectors import AlwaysFires
        >>> detector = AlwaysFires()
        >>> detector.drift_detected, detector.update(0.0), detector.drift_detected
        (False, True, True)
    """

    FIRES = True

    def __init__(self) -> None:
        self._has_alarmed = False

    def update(self, x: float) -> bool:  # noqa: ARG002 - that is what makes it a dummy
        """Take a value, which is not looked at.

        Example:
            >>> from truthlag.detectors import NeverFires
            >>> NeverFires().update(1.0)
            False
        """
        self._has_alarmed = self.FIRES
        return self.FIRES

    def update_many(self, values: Sequence[float] | np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Take values, and give the positions of the alarms: all or none.

        Example:
            >>> from truthlag.detectors import AlwaysFires
            >>> AlwaysFires().update_many([0, 0, 1])
            array([0, 1, 2])
        """
        taken = value_array("values", values).size
        self._has_alarmed = self.FIRES and (taken > 0 or self._has_alarmed)
        return np.arange(taken if self.FIRES else 0, dtype=np.int64)

    @property
    def drift_detected(self) -> bool:
        """Whether the last value alarmed.

        Example:
            >>> from truthlag.detectors import NeverFires
            >>> NeverFires().drift_detected
            False
        """
        return self._has_alarmed

    def reset(self) -> None:
        """Start afresh.

        Example:
            >>> from truthlag.detectors import AlwaysFires
            >>> detector = AlwaysFires()
            >>> detector.update(0.0)
            True
            >>> detector.reset()
            >>> detector.drift_detected
            False
        """
        self._has_alarmed = False

    def __repr__(self) -> str:
        """The call that makes it."""
        return f"{type(self).__name__}()"


class NeverFires(AlwaysFires):
    """Never alarms: it has no false alarm, finds nothing, and is worth nothing.

    Example:
        >>> from truthlag.detectors import NeverFires
        >>> NeverFires().update_many([0, 0, 1])
        array([], dtype=int64)
    """

    FIRES = False
