"""What is known of the values of an arm by their ranks."""

from __future__ import annotations

import base64
import binascii
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count
from truthlag.verdict.abtest.statistics.column import Floats

Places: TypeAlias = NDArray[np.int64]


class Ranks(Protocol):
    """Bounds of the order statistics of an arm. Ranks count from 1; rank 0 is below all values, and rank `rows` + 1 above them."""

    @property
    def rows(self) -> int:
        """How many values there are."""

    @property
    def least(self) -> float:
        """The least value that is known; infinite without any."""

    def steps(self, low: int, high: int, *, from_above: bool) -> Places:
        """The ranks from `low` to `high`, in ascending order, of which no other one is both further inside and as far out in value.

        With `from_above` ranks are counted from the largest value on, and so is the answer. Where less is known than is asked for,
        the answer begins with the innermost rank of which nothing is known.
        """

    def lower(self, ranks: Places) -> Floats:
        """What the values of ranks are at least: minus infinity where nothing is known."""

    def upper(self, ranks: Places) -> Floats:
        """What they are at most."""

    def middle(self, ranks: Places) -> Floats:
        """What they probably are."""

    def to_dict(self) -> dict[str, Any]:
        """The content and its kind, as a dict that `json.dumps` takes."""


class SortedRanks:
    """Values themselves: all of them, or those of neighbouring ranks."""

    KIND: ClassVar[str] = "sorted values"
    __slots__ = ("first", "rows", "values")

    def __init__(self, rows: int, values: Floats, first: int = 1) -> None:
        self.rows = rows
        self.first = first
        self.values = values

    @property
    def is_complete(self) -> bool:
        """Whether all values are known."""
        return len(self.values) == self.rows

    @property
    def least(self) -> float:
        """See `Ranks`."""
        return float(self.values[0]) if len(self.values) else np.inf

    def steps(self, low: int, high: int, *, from_above: bool) -> Places:
        """See `Ranks`."""
        unknown = self.rows - self.first - len(self.values) + 1 if from_above else self.first - 1
        return np.arange(min(high, max(low, unknown)), high + 1, dtype=np.int64)

    def lower(self, ranks: Places) -> Floats:
        """See `Ranks`."""
        return self._at(ranks, -np.inf, self.values[-1] if len(self.values) else -np.inf)

    def upper(self, ranks: Places) -> Floats:
        """See `Ranks`."""
        return self._at(ranks, self.values[0] if len(self.values) else np.inf, np.inf)

    def middle(self, ranks: Places) -> Floats:
        """See `Ranks`."""
        return self._at(ranks, np.nan, np.nan)

    def _at(self, ranks: Places, before: float, after: float) -> Floats:
        places = ranks - self.first
        if not len(self.values):
            return np.where(places < 0, before, after)
        inside = self.values[np.clip(places, 0, len(self.values) - 1)]
        # Below all values is below them, whatever is asked for.
        before_all = np.where(ranks <= 0, -np.inf, before)
        after_all = np.where(ranks > self.rows, np.inf, after)
        return np.where(places < 0, before_all, np.where(places >= len(self.values), after_all, inside))

    def to_dict(self) -> dict[str, Any]:
        """See `Ranks`; the values as base64 of their bytes, the lowest first."""
        return {"kind": self.KIND, "rows": self.rows, "first": self.first, "values": _text(self.values, "<f8")}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SortedRanks):
            return NotImplemented
        return (self.rows, self.first) == (other.rows, other.first) and np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self.values)} of {self.rows} values from rank {self.first}>"


