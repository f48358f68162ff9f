"""What is judged, which way is better, how much loss is tolerated, and at which level."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.culprit import entry_name
from truthlag.verdict.degradation.known_metrics import BETA, UNJUDGED_UNLESS_NAMED
from truthlag.verdict.degradation.sample import Sample
from truthlag.verdict.directions import HIGHER_IS_BETTER

__all__ = ["Plan"]

_DEFAULT_MARGIN = 0.05
_DIRECTIONS = '"higher" or "lower", whichever is better'
_ONE_WAY = (*BETA, "balanced_accuracy")
_MARGIN = "a finite number of at least 0, in units of the metric"


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a detector that do not change with its baseline, checked."""

    metrics: tuple[str, ...] | None = None
    higher_is_better: Mapping[str, bool] = field(default_factory=dict)
    margins: float | Mapping[str, float] | None = None
    alpha: float = 0.05

    @classmethod
    def of(cls, metrics: Any, directions: Any, margins: Any, alpha: Any) -> Plan:
        """The plan of a detector's arguments.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A value is not allowed.
        """
        return cls(_names(metrics), _directions(directions), _margins(margins), _level(alpha))

    def names(self, baseline: Sample) -> tuple[str, ...]:
        """The metrics that are judged.

        Raises:
            ValueError: A metric is named in `metrics` or `margins` that the baseline does not have, or none is left.
        """
        if self.metrics is not None:
            names = self.metrics
            for name in names:
                if name not in baseline.levels:
                    raise ValueError(
                        f"metrics must name metrics of the baseline, got {described(name)}; it has {_listed(baseline)}"
                    )
        else:
            names = self._default_names(baseline)
        if not names:
            raise ValueError(
                "baseline_metrics must have a metric whose direction is known "
                f"({', '.join(HIGHER_IS_BETTER)}, or those in directions), got {_listed(baseline)}"
            )
        if isinstance(self.margins, Mapping):
            for name in self.margins:
                if name not in names:
                    raise ValueError(
                        f"margins must name metrics that are judged, got {described(name)}; they are {', '.join(names)}"
                    )
        return names

    def _default_names(self, baseline: Sample) -> tuple[str, ...]:
        """The metrics with a direction that the baseline has; all of them where it has no rows."""
        known = (*HIGHER_IS_BETTER, *(name for name in self.higher_is_better if name not in HIGHER_IS_BETTER))
        there = [
            name
            for name in known
            if name in baseline.levels and (name not in UNJUDGED_UNLESS_NAMED or name in self.higher_is_better)
        ]
        named = self.margins if isinstance(self.margins, Mapping) else {}
        with_value = [name for name in there if name in named or baseline.levels[name].metric.value is not None]
        return tuple(with_value or there)

    def directions_of(self, names: Iterable[str]) -> dict[str, bool]:
        """Whether higher is better, for each of them.

        Raises:
            ValueError: The direction of a metric is not known.
        """
        directions = {**HIGHER_IS_BETTER, **self.higher_is_better}
        for name in names:
            if name not in directions:
                raise ValueError(
                    f"directions must say of {name!r} whether it is {_DIRECTIONS}, since the library does not know it: "
                    f'directions={{{name!r}: "lower"}}'
                )
        return {name: directions[name] for name in names}

    def margin(self, name: str, baseline: float | None) -> float | None:
        """The loss of a metric that is tolerated; None without a baseline to take it from."""
        given = self.margins.get(name) if isinstance(self.margins, Mapping) else self.margins
        if given is not None:
            return given
        return None if baseline is None else _DEFAULT_MARGIN * abs(baseline)


def _listed(baseline: Sample) -> str:
    return ", ".join(baseline.levels) or "none"


def _names(metrics: Any) -> tuple[str, ...] | None:
    if metrics is None:
        return None
    allowed = "a sequence of the names of metrics, at least one, or None"
    if isinstance(metrics, str | bytes | Mapping) or not isinstance(metrics, Iterable):
        raise TypeError(f"metrics must be {allowed}, got {described(metrics)}")
    try:
        names = tuple(metrics)
    except SystemError as error:
        # A text of numpy's may hold characters that there are not.
        raise ValueError(f"metrics must be {allowed}, got names that cannot be read") from error
    for place, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"metrics[{place}] must be a str, got {described(name)}")
    if not names:
        raise ValueError(f"metrics must be {allowed}, got none")
    return tuple(dict.fromkeys(map(str, names)))


def _directions(directions: Any) -> dict[str, bool]:
    if directions is None:
        return {}
    if not isinstance(directions, Mapping):
        raise TypeError(
            f"directions must be a mapping of {_DIRECTIONS}, by metric, or None, got {described(directions)}"
        )
    for name, direction in directions.items():
        if not isinstance(name, str):
            raise TypeError(f"directions must have names of metrics as its keys, got {described(name)}")
        if not isinstance(direction, str):
            raise TypeError(f"{entry_name('directions', name)} must be {_DIRECTIONS}, got {described(direction)}")
        if direction not in {"higher", "lower"}:
            raise ValueError(f"{entry_name('directions', name)} must be {_DIRECTIONS}, got {described(direction)}")
        if name in _ONE_WAY and direction != "higher":
            raise ValueError(
                f'{entry_name("directions", name)} must be "higher", the only way it is tested, got {described(direction)}'
            )
    return {name: direction == "higher" for name, direction in directions.items()}


def _margins(margins: Any) -> float | dict[str, float] | None:
    if margins is None:
        return None
    if isinstance(margins, Mapping):
        for name in margins:
            if not isinstance(name, str):
                raise TypeError(f"margins must have names of metrics as its keys, got {described(name)}")
        return {name: _margin(entry_name("margins", name), value) for name, value in margins.items()}
    return _margin("margins", margins)


def _margin(name: str, value: Any) -> float:
    number = _real(name, value, _MARGIN)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{name} must be {_MARGIN}, got {described(value)}")
    return number


def _level(alpha: Any) -> float:
    allowed = "a number above 0 and below 0.5"
    number = _real("alpha", alpha, allowed)
    if not 0 < number < 0.5:
        raise ValueError(f"alpha must be {allowed}, got {described(alpha)}")
    return number


def _real(name: str, value: Any, allowed: str) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be {allowed}, got {described(value)}")
    try:
        return float(value)
    except OverflowError:
        return math.inf
