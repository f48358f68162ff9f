"""A ratio of two means over units: clicks per view, or a mean over rows that come in clusters."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.checks import count, finite, not_negative, possible_product
from truthlag.verdict.abtest.statistics.clusters import places, sizes, sums
from truthlag.verdict.abtest.statistics.column import Floats, blame, column, floats, moments


@dataclass(frozen=True, slots=True)
class Ratio:
    """The sum of a numerator over that of a denominator, both by unit of randomisation, with their 2x2 covariance.

    Rows of one unit depend on each other; units do not, so that the spread over units is what a standard error rests on: the
    delta method, with clusters as units (Deng, Knoblich and Lu 2018, "Applying the delta method in metric analytics").

    Args:
        n: The units.
        numerator: The mean of the numerator over units.
        denominator: The mean of the denominator over units.
        numerator_m2: The sum of squared deviations of the numerator from its mean.
        denominator_m2: The same of the denominator.
        comoment: The sum of products of both deviations.
        jackknife_variance: The variance of the estimate by the jackknife, where it was asked for; merging loses it.

    Raises:
        TypeError: One of them is no number.
        ValueError: One of them is not possible: not finite, or a product of deviations that is too large for their squares.

    Example:
        >>> from truthlag.abtest import Ratio
        >>> clicks, views = [1, 0, 4, 2], [10, 4, 16, 10]
        >>> ratio = Ratio.of(clicks, views)
        >>> round(ratio.variance, 4)
        0.0085
        >>> ratio.estimate, round(ratio.standard_error, 4)
        (0.175, 0.0461)
        >>> Ratio.of(clicks[:2], views[:2]) + Ratio.of(clicks[2:], views[2:]) == ratio
        True
    """

    KIND: ClassVar[str] = "ratio"

    n: int
    numerator: float
    denominator: float
    numerator_m2: float
    denominator_m2: float
    comoment: float
    jackknife_variance: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", count("n", self.n))
        for name in ("numerator", "denominator", "comoment"):
            object.__setattr__(self, name, finite(name, getattr(self, name)))
        for name in ("numerator_m2", "denominator_m2"):
            object.__setattr__(self, name, not_negative(name, getattr(self, name)))
            if self.n < 2 and getattr(self, name) > 0:
                raise ValueError(f"{name} must be 0 where n is {self.n}, got {described(getattr(self, name))}")
        if self.jackknife_variance is not None:
            object.__setattr__(self, "jackknife_variance", not_negative("jackknife_variance", self.jackknife_variance))
        root = "sqrt(numerator_m2 denominator_m2)"
        held = possible_product("comoment", self.comoment, self.numerator_m2, self.denominator_m2, root)
        object.__setattr__(self, "comoment", held)

    @classmethod
    def of(cls, numerator: Any, denominator: Any, *, cluster: Any = None, jackknife: bool = False) -> Ratio:
        """The ratio from a numerator and a denominator of each row.

        Args:
            numerator: A sequence or an array of one dimension, of finite numbers.
            denominator: The same of the denominator.
            cluster: The unit of each row, where a unit has several; None where each row is a unit.
            jackknife: Whether to know the variance of the jackknife too, which is less sure of itself where units are few.

        Returns:
            The statistic.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is NaN or infinite, they are not equally long, or squares are beyond what a float holds.

        Cost: some passes over the arrays; with clusters a sort of them.

        Example:
            >>> from truthlag.abtest import Ratio
            >>> Ratio.of([1, 0, 1, 1], [1, 1, 1, 1], cluster=["ann", "ann", "bob", "bob"])
            Ratio(n=2, numerator=1.5, denominator=2.0, numerator_m2=0.5, denominator_m2=0.0, comoment=0.0, ...)
        """
        top = column("numerator", numerator)
        bottom = column("denominator", denominator, len(top))
        if cluster is not None:
            for name, array in (("numerator", top), ("denominator", bottom)):
                if not np.isfinite(array).all():
                    raise blame(name, array)
            where, clusters = places("cluster", cluster, len(top))
            top, bottom = sums(top, where, clusters), sums(bottom, where, clusters)
        return cls._of_units(floats(top), floats(bottom), jackknife=jackknife)

    @classmethod
    def of_clusters(cls, values: Any, cluster: Any, *, jackknife: bool = False) -> Ratio:
        """The mean of values that come in clusters: their sums by cluster over the sizes of the clusters.

        Args:
            values: A sequence or an array of one dimension, of finite numbers.
            cluster: The unit of each row.
            jackknife: As in `of`.

        Returns:
            The statistic, whose units are the clusters.

        Raises:
            TypeError: They are no numbers.
            ValueError: As in `of`.

        Cost: a sort of the clusters.

        Example:
            >>> from truthlag.abtest import Ratio
            >>> ratio = Ratio.of_clusters([1, 0, 1, 1, 0], [7, 7, 8, 8, 8])
            >>> ratio.n, round(ratio.estimate, 3)
            (2, 0.6)
        """
        array = column("values", values)
        if not np.isfinite(array).all():
            raise blame("values", array)
        where, clusters = places("cluster", cluster, len(array))
        return cls._of_units(sums(array, where, clusters), sizes(where, clusters), jackknife=jackknife)

    @classmethod
    def from_sums(
        cls,
        n: int,
        numerator: float,
        denominator: float,
        numerator_squares: float,
        denominator_squares: float,
        products: float,
    ) -> Ratio:
        """The ratio from sums over units, as a database gives them.

        Args:
            n: The units.
            numerator: The sum of the numerator.
            denominator: The sum of the denominator.
            numerator_squares: The sum of the squares of the numerator.
            denominator_squares: The same of the denominator.
            products: The sum of their products.

        Raises:
            TypeError: One of them is no number.
            ValueError: No values have such sums.

        Cost: constant.

        Example:
            >>> from truthlag.abtest import Ratio
            >>> Ratio.from_sums(4, 7.0, 40.0, 21.0, 472.0, 94.0).estimate
            0.175
        """
        number = count("n", n)
        if not number:
            return cls(0, 0.0, 0.0, 0.0, 0.0, 0.0)
        top, bottom = finite("numerator", numerator) / number, finite("denominator", denominator) / number
        top_m2 = _central("numerator_squares", numerator_squares, top, number)
        bottom_m2 = _central("denominator_squares", denominator_squares, bottom, number)
        return cls(number, top, bottom, top_m2, bottom_m2, finite("products", products) - number * top * bottom)

    @classmethod
    def _of_units(cls, top: Floats, bottom: Floats, *, jackknife: bool) -> Ratio:
        n = len(top)
        if not n:
            return cls(0, 0.0, 0.0, 0.0, 0.0, 0.0)
        top_mean, top_m2 = moments("numerator", top)
        bottom_mean, bottom_m2 = moments("denominator", bottom)
        comoment = float((top - top_mean) @ (bottom - bottom_mean)) if top_m2 and bottom_m2 else 0.0
        variance = _jackknife(top, bottom) if jackknife else None
        return cls(n, top_mean, bottom_mean, top_m2, bottom_m2, comoment, variance)

    @property
    def estimate(self) -> float | None:
        """The ratio; None without units, and for a denominator of 0."""
        return self.numerator / self.denominator if self.n and self.denominator else None

    @property
    def variance(self) -> float | None:
        """That of one unit: (var(y) - 2 r cov(y, x) + r² var(x)) / mean(x)²; None of fewer than two units."""
        ratio = self.estimate
        if ratio is None or self.n < 2:
            return None
        rest = self.n - 1
        return ratio_variance(
            self.numerator, self.denominator, self.numerator_m2 / rest, self.denominator_m2 / rest, self.comoment / rest
        )

    @property
    def standard_error(self) -> float | None:
        """sqrt(variance / n), by the delta method; None of fewer than two units."""
        variance = self.variance
        return None if variance is None else math.sqrt(variance / self.n)

    def merge(self, other: Ratio) -> Ratio:
        """That of the units of both, none of which may be in both. Cost: constant.

        Example:
            >>> from truthlag.abtest import Ratio
            >>> Ratio.of([1, 2], [3, 4]).merge(Ratio.of([0], [5])).n
            3
        """
        if not other.n or not self.n:
            return self if self.n else other
        n = self.n + other.n
        share = other.n / n
        weight = self.n * share
        top, bottom = other.numerator - self.numerator, other.denominator - self.denominator
        return Ratio(
            n,
            self.numerator + top * share,
            self.denominator + bottom * share,
            self.numerator_m2 + other.numerator_m2 + top * top * weight,
            self.denominator_m2 + other.denominator_m2 + bottom * bottom * weight,
            self.comoment + other.comoment + top * bottom * weight,
        )

    def __add__(self, other: object) -> Ratio:
        return self.merge(other) if isinstance(other, Ratio) else NotImplemented

    def without_jackknife(self) -> Ratio:
        """The same as merging would leave it.

        Example:
            >>> from truthlag.abtest import Ratio
            >>> Ratio.of([1, 2], [3, 4], jackknife=True).without_jackknife() == Ratio.of([1, 2], [3, 4])
            True
        """
        return replace(self, jackknife_variance=None)

    def to_dict(self) -> dict[str, Any]:
        """The fields and the kind, as a dict that `json.dumps` takes.

        Example:
            >>> from truthlag.abtest import Ratio
            >>> Ratio.of([1, 2], [3, 4]).to_dict()["kind"]
            'ratio'
        """
        return {"kind": self.KIND, **asdict(self)}


def ratio_variance(
    numerator: float, denominator: float, numerator_variance: float, denominator_variance: float, covariance: float
) -> float:
    """The variance that one unit adds to a ratio of means, by the delta method."""
    ratio = numerator / denominator
    # Never below 0 but by rounding, since it is a variance of y - r x.
    spread = numerator_variance - 2 * ratio * covariance + ratio * ratio * denominator_variance
    return max(0.0, spread) / denominator / denominator


def _central(name: str, squares: float, mean: float, n: int) -> float:
    """The squared deviations from a sum of squares."""
    of_squares = not_negative(name, squares)
    least = n * mean * mean
    # The rounding of the sums.
    if of_squares - least < -1e-9 * of_squares:
        raise ValueError(f"{name} must be at least the squared sum over n ({least:g}), got {described(squares)}")
    return max(0.0, of_squares - least) if n > 1 else 0.0


def _jackknife(top: Floats, bottom: Floats) -> float | None:
    """(n - 1) / n times the squared deviations of the ratios that leave out one unit each: Quenouille (1956), Tukey (1958)."""
    n = len(top)
    rest = bottom.sum() - bottom
    if n < 2 or not rest.all():
        return None
    without = (top.sum() - top) / rest
    deviations = without - without.mean()
    return float(deviations @ deviations) * (n - 1) / n
