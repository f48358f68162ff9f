"""How long a detector runs without a change until it alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from truthlag import _core
from truthlag.verdict.evaluation.estimate import (
    IntervalEstimate,
    exposure_limits,
    median_estimate,
    rate_estimate,
    share_estimate,
    short,
)


@dataclass(frozen=True, slots=True)
class RunLength:
    """Values from a fresh start to the first alarm where nothing changes, of runs that were watched for `horizon` values each.

    A run without an alarm is only known to be longer. `mean` is the number of values watched up to first alarms, divided by the
    number of those alarms. That is the mean run length where alarms come at a constant rate, however many runs were cut off; where
    they come at the beginning or hardly ever, as with a detector that learns what is normal by the way, it is the mean only as far
    as the horizon shows, and `restricted_mean` and `alarmed` say more, which assume nothing.

    Attributes:
        mean: Values watched for each first alarm; its `value` and `high` are None where no run alarmed. The interval is that of an
            exponential rate by chi-square quantiles, the wider where run lengths vary more than that.
        median: The median run length; None where fewer than half of the runs alarmed. The interval is by order statistics.
        restricted_mean: The mean of the run length or the horizon, whichever is less, with an interval by betting (Waudby-Smith and
            Ramdas (2024)).
        alarmed: The share of runs with an alarm within the horizon, with Wilson's interval.
        false_alarms_per_1000: All alarms, those after the first too, for each 1 000 values; the interval allows for alarms in heaps.
            Where runs end with the first alarm, as in `calibrate`, it is 1 000 over `mean`.
        horizon: Values in each run.
        runs: Runs.

    Example:
        >>> from truthlag.detectors import AlwaysFires, Scenario, evaluate
        >>> result = evaluate(AlwaysFires, Scenario(), runs=100, horizon=1_000).results[0]
        >>> result.run_length.mean.value, result.run_length.censored, result.run_length.false_alarms_per_1000.value
        (1.0, 0, 1000.0)
    """

    mean: IntervalEstimate
    median: IntervalEstimate
    restricted_mean: IntervalEstimate
    alarmed: IntervalEstimate
    false_alarms_per_1000: IntervalEstimate
    horizon: int
    runs: int

    @property
    def censored(self) -> int:
        """Runs without an alarm within the horizon."""
        return self.runs - round((self.alarmed.value or 0.0) * self.runs)

    def to_dict(self) -> dict[str, Any]:
        """All as plain Python values.

        Example:
            >>> from truthlag.detectors import NeverFires, Scenario, evaluate
            >>> result = evaluate(NeverFires, Scenario(), runs=100, horizon=1_000).results[0]
            >>> result.run_length.to_dict()["mean"]["value"] is None
            True
        """
        return {
            "mean": self.mean.to_dict(),
            "median": self.median.to_dict(),
            "restricted_mean": self.restricted_mean.to_dict(),
            "alarmed": self.alarmed.to_dict(),
            "false_alarms_per_1000": self.false_alarms_per_1000.to_dict(),
            "horizon": self.horizon,
            "runs": self.runs,
            "censored": self.censored,
        }

    def __str__(self) -> str:
        """The mean with its interval."""
        if self.mean.value is None:
            return f"no alarm in {self.runs} runs of {short(self.horizon)}: at least {short(self.mean.low or 0.0)}"
        return str(self.mean)


def run_length(
    first_alarms: Sequence[int | None], counts: Sequence[int] | None, horizon: int, confidence: float
) -> RunLength:
    """From the 1-based places of first alarms (None where there was none) and the numbers of alarms, where runs went on."""
    runs = len(first_alarms)
    lengths = np.array([horizon if one is None else one for one in first_alarms], dtype=np.float64)
    has_alarmed = np.array([one is not None for one in first_alarms])
    survived = np.where(has_alarmed, lengths, np.inf)
    tail = (1 - confidence) / 2
    shares = lengths / horizon
    # Arrays that the core takes are contiguous; a mean's lower limit is what the upper one of the rest leaves.
    high = _core.mean_upper_limit(np.ascontiguousarray(shares), tail)
    low = 1 - _core.mean_upper_limit(np.ascontiguousarray(1 - shares), tail)
    mean = mean_length(lengths, has_alarmed, confidence)
    return RunLength(
        mean=mean,
        median=median_estimate(survived, confidence),
        restricted_mean=IntervalEstimate(float(lengths.mean()), horizon * low, horizon * high),
        alarmed=share_estimate(int(has_alarmed.sum()), runs, confidence),
        false_alarms_per_1000=_rate(mean) if counts is None else rate_estimate(counts, horizon, confidence),
        horizon=horizon,
        runs=runs,
    )


def mean_length(lengths: Any, has_alarmed: Any, confidence: float) -> IntervalEstimate:
    """Values watched for each first alarm: the maximum-likelihood estimate of an exponential mean with censored runs.

    The interval is widened by the variance of "length less mean where it alarmed" over what it is for an exponential, whatever the
    distribution (the delta method for a ratio).
    """
    exposure, alarms = float(lengths.sum()), int(has_alarmed.sum())
    mean = exposure / alarms if alarms else None
    low, high = exposure_limits(exposure, alarms, dispersion(lengths, has_alarmed), confidence)
    # No run is shorter than one value.
    return IntervalEstimate(mean, max(low, 1.0), high)


def dispersion(lengths: Any, has_alarmed: Any) -> float:
    """How many times the variance of an exponential run length theirs is; 1 where there is no alarm."""
    alarms = int(has_alarmed.sum())
    if alarms == 0:
        return 1.0
    mean = float(lengths.sum()) / alarms
    return float(((lengths - mean * has_alarmed) ** 2).sum()) / (mean * mean * alarms)


def _rate(mean: IntervalEstimate) -> IntervalEstimate:
    """Alarms for each 1 000 values at a mean run length."""
    low = 0.0 if mean.high is None else 1_000 / mean.high
    return IntervalEstimate(0.0 if mean.value is None else 1_000 / mean.value, low, 1_000 / (mean.low or 1.0))
