"""Which arm a unit is in, which units are exposed, and since when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.weights import arm_weights
from truthlag.verdict.abtest.live.moments import EARLIEST, LATEST
from truthlag.verdict.detectors.parameters import real

_WHOLE = 2**64
#: More changes of the allocation are no plan.
MOST_PERIODS = 1_000


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time in which one allocation holds."""

    start: int | None
    """Its first microsecond since the epoch; None for that of the first period, which has no beginning."""
    share: float
    """The share of the units that is exposed."""
    weights: tuple[float, ...]
    """The weights of the arms, as they were given: of the units that this period is the first to expose."""


@dataclass(frozen=True, slots=True)
class _Band:
    """Units that one period is the first to expose: those whose second number is up to `end`."""

    end: int
    period: int
    #: The last number of each arm with a weight, and the place of that arm.
    ends: tuple[int, ...]
    arms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """The arms, and the periods of a test.

    With `assigns`, the arm of a unit follows from its hash: units are ordered by their second number; a ramp exposes those up to its share;
    those that it is the first to expose are a band, in which arms are taken by the first number and the weights of the ramp. So
    the arm of a unit never changes, although the weights may. Without, arms are told from outside.
    """

    arms: tuple[str, ...]
    periods: tuple[Period, ...]
    assigns: bool = True
    _bands: tuple[_Band, ...] = field(init=False, repr=False, compare=False, default=())
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())
    _thresholds: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        bands, reached = [], 0
        for place, period in enumerate(self.periods):
            end = _threshold(Fraction(period.share))
            if end > reached:
                bands.append(_band(end, place, period.weights))
                reached = end
        object.__setattr__(self, "_bands", tuple(bands))
        object.__setattr__(self, "_thresholds", tuple(_threshold(Fraction(one.share)) for one in self.periods))
        object.__setattr__(self, "_starts", tuple(one.start or 0 for one in self.periods[1:]))

    @classmethod
    def begin(cls, arms: Any, weights: Any, share: Any, *, assigns: bool) -> Allocation:
        """The allocation of a test that begins."""
        names = _arm_names(arms)
        given = _weights(names, [1.0] * len(names) if weights is None else weights)
        return cls(names, (Period(None, real("share", share, 0.0, 1.0), given),), assigns)

    def ramp(self, share: Any, weights: Any, start: int) -> Allocation:
        """The same with one more period.

        Raises:
            TypeError: Something has the wrong type.
            ValueError: It begins before the last period does, changes nothing, or would move units between arms.
        """
        last = self.periods[-1]
        if len(self.periods) >= MOST_PERIODS:
            raise ValueError(f"a test may have {MOST_PERIODS} periods, and has them")
        if last.start is not None and start <= last.start:
            raise ValueError("at must be after the beginning of the last period, got one that is not")
        part = last.share if share is None else real("share", share, 0.0, 1.0)
        given = last.weights if weights is None else _weights(self.arms, weights)
        if (part, given) == (last.share, last.weights):
            raise ValueError("share or weights must be others than those of the last period, got the same")
        reached = max(one.share for one in self.periods)
        if self.assigns and given != last.weights and part <= reached:
            raise ValueError(
                f"weights must stay as they are up to a share of {reached:g}: those units have their arms, and other weights would"
                " move them; expose a larger share, of which the new units get the new weights, or begin another test"
            )
        return Allocation(self.arms, (*self.periods, Period(start, part, given)), self.assigns)

    def joined(self, other: Allocation) -> Allocation:
        """The longer one of two, of which one is the beginning of the other.

        Raises:
            ValueError: They are different.
        """
        shorter, longer = sorted((self.periods, other.periods), key=len)
        if longer[: len(shorter)] != shorter:
            raise ValueError("other must have the periods of this test, or the first of them, got others")
        return self if longer is self.periods else other

    def arm_of(self, digest: bytes, time: int) -> int | None:
        """The place of the arm of a unit; None where it is not exposed then."""
        second = int.from_bytes(digest[8:16], "big")
        if second >= self._thresholds[bisect_right(self._starts, time)]:
            return None
        for band in self._bands:
            if second <= band.end:
                return band.arms[bisect_left(band.ends, int.from_bytes(digest[:8], "big"))]
        return None

    def cells(self, second: NDArray[np.uint64], times: NDArray[np.int64]) -> tuple[NDArray[np.intp], list[str]]:
        """For each unit the stratum in which arms were taken with the same weights, and what it is called.

        That is the period of its first exposure and, where weights have changed, the band too: units of earlier bands come in later periods
        as well, but only those that are new. -1 for units that no period exposes.
        """
        period = np.searchsorted(np.array(self._starts, np.int64), times, "right")
        if not self.assigns:
            return period, [str(place + 1) for place in range(len(self.periods))]
        band = np.searchsorted(np.array([one.end for one in self._bands], np.uint64), second, "left")
        count = len(self._bands)
        names = [
            f"{place + 1}" if self.has_same_weights else f"{place + 1}, exposed since {one.period + 1}"
            for place in range(len(self.periods))
            for one in self._bands
        ]
        cell = period * count + (0 if self.has_same_weights else np.minimum(band, max(count - 1, 0)))
        return np.where(band < count, cell, -1), names

    def weights_of(self, cell: int) -> tuple[float, ...]:
        """The weights of the arms in a stratum of `cells`."""
        if not self.assigns:
            return self.periods[cell].weights
        return self.periods[self._bands[cell % len(self._bands)].period].weights

    def assigned(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.intp]:
        """The place of the arm of each unit, if it is exposed; -1 for units that no period exposes."""
        band = np.searchsorted(np.array([one.end for one in self._bands], np.uint64), second, "left")
        found = np.full(len(first), -1, np.intp)
        for place, one in enumerate(self._bands):
            mine = band == place
            ends = np.array(one.ends, np.uint64)
            found[mine] = np.array(one.arms, np.intp)[np.searchsorted(ends, first[mine], "left")]
        return found

    @property
    def has_same_weights(self) -> bool:
        """Whether the weights never changed."""
        return all(one.weights == self.periods[0].weights for one in self.periods)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "arms": list(self.arms),
            "assigns": self.assigns,
            "periods": [[one.start, one.share, list(one.weights)] for one in self.periods],
        }

    @classmethod
    def from_dict(cls, content: Any) -> Allocation:
        """From what `to_dict` gave, every part checked again."""
        arms, assigns, periods = content["arms"], content["assigns"], content["periods"]
        if not isinstance(assigns, bool) or not isinstance(periods, list) or not periods:
            raise ValueError("the allocation is none")
        _, share, weights = periods[0]
        found = cls.begin(arms, weights, share, assigns=assigns)
        for start, part, given in periods[1:]:
            if type(start) is not int or not EARLIEST <= start <= LATEST:
                raise ValueError("the allocation is none")
            found = found.ramp(part, given, start)
        return found


