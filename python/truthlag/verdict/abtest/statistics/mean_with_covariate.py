"""A mean with covariates that were measured alike in both arms."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.quickly_made import quickly_made
from truthlag.verdict.abtest.statistics.checks import count, finite, listed, table
from truthlag.verdict.abtest.statistics.column import blame, column, floats, moments
from truthlag.verdict.abtest.statistics.mean import Mean


@dataclass(frozen=True, slots=True)
class MeanWithCovariate:
    """The mean of `n` values, the means of their covariates, and the sums of products of all their deviations.

    A covariate is known before the unit is treated, and measured alike in both arms: what the unit did in the weeks before, or
    the score that one frozen model gives to the requests of both arms.

    Args:
        n: The units.
        means: The mean of the values, and then that of each covariate.
        comoments: A square table, symmetric: sums of products of deviations, the values first. Its diagonal are sums of squares.
        names: What each covariate is and by what it was measured, such as `"score of fraud-v1"`; None where nobody says. Arms with
            different names are not compared.
        sandwich: What the variance HC2 of Lin's regression needs, where it was asked for: a table with a row for the intercept and one
            for each covariate. Merging loses it.

    Raises:
        TypeError: One of them is no number, or no table.
        ValueError: One of them is not possible.

    Example:
        >>> from truthlag.abtest import MeanWithCovariate
        >>> arm = MeanWithCovariate.of([1.0, 3.0, 5.0], [2.0, 3.0, 4.0])
        >>> arm.estimate, round(arm.standard_error, 3), arm.covariates, arm.values
        (3.0, 1.155, 1, Mean(n=3, mean=3.0, m2=8.0))
        >>> arm.means, arm.comoments
        ((3.0, 3.0), ((8.0, 4.0), (4.0, 2.0)))
        >>> arm + MeanWithCovariate.of([2.0], [2.0]) == MeanWithCovariate.of([1.0, 3.0, 5.0, 2.0], [2.0, 3.0, 4.0, 2.0])
        True
    """

    KIND: ClassVar[str] = "mean with covariate"

    n: int
    means: tuple[float, ...]
    comoments: tuple[tuple[float, ...], ...]
    names: tuple[str, ...] | None = None
    sandwich: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", count("n", self.n))
        means = tuple(finite(f"means[{place}]", mean) for place, mean in enumerate(listed("means", self.means)))
        if len(means) < 2:
            raise ValueError(f"means must be those of the values and of at least one covariate, got {len(means)}")
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "comoments", table(self.comoments, len(means)))
        if self.n < 2 and any(any(row) for row in self.comoments):
            raise ValueError(f"comoments must be 0 where n is {self.n}, got others")
        if self.names is not None:
            given: Any = self.names
            if isinstance(given, str) or not all(isinstance(name, str) for name in given):
                raise TypeError(f"names must be None or a name for each covariate, got {described(self.names)}")
            object.__setattr__(self, "names", tuple(self.names))
            if len(self.names) != len(means) - 1:
                raise ValueError(f"names must be of {len(means) - 1} covariates, got {len(self.names)}")
        if self.sandwich is not None:
            object.__setattr__(self, "sandwich", table(self.sandwich, len(means), "sandwich"))

    @classmethod
    def of(
        cls, values: Any, covariates: Any, *, names: tuple[str, ...] | None = None, sandwich: bool = False
    ) -> MeanWithCovariate:
        """The statistic of values and their covariates.

        Args:
            values: A sequence or an array of one dimension, of finite numbers.
            covariates: The same for a single covariate; for several a list or a tuple of such, or an array of two dimensions with
                a column for each.
            names: What each covariate is, as above.
            sandwich: Whether to know the variance HC2 of Lin's regression too, whose spread need not be the same everywhere.

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
        named = ["values", *(f"covariates[{place}]" for place in range(len(columns) - 1))]
        if not len(array):
            zeros = (0.0,) * len(columns)
            return cls(0, zeros, (zeros,) * len(columns), names)
        found = [moments(name, one) for name, one in zip(named, columns, strict=True)]
        # What is constant deviates by exactly 0.
        deviations = [one - mean if m2 else None for one, (mean, m2) in zip(columns, found, strict=True)]
        table = np.diag([m2 for _, m2 in found])
        for i, first in enumerate(deviations):
            for j, second in enumerate(deviations[:i]):
                if first is not None and second is not None:
                    table[i, j] = table[j, i] = first @ second
        middle = _sandwich(columns, [mean for mean, _ in found], table) if sandwich else None
        return cls(len(array), tuple(mean for mean, _ in found), tuple(map(tuple, table.tolist())), names, middle)

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
        if self.names != other.names:
            raise ValueError(f"other must have the covariates {self.names}, got {other.names}")
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
            self.names,
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


of_checked = quickly_made(MeanWithCovariate)
"""The statistic of what another one has, which is possible already."""


def _sandwich(
    columns: list[NDArray[np.float64]], means: list[float], table: NDArray[np.float64]
) -> tuple[tuple[float, ...], ...] | None:
    """The sum over rows of e² / (1 - h) (1, x - mean) (1, x - mean)', after a regression within the arm; None of too few rows.

    MacKinnon and White (1985), HC2: h is how much a row pulls the line to itself.
    """
    n = len(columns[0])
    if n <= len(columns):
        return None
    centred = np.stack([one - mean for one, mean in zip(columns[1:], means[1:], strict=True)], axis=1)
    inverse = np.linalg.pinv(table[1:, 1:], hermitian=True)
    residuals = columns[0] - means[0] - centred @ (inverse @ table[1:, 0])
    pull = 1 / n + np.einsum("ij,jk,ik->i", centred, inverse, centred)
    # A row that is the only one of its kind is met exactly, and says nothing of the spread.
    left = 1 - pull
    squares = np.where(left > 1e-9, residuals * residuals / np.maximum(left, 1e-9), 0.0)
    design = np.column_stack([np.ones(n), centred])
    middle = (design * squares[:, None]).T @ design
    rows: list[list[float]] = ((middle + middle.T) / 2).tolist()
    return tuple(map(tuple, rows))


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
