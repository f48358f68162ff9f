"""All values of an arm, of which any quantile can be asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.quantiles.cluster_effect import design_effect
from truthlag.verdict.abtest.quantiles.quantile_arm import QuantileArm, checked_p
from truthlag.verdict.abtest.quantiles.ranks import SortedRanks
from truthlag.verdict.abtest.statistics.clusters import places
from truthlag.verdict.abtest.statistics.column import Floats, column, floats


class Quantiles:
    """The sorted values of an arm, and the units that they come from.

    For latencies of long tests a `LatencyHistogram` is smaller; this one is exact, and knows the clusters.

    Made by `of`; two of them merge, and a unit may be in both.

    Example:
        >>> import numpy as np
        >>> from truthlag.abtest import Quantiles, compare
        >>> random = np.random.default_rng(1)
        >>> control = Quantiles.of(random.lognormal(4.6, 0.8, 50_000))
        >>> treatment = Quantiles.of(random.lognormal(4.6, 0.8, 50_000))
        >>> options = {"mode": "fixed", "direction": "lower", "hypothesis": "non_inferiority", "margin": 50}
        >>> compare(control.at(0.99), treatment.at(0.99), **options).verdict
        'non_inferior'
        >>> control.n, len(control.values)
        (50000, 50000)
    """

    __slots__ = ("_cluster", "_values")

    def __init__(self, values: Floats, cluster: NDArray[Any] | None) -> None:
        self._values = values
        self._values.flags.writeable = False
        self._cluster = cluster

    @classmethod
    def of(cls, values: Any, *, cluster: Any = None) -> Quantiles:
        """Sorts values.

        Args:
            values: A sequence or an array of one dimension, of numbers other than NaN; an infinite one is what never ended.
            cluster: The unit of each value, where a unit has several.

        Raises:
            TypeError: They are no numbers.
            ValueError: One is NaN, or they are not as many as clusters.

        Cost: a sort, and a copy that is kept.

        Example:
            >>> from truthlag.abtest import Quantiles
            >>> Quantiles.of([30, 10, 20], cluster=["ann", "bob", "ann"]).values
            array([10., 20., 30.])
        """
        array = column("values", values)
        check_numbers("values", array)
        if cluster is None:
            return cls(np.sort(array.astype(np.float64)), None)
        # Whatever they are, as numbers of their own they are compared.
        places("cluster", cluster, len(array))
        order = np.argsort(array, kind="stable")
        return cls(floats(array)[order], _as_array(cluster)[order])

    @property
    def values(self) -> Floats:
        """The values in ascending order; read-only."""
        return self._values

    @property
    def n(self) -> int:
        """How many values there are.

        Example:
            >>> from truthlag.abtest import Quantiles
            >>> Quantiles.of([30, 10]).n
            2
        """
        return len(self._values)

    def at(self, p: float) -> QuantileArm:
        """A quantile, to be compared.

        Args:
            p: Which one: 0.99 for p99.

        Raises:
            TypeError: It is no number.
            ValueError: It is not between 0 and 1.

        Cost: constant; with clusters a pass over them.

        Example:
            >>> from truthlag.abtest import Quantiles
            >>> Quantiles.of(range(101)).at(0.9).estimate
            90.0
        """
        which, rows = checked_p(p), len(self._values)
        ranks = SortedRanks(rows, self._values)
        if self._cluster is None or not rows:
            return QuantileArm(which, ranks, rows)
        where, clusters = places("cluster", self._cluster, rows)
        return QuantileArm(which, ranks, clusters, design_effect(self._values, where, clusters, which))

    def merge(self, other: Quantiles) -> Quantiles:
        """That of the values of both.

        Raises:
            ValueError: One of them knows its units, and the other does not.

        Cost: proportional to the values.

        Example:
            >>> from truthlag.abtest import Quantiles
            >>> Quantiles.of([1, 5]).merge(Quantiles.of([3])).values
            array([1., 3., 5.])
        """
        if not other.n or not self.n:
            return self if self.n else other
        both = np.concatenate([self._values, other._values])
        if self._cluster is None and other._cluster is None:
            return Quantiles(np.sort(both, kind="stable"), None)
        if self._cluster is None or other._cluster is None:
            raise ValueError(
                "other must know the clusters of its values if this one does, and neither may know them alone"
            )
        order = np.argsort(both, kind="stable")
        return Quantiles(both[order], _joined(self._cluster, other._cluster)[order])

    def __add__(self, other: object) -> Quantiles:
        return self.merge(other) if isinstance(other, Quantiles) else NotImplemented

    def __repr__(self) -> str:
        return f"<Quantiles of {self.n:,} values{'' if self._cluster is None else ' in clusters'}>"


def check_numbers(name: str, array: NDArray[Any]) -> None:
    """Raises for NaN; infinite values have ranks."""
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError(
            f"{name}[{int(np.flatnonzero(np.isnan(array))[0])}] must be a number other than NaN, got nan of type float"
        )


def _as_array(cluster: Any) -> NDArray[Any]:
    try:
        ids = np.asarray(cluster)
    except ValueError:
        ids = np.empty(0)
    if ids.ndim == 1 and len(ids) == len(cluster):
        return ids
    ids = np.empty(len(cluster), dtype=object)
    ids[:] = list(cluster)
    return ids


def _joined(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Ids of both, none of which become others by being made one kind."""
    if first.dtype.kind == second.dtype.kind:
        return np.concatenate([first, second])
    return np.concatenate([first.astype(object), second.astype(object)])
