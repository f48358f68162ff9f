"""P-values of many tests, adjusted for how many they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args, overload

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.abtest.many.named_numbers import numbers_by_name
from truthlag.verdict.detectors.parameters import choice

Adjustment: TypeAlias = Literal["holm", "hommel", "bh", "by", "bonferroni", "hochberg", "sidak", "holm_sidak"]
"""How p-values are adjusted."""

ADJUSTMENTS: tuple[str, ...] = get_args(Adjustment)
_Floats: TypeAlias = NDArray[np.float64]


@overload
def adjust(p_values: Mapping[Any, float | None], method: Adjustment = "holm") -> dict[Any, float | None]: ...


@overload
def adjust(p_values: Iterable[float | None], method: Adjustment = "holm") -> list[float | None]: ...


def adjust(p_values: Any, method: Adjustment = "holm") -> Any:
    """P-values adjusted for their number: reject those that are at most alpha.

    Each is the smallest alpha at which the procedure rejects its hypothesis. What is kept below alpha, and when:

    ==============  =====================  ==================================================
    method          keeps                  holds
    ==============  =====================  ==================================================
    `"holm"`        any false rejection    always (Holm 1979)
    `"hommel"`      any false rejection    independent or positively dependent (Hommel 1988)
    `"hochberg"`    any false rejection    independent or positively dependent (Hochberg 1988)
    `"bonferroni"`  any false rejection    always
    `"sidak"`       any false rejection    independent, or two-sided tests of normal means
    `"holm_sidak"`  any false rejection    the same, step by step
    `"bh"`          share of false among   independent or positively dependent (Benjamini and
                    the rejected           Hochberg 1995)
    `"by"`          the same               always (Benjamini and Yekutieli 2001)
    ==============  =====================  ==================================================

    Args:
        p_values: Numbers from 0 to 1, in any iterable, or by name. None is no test: it stays None and does not count.
        method: One of the table; `"holm"` by default.

    Returns:
        The adjusted p-values in the same order: a dict for a mapping, else a list.

    Raises:
        TypeError: A p-value is no number.
        ValueError: A p-value is not between 0 and 1, or the method is unknown.

    Cost: sorting; for `"hommel"` proportional to the square of their number (0.1 s for 5 000).

    Example:
        >>> from truthlag.abtest import adjust
        >>> adjust([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
        >>> adjust({"clicks": 0.01, "returns": 0.04, "latency": None}, method="bh")
        {'clicks': 0.02, 'returns': 0.04, 'latency': None}
    """
    choice("method", method, ADJUSTMENTS)
    given = numbers_by_name("p_values", p_values, 1.0)
    known = {name: value for name, value in given.items() if value is not None}
    values = adjusted_array(np.array(list(known.values())), method).tolist()
    adjusted = {**given, **dict(zip(known, values, strict=True))}
    return adjusted if isinstance(p_values, Mapping) else list(adjusted.values())


def adjusted_array(p_values: _Floats, method: str) -> _Floats:
    """The same of an array that is known to hold probabilities."""
    if not len(p_values):
        return p_values
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1.0, _METHODS[method](p_values[order]))
    return adjusted


def _bonferroni(ordered: _Floats) -> _Floats:
    return len(ordered) * ordered


def _sidak(ordered: _Floats) -> _Floats:
    return _one_of(ordered, np.full(len(ordered), len(ordered)))


def _holm(ordered: _Floats) -> _Floats:
    found: _Floats = np.maximum.accumulate(np.arange(len(ordered), 0, -1) * ordered)
    return found


def _holm_sidak(ordered: _Floats) -> _Floats:
    found: _Floats = np.maximum.accumulate(_one_of(ordered, np.arange(len(ordered), 0, -1)))
    return found


def _one_of(p_values: _Floats, tests: NDArray[Any]) -> _Floats:
    """1 - (1 - p)^m, with all digits where p is small."""
    with np.errstate(divide="ignore"):
        found: _Floats = -np.expm1(tests * np.log1p(-p_values))
    return found


def _hochberg(ordered: _Floats) -> _Floats:
    return _from_the_largest(np.arange(len(ordered), 0, -1) * ordered)


def _benjamini_hochberg(ordered: _Floats) -> _Floats:
    return _from_the_largest(len(ordered) / np.arange(1, len(ordered) + 1) * ordered)


def _benjamini_yekutieli(ordered: _Floats) -> _Floats:
    harmonic = math.fsum(1 / rank for rank in range(1, len(ordered) + 1))
    return harmonic * _benjamini_hochberg(ordered)


def _from_the_largest(values: _Floats) -> _Floats:
    found: _Floats = np.minimum.accumulate(values[::-1])[::-1]
    return found


def _hommel(ordered: _Floats) -> _Floats:
    """Hommel's procedure as Wright (1992) tells its adjusted p-values."""
    count = len(ordered)
    ranks = np.arange(1, count + 1)
    least = float(np.min(count * ordered / ranks))
    adjusted = np.full(count, least)
    for size in range(count - 1, 1, -1):
        first = count - size + 1
        of_last = float(np.min(size * ordered[first:] / ranks[1:size]))
        found = np.empty(count)
        found[:first] = np.minimum(size * ordered[:first], of_last)
        found[first:] = found[first - 1]
        np.maximum(adjusted, found, out=adjusted)
    np.maximum(adjusted, ordered, out=adjusted)
    return adjusted


_METHODS: dict[str, Callable[[_Floats], _Floats]] = {
    "holm": _holm,
    "hommel": _hommel,
    "bh": _benjamini_hochberg,
    "by": _benjamini_yekutieli,
    "bonferroni": _bonferroni,
    "hochberg": _hochberg,
    "sidak": _sidak,
    "holm_sidak": _holm_sidak,
}
