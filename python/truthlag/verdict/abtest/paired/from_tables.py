"""Pairs of two tables, or of two versions in one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.paired.join import codes, matched, missing
from truthlag.verdict.abtest.paired.table import binary, column_of, has_column, is_table, moments
from truthlag.verdict.abtest.paired.window import bounds, within


class _Part:
    """Some rows of a table."""

    __slots__ = ("_places", "_table")

    def __init__(self, table: Any, places: NDArray[np.intp]) -> None:
        self._table = table
        self._places = places

    @property
    def column_names(self) -> Any:
        names = getattr(self._table, "column_names", None)
        names = getattr(self._table, "columns", None) if names is None else names
        return list(self._table if names is None else names)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return np.asarray(self._table[name])[self._places]


def versions_of(log: Any, version: str, control: Any, treatment: Any) -> tuple[_Part, _Part]:
    """The rows of two versions."""
    column = column_of("log", log, version)
    parts = []
    for side, value in (("control", control), ("treatment", treatment)):
        places = np.flatnonzero(column == value)
        if not len(places):
            there = ", ".join(map(repr, np.unique(column.astype(str))[:10].tolist()))
            raise ValueError(f"{side} must be a value of {version!r} ({there}), got {described(value)}")
        parts.append(_Part(log, places))
    return parts[0], parts[1]


def columns_of_tables(control: Any, treatment: Any, on: Any, cluster: Any, **window: Any) -> dict[str, Any]:
    """The columns of `PairedRows`."""
    names = _names("on", on)
    start, end, now = bounds(window)
    keys = [
        [column_of(side, table, name) for name in names]
        for side, table in (("control", control), ("treatment", treatment))
    ]
    first, second = matched(keys[0], keys[1], names)
    unpaired = [len(keys[0][0]) - len(first), len(keys[1][0]) - len(second)]
    times = None
    if has_column(control, "timestamp"):
        times = moments("control['timestamp']", column_of("control", control, "timestamp"))
        if start is not None or end is not None:
            is_in = within(times[first], start, end)
            first, second = first[is_in], second[is_in]
    elif start is not None or end is not None:
        raise ValueError("control must have the column 'timestamp' where a window is given, got a table without it")
    labels, conflicts = _labels(control, treatment, first, second, now)
    columns: dict[str, Any] = {"labels": labels, "conflicting_labels": conflicts}
    for column in ("prediction", "score"):
        for side, table, places in (("control", control, first), ("treatment", treatment, second)):
            if has_column(table, column):
                columns[f"{side}_{column}s"] = column_of(side, table, column)[places]
    if times is not None:
        columns["times"] = times[first].astype("datetime64[us]")
    if isinstance(cluster, timedelta):
        columns["cluster"] = cluster
    elif cluster is not None:
        columns["cluster"] = codes([_cluster(control, name, first) for name in _names("cluster", cluster)])
    return {**columns, "unpaired_control": unpaired[0], "unpaired_treatment": unpaired[1]}


def _cluster(control: Any, name: str, places: NDArray[np.intp]) -> NDArray[Any]:
    column = column_of("control", control, name)[places]
    without = missing(column)
    if without.any():
        row = int(places[int(np.argmax(without))])
        raise ValueError(
            f"control[{name!r}][{row}] must be a cluster, got a missing value: no two of them need be one cluster"
        )
    return column


def _labels(
    control: Any, treatment: Any, first: NDArray[np.intp], second: NDArray[np.intp], now: int | None
) -> tuple[NDArray[np.float64], int]:
    """Those of the control; those of the treatment where it has none."""
    found = []
    for side, table, places in (("control", control, first), ("treatment", treatment, second)):
        if not has_column(table, "label"):
            found.append(np.full(len(places), np.nan))
            continue
        labels = binary(f"{side}['label']", column_of(side, table, "label"), may_miss=True)[places]
        if now is not None and has_column(table, "label_timestamp"):
            labels = np.where(_known_by(side, table, places, labels, now), labels, np.nan)
        found.append(labels)
    own, other = found
    conflicts = int(np.count_nonzero(~np.isnan(own) & ~np.isnan(other) & (own != other)))
    return np.where(np.isnan(own), other, own), conflicts


def _known_by(
    side: str, table: Any, places: NDArray[np.intp], labels: NDArray[np.float64], now: int
) -> NDArray[np.bool_]:
    arrivals = column_of(side, table, "label_timestamp")[places]
    is_known = ~np.isnan(labels)
    is_known[is_known] = moments(f"{side}['label_timestamp']", arrivals[is_known]) <= now
    return is_known


def _names(argument: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, str):
        return (names,)
    if isinstance(names, list | tuple) and names and all(isinstance(one, str) for one in names):
        return tuple(names)
    raise TypeError(f"{argument} must be the name of a column or a list of them, got {described(names)}")


__all__ = ["columns_of_tables", "is_table", "versions_of"]
