"""Values capped at a quantile of both arms together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.abtest.statistics.column import Floats, blame, column, floats
from truthlag.verdict.detectors.parameters import share


@dataclass(frozen=True, slots=True, eq=False)
class Winsorized:
    """Both arms after capping.

    Example:
        >>> from truthlag.abtest import winsorize
        >>> capped = winsorize([1.0, 2.0, 3.0], [2.0, 3.0, 400.0], upper=0.8)
        >>> capped.high, capped.treatment.tolist(), str(capped)
        (3.0, [2.0, 3.0, 3.0], 'values above 3 (the 0.8 quantile of both arms together) were capped: 0 of the control, 1 of ...')
    """

    control: Floats
    """The control's values."""
    treatment: Floats
    """The treatment's values."""
    low: float | None
    """What smaller values were raised to; None where there was no such limit."""
    high: float | None
    """What larger values were lowered to."""
    lower: float | None
    """The quantile of `low`."""
    upper: float | None
    """The quantile of `high`."""
    capped: tuple[int, int]
    """How many values of the control and of the treatment were moved."""

    def __str__(self) -> str:
        limits = [
            f"{side} {limit:.6g} (the {quantile:g} quantile of both arms together)"
            for side, limit, quantile in (("below", self.low, self.lower), ("above", self.high, self.upper))
            if limit is not None
        ]
        return (
            f"values {' and '.join(limits)} were capped: {self.capped[0]:,} of the control, {self.capped[1]:,} of the treatment;"
            " the difference is that of capped values."
        )


def winsorize(control: Any, treatment: Any, *, upper: float | None = 0.99, lower: float | None = None) -> Winsorized:
    """Cap the values of both arms at quantiles of both together, so that a few huge ones do not drown a difference.

    The limits come from both arms together, so that an arm has no say of its own in them and equal arms stay equal; the difference
    is then that of capped values, which is another question than that of the plain ones.

    Args:
        control: A sequence or an array of one dimension, of finite numbers.
        treatment: The same of the treatment.
        upper: The quantile above which values are capped, between 0 and 1; None for no such limit.
        lower: The quantile below which they are raised to it; None for no such limit.

    Returns:
        Both arms and the limits, which are those of linear interpolation (Hyndman and Fan's type 7).

    Raises:
        TypeError: They are no numbers.
        ValueError: One is not finite, a quantile is not between 0 and 1, or the lower is not below the upper.

    Cost: some passes, and a selection among all values.

    Example:
        >>> from truthlag.abtest import compare, winsorize
        >>> capped = winsorize([1, 2, 3, 4], [2, 3, 4, 5000], upper=0.9)
        >>> compare(capped.control, capped.treatment, mode="fixed").verdict
        'undecided'
    """
    if upper is None and lower is None:
        raise ValueError("upper or lower must be given, got None of both")
    if upper is not None and lower is not None and share("lower", lower) >= share("upper", upper):
        raise ValueError(f"lower must be below upper ({upper:g}), got {described(lower)}")
    arms = []
    for name, given in (("control", control), ("treatment", treatment)):
        array = floats(column(name, given))
        if not np.isfinite(array).all():
            raise blame(name, array)
        arms.append(array)
    both = np.concatenate(arms)
    if not len(both):
        return Winsorized(arms[0], arms[1], None, None, lower, upper, (0, 0))
    low = None if lower is None else float(np.quantile(both, share("lower", lower)))
    high = None if upper is None else float(np.quantile(both, share("upper", upper)))
    clipped = [np.clip(array, low, high) for array in arms]
    moved = [int(np.count_nonzero(before != now)) for before, now in zip(arms, clipped, strict=True)]
    return Winsorized(clipped[0], clipped[1], low, high, lower, upper, (moved[0], moved[1]))
