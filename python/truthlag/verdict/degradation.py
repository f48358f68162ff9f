"""Is the model getting worse: the two rules of the detector that this one replaces."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from truthlag.verdict.values import AtFault, Numbers, judges, judging, plain, rounded

_ALLOWED_DROP = 0.95


class DegradationDetector:
    """Compares metrics with a baseline, and looks for a sustained decline.

    Two rules: a metric below a threshold (by default 5 percent below its baseline), and a straight line through the last
    values whose slope is below a limit. Both take a falling value for the bad news.

    Args:
        baseline_metrics: Metrics of a validation or shadow period, by name.

    Example:
        >>> from truthlag import DegradationDetector
        >>> baseline = {"accuracy": 0.95, "precision": 0.90, "recall": 0.88, "f1_score": 0.89}
        >>> detector = DegradationDetector(baseline)
        >>> current = {"accuracy": 0.91, "precision": 0.85, "recall": 0.82, "f1_score": 0.83}
        >>> result = detector.check_absolute_degradation(current)
        >>> result["severity"], sorted(result["alerts"])
        ('critical', ['f1_score', 'precision', 'recall'])
        >>> result["alerts"]["recall"]["drop_percent"]
        6.82
    """

    def __init__(self, baseline_metrics: Mapping[str, Any]) -> None:
        self.baseline = baseline_metrics
        self.history: list[dict[str, Any]] = []

    @judges("current_metrics, thresholds or baseline_metrics")
    def check_absolute_degradation(
        self, current_metrics: Mapping[str, Any], thresholds: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Whether current metrics have dropped below their thresholds.

        Args:
            current_metrics: Metrics by name, as `ModelPerformanceTracker.compute_metrics` gives them.
            thresholds: Thresholds by name; None for 95 percent of each entry of the baseline that is an int or a float
                (`numpy.float64` is one). Its other entries are passed over, numbers of other types included.

        Returns:
            `degradation_detected`; `alerts`: for each metric below its threshold `current`, `threshold` and `baseline`
            (rounded to 4 decimals; the threshold stands in for a missing baseline) and `drop_percent` (of the baseline,
            to 2; 0 for a baseline of 0 or less); `severity`: `"critical"` for two alerts or more, `"warning"` for one,
            else `"ok"`; `missing`: the metrics that have a threshold and no current value (absent, None or NaN). An
            `"ok"` with anything under `missing` says nothing of those metrics. `json.dumps` takes the result.

        Raises:
            TypeError: An argument that is asked is no mapping, or a value that is compared is no number.
            ValueError: A drop cannot be told, since the baseline of an alert is infinite or NaN.

        Cost: proportional to the number of thresholds.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.95})
            >>> detector.check_absolute_degradation({"status": "no_matched_data"})
            {'degradation_detected': False, 'alerts': {}, 'severity': 'ok', 'missing': ['accuracy']}
        """
        if thresholds is None:
            thresholds = {k: v * _ALLOWED_DROP for k, v in self.baseline.items() if isinstance(v, int | float)}
        alerts: dict[str, dict[str, Any]] = {}
        missing: list[str] = []
        for metric, threshold in thresholds.items():
            value = current_metrics.get(metric)
            if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
                missing.append(plain(metric))
            elif value < threshold:
                alerts[plain(metric)] = self._alert(metric, value, threshold)
        return {
            "degradation_detected": len(alerts) > 0,
            "alerts": alerts,
            "severity": "critical" if len(alerts) >= 2 else "warning" if alerts else "ok",
            "missing": missing,
        }

    def _alert(self, metric: str, value: Any, threshold: Any) -> dict[str, Any]:
        baseline = self.baseline.get(metric, threshold)
        drop = (baseline - value) / baseline * 100 if baseline > 0 else 0
        return {
            "current": rounded(value, 4),
            "threshold": rounded(threshold, 4),
            "baseline": rounded(baseline, 4),
            "drop_percent": rounded(drop, 2),
        }

    @judges("recent_values, window or min_slope")
    def check_trend_degradation(
        self, metric_name: str, recent_values: Numbers, window: int = 7, min_slope: float = -0.01
    ) -> dict[str, Any]:
        """Whether the last values of a metric decline, by the least-squares line through them.

        Args:
            metric_name: What the result calls the metric.
            recent_values: Values of the metric, one a period, oldest first.
            window: The number of last values that the line goes through.
            min_slope: A slope below this, in units of the metric a period, is a decline; one above its magnitude an
                improvement.

        Returns:
            `{"status": "insufficient_data"}` for fewer values than `window`; else `metric`, `trend` (`"declining"`,
            `"improving"` or `"stable"`), `slope_per_period` (6 decimals), `latest_value`, `period_start_value`,
            `projected_next` (4 decimals) and `alert`, which is true for a decline. `json.dumps` takes the result.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: A line cannot be drawn: values of the window are not finite, or it leaves fewer than 2.

        Cost: proportional to `window`.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.95})
            >>> result = detector.check_trend_degradation("accuracy", [0.95, 0.94, 0.92, 0.91, 0.89, 0.88, 0.86])
            >>> result["trend"], result["slope_per_period"], result["alert"]
            ('declining', -0.015, True)
        """
        with judging("recent_values"):
            held = len(recent_values)
        with judging("window"):
            if held < window:
                return {"status": "insufficient_data"}
            # As an index, since the negative of a small unsigned integer of numpy's is a large one.
            size = operator.index(window)
        with judging("recent_values"):
            values = np.asarray(recent_values[-size:])
            length = len(values)
        if length < 2:
            raise AtFault(ValueError(f"window must leave at least 2 of recent_values for a line, and leaves {length}"))
        with judging("recent_values"):
            slope = np.polyfit(np.arange(length), values, 1)[0]
            if np.ndim(slope):
                raise AtFault(ValueError(f"recent_values must have one dimension, got the shape {values.shape}"))
            slope_per_period = rounded(slope, 6)
        with judging("min_slope"):
            declining = bool(slope < min_slope)
            trend = "declining" if declining else "improving" if slope > abs(min_slope) else "stable"
        return {
            "metric": plain(metric_name),
            "trend": trend,
            "slope_per_period": slope_per_period,
            "latest_value": rounded(values[-1], 4),
            "period_start_value": rounded(values[0], 4),
            "alert": declining,
            "projected_next": rounded(values[-1] + slope, 4),
        }
