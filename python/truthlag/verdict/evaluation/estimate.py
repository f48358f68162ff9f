"""A number that a simulation found, with the interval that its runs allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag.verdict.degradation.wilson import two_sided_quantile, wilson

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class IntervalEstimate:
    """An estimate and its interval.

    Attributes:
        value: The estimate; None where the runs do not give one.
        low: The lower limit; None where there is none.
        high: The upper limit; None where there is none.

    Example:
        >>> from truthlag.detectors import IntervalEstimate
        >>> str(IntervalEstimate(0.25, 0.2, 0.31)), str(IntervalEstimate(None, 812, None))
        ('0.25 (0.2 to 0.31)', 'none (from 812)')
    """

    value: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        """The fields as plain Python values.

        Example:
            >>> from truthlag.detectors import IntervalEstimate
            >>> IntervalEstimate(0.25, 0.2, 0.31).to_dict()
            {'value': 0.25, 'low': 0.2, 'high': 0.31}
        """
        return {"value": self.value, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        """The estimate, and the interval in brackets."""
        value = "none" if self.value is None else short(self.value)
        if self.low is None:
            return value if self.high is None else f"{value} (to {short(self.high)})"
        if self.high is None:
            return f"{value} (from {short(self.low)})"
        return f"{value} ({short(self.low)} to {short(self.high)})"


def short(number: float) -> str:
    """A number in three digits, or in whole ones with separated thousands."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def share_estimate(hits: int, runs: int, confidence: float) -> IntervalEstimate:
    """A share of runs, with Wilson's interval (1927)."""
    low, high = wilson(hits / runs, runs, confidence)
    return IntervalEstimate(hits / runs, max(low, 0.0), min(high, 1.0))


def paired_difference(only_first: int, only_second: int, runs: int, confidence: float) -> IntervalEstimate:
    """The difference of two shares of the same runs, with the interval of Bonett and Price (2012).

    "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data", JEBS 37: each of the two kinds
    of runs that differ is given one run more for the interval.
    """
    first, second, n = only_first + 1, only_second + 1, runs + 2
    middle = (first - second) / n
    half = two_sided_quantile(confidence) * math.sqrt(first + second - (first - second) ** 2 / n) / n
    return IntervalEstimate((only_first - only_second) / runs, max(middle - half, -1.0), min(middle + half, 1.0))


def median_estimate(values: Floats, confidence: float) -> IntervalEstimate:
    """The median, and the order statistics that enclose it with this confidence whatever the distribution.

    Infinite values are longer than was looked; a median or a limit among them is None. Without enough values the limits are None.
    """
    from scipy import special

    n = values.size
    if n == 0:
        return IntervalEstimate(None, None, None)
    ordered = np.sort(values)
    middle = float(ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    # The largest j for which fewer than j values lie below the median with probability (1 - confidence) / 2 at most.
    places = np.arange(n // 2 + 1)
    rank = int((special.bdtr(places, n, 0.5) <= (1 - confidence) / 2).sum())
    low, high = (float(ordered[rank - 1]), float(ordered[n - rank])) if rank > 0 else (None, None)
    return IntervalEstimate(finite(middle), finite(low), finite(high))


def finite(value: float | None) -> float | None:
    """The value, or None where it is infinite."""
    return value if value is not None and math.isfinite(value) else None


def exposure_limits(exposure: float, events: int, dispersion: float, confidence: float) -> tuple[float, float | None]:
    """Limits of the mean exposure to one event: Garwood's (1936) of a Poisson count, by quantiles of gamma distributions.

    Events that come in heaps, with a variance of `dispersion` times the mean, count for so many fewer; one below 1 is not used.
    """
    from scipy import special

    tail = (1 - confidence) / 2
    scale = max(dispersion, 1.0)
    count, length = events / scale, exposure / scale
    low = length / float(special.gammainccinv(count + 1, tail))
    return low, length / float(special.gammaincinv(count, tail)) if events else None


def rate_estimate(counts: Sequence[int], exposure_of_each: int, confidence: float) -> IntervalEstimate:
    """Events for each 1 000 values of runs of the same length."""
    array = np.asarray(counts, dtype=np.float64)
    exposure = exposure_of_each * array.size
    if exposure == 0:
        return IntervalEstimate(None, None, None)
    mean = float(array.mean())
    dispersion = float(array.var(ddof=1)) / mean if array.size > 1 and mean > 0 else 1.0
    low, high = exposure_limits(exposure, int(array.sum()), dispersion, confidence)
    return IntervalEstimate(
        1_000 * float(array.sum()) / exposure, 0.0 if high is None else 1_000 / high, min(1_000 / low, 1_000.0)
    )
