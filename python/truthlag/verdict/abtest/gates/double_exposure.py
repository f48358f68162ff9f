"""Units that were seen in more than one arm."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.gates.gate import Gate, Status
from truthlag.verdict.abtest.statistics.checks import count
from truthlag.verdict.detectors.parameters import share


@dataclass(frozen=True, slots=True)
class DoubleExposure:
    """How many units were seen in more than one arm.

    Made by `double_exposure`, or from counts that a live test keeps.

    Args:
        units: Different units in all arms together.
        units_in_several: Those that were seen in more than one arm.
        tolerance: The share of such units up to which leaving them out is enough, between 0 and 1.
        alpha: The probability with which the gate ever fails while the share is within the tolerance.
        by_arm: Different units of each arm, where they are known.
        in_several: The units themselves, where they are known.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is not allowed.

    Example:
        >>> from truthlag.abtest import DoubleExposure
        >>> seen = DoubleExposure(units=10_000, units_in_several=120)
        >>> seen.share, seen.gate().status
        (0.012, 'failed')
    """

    units: int
    units_in_several: int
    tolerance: float = 0.001
    alpha: float = 0.01
    by_arm: dict[str, int] | None = None
    in_several: frozenset[Hashable] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", count("units", self.units))
        object.__setattr__(
            self, "units_in_several", count("units_in_several", self.units_in_several, self.units, "units")
        )
        share("tolerance", self.tolerance)
        share("alpha", self.alpha)

    @property
    def share(self) -> float | None:
        """The share of the units that were seen in more than one arm; None without units."""
        return self.units_in_several / self.units if self.units else None

    def gate(self) -> Gate:
        """What it says as a gate: failed where the share is above the tolerance beyond chance.

        The lower limit of the share is anytime-valid (`BetaBinomialSequence`).

        Cost: some microseconds.

        Example:
            >>> from truthlag.abtest import DoubleExposure
            >>> print(DoubleExposure(units=10_000, units_in_several=3).gate())
            double_exposure: passed. 3 of 10,000 units (0.03%) were seen in more than one arm. Leave them out of every arm.
        """
        lower = self._lower_limit()
        numbers: dict[str, Any] = {
            "units": self.units,
            "units_in_several": self.units_in_several,
            "share": self.share,
            "lower_limit": lower,
            "tolerance": self.tolerance,
            "alpha": self.alpha,
            "by_arm": None if self.by_arm is None else dict(self.by_arm),
        }
        status: Status = "passed"
        if lower is None:
            status, reason = "not_run", "there are no units yet."
        elif not self.units_in_several:
            reason = f"none of {self.units:,} units was seen in more than one arm."
        else:
            seen = f"{self.units_in_several:,} of {self.units:,} units ({self.units_in_several / self.units:.2%})"
            reason = f"{seen} were seen in more than one arm."
            if lower > self.tolerance:
                status = "failed"
                reason += (
                    f" That is more than {self.tolerance:.2%}: the assignment does not stick (an id that changes between devices,"
                    " a salt or shares that moved units, a cache). Mend it and begin anew: leaving the units out does not do"
                    " where arms drive them away unequally."
                )
            else:
                reason += " Leave them out of every arm."
        return Gate("double_exposure", status, reason, numbers)

    def _lower_limit(self) -> float | None:
        if not self.units:
            return None
        from truthlag.verdict.sequences import BetaBinomialSequence

        # The rate is looked at near the tolerance, not anywhere from 0 to 1.
        sequence = BetaBinomialSequence(self.alpha, side="lower", prior=(1.0, 1 / self.tolerance))
        sequence.update_counts(self.units_in_several, self.units)
        return sequence.interval[0]


def double_exposure(
    exposures: Mapping[str, Iterable[Hashable]], *, tolerance: float = 0.001, alpha: float = 0.01
) -> DoubleExposure:
    """The units that were seen in more than one arm, from the units of each arm.

    Args:
        exposures: The ids of the units that each arm has seen, by arm; an id may come any number of times.
        tolerance: The share of such units up to which leaving them out is enough.
        alpha: The level of the gate.

    Returns:
        Their count and share, the units themselves (`in_several`), and a gate.

    Raises:
        TypeError: An argument has the wrong type, or an id does not hash.
        ValueError: There are fewer than two arms, or an argument is not allowed.

    Cost: in proportion to the ids; memory too.

    Example:
        >>> from truthlag.abtest import double_exposure
        >>> seen = double_exposure({"control": ["ann", "bob", "ann"], "treatment": ["cid", "bob"]})
        >>> seen.units, seen.units_in_several, sorted(seen.in_several), seen.by_arm
        (3, 1, ['bob'], {'control': 2, 'treatment': 2})
    """
    if not isinstance(exposures, Mapping):
        raise TypeError(f"exposures must be a mapping from arm to ids, got {described(exposures)}")
    if len(exposures) < 2:
        raise ValueError(f"exposures must be of two arms or more, got {len(exposures)}")
    everyone: set[Hashable] = set()
    several: set[Hashable] = set()
    by_arm: dict[str, int] = {}
    for arm, ids in exposures.items():
        if not isinstance(arm, str):
            raise TypeError(f"exposures must have arms of type str, got {described(arm)}")
        units = _different(arm, ids)
        by_arm[arm] = len(units)
        several |= everyone & units
        everyone |= units
    return DoubleExposure(len(everyone), len(several), tolerance, alpha, by_arm, frozenset(several))


def _different(arm: str, ids: Any) -> set[Hashable]:
    if isinstance(ids, str | bytes):
        raise TypeError(f"exposures[{arm!r}] must be ids of units, got {described(ids)}")
    try:
        # Arrays hash as Python's values; the same ids only once.
        return set(np.unique(ids).tolist() if isinstance(ids, np.ndarray) and ids.dtype != object else ids)
    except TypeError as error:
        raise TypeError(f"exposures[{arm!r}] must be ids of units that hash, got {described(ids)}") from error
