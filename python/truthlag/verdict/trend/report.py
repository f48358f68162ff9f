"""What `check_trend` found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from truthlag.verdict.trend.robust import RobustTrend
from truthlag.verdict.trend.sentence import sentence

__all__ = ["OutlyingPeriod", "TrendReport", "Verdict"]

Verdict = Literal["declining", "stable", "improving", "outlier", "undecided"]


@dataclass(frozen=True, slots=True)
class OutlyingPeriod:
    """A single period that does not fit the others.

    Example:
        >>> from truthlag import OutlyingPeriod
        >>> period = OutlyingPeriod(index=6, time=6.0, value=0.7, expected=0.95, p_value=0.0001)
        >>> round(period.value - period.expected, 2)
        -0.25
    """

    index: int
    """Its position among the periods as they were given, from 0."""
    time: Any
    """Its time as it was given, or a day counted from 0; for a tracker the start of the period."""
    value: float
    """Its value."""
    expected: float
    """What the other periods lead to expect."""
    p_value: float
    """How likely a period as far off is among as many that all fit."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict that `json.dumps` takes; times in ISO format.

        Example:
            >>> from truthlag import OutlyingPeriod
            >>> OutlyingPeriod(6, 6.0, 0.7, 0.95, 0.0001).to_dict()["index"]
            6
        """
        return {
            "index": self.index,
            "time": self.time.isoformat() if isinstance(self.time, dt.date) else self.time,
            "value": self.value,
            "expected": self.expected,
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class TrendReport:
    """Whether a metric has a trend over periods, how steep it is, and when it takes the metric to its limit.

    Made by `check_trend`.

    Example:
        >>> from truthlag.verdict.trend import check_trend
        >>> right = [48, 47, 48, 46, 47, 47, 45, 46, 46, 44, 45, 45, 43, 44, 43, 44, 42, 42, 43, 41, 41]
        >>> report = check_trend("accuracy", right, trials=[50] * 21, baseline=0.96, margin=0.20)
        >>> report.verdict, round(report.slope, 4), tuple(round(end, 4) for end in report.interval)
        ('declining', -0.0066, (-0.0097, -0.0036))
        >>> tuple(round(day, 1) for day in report.crossing_days)
        (3.2, 27.7)
        >>> print(report.sentence)
        accuracy declines by 0.0066 a day (0.0036 to 0.0097; p < 0.0001, 21 periods): 0.76 is crossed in 3 to 28 days.
    """

    metric: str
    """The metric."""
    verdict: Verdict
    """`declining` and `improving`: the metric gets worse or better, by a p-value of at most alpha. `outlier`: single periods do
    not fit, and the others show no trend. `undecided`: too few periods to tell. Else `stable`: no trend is seen; how steep
    a one may still be there is what `interval` says."""
    higher_is_better: bool
    """Whether a rise is an improvement."""
    kind: str
    """`rate` (counts), `mean` (with sizes or standard errors) or `value`."""
    periods: int
    """Periods looked at, outliers included."""
    skipped: dict[str, int]
    """Periods not looked at, by reason: `no_data`, `immature`."""
    slope: float | None
    """The change a day, without outliers; None for fewer than 2 periods at different times."""
    low: float | None
    """The lower end of its interval; None where there is no p-value."""
    high: float | None
    """The upper end."""
    p_value: float | None
    """Two-sided, of no change; None with too few periods: 3 for rates, 14 for means and values."""
    alpha: float
    """The level of the verdict; intervals are of 1 - alpha."""
    dispersion: float | None
    """How many times more the periods vary about the line than the sampling of their rows explains, at least 1; None where it
    is not known what sampling explains."""
    method: str
    """Which slope, and which of its errors decided."""
    robust: RobustTrend | None
    """The view that a few bad periods cannot sway; it does not decide. None for fewer than 2 periods."""
    current: float | None
    """The value of the last period; None without periods."""
    fitted: float | None
    """The line at the last period."""
    limit: float | None
    """The value at which the margin is used up: the baseline less the margin, or plus it where lower is better."""
    crossing_days: tuple[float, float] | None
    """In how many days from the last period the line meets the limit, the earliest and the latest; below 0 in the past. None
    unless declining, and without a baseline."""
    outliers: tuple[OutlyingPeriod, ...]
    """Single periods that do not fit the others, left out of the line; at most one in ten."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the interval of the slope, or None when there is none."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        return sentence(self)

    def to_dict(self) -> dict[str, Any]:
        """The fields and the sentence as a dict that `json.dumps` takes; times in ISO format.

        Example:
            >>> import json
            >>> from truthlag.verdict.trend import check_trend
            >>> report = check_trend("accuracy", [0.95, 0.94, 0.95])
            >>> json.loads(json.dumps(report.to_dict()))["verdict"]
            'undecided'
        """
        return {
            "metric": self.metric,
            "verdict": self.verdict,
            "higher_is_better": self.higher_is_better,
            "kind": self.kind,
            "periods": self.periods,
            "skipped": dict(self.skipped),
            "slope": self.slope,
            "low": self.low,
            "high": self.high,
            "p_value": self.p_value,
            "alpha": self.alpha,
            "dispersion": self.dispersion,
            "method": self.method,
            "robust": None if self.robust is None else self.robust.to_dict(),
            "current": self.current,
            "fitted": self.fitted,
            "limit": self.limit,
            "crossing_days": None if self.crossing_days is None else list(self.crossing_days),
            "outliers": [outlier.to_dict() for outlier in self.outliers],
            "sentence": self.sentence,
        }

    def __str__(self) -> str:
        return self.sentence
