"""What all processes have seen, made one table of units and one of outcomes, as of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.live.shard import NONE, Columns

_LATEST = np.iinfo(np.int64).max
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Together:
    """Units in order of their hashes, and outcomes in order of unit, name, time and value: the same however events were split."""

    first: NDArray[np.uint64]
    """The number that decides the arm of each unit."""
    second: NDArray[np.uint64]
    """The number that decides whether it is exposed."""
    arm: NDArray[np.int16]
    """The arm that it saw first; -1 for units that were not exposed."""
    time: NDArray[np.int64]
    """When it did."""
    segment: NDArray[np.int32]
    """Its segment then; -1 for none."""
    covariates: NDArray[np.float64]
    """A row for each covariate."""
    in_several: NDArray[np.bool_]
    """Whether it saw another arm too."""
    seen: NDArray[np.int64]
    """How many units saw each arm."""
    event_unit: NDArray[np.int64]
    event_outcome: NDArray[np.int32]
    event_time: NDArray[np.int64]
    event_value: NDArray[np.float64]
    segments: tuple[str, ...]
    outcomes: tuple[str, ...]
    repeated: int
    """Outcomes that came more than once by their ids."""
    dropped_units: int
    dropped_events: int


def together(shards: Sequence[Columns], arms: int, covariates: int, now: int) -> Together:
    """The table of several shards; what happened after `now` has not happened yet.

    The earliest exposure of a unit counts. Outcomes of one unit, name and id count once: the earliest, and of those the least.
    """
    alone = len(shards) == 1
    digests = shards[0].digests if alone else _all([shard.digests for shard in shards])
    numbers = digests.view(">u8").reshape(-1, 4)
    segments = tuple(sorted(set().union(*(shard.segments for shard in shards))))
    outcomes = tuple(sorted(set().union(*(shard.outcomes for shard in shards))))
    exposures, events = [], []
    for shard in shards:
        unit = np.arange(len(digests))
        if not alone:
            unit = np.searchsorted(digests, shard.digests)
        exposures += _exposures(shard, unit, _codes(shard.segments, segments))
        code = _codes(shard.outcomes, outcomes)
        events.append(
            (
                unit[shard.event_unit] if len(unit) else shard.event_unit,
                code[shard.event_outcome] if len(code) else shard.event_outcome,
                shard.event_time,
                shard.event_value,
                shard.event_id,
            )
        )
    arm, time, segment, values, several, seen = _first(exposures, len(digests), arms, covariates, now)
    happened, repeated = _events(events, now)
    return Together(
        numbers[:, 0].astype(np.uint64),
        numbers[:, 1].astype(np.uint64),
        arm,
        time,
        segment,
        values,
        several,
        seen,
        *happened,
        segments,
        outcomes,
        repeated,
        sum(shard.dropped_units for shard in shards),
        sum(shard.dropped_events for shard in shards),
    )


def _all(parts: Sequence[NDArray[np.bytes_]]) -> NDArray[np.bytes_]:
    """The digests of all parts in order, each once."""
    found = joined(parts)
    # It lets other threads go on, as np.unique does not.
    found.sort()
    return found[np.r_[True, found[1:] != found[:-1]]] if len(found) else found


def joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The parts one after another, copied piece by piece, so that no other thread waits for long."""
    if len(parts) == 1:
        return parts[0]
    found, at = np.empty(sum(map(len, parts)), parts[0].dtype), 0
    for part in parts:
        for start in range(0, len(part), _PIECE):
            piece = part[start : start + _PIECE]
            found[at : at + len(piece)] = piece
            at += len(piece)
    return found


def _codes(names: Sequence[str], all_names: Sequence[str]) -> NDArray[np.int32]:
    where = {name: place for place, name in enumerate(all_names)}
    return np.array([where[name] for name in names], np.int32)


_Rows = tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]


def _exposures(shard: Columns, unit: NDArray[np.int64], code: NDArray[np.int32]) -> list[_Rows]:
    """Unit, arm, time, segment and covariates of each exposure of a shard."""
    exposed = shard.arm != NONE
    segment = shard.segment[exposed].copy()
    named = segment != NONE
    segment[named] = code[segment[named]]
    own = (unit[exposed], shard.arm[exposed], shard.time[exposed], segment, shard.covariates[:, exposed])
    count = len(shard.other_unit)
    if not count:
        return [own]
    nothing = np.full((len(shard.covariates), count), np.nan)
    others = (unit[shard.other_unit], shard.other_arm, shard.other_time, np.full(count, NONE, np.int32), nothing)
    return [own, others]


def _first(
    exposures: list[_Rows], units: int, arms: int, covariates: int, now: int
) -> tuple[
    NDArray[np.int16],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.float64],
    NDArray[np.bool_],
    NDArray[np.int64],
]:
    """The first exposure of each unit, whether it saw another arm, and how many units saw each arm."""
    arm, time = np.full(units, NONE, np.int16), np.full(units, _LATEST, np.int64)
    segment, values = np.full(units, NONE, np.int32), np.full((covariates, units), np.nan)
    several = np.zeros(units, bool)
    if not exposures:
        return arm, time, segment, values, several, np.zeros(arms, np.int64)
    who, which, when, where = (joined([one[place] for one in exposures]) for place in range(4))
    what = np.concatenate([one[4] for one in exposures], axis=1)
    by_now = when <= now
    who, which, when, where, what = who[by_now], which[by_now], when[by_now], where[by_now], what[:, by_now]
    # Of exposures at one moment the one of the first segment, and of none last.
    rank = np.where(where == NONE, np.iinfo(np.int32).max, where)
    order = np.lexsort((*what[::-1], rank, which, when, who))
    who, which, when, where, what = who[order], which[order], when[order], where[order], what[:, order]
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]]) if len(who) else np.empty(0, np.intp)
    found = who[starts]
    arm[found], time[found], segment[found], values[:, found] = (
        which[starts],
        when[starts],
        where[starts],
        what[:, starts],
    )
    if len(starts):
        several[found] = np.minimum.reduceat(which, starts) != np.maximum.reduceat(which, starts)
    # Rows of a unit are in order of their time: those of one arm need not be neighbours.
    pairs = np.sort(who * arms + which)
    pairs = pairs[np.r_[True, pairs[1:] != pairs[:-1]]] % arms if len(pairs) else pairs
    return arm, time, segment, values, several, np.bincount(pairs.astype(np.int64), minlength=arms)


def _events(
    events: list[
        tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint64]]
    ],
    now: int,
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.float64]], int]:
    """The outcomes in order, each once, and how many were repeats."""
    unit, outcome, time, value, number = (joined([one[place] for one in events]) for place in range(5))
    by_now = time <= now
    unit, outcome, time, value, number = unit[by_now], outcome[by_now], time[by_now], value[by_now], number[by_now]
    repeated = 0
    if number.any():
        order = np.lexsort((value, time, number, outcome, unit))
        unit, outcome, time, value, number = unit[order], outcome[order], time[order], value[order], number[order]
        again = np.zeros(len(unit), bool)
        again[1:] = (
            (number[1:] != 0) & (number[1:] == number[:-1]) & (outcome[1:] == outcome[:-1]) & (unit[1:] == unit[:-1])
        )
        repeated = int(np.count_nonzero(again))
        unit, outcome, time, value = unit[~again], outcome[~again], time[~again], value[~again]
    order = np.lexsort((value, time, outcome, unit))
    return (unit[order], outcome[order].astype(np.int32), time[order], value[order]), repeated
