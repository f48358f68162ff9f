"""A mean with covariates that were measured alike in both arms."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, finite
from truthlag.verdict.abtest.statistics.column import blame, column, floats, moments
from truthlag.verdict.abtest.statistics.mean import Mean

#: By how much rounding may take a product of deviations beyond what their squares allow.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class MeanWithCovariate:
    """The mean of `n` values, the means of their covariates, and the sums of products of all their deviations.

    A covariate is known before the unit is treated, and measured alike in both arms: what the unit did in the weeks before, or
    the score that one frozen model gives to the requests of both arms.

    Args:
        n: The units.
        means: The mean of the values, and then that of each covariate.
        comoments: A square table, symmetric: sums of products of deviations, the values first. Its diagonal are sums of squares.

    Raises:
        TypeError: One of them is no number, or no table.
        ValueError: One of them is not possible.

    Example:
        >>> from truthlag.abtest import MeanWithCovariate
        >>> arm = MeanWithCovariate.of([1.0, 3.0, 5.0], [2.0, 3.0, 4.0])
        >>> arm.means, arm.comoments
        ((3.0, 3.0), ((8.0, 4.0), (4.0, 2.0)))
        >>> arm + MeanWithCovariate.of([2.0], [2.0]) == MeanWithCovariate.of([1.0, 3.0, 5.0, 2.0], [2.0, 3.0, 4.0, 2.0])
        True
    """

    KIND: ClassVar[str] = "mean with covariate"

    n: int
    means: tuple[float, ...]
    comoments: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", count("n", self.n))
        means = tuple(finite(f"means[{place}]", mean) for place, mean in enumerate(_listed("means", self.means)))
        if len(means) < 2:
            raise ValueError(f"means must be those of the values and of at least one covariate, got {len(means)}")
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "comoments", _table(self.comoments, len(means)))
        if self.n < 2 and any(any(row) for row in self.comoments):
            raise ValueError(f"comoments must be 0 where n is {self.n}, got others")

    @classmethod
    def of(cls, values: Any, covariates: Any) -> MeanWithCovariate:
        """The statistic of values and their covariates.

        Args:
            values: A sequence or an array of one dimension, of finite numbers.
            covariates: The same for a single covariate; for several a list or a tuple of such, or an array of two dimensions with
                a column for each.

        Returns:
            The statistic.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is NaN or infinite, or they are not equally long.

        Cost: some passes over each, and one for each pair of them.

        Example:
            >>> from truthlag.abtest import MeanWithCovariate
            >>> MeanWithCovariate.of([1.0, 3.0], [[2.0, 4.0], [0.0, 1.0]]).covariates
            2
        """
        array = column("values", values)
        columns = [floats(array), *(floats(one) for one in _columns(covariates, len(array)))]
        names = ["values", *(f"covariates[{place}]" for place in range(len(columns) - 1))]
        if not len(array):
            zeros = (0.0,) * len(columns)
            return cls(0, zeros, (zeros,) * len(columns))
        found = [moments(name, one) for name, one in zip(names, columns, strict=True)]
        # What is constant deviates by exactly 0.
        deviations = [one - mean if m2 else None for one, (mean, m2) in zip(columns, found, strict=True)]
        table = np.diag([m2 for _, m2 in found])
        for i, first in enumerate(deviations):
            for j, second in enumerate(deviations[:i]):
                if first is not None and second is not None:
                    table[i, j] = table[j, i] = first @ second
        return cls(len(array), tuple(mean for mean, _ in found), tuple(map(tuple, table.tolist())))

    @property
    def covariates(self) -> int:
        """How many there are."""
        return len(self.means) - 1

    @property
    def values(self) -> Mean:
        """The mean without its covariates."""
        return Mean(self.n, self.means[0], self.comoments[0][0])

    @property
    def estimate(self) -> float | None:
        """The mean as it is, without an adjustment; None without units."""
        return self.means[0] if self.n else None

    @property
    def standard_error(self) -> float | None:
        """That of the mean as it is; None of fewer than two units."""
        return math.sqrt(self.comoments[0][0] / (self.n - 1) / self.n) if self.n > 1 else None

    def merge(self, other: MeanWithCovariate) -> MeanWithCovariate:
        """That of the units of both.

        Raises:
            ValueError: They have not the same number of covariates.

        Cost: proportional to the squared number of covariates.

        Example:
            >>> from truthlag.abtest import MeanWithCovariate
            >>> MeanWithCovariate.of([1.0, 3.0], [2.0, 4.0]).merge(MeanWithCovariate.of([5.0], [6.0])).means
            (3.0, 4.0)
        """
        if self.covariates != other.covariates:
            raise ValueError(f"other must have {self.covariates} covariates, got {other.covariates}")
        if not other.n or not self.n:
            return self if self.n else other
        n = self.n + other.n
        share = other.n / n
        weight = self.n * share
        apart = [after - before for before, after in zip(self.means, other.means, strict=True)]
        return MeanWithCovariate(
            n,
            tuple(mean + distance * share for mean, distance in zip(self.means, apart, strict=True)),
            tuple(
                tuple(
                    self.comoments[i][j] + other.comoments[i][j] + apart[i] * apart[j] * weight
                    for j in range(len(apart))
                )
                for i in range(len(apart))
            ),
        )

    def __add__(self, other: object) -> MeanWithCovariate:
        return self.merge(other) if isinstance(other, MeanWithCovariate) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import MeanWithCovariate
            >>> MeanWithCovariate.of([1.0, 3.0], [2.0, 4.0]).to_dict()["means"]
            (2.0, 3.0)
        """
        return {"kind": self.KIND, **asdict(self)}


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise TypeError(f"{name} must be a tuple of numbers, got {described(values)}")
    return list(values)


def _table(rows: Any, size: int) -> tuple[tuple[float, ...], ...]:
    table = tuple(
        tuple(finite(f"comoments[{i}][{j}]", one) for j, one in enumerate(_listed(f"comoments[{i}]", row)))
        for i, row in enumerate(_listed("comoments", rows))
    )
    if len(table) != size or any(len(row) != size for row in table):
        raise ValueError(
            f"comoments must be a table of {size} rows of {size} numbers, got {[len(row) for row in table]}"
        )
    for i, row in enumerate(table):
        if row[i] < 0:
            raise ValueError(f"comoments[{i}][{i}] must be at least 0, got {described(row[i])}")
        for j, one in enumerate(row):
            most = math.sqrt(table[i][i]) * math.sqrt(table[j][j])
            if abs(one) > most * (1 + _ROUNDING):
                raise ValueError(f"comoments[{i}][{j}] must be at most {most:g} in size, got {described(one)}")
            if one != table[j][i]:
                raise ValueError(
                    f"comoments[{i}][{j}] must be comoments[{j}][{i}] ({table[j][i]:g}), got {described(one)}"
                )
    return table


def _columns(covariates: Any, length: int) -> list[NDArray[Any]]:
    several = isinstance(covariates, list | tuple) and covariates and np.ndim(covariates[0]) == 1
    if several:
        given = list(covariates)
    elif isinstance(covariates, np.ndarray) and covariates.ndim == 2:
        given = list(covariates.T)
    else:
        given = [covariates]
    columns = [column(f"covariates[{place}]", one, length) for place, one in enumerate(given)]
    if not columns:
        raise ValueError("covariates must be at least one, got an array without columns")
    for place, one in enumerate(columns):
        if not np.isfinite(one).all():
            raise blame(f"covariates[{place}]", one)
    return columns
