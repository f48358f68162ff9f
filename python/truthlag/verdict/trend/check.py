"""Does a metric get worse from period to period."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.call.tracker import ModelPerformanceTracker, Time
from truthlag.metrics import PerformanceSnapshot
from truthlag.verdict.trend.between import between
from truthlag.verdict.trend.columns import Times, microseconds_or_none
from truthlag.verdict.trend.crossing import crossing
from truthlag.verdict.trend.directions import higher_is_better_of
from truthlag.verdict.trend.given import Given, from_columns
from truthlag.verdict.trend.line import FEWEST_FOR_SERIAL, Line, Scale, fit_line, scales
from truthlag.verdict.trend.outliers import find_outliers
from truthlag.verdict.trend.report import OutlyingPeriod, TrendReport, Verdict
from truthlag.verdict.trend.robust import robust_trend
from truthlag.verdict.trend.sentence import FEWEST_RATES
from truthlag.verdict.trend.series import Series
from truthlag.verdict.trend.snapshots import Maturity, from_snapshots, from_tracker
from truthlag.verdict.values import Numbers, plain

__all__ = ["check_trend"]

_SLOPES = {
    "rate": "Cochran-Armitage slope of rates",
    "mean": "weighted least-squares slope of means",
    "value": "least-squares slope of values",
}
_ERRORS = {
    "sampling": "errors of sampling alone",
    "residual": "errors from the spread about the line",
    "serial": "fixed-smoothing errors that allow for serial correlation",
}


def check_trend(
    metric_name: str,
    periods: Numbers | Sequence[PerformanceSnapshot] | ModelPerformanceTracker,
    *,
    trials: Numbers | None = None,
    standard_errors: Numbers | None = None,
    second_moments: Numbers | None = None,
    sizes: Numbers | None = None,
    times: Times | None = None,
    period: timedelta = timedelta(days=1),
    last: int = 31,
    start: Time | None = None,
    end: Time | None = None,
    min_age: timedelta | None = None,
    min_coverage: float | None = None,
    now: Time | None = None,
    threshold: float | None = None,
    higher_is_better: bool | None = None,
    baseline: float | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
) -> TrendReport:
    """Whether a metric declines over periods, by one look at all of them.

    Periods may be of unequal size and at irregular times. What `periods` holds follows from what is beside it:

    - with `trials`, how many of the trials of each period came out well: rates, by the slope of Cochran and Armitage;
    - with `standard_errors`, or `second_moments` and `sizes`, means with a known error; with `sizes` alone, means whose error is
      in proportion to 1 / sqrt(size): by weighted least squares;
    - alone, plain values, by least squares;
    - snapshots: rates, or means with the error that their interval tells;
    - a tracker, which is cut into periods by prediction time.

    The p-value is the largest, and the interval the widest, of up to three: by the errors of sampling (normal; where they are
    known), by the spread about the line (Student's t), and, from 14 periods on, by slow waves about the line, for neighbours that
    move together (Student's t; Sun 2011). Where periods differ by more than sampling explains, weights count the variance between
    periods too (Williams 1982). Without 14 periods means and values have no p-value; counts have one from 3 on, which takes periods
    as independent. A single period that does not fit the others (see `outliers`) is named and left out, so that one bad day is
    never a trend; of fewer than 14 periods the p-value then counts two tests for each (Bonferroni), as many as the search for it
    made. A metric looked at every day needs a smaller `alpha`: each look may err.

    Args:
        metric_name: The metric, such as `"accuracy"`; for snapshots and trackers one of theirs.
        periods: One entry for each period, or a tracker; in any order where `times` are given, else oldest first.
        trials: Denominators of rates. Periods of 0 are left out and counted.
        standard_errors: Of means, above 0; with `sizes`, where 0 is allowed, they are pooled over periods.
        second_moments: Means of the squares of the rows of each period.
        sizes: Rows of each period. Periods of 0 are left out and counted.
        times: When each period was: days, or datetimes; all different. None for one a day; for snapshots, the middle of the
            window.
        period: For a tracker: the length of a period; a day by default.
        last: For a tracker, without `start`: the number of periods, 31 by default, counted back from the last one.
        start: For a tracker: when the first period begins. None: multiples of `period` since the epoch (days at midnight, UTC).
        end: For a tracker: when the last period ends. None: the last that is old enough.
        min_age: For trackers and snapshots: how long ago a period must have ended; younger ones are immature, and skipped.
        min_coverage: For trackers and snapshots: the least share of predictions with a label; below it a period is immature.
        now: The present; None for the clock.
        threshold: For a tracker: decide anew, 1 where the score is at least this.
        higher_is_better: The direction; None for metrics of the library that have one.
        baseline: The value that the metric should have; None for no limit.
        margin: How much of it may be lost; None for 5 percent of its magnitude.
        alpha: The level: on series without a trend at most this share is called declining or improving. 0.05 by default.

    Returns:
        The report; its `verdict` is `declining`, `improving`, `stable`, `outlier` or `undecided`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument has a value that is not allowed, or columns have different lengths.

    Cost: proportional to the square of the number of periods, at most 2,000; about a millisecond for 31. A tracker adds a
    snapshot for each period. The first call imports scipy.

    Example:
        >>> from truthlag.verdict.trend import check_trend
        >>> right, asked = [95, 95, 95, 95, 95, 95, 70], [100] * 7
        >>> print(check_trend("accuracy", right, trials=asked))
        accuracy of period 7 (0.7) does not fit the other 6 periods, which show no trend.
        >>> print(check_trend("accuracy", [0.95, 0.94, 0.92, 0.91, 0.89, 0.88, 0.86]))
        7 periods of accuracy cannot show a trend: values without a size need at least 14.
    """
    if not isinstance(metric_name, str):
        raise TypeError(f"metric_name must be a str, got {described(metric_name)}")
    higher = higher_is_better_of(metric_name, plain(higher_is_better))
    level = _number("alpha", alpha, "a number above 0 and below 1", lambda value: 0 < value < 1)
    limit = _limit(baseline, margin, higher=higher)
    columns = {
        "trials": trials,
        "standard_errors": standard_errors,
        "second_moments": second_moments,
        "sizes": sizes,
    }
    if isinstance(periods, ModelPerformanceTracker):
        _none_of({**columns, "times": times}, "a tracker")
        maturity = _maturity(min_age, min_coverage, now)
        given = from_tracker(
            metric_name,
            periods,
            period=period,
            last=last,
            start=start,
            end=end,
            threshold=threshold,
            maturity=maturity,
        )
    elif _are_snapshots(periods):
        _none_of({**columns, "start": start, "end": end, "threshold": threshold}, "snapshots")
        maturity = _maturity(min_age, min_coverage, now, is_needed=min_age is not None)
        given = from_snapshots(metric_name, list(periods), times=times, maturity=maturity)  # type: ignore[arg-type]
    else:
        told = {"start": start, "end": end, "min_age": min_age, "min_coverage": min_coverage, "threshold": threshold}
        _none_of(told, "columns of numbers")
        given = from_columns(periods, **columns, times=times)
    with np.errstate(all="ignore"):
        return _judge(metric_name, given, higher=higher, limit=limit, alpha=level)


def _judge(metric_name: str, given: Given, *, higher: bool, limit: float | None, alpha: float) -> TrendReport:
    series = given.series
    found = find_outliers(series, alpha)
    names = [
        OutlyingPeriod(int(given.places[at]), given.moments[at], float(series.values[at]), expected, p_value)
        for at, expected, p_value in found
    ]
    clean = series.only(np.delete(np.arange(len(series.times)), [at for at, _, _ in found]))
    has_line = len(clean.times) > 1
    fit = _Fit(clean) if has_line else None
    decisive = None if fit is None else fit.decisive()
    p_value: float | None = None
    reach: float | None = None
    interval: tuple[float, float] | tuple[None, None] = (None, None)
    # Of a few periods the one that goes may leave others on a line by chance: the search for it counts as so many tests.
    tests = 2 * len(series.times) if names and len(series.times) < FEWEST_FOR_SERIAL else 1
    if fit is not None and decisive is not None:
        p_value = min(1.0, tests * decisive.p_value(fit.line))
        reach = max(scale.reach(alpha / tests) for scale in fit.scales)
        half = reach / math.sqrt(fit.line.spread)
        interval = (fit.line.slope - half, fit.line.slope + half)
    verdict = _verdict(None if fit is None else fit.line.slope, p_value, alpha, higher=higher, outliers=bool(names))
    at_last = float(series.times[-1]) if len(series.times) else 0.0
    crossed = None
    if verdict == "declining" and limit is not None and fit is not None and reach is not None:
        meets = crossing(fit.line, limit, reach)
        crossed = None if meets is None else (meets[0] - at_last, meets[1] - at_last)
    return TrendReport(
        metric=metric_name,
        verdict=verdict,
        higher_is_better=higher,
        kind=series.kind,
        periods=len(series.times),
        skipped=given.skipped,
        slope=None if fit is None else fit.line.slope,
        low=interval[0],
        high=interval[1],
        p_value=p_value,
        alpha=alpha,
        dispersion=None if fit is None else fit.dispersion,
        method=_SLOPES[series.kind] + ("" if decisive is None else f", {_ERRORS[decisive.name]}"),
        robust=robust_trend(series.times, series.values, alpha) if len(series.times) > 1 else None,
        current=float(series.values[-1]) if len(series.times) else None,
        fitted=None if fit is None else fit.line.at(at_last),
        limit=limit,
        crossing_days=crossed,
        outliers=tuple(names),
    )


class _Fit:
    """The line through the periods that fit, and the errors that its slope may have."""

    line: Line
    scales: list[Scale]
    dispersion: float | None

    def __init__(self, series: Series) -> None:
        variances = series.variances
        self.dispersion = None
        if series.known is not None:
            excess = between(series.times, series.values, variances)
            self.dispersion = excess.dispersion
            variances = variances + excess.variance
        weights = 1 / variances
        self.line = fit_line(series.times, series.values, weights)
        fewest = FEWEST_RATES if series.kind == "rate" else FEWEST_FOR_SERIAL
        enough = len(series.times) >= fewest
        self.scales = (
            scales(self.line, series.times, series.values, weights, known=series.known, floor=series.floor)
            if enough
            else []
        )

    def decisive(self) -> Scale | None:
        """The one with the largest p-value."""
        return max(self.scales, key=lambda scale: scale.p_value(self.line), default=None)


def _verdict(slope: float | None, p_value: float | None, alpha: float, *, higher: bool, outliers: bool) -> Verdict:
    if slope is not None and p_value is not None and p_value <= alpha and slope != 0:
        return "improving" if (slope > 0) == higher else "declining"
    if outliers:
        return "outlier"
    return "undecided" if p_value is None else "stable"


def _limit(baseline: Any, margin: Any, *, higher: bool) -> float | None:
    if baseline is None:
        if margin is not None:
            raise TypeError(f"margin must be None without a baseline, got {described(margin)}")
        return None
    value = _number("baseline", baseline, "a number within 1e15 of 0, or None", lambda value: abs(value) <= 1e15)
    allowed = "a number from 0 to 1e15, or None"
    width = (
        0.05 * abs(value) if margin is None else _number("margin", margin, allowed, lambda value: 0 <= value <= 1e15)
    )
    return value - width if higher else value + width


def _number(argument: str, value: Any, allowed: str, is_allowed: Any) -> float:
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{argument} must be {allowed}, got {described(value)}")
    if not is_allowed(value):
        raise ValueError(f"{argument} must be {allowed}, got {described(value)}")
    return float(value)


def _maturity(min_age: Any, min_coverage: Any, now: Any, *, is_needed: bool = False) -> Maturity:
    if min_age is not None and not isinstance(min_age, timedelta):
        raise TypeError(f"min_age must be a timedelta, or None, got {described(min_age)}")
    if min_age is not None and min_age < timedelta():
        raise ValueError(f"min_age must be at least 0, got {described(min_age)}")
    if min_coverage is not None:
        min_coverage = _number(
            "min_coverage", min_coverage, "a number from 0 to 1, or None", lambda value: 0 <= value <= 1
        )
    stamp = microseconds_or_none("now", now)
    moment = None if stamp is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp)
    return Maturity(min_age, min_coverage, datetime.now(UTC) if moment is None and is_needed else moment)


def _are_snapshots(periods: Any) -> bool:
    return isinstance(periods, Sequence) and len(periods) > 0 and isinstance(periods[0], PerformanceSnapshot)


def _none_of(arguments: dict[str, Any], periods: str) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise TypeError(f"{name} must be None where periods are {periods}, got {described(value)}")
