"""What one process has seen of a test: who was exposed to what and when, and what came of it."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The code of no segment, and of no arm.
NONE = -1
#: Of a value, so that sums of squares are floats.
LARGEST = 1e100


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A shard at one moment, as arrays that nobody changes; in one order, whatever the order of the calls was.

    Units are in order of their digests; segments and outcomes in order of their names; other arms in order of unit and arm; outcomes
    in order of unit, name, time, value and id.
    """

    version: int
    digests: list[bytes]
    arm: NDArray[np.int16]
    time: NDArray[np.int64]
    segment: NDArray[np.int32]
    covariates: NDArray[np.float64]
    other_unit: NDArray[np.int64]
    other_arm: NDArray[np.int16]
    other_time: NDArray[np.int64]
    event_unit: NDArray[np.int64]
    event_outcome: NDArray[np.int32]
    event_time: NDArray[np.int64]
    event_value: NDArray[np.float64]
    event_id: NDArray[np.uint64]
    segments: tuple[str, ...]
    outcomes: tuple[str, ...]
    dropped_units: int
    dropped_events: int

    def may_grow_to(self, other: Columns) -> bool:
        """Whether this can be an earlier state of another one: by all numbers if neither has seen more, else by the units."""
        if self.version != other.version:
            return len(self.event_unit) <= len(other.event_unit) and set(self.digests).issubset(other.digests)
        return all(
            np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
            if isinstance(mine, np.ndarray)
            else mine == theirs
            for mine, theirs in ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        )


class Shard:
    """The events of one process, in columns that grow. It is not locked.

    A unit takes some 170 bytes, mostly for its 32-byte hash and its place in a dict; an outcome takes 38.

    Args:
        covariates: How many there are.
    """

    __slots__ = (
        "_arm",
        "_covariates",
        "_event_id",
        "_event_outcome",
        "_event_time",
        "_event_unit",
        "_event_value",
        "_index",
        "_others",
        "_outcomes",
        "_segment",
        "_segment_names",
        "_segments",
        "_time",
        "dropped_events",
        "dropped_units",
        "version",
    )

    def __init__(self, covariates: int) -> None:
        self.version = self.dropped_units = self.dropped_events = 0
        self._index: dict[bytes, int] = {}
        self._arm, self._time, self._segment = array("h"), array("q"), array("i")
        self._covariates = [array("d") for _ in range(covariates)]
        self._others: dict[tuple[int, int], int] = {}
        self._segments: dict[str, int] = {}
        self._segment_names: list[str] = []
        self._outcomes: dict[str, int] = {}
        self._event_unit, self._event_time = array("q"), array("q")
        self._event_outcome, self._event_value, self._event_id = array("i"), array("d"), array("Q")

    @property
    def units(self) -> int:
        """How many are known, exposed or not."""
        return len(self._index)

    @property
    def events(self) -> int:
        """How many outcomes are held."""
        return len(self._event_unit)

    @property
    def segments(self) -> int:
        """How many segments were seen."""
        return len(self._segments)

    def knows(self, digest: bytes) -> bool:
        """Whether the unit takes no more memory."""
        return digest in self._index

    def knows_segment(self, segment: str) -> bool:
        """Whether it was seen."""
        return segment in self._segments

    def expose(self, digest: bytes, arm: int, time: int, segment: str | None, covariates: Sequence[float]) -> None:
        """A unit has seen an arm. The first exposure counts, by its time."""
        self.version += 1
        unit = self._unit(digest)
        held = self._arm[unit]
        if held == arm:
            # Mostly a later one of a unit that is known.
            if time > self._time[unit] or self._key(unit) <= _key(time, segment, covariates):
                return
        elif held != NONE:
            before = self._others.get((unit, arm))
            if before is None or time < before:
                self._others[unit, arm] = time
            return
        self._arm[unit], self._time[unit] = arm, time
        self._segment[unit] = NONE if segment is None else self._segment_code(segment)
        for column, value in zip(self._covariates, covariates, strict=True):
            column[unit] = value

    def outcome(self, digest: bytes, name: str, value: float, time: int, event_id: int) -> None:
        """Something came of a unit, exposed already or not."""
        self.version += 1
        self._event_unit.append(self._unit(digest))
        self._event_outcome.append(self._outcomes.setdefault(name, len(self._outcomes)))
        self._event_time.append(time)
        # Zero has no sign.
        self._event_value.append(value + 0.0)
        self._event_id.append(event_id)

    def copy(self) -> Shard:
        """One that does not grow with this one."""
        made = Shard(len(self._covariates))
        for name in self.__slots__:
            value = getattr(self, name)
            if name == "_covariates":
                value = [column[:] for column in value]
            elif not isinstance(value, int):
                value = value[:] if isinstance(value, array | list) else dict(value)
            setattr(made, name, value)
        return made

    def columns(self) -> Columns:
        """All of it in its one order."""
        held = list(self._index)
        # Compared as texts of 32 bytes, which is their order.
        old = np.argsort(np.frombuffer(b"".join(held), dtype="S32"), kind="stable")
        digests = [held[place] for place in old.tolist()]
        new = np.empty(len(digests), np.int64)
        new[old] = np.arange(len(digests))
        outcomes, outcome_code = _in_order(list(self._outcomes))
        segment = _taken(self._segment, np.int32)[old]
        arm, time = _taken(self._arm, np.int16)[old], _taken(self._time, np.int64)[old]
        covariates = np.empty((len(self._covariates), len(digests)))
        for place, column in enumerate(self._covariates):
            covariates[place] = _taken(column, np.float64)[old]
        rows = [(int(new[unit]), other, when) for (unit, other), when in self._others.items()]
        if rows:
            rows = _settled(rows, arm, time, segment, covariates)
        # Those of exposures that an earlier one has taken the place of are of none.
        used = np.unique(segment[segment != NONE]).tolist()
        segments, in_order = _in_order([self._segment_names[code] for code in used])
        codes = np.full(len(self._segment_names) + 1, NONE, np.int32)
        codes[used] = in_order
        # The code of none is the last place.
        segment = codes[segment]
        others = np.array(rows, np.int64).reshape(-1, 3)
        unit = new[_taken(self._event_unit, np.int64)] if self.events else np.empty(0, np.int64)
        outcome = _taken(self._event_outcome, np.int32)
        outcome = outcome_code[outcome] if self.events else outcome
        when, value, event_id = (
            _taken(self._event_time, np.int64),
            _taken(self._event_value, np.float64),
            _taken(self._event_id, np.uint64),
        )
        order = np.lexsort((event_id, value, when, outcome, unit))
        return Columns(
            self.version,
            digests,
            arm,
            time,
            segment,
            covariates,
            others[:, 0].copy(),
            others[:, 1].astype(np.int16),
            others[:, 2].copy(),
            unit[order],
            outcome[order].astype(np.int32),
            when[order],
            value[order],
            event_id[order],
            tuple(segments),
            tuple(outcomes),
            self.dropped_units,
            self.dropped_events,
        )

    @classmethod
    def of_columns(cls, columns: Columns) -> Shard:
        """The shard that such columns are of."""
        made = cls(len(columns.covariates))
        made.version = columns.version
        made.dropped_units, made.dropped_events = columns.dropped_units, columns.dropped_events
        made._index = {digest: place for place, digest in enumerate(columns.digests)}
        made._arm.frombytes(columns.arm.astype(np.int16).tobytes())
        made._time.frombytes(columns.time.astype(np.int64).tobytes())
        made._segment.frombytes(columns.segment.astype(np.int32).tobytes())
        for place, column in enumerate(made._covariates):
            column.frombytes(columns.covariates[place].tobytes())
        rows = zip(columns.other_unit.tolist(), columns.other_arm.tolist(), columns.other_time.tolist(), strict=True)
        made._others = {(unit, arm): time for unit, arm, time in rows}
        made._segment_names = list(columns.segments)
        made._segments = {name: place for place, name in enumerate(columns.segments)}
        made._outcomes = {name: place for place, name in enumerate(columns.outcomes)}
        made._event_unit.frombytes(columns.event_unit.astype(np.int64).tobytes())
        made._event_outcome.frombytes(columns.event_outcome.astype(np.int32).tobytes())
        made._event_time.frombytes(columns.event_time.astype(np.int64).tobytes())
        made._event_value.frombytes(columns.event_value.astype(np.float64).tobytes())
        made._event_id.frombytes(columns.event_id.astype(np.uint64).tobytes())
        return made

    def _unit(self, digest: bytes) -> int:
        unit = self._index.get(digest)
        if unit is None:
            unit = self._index[digest] = len(self._index)
            self._arm.append(NONE)
            self._time.append(0)
            self._segment.append(NONE)
            for column in self._covariates:
                column.append(math.nan)
        return unit

    def _segment_code(self, segment: str) -> int:
        code = self._segments.get(segment)
        if code is None:
            code = self._segments[segment] = len(self._segments)
            self._segment_names.append(segment)
        return code

    def _key(self, unit: int) -> tuple[Any, ...]:
        code = self._segment[unit]
        segment = None if code == NONE else self._segment_names[code]
        return _key(self._time[unit], segment, [column[unit] for column in self._covariates])


