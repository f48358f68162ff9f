"""Successes among rows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count
from truthlag.verdict.abtest.statistics.column import blame, column


@dataclass(frozen=True, slots=True)
class Proportion:
    """`k` successes among `n` rows: conversions, right decisions, frauds that were caught.

    Args:
        k: The successes, from 0 to `n`.
        n: The rows, each of a unit of its own.

    Raises:
        TypeError: One of them is no count.
        ValueError: One of them is negative, or there are more successes than rows.

    Example:
        >>> from truthlag.abtest import Proportion
        >>> both = Proportion(600, 5_000) + Proportion(75, 1_000)
        >>> round(both.standard_error, 5)
        0.00408
        >>> both, both.estimate
        (Proportion(k=675, n=6000), 0.1125)
    """

    KIND: ClassVar[str] = "proportion"

    k: int
    n: int

    def __post_init__(self) -> None:
        if type(self.k) is int and type(self.n) is int and 0 <= self.k <= self.n:
            return
        n = count("n", self.n)
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "k", count("k", self.k, n, "n"))

    @classmethod
    def of(cls, values: Any) -> Proportion:
        """The proportion of ones among zeros and ones.

        Args:
            values: A sequence or an array of one dimension; other values than 0, 1, False and True are refused.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is neither 0 nor 1.

        Cost: two passes.

        Example:
            >>> from truthlag.abtest import Proportion
            >>> Proportion.of([1, 0, 0, 1])
            Proportion(k=2, n=4)
        """
        array = column("values", values)
        k = int(np.count_nonzero(array))
        if array.dtype.kind != "b" and k != np.count_nonzero(array == 1):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise blame("values", array)
            place = int(np.flatnonzero((array != 0) & (array != 1))[0])
            raise ValueError(f"values[{place}] must be 0 or 1, got {described(array[place].item())}")
        return cls(k, len(array))

    @property
    def estimate(self) -> float | None:
        """The share k / n; None without rows."""
        return self.k / self.n if self.n else None

    @property
    def standard_error(self) -> float | None:
        """sqrt(p (1 - p) / n), the plain one, which is 0 at 0 and 1; None without rows."""
        return math.sqrt(self.k * (self.n - self.k) / self.n) / self.n if self.n else None

    def merge(self, other: Proportion) -> Proportion:
        """That of the rows of both. Cost: constant.

        Example:
            >>> from truthlag.abtest import Proportion
            >>> Proportion(1, 4).merge(Proportion(2, 6))
            Proportion(k=3, n=10)
        """
        return Proportion(self.k + other.k, self.n + other.n)

    def __add__(self, other: object) -> Proportion:
        return self.merge(other) if isinstance(other, Proportion) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Proportion
            >>> Proportion(1, 4).to_dict()
            {'kind': 'proportion', 'k': 1, 'n': 4}
        """
        return {"kind": self.KIND, **asdict(self)}
