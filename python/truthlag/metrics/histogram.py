"""The labelled rows of a window by score, as compact as the core hands them over."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["ScoreBin", "ScoreHistogram"]

_BIN = struct.Struct("<ddQQ")
_COLUMNS = np.dtype([("lower", "<f8"), ("upper", "<f8"), ("negatives", "<u8"), ("positives", "<u8")])


class ScoreBin(NamedTuple):
    """The labelled rows whose score lies in one bin.

    Example:
        >>> ScoreBin(lower=0.5, upper=0.5, negatives=1, positives=3).positives
        3
    """

    lower: float
    """The least score that the bin may hold."""
    upper: float
    """The greatest score that it may hold; the same where all its scores are equal."""
    negatives: int
    """Rows with label 0."""
    positives: int
    """Rows with label 1."""


class ScoreHistogram(Sequence[ScoreBin]):
    """The bins of a window that hold labelled rows, in ascending order of score.

    A bin is an exponent and seven bits of mantissa of the score, mirrored at 0.5 inside [0, 1]: narrow near 0 and near 1. It is
    a sequence of `ScoreBin` that is made of them as it is asked; what is held are 32 bytes a bin. It equals another
    of the same bins, hashes, pickles and copies.

    Example:
        >>> from truthlag import ModelPerformanceTracker
        >>> tracker = ModelPerformanceTracker("fraud-detector")
        >>> _ = tracker.log_predictions([1, 2, 3, 4], [1, 1, 0, 0], [0.75, 0.75, 0.25, 0.0])
        >>> _ = tracker.log_ground_truths([1, 2, 3, 4], [1, 0, 0, 0])
        >>> histogram = tracker.snapshot().score_histogram
        >>> len(histogram), histogram[0]
        (3, ScoreBin(lower=0.0, upper=0.0, negatives=1, positives=0))
        >>> histogram.columns()["positives"]
        array([0, 0, 1], dtype=uint64)
    """

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes = b"") -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed) // _BIN.size

    @overload
    def __getitem__(self, index: int) -> ScoreBin: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ScoreBin, ...]: ...

    def __getitem__(self, index: int | slice) -> ScoreBin | tuple[ScoreBin, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index]
        return ScoreBin(*_BIN.unpack_from(self._packed, place * _BIN.size))

    def __iter__(self) -> Iterator[ScoreBin]:
        return (ScoreBin(*numbers) for numbers in _BIN.iter_unpack(self._packed))

    def columns(self) -> NDArray[Any]:
        """All bins as a read-only numpy array with the fields `lower`, `upper`, `negatives` and `positives`; nothing is copied.

        Example:
            >>> float(ScoreHistogram().columns()["upper"].sum())
            0.0
        """
        return np.frombuffer(self._packed, _COLUMNS)

    def __eq__(self, other: object) -> bool:
        return self._packed == other._packed if isinstance(other, ScoreHistogram) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._packed)

    def __reduce__(self) -> tuple[type[ScoreHistogram], tuple[bytes]]:
        return type(self), (self._packed,)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} bins>"