def _arm_names(arms: Any) -> tuple[str, ...]:
    if isinstance(arms, str | bytes) or not isinstance(arms, Sequence):
        raise TypeError(f"arms must be a sequence of names, the control first, got {described(arms)}")
    for arm in arms:
        if not isinstance(arm, str):
            raise TypeError(f"arms must be names of type str, got {described(arm)}")
        if not arm:
            raise ValueError("arms must be names, got an empty one")
    if len(set(arms)) != len(arms) or not 2 <= len(arms) <= 100:
        raise ValueError(f"arms must be from 2 to 100 different names, got {len(arms)}")
    return tuple(arms)


def _weights(arms: tuple[str, ...], weights: Any) -> tuple[float, ...]:
    """As they are given; that they are weights is checked."""
    arm_weights(weights, arms)
    given = [weights[arm] for arm in arms] if hasattr(weights, "keys") else list(weights)
    return tuple(float(one) for one in given)


def _threshold(share: Fraction) -> int:
    """How many of the 2^64 numbers are below a share."""
    return share.numerator * _WHOLE // share.denominator


def _band(end: int, period: int, weights: tuple[float, ...]) -> _Band:
    """Ends are those of exact sums of the weights, so that no rounding of theirs moves a unit."""
    exact = [Fraction(weight) for weight in weights]
    total, so_far = sum(exact), Fraction(0)
    ends, arms = [], []
    for place, weight in enumerate(exact):
        so_far += weight
        if weight:
            # The last number of the arm.
            ends.append(max(0, _threshold(so_far / total) - 1))
            arms.append(place)
    return _Band(end - 1, period, tuple(ends), tuple(arms))