def _key(time: int, segment: str | None, covariates: Sequence[float]) -> tuple[Any, ...]:
    """Of exposures at one moment the least counts, so that their order does not matter."""
    return time, segment is None, segment or "", [math.inf if math.isnan(one) else one for one in covariates]


def _settled(
    rows: list[tuple[int, int, int]],
    arm: NDArray[np.int16],
    time: NDArray[np.int64],
    segment: NDArray[np.int32],
    covariates: NDArray[np.float64],
) -> list[tuple[int, int, int]]:
    """The units of several arms, so that it does not show which of them was logged first: that with the least number is."""
    by_unit: dict[int, list[tuple[int, int]]] = {}
    for unit, other, when in rows:
        by_unit.setdefault(unit, [(int(arm[unit]), int(time[unit]))]).append((other, when))
    settled = []
    for unit, seen in by_unit.items():
        seen.sort()
        (arm[unit], time[unit]), *rest = seen
        segment[unit] = NONE
        covariates[:, unit] = np.nan
        settled += [(unit, other, when) for other, when in rest]
    return sorted(settled)


def _in_order(names: list[str]) -> tuple[list[str], NDArray[np.int32]]:
    """The names in order, and for each of the old codes the new one."""
    order = sorted(range(len(names)), key=names.__getitem__)
    codes = np.empty(len(names), np.int32)
    codes[order] = np.arange(len(names), dtype=np.int32)
    return [names[place] for place in order], codes


def _taken(column: Any, dtype: Any) -> NDArray[Any]:
    """A copy, so that the column can go on growing."""
    return np.array(column, dtype=dtype)
