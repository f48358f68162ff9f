"""A ratio with covariates that were measured alike in both arms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.clusters import places, sizes, sums
from truthlag.verdict.abtest.statistics.column import Floats, blame, column, floats
from truthlag.verdict.abtest.statistics.mean_with_covariate import MeanWithCovariate, of_checked


@dataclass(frozen=True, slots=True)
class RatioWithCovariate:
    """The ratio of two means over units, with the same ratio of the weeks before, or with covariates of each unit.

    What is adjusted is the ratio made linear: y / mean(x) less r x / mean(x), whose variance is that of the delta method; a
    ratio as a covariate is made linear in the same way (Deng, Xu, Kohavi and Walker 2013).

    Args:
        moments: Numerator, denominator and covariates of each unit, the numerator as the values.
        ratio_before: Whether the covariates are two: the numerator and the denominator of the weeks before.

    Raises:
        TypeError: The moments are none.
        ValueError: There are too few covariates.

    Example:
        >>> from truthlag.abtest import RatioWithCovariate
        >>> arm = RatioWithCovariate.of([12, 19, 16], [1, 2, 1.5], before=([16, 11, 21], [1.5, 1, 2]))
        >>> round(arm.estimate, 3), round(arm.standard_error, 3), arm.n
        (10.444, 0.672, 3)
    """

    KIND: ClassVar[str] = "ratio with covariate"

    moments: MeanWithCovariate
    ratio_before: bool = True

    def __post_init__(self) -> None:
        given: Any = self.moments
        if isinstance(given, dict):
            fields = {key: value for key, value in given.items() if key != "kind"}
            object.__setattr__(self, "moments", MeanWithCovariate(**fields))
        elif not isinstance(given, MeanWithCovariate):
            raise TypeError(f"moments must be a MeanWithCovariate, got {described(self.moments)}")
        if not isinstance(self.ratio_before, bool):
            raise TypeError(f"ratio_before must be True or False, got {described(self.ratio_before)}")
        have = self.moments.covariates - 1
        if have < 1 or (self.ratio_before and have != 2):
            needed = "2 (the ratio before)" if self.ratio_before else "at least 1"
            raise ValueError(f"moments must have a denominator and covariates, {needed}, got {have}")

    @classmethod
    def of(
        cls,
        numerator: Any,
        denominator: Any,
        *,
        before: tuple[Any, Any] | None = None,
        covariates: Any = None,
        cluster: Any = None,
    ) -> RatioWithCovariate:
        """The statistic of arrays with a value for each unit, or for each row of the units.

        Args:
            numerator: A sequence or an array of one dimension.
            denominator: The same of the denominator.
            before: Numerator and denominator of the same units before the test; or of the same rows, such as a score that one
                frozen model gives to each, over ones.
            covariates: Covariates of the units, a list of arrays, instead of `before`.
            cluster: The unit of each row, where a unit has several: numerators, denominators and `before` are added up by unit, and
                covariates averaged.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is not finite, they are not equally long, or not one of `before` and `covariates` is given.

        Cost: some passes over each pair of arrays; with clusters a sort of them.

        Example:
            >>> from truthlag.abtest import RatioWithCovariate
            >>> RatioWithCovariate.of([1, 2, 3], [1, 2, 2], covariates=[[0, 1, 1]]).n
            3
            >>> right, score = [1, 0, 1, 1], [0.8, 0.4, 0.6, 0.9]
            >>> RatioWithCovariate.of(right, [1] * 4, before=(score, [1] * 4), cluster=["ann", "ann", "bob", "eve"]).n
            3
        """
        if (before is None) == (covariates is None):
            raise ValueError("one of before and covariates must be given, got both or neither")
        others = list(before if before is not None else covariates)
        columns = [numerator, denominator, *others]
        if cluster is not None:
            names = ["numerator", "denominator"]
            kind = "covariates" if before is None else "before"
            names += [f"{kind}[{place}]" for place in range(len(others))]
            columns = _by_unit(names, columns, cluster, averaged=0 if before is not None else len(others))
        return cls(MeanWithCovariate.of(columns[0], columns[1:]), before is not None)

    @property
    def n(self) -> int:
        """The units."""
        return self.moments.n

    @property
    def estimate(self) -> float | None:
        """The ratio as it is, without an adjustment; None without units, and for a denominator of 0."""
        means = self.moments.means
        return means[0] / means[1] if self.moments.n and means[1] else None

    @property
    def standard_error(self) -> float | None:
        """That of the ratio as it is, by the delta method; None of fewer than two units."""
        return self._figures()[1]

    def _figures(self) -> tuple[float | None, float | None]:
        """Estimate and standard error."""
        ratio, n = self.estimate, self.moments.n
        if ratio is None or n < 2:
            return ratio, None
        squares = _squares_left(self.moments.comoments, 0, ratio)
        return ratio, math.sqrt(max(0.0, squares) / (n - 1) / n) / abs(self.moments.means[1])

    def linear(self) -> MeanWithCovariate | None:
        """Ratio and covariates made linear, with the ratio and its covariates as means.

        None where a denominator is 0, or so near to 0 that no float holds what is divided by it.

        Cost: some small products of tables.

        Example:
            >>> from truthlag.abtest import RatioWithCovariate
            >>> RatioWithCovariate.of([2, 4, 6], [1, 2, 2], covariates=[[0, 1, 1]]).linear().covariates
            1
        """
        means, table, n = self.moments.means, self.moments.comoments, self.moments.n
        ratio = self.estimate
        if ratio is None or n < 2:
            return None
        if self.ratio_before:
            found = _core.linear_ratios(means, table)
            return None if found is None else of_checked(n, *found)
        scale = means[1]
        own = _squares_left(table, 0, ratio) / scale / scale
        if not math.isfinite(own):
            return None
        own = max(0.0, own)
        top, bottom = table[0], table[1]
        across = [(one - ratio * other) / scale for one, other in zip(top[2:], bottom[2:], strict=True)]
        products = [_bounded(one, own, table[place][place]) for place, one in enumerate(across, start=2)]
        rows = [(product, *row[2:]) for product, row in zip(products, table[2:], strict=True)]
        return of_checked(n, (ratio, *means[2:]), ((own, *products), *rows))

    def merge(self, other: RatioWithCovariate) -> RatioWithCovariate:
        """That of the units of both.

        Raises:
            ValueError: They have not the same covariates.

        Cost: proportional to the squared number of covariates.

        Example:
            >>> from truthlag.abtest import RatioWithCovariate
            >>> half = RatioWithCovariate.of([1, 2], [1, 2], covariates=[[0, 1]])
            >>> half.merge(half).n
            4
        """
        if self.ratio_before != other.ratio_before:
            raise ValueError(f"other must have ratio_before {self.ratio_before}, got {other.ratio_before}")
        return RatioWithCovariate(self.moments.merge(other.moments), self.ratio_before)

    def __add__(self, other: object) -> RatioWithCovariate:
        return self.merge(other) if isinstance(other, RatioWithCovariate) else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import RatioWithCovariate
            >>> RatioWithCovariate.of([1, 2], [1, 2], covariates=[[0, 1]]).to_dict()["ratio_before"]
            False
        """
        return {"kind": self.KIND, "moments": self.moments.to_dict(), "ratio_before": self.ratio_before}


def _squares_left(table: tuple[tuple[float, ...], ...], place: int, ratio: float) -> float:
    """The squared deviations of a column less so many times those of the next one, but for rounding."""
    first, second = table[place], table[place + 1]
    return first[place] - 2 * ratio * first[place + 1] + ratio * ratio * second[place + 1]


def _bounded(product: float, squares: float, other_squares: float) -> float:
    """A product of deviations, which rounding may have taken beyond what their squares allow."""
    most = math.sqrt(squares) * math.sqrt(other_squares)
    capped = min(most, product)
    return max(-most, capped)


def _by_unit(names: list[str], columns: list[Any], cluster: Any, *, averaged: int) -> list[Floats]:
    """The sums by unit, and of the last ones the means."""
    first = column(names[0], columns[0])
    where, units = places("cluster", cluster, len(first))
    found = []
    for name, values in zip(names, columns, strict=True):
        array = floats(column(name, values, len(first)))
        if not np.isfinite(array).all():
            raise blame(name, array)
        found.append(sums(array, where, units))
    rows = sizes(where, units)
    kept = len(found) - averaged
    return found[:kept] + [one / rows for one in found[kept:]]
