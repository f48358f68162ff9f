"""Detectors that have seen nothing yet, and where they alarm."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.detectors.watched import WatchedDetector
from truthlag.verdict.evaluation.dummies import AlwaysFires

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Places: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


class DriftDetector(Protocol):
    """What a detector must have to be evaluated: those of `truthlag.detectors` and River's do.

    Example:
        >>> from truthlag.detectors import Scenario, evaluate
        >>> class TenErrors:
        ...     def __init__(self):
        ...         self.errors = 0
        ...     def update(self, x):
        ...         self.errors += x
        ...     @property
        ...     def drift_detected(self):
        ...         return self.errors == 10
        >>> TenErrors().drift_detected
        False
        >>> result = evaluate(TenErrors, Scenario(history=0, length=100), runs=50, horizon=100).results[0]
        >>> 0 < result.informedness.value < 0.5
        True
    """

    @property
    def drift_detected(self) -> bool:
        """Whether the last value alarmed."""
        ...

    def update(self, x: float) -> Any:
        """Take a value; what is returned is not looked at.

        Example:
            >>> from truthlag.detectors import DDM
            >>> DDM().update(0.0)
            False
        """
        ...


ALLOWED = "a detector (with update and drift_detected), its class, or a function that makes one"


def maker(detector: Any) -> Callable[[], Any]:
    """What makes one detector like this after the other.

    Raises:
        TypeError: It is no detector and makes none.
    """
    if not isinstance(detector, type) and is_detector(detector):
        return lambda: fresh(detector)
    if not callable(detector):
        raise TypeError(f"detector must be {ALLOWED}, got {described(detector)}")
    make: Callable[[], Any] = detector
    checked(make())
    return make


def is_detector(detector: Any) -> bool:
    """Whether it has what a detector has."""
    return callable(getattr(detector, "update", None)) and hasattr(detector, "drift_detected")


def checked(made: Any) -> Any:
    """What a function made, if it is a detector."""
    if isinstance(made, type) or not is_detector(made):
        raise TypeError(f"detector must be {ALLOWED}, got a function that makes {described(made)}")
    return made


def fresh(detector: Any) -> Any:
    """One with the same parameters that has seen nothing; the given one stays as it is."""
    if isinstance(detector, WatchedDetector):
        return type(detector)(**detector.parameters)
    # River's way to the same.
    clone = getattr(detector, "clone", None)
    if callable(clone):
        return clone()
    other = copy.deepcopy(detector)
    reset = getattr(other, "reset", None)
    if callable(reset):
        reset()
    return other


def twin(detector: Any) -> Any:
    """One that has seen the same."""
    return copy.copy(detector) if isinstance(detector, WatchedDetector) else copy.deepcopy(detector)


def alarm_places(detector: Any, values: Floats) -> Places:
    """The 0-based places of all values at which it alarms; one whose alarm stands until it is reset is reset."""
    if isinstance(detector, WatchedDetector) and detector.parameters["reset"] == "manual":
        return _answered(detector, values)
    if isinstance(detector, WatchedDetector | AlwaysFires):
        return detector.update_many(values)
    places = []
    for place, value in enumerate(values.tolist()):
        detector.update(value)
        if detector.drift_detected:
            places.append(place)
    return np.array(places, dtype=np.int64)


def first_alarm_place(detector: Any, values: Floats) -> int | None:
    """The 0-based place of the first value at which it alarms, or None; those after it need not have been looked at."""
    if isinstance(detector, WatchedDetector):
        alarms = detector.update_many(values)
        return int(alarms[0]) if alarms.size else None
    for place, value in enumerate(values.tolist()):
        detector.update(value)
        if detector.drift_detected:
            return place
    return None


def _answered(detector: WatchedDetector, values: Floats) -> Places:
    places = []
    begin = 0
    while begin < values.size:
        found = detector.update_many(values[begin:])
        if found.size == 0:
            break
        begin += int(found[0]) + 1
        places.append(begin - 1)
        detector.reset()
    return np.array(places, dtype=np.int64)
