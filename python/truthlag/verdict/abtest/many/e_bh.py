"""Many e-values, and how many of their hypotheses may be rejected at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from truthlag.verdict.abtest.many.named_numbers import numbers_by_name
from truthlag.verdict.detectors.parameters import share


def e_bh(e_values: Mapping[Any, float | None] | Iterable[float | None], alpha: float = 0.05) -> list[Any]:
    """Which hypotheses to reject so that on average at most a share `alpha` of the rejected is true: the e-BH procedure.

    It rejects the k largest of m, for the largest k whose k-th largest e-value is at least m / (k alpha). It holds however the
    e-values depend on each other, and at whatever time one stops, which the procedure of Benjamini and Hochberg on p-values
    does not.

    Args:
        e_values: Numbers from 0 on, infinity included, in any iterable, or by name: those of `Comparison.e_value`. None is
            no test and does not count.
        alpha: The share of false rejections that is allowed, between 0 and 1.

    Returns:
        The names, or places, of what is rejected, in the order of `e_values`.

    Raises:
        TypeError: An e-value or alpha is no number.
        ValueError: An e-value is negative or NaN, or alpha is not between 0 and 1.

    Cost: sorting.

    Source: Wang and Ramdas (2022), "False discovery rate control with e-values".

    Example:
        >>> from truthlag.abtest import e_bh
        >>> e_bh([120.0, 55.0, 3.0, 0.7, 22.0, 60.0, 1.1, 9.0], alpha=0.05)
        [0, 1, 5]
        >>> e_bh({"de": 15.0, "fr": 55.0, "it": None}, alpha=0.05)
        ['fr']
    """
    level = share("alpha", alpha)
    given = numbers_by_name("e_values", e_values)
    known = {name: value for name, value in given.items() if value is not None}
    values = np.sort(np.array(list(known.values())))[::-1]
    ranks = np.arange(1, len(values) + 1)
    passing = np.flatnonzero(values * ranks * level >= len(values))
    if not len(passing):
        return []
    least = values[passing[-1]]
    return [name for name, value in known.items() if value >= least]
