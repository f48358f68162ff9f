"""What a mean is held against: a value that is known, or what was counted."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from truthlag import _core
from truthlag.call.described import described
from truthlag.verdict.detectors.parameters import count, real

LossBaseline: TypeAlias = float | Sequence[int]
"""A mean loss that is known, or losses of 1 and how many there were in all: (k, n)."""

LEAST = 1e-9
"""The least mean that something can be held against: a factor of a bet stays below 1e9."""
MOST_COUNTED = 2**53


def reference(baseline: Any, tolerance: Any, confidence: float) -> float:
    """The mean above which there is a loss: the baseline, or its upper limit at this confidence, and the tolerance.

    The limit is that of Clopper and Pearson (1934), which holds at every n.
    """
    allowed_loss = real("tolerance", tolerance, 0, 1)
    if isinstance(baseline, tuple | list):
        level = _upper_limit(baseline, confidence)
    elif hasattr(baseline, "__len__"):
        raise TypeError(f"baseline must be a number from 0 to 1, or (k, n), got {described(baseline)}")
    else:
        level = real("baseline", baseline, 0, 1)
    total = level + allowed_loss
    if not LEAST <= total < 1:
        raise ValueError(
            f"baseline and tolerance must come to a mean loss from {LEAST:g} to below 1, got {level:.6g} and {allowed_loss:.6g}; "
            "where a baseline is perfect, give its counts as (k, n), or a tolerance"
        )
    return total


def _upper_limit(baseline: Sequence[Any], confidence: float) -> float:
    if len(baseline) != 2:
        raise ValueError(f"baseline must be (k, n), got {len(baseline)} numbers")
    trials = count("baseline[1]", baseline[1], 1, MOST_COUNTED)
    losses = count("baseline[0]", baseline[0], 0, int(trials))
    if losses == trials:
        return 1.0
    return _core.rate_upper_limit(int(losses), int(trials), 1 - confidence)
