"""The integral of what falls from 0 on, whatever its scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from truthlag.verdict.boundaries.near_zero import Floats

#: What is left out is below exp(-42) = 6e-19 at its largest.
_FALL = -42.0
_STEP = 1 / 16
_PLACES = np.arange(-51, 52) * _STEP
_NODES = 1 / (1 + np.exp(-np.pi * np.sinh(_PLACES)))
#: One less each of them, by symmetry: what is near 1 has no digits left for it.
_LOG_WEIGHTS = np.log(_NODES * _NODES[::-1] * np.pi * np.cosh(_PLACES) * _STEP)


def log_integral(logarithm: Callable[[Floats], Floats], scale: Floats) -> Floats:
    """The logarithm of the integral from 0 to infinity of the exponential of a function that falls from 0.

    The double exponential rule of Takahasi and Mori (1974), up to where the function is nothing: to some 1e-15 where it falls on one
    scale, be it slowly or at once.

    Args:
        logarithm: Takes places of shape (n, nodes), and gives as many values.
        scale: Of shape (n,): about how far the function needs to fall by 1.
    """
    end = _end(lambda places: logarithm(places[:, None])[:, 0], scale)
    terms = logarithm(end[:, None] * _NODES) + _LOG_WEIGHTS
    most = terms.max(axis=1)
    found: Floats = np.log(end) + most + np.log(np.exp(terms - most[:, None]).sum(axis=1))
    return found


def _end(logarithm: Callable[[Floats], Floats], scale: Floats) -> Floats:
    """About where a function has fallen far enough: not before, and not much later."""
    end = 8 * scale
    while (short := logarithm(end) > _FALL).any():
        end = np.where(short, 2 * end, end)
    while (far := logarithm(end / 2) <= _FALL).any():
        end = np.where(far, end / 2, end)
    for part in (2**-0.5, 2**-0.25):
        end = np.where(logarithm(end * part) <= _FALL, end * part, end)
    return end
