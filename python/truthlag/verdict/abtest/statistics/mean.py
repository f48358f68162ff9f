"""A mean and the spread of the values it is of."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, finite, not_negative
from truthlag.verdict.abtest.statistics.column import column, moments


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `n` values, and the sum of their squared deviations from it.

    Two of them merge to that of all values, by the formula of Chan, Golub and LeVeque (1983), so that a stream keeps three
    numbers and no value.

    Args:
        n: The values, each of a unit of its own; see `Ratio.of_clusters` for several of a unit.
        mean: Their mean; 0 without values.
        m2: The sum of their squared deviations from the mean: (n - 1) times the variance.

    Raises:
        TypeError: One of them is no number.
        ValueError: One of them is not possible: not finite, negative, or a deviation of less than two values.

    Example:
        >>> from truthlag.abtest import Mean
        >>> whole = Mean.of([1.0, 2.0]) + Mean.of([3.0, 6.0])
        >>> whole.estimate, round(whole.standard_error, 3)
        (3.0, 1.08)
        >>> whole, whole.variance
        (Mean(n=4, mean=3.0, m2=14.0), 4.666666666666667)
    """

    KIND: ClassVar[str] = "mean"

    n: int
    mean: float
    m2: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", count("n", self.n))
        object.__setattr__(self, "mean", finite("mean", self.mean))
        object.__setattr__(self, "m2", not_negative("m2", self.m2))
        if self.n < 2 and self.m2 > 0:
            raise ValueError(f"m2 must be 0 where n is {self.n}, got {described(self.m2)}")

    @classmethod
    def of(cls, values: Any) -> Mean:
        """The mean of values.

        Args:
            values: A sequence or an array of one dimension, of finite numbers; none of them make the mean of nothing.

        Returns:
            The statistic. A constant has an `m2` of exactly 0.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is NaN or infinite, or their squared deviations are beyond what a float holds.

        Cost: two passes over the array, and room for one more like it.

        Example:
            >>> from truthlag.abtest import Mean
            >>> Mean.of([0.1, 0.1, 0.1])
            Mean(n=3, mean=0.1, m2=0.0)
        """
        array = column("values", values)
        return cls(len(array), *moments("values", array)) if len(array) else cls(0, 0.0, 0.0)

    @classmethod
    def from_sums(cls, n: int, total: float, squares: float) -> Mean:
        """The mean from a sum and a sum of squares, as a database gives them.

        Where the mean is large beside the spread, the difference of two such sums holds few digits: `of` and merging do not
        lose them.

        Args:
            n: The number of values.
            total: Their sum.
            squares: The sum of their squares.

        Raises:
            TypeError: One of them is no number.
            ValueError: The squares are less than that sum leaves possible.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import Mean
            >>> Mean.from_sums(4, 12.0, 50.0)
            Mean(n=4, mean=3.0, m2=14.0)
        """
        number, of_all = count("n", n), finite("total", total)
        of_squares = not_negative("squares", squares)
        if not number:
            return cls(0, 0.0, 0.0)
        m2 = of_squares - of_all * (of_all / number)
        # The rounding of the two sums, which a constant shows as next to nothing of either sign.
        if m2 < -1e-9 * of_squares:
            raise ValueError(
                f"squares must be at least total² / n ({of_all * (of_all / number):g}), got {described(squares)}"
            )
        return cls(number, of_all / number, max(0.0, m2) if number > 1 else 0.0)

    @property
    def estimate(self) -> float | None:
        """The mean; None without values."""
        return self.mean if self.n else None

    @property
    def variance(self) -> float | None:
        """The variance of a value, with n - 1; None of fewer than two."""
        return self.m2 / (self.n - 1) if self.n > 1 else None

    @property
    def standard_error(self) -> float | None:
        """sqrt(variance / n); None of fewer than two values."""
        return math.sqrt(self.m2 / (self.n - 1) / self.n) if self.n > 1 else None

    def merge(self, other: Mean) -> Mean:
        """That of the values of both. Cost: constant.

        Example:
            >>> from truthlag.abtest import Mean
            >>> Mean.of([1.0, 2.0]).merge(Mean.of([]))
            Mean(n=2, mean=1.5, m2=0.5)
        """
        if not other.n or not self.n:
            return self if self.n else other
        n = self.n + other.n
        distance = other.mean - self.mean
        share = other.n / n
        return Mean(n, self.mean + distance * share, self.m2 + other.m2 + distance * distance * (self.n * share))

    def __add__(self, other: object) -> Mean:
        return self.merge(other) if isinstance(other, Mean) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Mean
            >>> Mean(2, 1.5, 0.5).to_dict()
            {'kind': 'mean', 'n': 2, 'mean': 1.5, 'm2': 0.5}
        """
        return {"kind": self.KIND, **asdict(self)}
