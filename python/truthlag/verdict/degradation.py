"""Is the model getting worse: the two rules of the detector that this one replaces."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from truthlag.verdict.values import Numbers, is_number, number, number_array, plain

_ALLOWED_DROP = 0.95


class DegradationDetector:
    """Compares metrics with a baseline, and looks for a sustained decline.

    Two rules: a metric below a threshold (by default 5 percent below its baseline), and a straight line through the last
    values whose slope is below a limit. Both take a falling value for the bad news.

    Args:
        baseline_metrics: Metrics of a validation or shadow period, by name. Entries that are no numbers are passed over.

    Raises:
        TypeError: `baseline_metrics` is no mapping.

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
        self.baseline = _mapping("baseline_metrics", baseline_metrics)
        self.history: list[dict[str, Any]] = []

    def check_absolute_degradation(
        self, current_metrics: Mapping[str, Any], thresholds: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Whether current metrics have dropped below their thresholds.

        Args:
            current_metrics: Metrics by name, as `ModelPerformanceTracker.compute_metrics` gives them.
            thresholds: Thresholds by name; None for 95 percent of each number of the baseline.

        Returns:
            `degradation_detected`; `alerts`: for each metric below its threshold `current`, `threshold` and `baseline`
            (rounded to 4 decimals) and `drop_percent` (of the baseline, to 2; 0 for a baseline of 0 or less); `severity`:
            `"critical"` for two alerts or more, `"warning"` for one, else `"ok"`; `missing`: the metrics that have a
            threshold and no current value (absent, None or NaN). An `"ok"` with anything under `missing` says nothing
            of those metrics. `json.dumps` takes the result.

        Raises:
            TypeError: An argument is no mapping, or a value that is compared is no number.
            ValueError: A threshold is NaN, or a drop cannot be told since the baseline is infinite.

        Cost: proportional to the number of thresholds.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.95})
            >>> detector.check_absolute_degradation({"status": "no_matched_data"})
            {'degradation_detected': False, 'alerts': {}, 'severity': 'ok', 'missing': ['accuracy']}
        """
        current = _mapping("current_metrics", current_metrics)
        if thresholds is None:
            limits = {
                name: value * _ALLOWED_DROP
                for name, value in self.baseline.items()
                if is_number(value) and value == value
            }
        else:
            limits = _mapping("thresholds", thresholds)
        alerts: dict[str, dict[str, Any]] = {}
        missing: list[str] = []
        for metric, threshold in limits.items():
            value = current.get(metric)
            if value is None or (is_number(value) and value != value):
                missing.append(metric)
                continue
            number(f"current_metrics[{metric!r}]", value)
            if value < number(f"thresholds[{metric!r}]", threshold):
                alerts[metric] = self._alert(metric, value, threshold)
        return {
            "degradation_detected": bool(alerts),
            "alerts": alerts,
            "severity": "critical" if len(alerts) >= 2 else "warning" if alerts else "ok",
            "missing": missing,
        }

    def _alert(self, metric: str, value: Any, threshold: Any) -> dict[str, Any]:
        baseline = number(f"baseline_metrics[{metric!r}]", self.baseline.get(metric, threshold))
        drop = (baseline - value) / baseline * 100 if baseline > 0 else 0
        if math.isnan(drop):
            raise ValueError(
                f"baseline_metrics[{metric!r}] must be finite to tell a drop from it, got {plain(baseline)}"
            )
        return {
            "current": plain(round(value, 4)),
            "threshold": plain(round(threshold, 4)),
            "baseline": plain(round(baseline, 4)),
            "drop_percent": plain(round(drop, 2)),
        }

    def check_trend_degradation(
        self, metric_name: str, recent_values: Numbers, window: int = 7, min_slope: float = -0.01
    ) -> dict[str, Any]:
        """Whether the last values of a metric decline, by the least-squares line through them.

        Args:
            metric_name: What the result calls the metric.
            recent_values: Values of the metric, one a period, oldest first.
            window: The number of last values that the line goes through, at least 2.
            min_slope: A slope below this, in units of the metric a period, is a decline; one above its magnitude an
                improvement.

        Returns:
            `{"status": "insufficient_data"}` for fewer values than `window`; else `metric`, `trend` (`"declining"`,
            `"improving"` or `"stable"`), `slope_per_period` (6 decimals), `latest_value`, `period_start_value`,
            `projected_next` (4 decimals) and `alert`, which is true for a decline. `json.dumps` takes the result.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: Values are not finite, or fewer than 2 are left to draw a line through.

        Cost: proportional to `window`.

        Example:
            >>> from truthlag import DegradationDetector
            >>> detector = DegradationDetector({"accuracy": 0.95})
            >>> result = detector.check_trend_degradation("accuracy", [0.95, 0.94, 0.92, 0.91, 0.89, 0.88, 0.86])
            >>> result["trend"], result["slope_per_period"], result["alert"]
            ('declining', -0.015, True)
        """
        if not isinstance(window, int | np.integer):
            raise TypeError(f"window must be an int, got an object of type {type(window).__name__}")
        limit = number("min_slope", min_slope)
        recent = number_array("recent_values", recent_values, least=0)
        if len(recent) < window:
            return {"status": "insufficient_data"}
        values = recent[-int(window) :]
        if len(values) < 2:
            raise ValueError(f"window must leave at least 2 values for a line, got {window} of {len(recent)} values")
        values = values.astype(np.int64) if values.dtype.kind == "b" else values
        with np.errstate(all="ignore"):
            slope = np.polyfit(np.arange(len(values)), values, 1)[0]
            projected = values[-1] + slope
        if not (np.isfinite(slope) and np.isfinite(projected)):
            raise ValueError(
                "recent_values must be small enough for a line through them, got values near the end of the range"
            )
        declining = bool(slope < limit)
        return {
            "metric": metric_name,
            "trend": "declining" if declining else "improving" if slope > abs(limit) else "stable",
            "slope_per_period": plain(round(slope, 6)),
            "latest_value": plain(round(values[-1], 4)),
            "period_start_value": plain(round(values[0], 4)),
            "alert": declining,
            "projected_next": plain(round(projected, 4)),
        }


def _mapping(argument: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(
            f"{argument} must be a mapping of names to numbers, got an object of type {type(value).__name__}"
        )
    return value
