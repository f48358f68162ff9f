"""The latency histogram, whose quantiles can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from truthlag import _core
from truthlag.verdict.abtest.quantiles.quantile_arm import MOST_ROWS, QuantileArm
from truthlag.verdict.abtest.quantiles.ranks import BinnedRanks
from truthlag.verdict.detectors.value_array import value_array


class LatencyHistogram(_core.LatencyHistogram):
    """A histogram of latencies that many processes keep and merge, with quantiles up to a relative error.

    Its bins are on the top bits of the float, so that their width is a fixed share of the value. Counts add up exactly, in any
    order; a bin needs no value to be kept, and an octave takes memory once a value falls into it. Like DDSketch (Masson, Rim and
    Lee 2019), but without a logarithm. Values below 2^-32 share a bin, and those from 2^64 on another one. Threads may share it.

    Args:
        relative_error: By how much of itself a value may differ from the middle of its bin, from 2^-14 to 0.25; by default .001,
            which takes four kilobytes an octave. The bins are those of the next power of two below.

    Raises:
        TypeError: It is no number.
        ValueError: It is not allowed.

    Example:
        >>> from truthlag.abtest import LatencyHistogram
        >>> morning, evening = LatencyHistogram(), LatencyHistogram()
        >>> morning.update_many([12.0, 15.0, 11.0])
        >>> evening.update_many([13.0, 480.0])
        >>> both = morning + evening
        >>> both.n, both.relative_error, both.memory < 30_000
        (5, 0.0009765625, True)
        >>> round(both.at(0.5).estimate, 1)
        13.0
    """

    def update_many(self, values: Sequence[float] | np.ndarray[Any, Any]) -> None:
        """Take many values.

        Cost: some nanoseconds each, from an array; more from a list.

        Args:
            values: A sequence or an array of one dimension, of numbers of at least 0.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is NaN or below 0. The histogram is as before.

        Example:
            >>> from truthlag.abtest import LatencyHistogram
            >>> histogram = LatencyHistogram(relative_error=0.01)
            >>> histogram.update_many(range(1_000))
            >>> histogram.n
            1000
        """
        self._update_many(value_array("values", values))

    def at(self, p: float, *, design_effect: float = 1.0) -> QuantileArm:
        """A quantile of what it holds now, to be compared.

        Args:
            p: Which one: 0.99 for p99.
            design_effect: By how much the variance of counts is larger than of independent rows, where these come in clusters of
                which the histogram knows nothing.

        Raises:
            TypeError: They are no numbers.
            ValueError: `p` is not between 0 and 1, the design effect is below 1, or there are more than 2^53 values.

        Cost: proportional to the bins.

        Example:
            >>> from truthlag.abtest import LatencyHistogram
            >>> histogram = LatencyHistogram()
            >>> histogram.update_many(range(1_000))
            >>> low, high = histogram.at(0.9).interval()
            >>> low < 900 < high
            True
        """
        if self.n > MOST_ROWS:
            raise ValueError(f"a histogram must hold at most 2^53 values to be compared, got {self.n:,}")
        lows, highs, counts = self._bins()
        ranks = BinnedRanks(np.array(lows), np.array(highs), np.array(counts, dtype=np.uint64))
        return QuantileArm(p, ranks, ranks.rows, design_effect)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The histogram that `to_bytes` wrote.

        Args:
            data: What it gave.

        Raises:
            TypeError: They are no bytes.
            ValueError: They are damaged, of something else, or of a version that this one does not know.

        Cost: proportional to the bins.

        Example:
            >>> from truthlag.abtest import LatencyHistogram
            >>> LatencyHistogram.from_bytes(LatencyHistogram(0.01).to_bytes()).relative_error
            0.0078125
        """
        made = cls()
        made._restore(data)
        return made

    def __add__(self, other: object) -> LatencyHistogram:
        if not isinstance(other, LatencyHistogram):
            return NotImplemented
        both = LatencyHistogram.from_bytes(self.to_bytes())
        both.merge(other)
        return both

    def __eq__(self, other: object) -> bool:
        return self._equals(other) if isinstance(other, LatencyHistogram) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy, by way of the bytes."""
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"<LatencyHistogram of {self.n:,} values, relative error {self.relative_error:g}>"
