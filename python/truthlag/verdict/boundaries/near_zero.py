"""Differences of nearly equal numbers, to full precision also where they are nearly nothing.

A boundary at an intrinsic time of 1e12 is made of such differences, each times 1e12.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

#: Where y - log(1 + y) is by its series; beyond, the difference itself loses a digit at most.
_NEAR = 0.25
#: Of the series in r² = (y / (2 + y))², at most 1/49: the first term that is left out is below 1e-18 of the sum.
_TERMS = 10
#: exp(w) - 1 is within that.
_NEAR_EXPONENT = 0.2
#: From here on Stirling's series is exact to 1e-17.
_STIRLING_FROM = 12.0
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def less_log1p(y: Floats) -> Floats:
    """Y - log(1 + y), for y above -1."""
    near = np.abs(y) < _NEAR
    r = np.where(near, y, 0.0)
    r = r / (2 + r)
    square = r * r
    series = np.zeros_like(r)
    for term in range(_TERMS, 0, -1):
        series = series * square + 1 / (2 * term + 1)
    with np.errstate(all="ignore"):
        return np.where(near, 2 * square * (1 / (1 - r) - r * series), y - np.log1p(y))


def less_one_less_self(w: Floats) -> Floats:
    """exp(w) - 1 - w; infinite where exp(w) is."""
    with np.errstate(over="ignore"):
        grown = np.expm1(w)
    near = np.abs(w) < _NEAR_EXPONENT
    return np.where(near, less_log1p(np.where(near, grown, 0.0)), grown - w)


def relative_entropy(y: Floats) -> Floats:
    """(1 + y) log(1 + y) - y, for y of at least -1: the divergence of Poisson counts whose means are as 1 + y to 1."""
    with np.errstate(all="ignore"):
        return np.where(y <= -1, 1.0, y * np.log1p(np.maximum(y, -1)) - less_log1p(np.maximum(y, -1)))


def stirling_rest(a: Floats) -> Floats:
    """Log Gamma(a) less Stirling's (a - 1/2) log(a) - a + log(2 pi) / 2, for a above 0."""
    from scipy import special

    far = np.maximum(a, _STIRLING_FROM)
    inverse = 1 / (far * far)
    series = np.zeros_like(far)
    for term in reversed(_STIRLING):
        series = series * inverse + term
    near = np.minimum(a, _STIRLING_FROM)
    direct = special.gammaln(near) - (near - 0.5) * np.log(near) + near - 0.5 * np.log(2 * np.pi)
    return np.where(a >= _STIRLING_FROM, series / far, direct)
