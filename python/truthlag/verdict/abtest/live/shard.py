"""What one process has seen of a test: who was exposed to what and when, and what came of it.

Events are logged while a request waits. So nothing here takes long at once, however much there is: the index of the units is many
small tables, which grow one at a time, and a copy is taken piece by piece while events go on.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Values of covariates are held as outcomes are, under their names after this character.
COVARIATE = "\0"
#: The code of no segment, and of no arm.
NONE = -1
#: Of a value, so that sums of squares are floats.
LARGEST = 1e100
#: Rows that are copied at once, in well under a millisecond.
_PIECE = 16_384
#: The first byte of a digest says in which table it is.
_TABLES = 256
_KIND_OF_DIGESTS = "S32"

#: Arm, time, segment and covariates of a unit.
_Row: TypeAlias = tuple[int, int, int, list[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A shard at one moment, as arrays that nobody changes; in one order, whatever the order of the calls was.

    Units are in order of their digests; segments and outcomes in order of their names; other arms in order of unit and arm; outcomes
    in order of unit, name, time, value and id.
    """

    version: int
    #: An array of 32 bytes each.
    digests: NDArray[np.bytes_]
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
            fewer = len(self.event_unit) <= len(other.event_unit) and len(self.digests) <= len(other.digests)
            return fewer and bool(np.isin(self.digests, other.digests, assume_unique=True).all())
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
        "_copied",
        "_covariates",
        "_digests",
        "_event_id",
        "_event_outcome",
        "_event_time",
        "_event_unit",
        "_event_value",
        "_index",
        "_others",
        "_outcomes",
        "_saved",
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
        self._index: list[dict[bytes, int]] = [{} for _ in range(_TABLES)]
        self._digests: list[bytes] = []
        #: Of the first units, which a copy is being taken of, those that have changed since it began, as they were.
        self._copied, self._saved = 0, dict[int, _Row]()
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
        return len(self._digests)

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
        return digest in self._index[digest[0]]

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
        if unit < self._copied and unit not in self._saved:
            self._saved[unit] = held, self._time[unit], self._segment[unit], [one[unit] for one in self._covariates]
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

    def begin_copy(self) -> ShardCopy:
        """A copy of what there is now, still empty; it is filled while events go on. One at a time."""
        self._copied, self._saved = self.units, {}
        return ShardCopy(
            self,
            self.version,
            self.units,
            self.events,
            dict(self._others),
            list(self._segment_names),
            list(self._outcomes),
            self.dropped_units,
            self.dropped_events,
        )

    def end_copy(self) -> dict[int, _Row]:
        """The units that have changed since, as they were."""
        saved, self._copied, self._saved = self._saved, 0, {}
        return saved

    def columns(self) -> Columns:
        """All of it in its one order, where no event comes meanwhile."""
        copy = self.begin_copy()
        copy.fill()
        return copy.columns(self.end_copy())

    def _unit(self, digest: bytes) -> int:
        table = self._index[digest[0]]
        unit = table.get(digest)
        if unit is None:
            unit = table[digest] = len(self._digests)
            self._digests.append(digest)
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


class ShardCopy:
    """The events of one process up to a moment."""

    def __init__(
        self,
        shard: Shard,
        version: int,
        units: int,
        events: int,
        others: dict[tuple[int, int], int],
        segment_names: list[str],
        outcomes: list[str],
        dropped_units: int,
        dropped_events: int,
    ) -> None:
        self._shard, self._version, self._units, self._events = shard, version, units, events
        self._others, self._segment_names, self._outcomes = others, segment_names, outcomes
        self._dropped_units, self._dropped_events = dropped_units, dropped_events
        self._digests = np.empty(units, _KIND_OF_DIGESTS)
        self._arm, self._time = np.empty(units, np.int16), np.empty(units, np.int64)
        self._segment = np.empty(units, np.int32)
        self._covariates = np.empty((len(shard._covariates), units))
        self._event_unit, self._event_time = np.empty(events, np.int64), np.empty(events, np.int64)
        self._event_outcome, self._event_value = np.empty(events, np.int32), np.empty(events)
        self._event_id = np.empty(events, np.uint64)

    def fill(self) -> None:
        """Copy the columns, piece by piece: they grow meanwhile, and units that change are saved as they were."""
        shard = self._shard
        # A slice of an array is one step, in which no other thread makes it grow.
        for start in range(0, self._units, _PIECE):
            piece = slice(start, min(start + _PIECE, self._units))
            self._digests[piece] = np.frombuffer(b"".join(shard._digests[piece]), _KIND_OF_DIGESTS)
            self._arm[piece], self._time[piece] = shard._arm[piece], shard._time[piece]
            self._segment[piece] = shard._segment[piece]
            for place, column in enumerate(shard._covariates):
                self._covariates[place, piece] = column[piece]
        for start in range(0, self._events, _PIECE):
            piece = slice(start, min(start + _PIECE, self._events))
            self._event_unit[piece], self._event_time[piece] = shard._event_unit[piece], shard._event_time[piece]
            self._event_outcome[piece], self._event_value[piece] = (
                shard._event_outcome[piece],
                shard._event_value[piece],
            )
            self._event_id[piece] = shard._event_id[piece]

    def columns(self, saved: Mapping[int, _Row]) -> Columns:
        """All of it in its one order.

        Args:
            saved: What `Shard.end_copy` gave.
        """
        for unit, (was, when, code, values) in saved.items():
            self._arm[unit], self._time[unit], self._segment[unit] = was, when, code
            self._covariates[:, unit] = values
        # Compared as texts of 32 bytes, which is their order.
        old = np.argsort(self._digests, kind="stable")
        new = np.empty(self._units, np.int64)
        new[old] = np.arange(self._units)
        outcomes, outcome_code = _in_order(self._outcomes)
        segment, arm, time = self._segment[old], self._arm[old], self._time[old]
        covariates = self._covariates[:, old]
        rows = [(int(new[unit]), other, when) for (unit, other), when in self._others.items()]
        if rows:
            rows = _settled(rows, arm, time, segment, covariates)
        # Those of exposures that an earlier one has taken the place of are of none.
        used = np.flatnonzero(np.bincount(segment + 1, minlength=1)[1:]).tolist()
        segments, in_order = _in_order([self._segment_names[code] for code in used])
        codes = np.full(len(self._segment_names) + 1, NONE, np.int32)
        codes[used] = in_order
        # The code of none is the last place.
        segment = codes[segment]
        others = np.array(rows, np.int64).reshape(-1, 3)
        event_unit: NDArray[np.int64] = new[self._event_unit]
        outcome = outcome_code[self._event_outcome]
        order = np.lexsort((self._event_id, self._event_value, self._event_time, outcome, event_unit))
        return Columns(
            self._version,
            self._digests[old],
            arm,
            time,
            segment,
            covariates,
            others[:, 0].copy(),
            others[:, 1].astype(np.int16),
            others[:, 2].copy(),
            event_unit[order],
            outcome[order],
            self._event_time[order],
            self._event_value[order],
            self._event_id[order],
            tuple(segments),
            tuple(outcomes),
            self._dropped_units,
            self._dropped_events,
        )


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
