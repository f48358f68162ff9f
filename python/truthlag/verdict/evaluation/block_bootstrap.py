"""The stationary bootstrap: streams like a history, of blocks of it, so that what hangs together stays together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
FEWEST_MEANS = 64
"""Means of so many stretches at least tell whether neighbouring stretches are alike."""


def resampled(history: Floats, block_length: float, n: int, rng: np.random.Generator) -> Floats:
    """`n` values in blocks of the history that begin anywhere, with geometric lengths of this mean; it goes on at its beginning.

    Politis and Romano (1994), "The stationary bootstrap", JASA 89.
    """
    if block_length <= 1:
        return _at(history, rng.integers(history.size, size=n))
    places: list[Any] = []
    made = 0
    while made < n:
        # A few more than are needed on average, so that one round mostly does.
        blocks = int((n - made) / block_length * 1.1) + 10
        lengths = rng.geometric(1 / block_length, size=blocks)
        starts = rng.integers(history.size, size=blocks)
        begins = np.cumsum(lengths) - lengths
        total = int(begins[-1] + lengths[-1])
        places.append(np.repeat(starts - begins, lengths) + np.arange(total))
        made += total
    return _at(history, np.concatenate(places)[:n] % history.size)


def _at(history: Floats, places: Any) -> Floats:
    values: Floats = np.take(history, places)
    return values


def chosen_block_length(history: Floats) -> float:
    """The mean length of blocks for a history: the longest that Politis and White's rule asks for at any scale.

    The rule (Politis and White (2004), Econometric Reviews 23, corrected by Patton, Politis and White (2009)) is applied to the
    values, and to the means of stretches of 2, 4, 8, ... of them as long as neighbouring stretches are significantly alike: single
    errors hide a rate that goes up and down by the day in their own noise.
    """
    length = politis_white(history)
    size = 2
    while history.size // size >= FEWEST_MEANS:
        stretches = history.size // size
        means = history[: stretches * size].reshape(stretches, size).mean(axis=1)
        if _autocovariances(means, 1)[1] > _threshold(stretches) * means.var():
            length = max(length, size * politis_white(means))
        size *= 2
    return length


def politis_white(values: Floats) -> float:
    """The mean block length for which the stationary bootstrap's variance of a mean is most exact; at least 1."""
    n = values.size
    if n < 8 or np.ptp(values) == 0:
        return 1.0
    in_a_row = max(5, math.ceil(math.sqrt(math.log10(n))))
    most = min(math.ceil(math.sqrt(n)) + in_a_row, n - 1)
    covariances = _autocovariances(values, most)
    insignificant = np.abs(covariances[1:]) < _threshold(n) * covariances[0]
    # The first lag from which on so many in a row are insignificant; else the last that is significant.
    lag = most
    for begin in range(most - in_a_row + 1):
        if insignificant[begin : begin + in_a_row].all():
            lag = begin
            break
    else:
        significant = np.flatnonzero(~insignificant)
        lag = int(significant[-1]) + 1 if significant.size else 1
    width = min(2 * max(lag, 1), most)
    lags = np.arange(1, width + 1)
    # Flat up to half of the width, then a straight line down to zero.
    window = np.minimum(1.0, 2 * (1 - lags / width)) * covariances[1 : width + 1]
    slope = 2 * float((window * lags).sum())
    spectrum = float(covariances[0] + 2 * window.sum())
    if spectrum <= 0:
        return 1.0
    length = (slope * slope / (spectrum * spectrum) * n) ** (1 / 3)
    return float(min(max(length, 1.0), math.ceil(min(3 * math.sqrt(n), n / 3))))


def _threshold(n: int) -> float:
    """What an autocorrelation must exceed, as in the paper."""
    return 2 * math.sqrt(math.log10(n) / n)


def _autocovariances(values: Floats, most: int) -> Floats:
    """Those at lags 0 to `most`, divided by the number of values."""
    centred = values - values.mean()
    n = values.size
    if most <= 8:
        return np.array([centred[lag:] @ centred[: n - lag] / n for lag in range(most + 1)])
    power = np.abs(np.fft.rfft(centred, 2 ** math.ceil(math.log2(2 * n)))) ** 2
    return np.asarray(np.fft.irfft(power)[: most + 1] / n, dtype=np.float64)
