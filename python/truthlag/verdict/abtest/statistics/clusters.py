"""Sums by cluster: the rows of one unit of randomisation made one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.column import Floats, floats, is_missing

ALLOWED = "a sequence or an array of one dimension, of the cluster of each row"


def places(name: str, cluster: Any, length: int) -> tuple[NDArray[np.intp], int]:
    """For each row the number of its cluster, and how many clusters there are.

    Cost: a sort; for values that have no order, a look-up in a dict for each row.
    """
    if isinstance(cluster, str | bytes):
        raise TypeError(f"{name} must be {ALLOWED}, got {described(cluster)}")
    try:
        ids = np.asarray(cluster)
    except ValueError:
        ids = _objects(cluster)
    except Exception as error:
        raise TypeError(f"{name} must be {ALLOWED}, got {described(cluster)}") from error
    if ids.ndim > 1 and isinstance(cluster, list | tuple):
        ids = _objects(cluster)
    if ids.ndim != 1:
        raise ValueError(f"{name} must be {ALLOWED}, got {ids.ndim} dimensions")
    if len(ids) != length:
        raise ValueError(f"{name} must have a cluster for each of the {length} rows, got {len(ids)}")
    if ids.dtype.kind == "f" and np.isnan(ids).any():
        place = int(np.flatnonzero(np.isnan(ids))[0])
        raise ValueError(f"{name}[{place}] must be a cluster, got nan of type float")
    if ids.dtype.kind == "O":
        for place, one in enumerate(ids):
            if one is None or (not isinstance(one, tuple) and is_missing(one)):
                raise ValueError(f"{name}[{place}] must be a cluster, got {described(one)}")
        numbers: dict[Any, int] = {}
        try:
            found = [numbers.setdefault(one, len(numbers)) for one in ids]
        except TypeError as error:
            raise TypeError(f"{name} must be {ALLOWED} that hashes, got {described(ids[0])}") from error
        return np.array(found, dtype=np.intp), len(numbers)
    unique, inverse = np.unique(ids, return_inverse=True)
    return inverse, len(unique)


def _objects(cluster: Any) -> NDArray[Any]:
    """The ids one by one, where numpy takes each for a row of its own."""
    ids = np.empty(len(cluster), dtype=object)
    for place, one in enumerate(cluster):
        ids[place] = one
    return ids


def sums(array: NDArray[Any], where: NDArray[np.intp], clusters: int) -> Floats:
    """The sum of each cluster."""
    return np.asarray(np.bincount(where, weights=floats(array), minlength=clusters), dtype=np.float64)


def sizes(where: NDArray[np.intp], clusters: int) -> Floats:
    """The rows of each cluster."""
    return np.bincount(where, minlength=clusters).astype(np.float64)
