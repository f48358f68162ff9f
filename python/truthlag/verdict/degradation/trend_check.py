"""Is a metric getting worse slowly: trends by the detector's own baseline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from truthlag.call import ModelPerformanceTracker
from truthlag.call.described import described
from truthlag.call.tracker import Time
from truthlag.metrics import PerformanceSnapshot
from truthlag.verdict.degradation.baseline import BaselineSource, GivenBaseline, StandingBaseline
from truthlag.verdict.degradation.plan import Plan
from truthlag.verdict.directions import HIGHER_IS_BETTER
from truthlag.verdict.trend import TrendReport, check_trend
from truthlag.verdict.trend.columns import Times
from truthlag.verdict.values import Numbers

__all__ = ["TrendCheck"]


class TrendCheck:
    """The part of a detector that looks at periods."""

    _plan: Plan
    _source: BaselineSource

    def check_trend(
        self,
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
    ) -> TrendReport:
        """Whether a metric declines slowly over periods, and when its margin is crossed, by one look at all of them.

        The direction, the value that the metric should have, its margin and the level are those of the detector, where it has
        them for this metric. Everything else is as in `truthlag.verdict.trend.check_trend`, which says how it is tested.

        Args:
            metric_name: The metric, such as `"accuracy"`.
            periods: Successes, means, values, snapshots or a tracker.
            trials: Denominators of rates.
            standard_errors: Of means.
            second_moments: Means of the squares of the rows of each period.
            sizes: Rows of each period.
            times: When each period was: days, or datetimes; None for one a day.
            period: For a tracker: the length of a period.
            last: For a tracker, without `start`: the number of periods.
            start: For a tracker: when the first period begins.
            end: For a tracker: when the last period ends.
            min_age: For trackers and snapshots: how long ago a period must have ended.
            min_coverage: For trackers and snapshots: the least share of predictions with a label.
            now: The present; None for the clock.
            threshold: For a tracker: decide anew, 1 where the score is at least this.

        Returns:
            The report; its `verdict` is `declining`, `improving`, `stable`, `outlier` or `undecided`.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A value is not allowed, or the direction of the metric is not known.

        Cost: proportional to the square of the number of periods; about a millisecond for 31.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.95}, margins=0.05)
            >>> right = [950, 944, 947, 938, 940, 932, 930, 925, 927, 921, 915, 917, 910, 908]
            >>> report = detector.check_trend("accuracy", right, trials=[1_000] * 14)
            >>> report.verdict, [round(day) for day in report.crossing_days]
            ('declining', [0, 7])
        """
        if not isinstance(metric_name, str):
            raise TypeError(f"metric_name must be a str, got {described(metric_name)}")
        if metric_name not in HIGHER_IS_BETTER and metric_name not in self._plan.higher_is_better:
            raise ValueError(
                f'directions of the detector must have "higher" or "lower" for {metric_name!r:.80}, whose direction is not known'
            )
        value = self._expected(metric_name)
        return check_trend(
            metric_name,
            periods,
            trials=trials,
            standard_errors=standard_errors,
            second_moments=second_moments,
            sizes=sizes,
            times=times,
            period=period,
            last=last,
            start=start,
            end=end,
            min_age=min_age,
            min_coverage=min_coverage,
            now=now,
            threshold=threshold,
            higher_is_better=self._plan.higher_is_better.get(metric_name),
            baseline=value,
            margin=None if value is None else self._plan.margin(metric_name, value),
            alpha=self._plan.alpha,
        )

    def _expected(self, metric_name: Any) -> float | None:
        """The value of a metric in the baseline; None where it has none, or moves with the window."""
        if not isinstance(self._source, GivenBaseline | StandingBaseline):
            return None
        level = self._source._example().levels.get(metric_name)
        return None if level is None else level.metric.value
