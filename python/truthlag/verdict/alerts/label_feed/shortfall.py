"""How much less came than the past led to expect: the arithmetic of the label feed."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.float64]
Slots: TypeAlias = NDArray[np.int64]

LEAST_OF_A_SLOT = 3
"""Periods of its slot that a period must have behind it."""
BLOCKS = 20
"""Spans of a length that must fit into the past, so that it says how much their sums vary."""
LASTING_BLOCKS = 10
"""The same of spans over which smaller drops count; fewer, so that labels which vary from day to day are told at all."""
_BURST, _FEW = 4.0, 10.0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The sum of the last periods against what was expected of it."""

    span: int
    """How many periods."""
    labels: float
    expected: float
    dispersion: float
    """The variance that was allowed for, as a multiple of the expected sum; 1 is a Poisson process."""
    p_value: float
    """The chance of so few or fewer, of this span alone."""


def shortfall(counts: Counts, slots: tuple[Slots, ...], span: int, blocks: int = BLOCKS) -> Shortfall | None:
    """Compare the last `span` counts with those before them; None where these are too few.

    The expected count of a period is the mean of its slot (the same hour of the week, say) among the periods before. How
    much the sum of a span varies is measured on all earlier spans of that length, each against the means of the other
    periods of its slots, so that a process whose periods depend on each other (a slow day is slow in all its hours) is
    allowed for. Two laws of variance are fitted by moments, in proportion to the mean and to its square (quasi-Poisson and
    negative binomial: Ver Hoef and Boveng 2007), and the larger one is used, raised for the error of its estimate; the
    sum is then negative binomial, a Poisson variable whose rate is gamma distributed.

    Args:
        counts: Of all periods in order of time, the newest last.
        slots: For each cycle, the finest first, the slot of every period.
        span: How many periods to judge.
        blocks: How many spans of this length must have gone before.
    """
    if len(counts) - span < span * blocks:
        return None
    for labelled in slots:
        past, now = labelled[:-span], labelled[-span:]
        size = int(labelled.max()) + 1
        number = np.bincount(past, minlength=size)
        if int(number[now].min()) >= LEAST_OF_A_SLOT:
            return _compare(counts, past, now, number, span)
    return None


def _compare(counts: Counts, past: Slots, now: Slots, number: NDArray[np.int64], span: int) -> Shortfall:
    before = _without_bursts(counts[:-span], past, len(number))
    total = np.bincount(past, weights=before, minlength=len(number))
    expected = float((total[now] / number[now]).sum())
    labels = float(counts[-span:].sum())
    kept = number[past] >= LEAST_OF_A_SLOT
    values, of = before[kept], past[kept]
    others = (total[of] - values) / (number[of] - 1)
    squares = _sums(values - others, span) ** 2
    means = _sums(others, span)
    dispersion = 1.0
    if means.size and means.sum() > 0:
        # Spans overlap: it is as if there were one for each `span` periods.
        margin = 1 + 2 * math.sqrt(2 * span / len(values))
        linear = float(squares.sum() / means.sum())
        quadratic = float((squares.sum() - means.sum()) / (means**2).sum())
        dispersion = max(1.0, margin * linear, 1 + margin * quadratic * expected)
    return Shortfall(span, labels, expected, dispersion, lower_tail(labels, expected, dispersion))


def lower_tail(labels: float, expected: float, dispersion: float) -> float:
    """The chance that a negative binomial variable of this mean, and `dispersion` times that variance, is at most `labels`."""
    from scipy import special

    if expected <= 0:
        return 1.0
    if dispersion <= 1 + 1e-9:
        return float(special.gammaincc(labels + 1, expected))
    return float(special.betainc(expected / (dispersion - 1), labels + 1, 1 / dispersion))


def lower_limit(expected: float, dispersion: float, chance: float) -> int:
    """The fewest labels that are not fewer than chance allows: the least whole number with a lower tail above `chance`."""
    low, high = 0, max(int(expected), 1)
    while lower_tail(high, expected, dispersion) <= chance:
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        if lower_tail(middle, expected, dispersion) > chance:
            high = middle
        else:
            low = middle + 1
    return low


def _without_bursts(counts: Counts, slots: Slots, size: int) -> Counts:
    """The counts, each at most four times the median of its slot, and ten: labels delivered in bulk are no standard."""
    order = np.lexsort((counts, slots))
    number = np.bincount(slots, minlength=size)
    first = np.cumsum(number) - number
    filled = number > 0
    ordered = counts[order]
    median = np.zeros(size)
    half = first[filled] + (number[filled] - 1) // 2, first[filled] + number[filled] // 2
    median[filled] = (ordered[half[0]] + ordered[half[1]]) / 2
    capped: Counts = np.minimum(counts, _BURST * median[slots] + _FEW)
    return capped


def _sums(values: Counts, span: int) -> Counts:
    """The sum of every `span` values in a row."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    found: Counts = sums[span:] - sums[:-span]
    return found