class BinnedRanks:
    """Counts of values by bins: each value is known up to the ends of its bin."""

    KIND: ClassVar[str] = "bins"
    __slots__ = ("_ends", "counts", "highs", "lows", "rows")

    def __init__(self, lows: Floats, highs: Floats, counts: NDArray[np.uint64]) -> None:
        self.lows = lows
        self.highs = highs
        self.counts = counts
        self._ends = np.cumsum(counts, dtype=np.int64)
        self.rows = int(self._ends[-1]) if len(counts) else 0

    @property
    def least(self) -> float:
        """See `Ranks`."""
        return float(self.lows[0]) if len(self.lows) else np.inf

    def steps(self, low: int, high: int, *, from_above: bool) -> Places:
        """See `Ranks`; the innermost rank of each bin."""
        innermost = self.rows - self._ends[::-1] if from_above else self._ends
        inside = innermost[
            np.searchsorted(innermost, low, side="right") : np.searchsorted(innermost, high, side="left")
        ]
        return np.concatenate([[low], inside, [high] if high > low else []]).astype(np.int64)

    def lower(self, ranks: Places) -> Floats:
        """See `Ranks`."""
        return self._at(self.lows, ranks)

    def upper(self, ranks: Places) -> Floats:
        """See `Ranks`."""
        return self._at(self.highs, ranks)

    def middle(self, ranks: Places) -> Floats:
        """See `Ranks`."""
        return self._at(self.lows + (self.highs - self.lows) / 2, ranks)

    def _at(self, ends: Floats, ranks: Places) -> Floats:
        if not len(ends):
            return np.where(ranks <= 0, -np.inf, np.inf)
        bins = np.searchsorted(self._ends, ranks, side="left")
        inside = ends[np.minimum(bins, len(ends) - 1)]
        return np.where(ranks <= 0, -np.inf, np.where(bins >= len(ends), np.inf, inside))

    def to_dict(self) -> dict[str, Any]:
        """See `Ranks`."""
        return {
            "kind": self.KIND,
            "lows": _text(self.lows, "<f8"),
            "highs": _text(self.highs, "<f8"),
            "counts": _text(self.counts, "<u8"),
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BinnedRanks):
            return NotImplemented
        mine, theirs = (self.lows, self.highs, self.counts), (other.lows, other.highs, other.counts)
        return all(map(np.array_equal, mine, theirs))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self.rows} values in {len(self.lows)} bins>"


def ranks_from_dict(name: str, fields: Any) -> Ranks:
    """The ranks that `to_dict` wrote."""
    allowed = "what to_dict wrote of the values of an arm"
    if not isinstance(fields, dict):
        raise TypeError(f"{name} must be {allowed}, got {described(fields)}")
    names = {
        SortedRanks.KIND: ("rows", "first", "values"),
        BinnedRanks.KIND: ("lows", "highs", "counts"),
    }.get(str(fields.get("kind")))
    if names is None or set(fields) != {"kind", *names}:
        raise ValueError(f"{name} must be {allowed}, got other fields")
    if fields["kind"] == SortedRanks.KIND:
        return _sorted_ranks(name, fields)
    lows, highs = (_array(f"{name}[{end!r}]", fields[end], "<f8") for end in ("lows", "highs"))
    counts = _array(f"{name}['counts']", fields["counts"], "<u8")
    # One bin after the other, none of them empty.
    ends = np.column_stack([lows, highs]).ravel() if len(lows) == len(highs) == len(counts) else np.array([1.0, 0.0])
    is_possible = bool((np.diff(ends) >= 0).all() and (counts > 0).all() and counts.sum(dtype=np.float64) < 2**62)
    if not is_possible or not np.isfinite(lows).all():
        raise ValueError(f"{name} must have bins that hold something, in ascending order, got others")
    return BinnedRanks(lows, highs, counts)


def _sorted_ranks(name: str, fields: dict[str, Any]) -> SortedRanks:
    rows, first = count(f"{name}['rows']", fields["rows"]), count(f"{name}['first']", fields["first"])
    values = _array(f"{name}['values']", fields["values"], "<f8")
    if first < 1 or first - 1 + len(values) > rows or not (np.diff(values) >= 0).all() or np.isnan(values).any():
        raise ValueError(f"{name} must have values of ranks within its rows, in ascending order, got others")
    return SortedRanks(rows, values, first)


def _text(array: NDArray[Any], kind: str) -> str:
    return base64.b64encode(array.astype(kind).tobytes()).decode()


def _array(name: str, text: Any, kind: str) -> NDArray[Any]:
    if not isinstance(text, str):
        raise TypeError(f"{name} must be base64 of numbers, got {described(text)}")
    try:
        array = np.frombuffer(base64.b64decode(text, validate=True), dtype=kind)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{name} must be base64 of numbers of 8 bytes, got {described(text)}") from error
    return array.astype(kind[1:])
