"""The two rules of the plain detector that this one replaces, with its results, keys and strings."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from truthlag.call.described import described
from truthlag.verdict.culprit import Suspect, entry_name
from truthlag.verdict.faults import AtFault, fault_among, judges, judging, judging_numbers
from truthlag.verdict.values import Numbers, plain, rounded

_ALLOWED_DROP = 0.95
_DEFAULT = "95 percent of baseline_metrics"
_METRICS = "a mapping of metrics by name"
_THRESHOLDS = "a mapping of thresholds by name, or None"
_ASKED = "a mapping that can be asked for each metric"
_COLUMN = "a sequence of numbers"
_LINE = "finite real numbers of one dimension with a finite line through them"


class TwoRules:
    """A metric below a threshold, and a straight line through the last values. Both take a falling value for the bad news."""

    # What metrics are compared with: a mapping where the caller gave one, with whatever is in it.
    baseline: Any

    @judges
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
            source, limits = _DEFAULT, list(self._default_thresholds().items())
        else:
            source, limits = "thresholds", _entries("thresholds", thresholds, _THRESHOLDS)
        alerts: dict[str, dict[str, Any]] = {}
        missing: list[str] = []
        for metric, threshold in limits:
            with judging("current_metrics", current_metrics, _ASKED):
                value = current_metrics.get(metric)
            try:
                if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
                    missing.append(plain(metric))
                    continue
                is_below = bool(value < threshold)
            except MemoryError:
                raise
            except Exception as error:
                suspects = [_suspect("current_metrics", metric, value), _suspect(source, metric, threshold)]
                raise fault_among(suspects, error) from error
            if is_below:
                alerts[plain(metric)] = self._alert(metric, value, threshold, source)
        return {
            "degradation_detected": len(alerts) > 0,
            "alerts": alerts,
            "severity": "critical" if len(alerts) >= 2 else "warning" if alerts else "ok",
            "missing": missing,
        }

    def _default_thresholds(self) -> dict[Any, Any]:
        thresholds = {}
        for metric, value in _entries("baseline_metrics", self.baseline, _METRICS):
            try:
                if isinstance(value, int | float):
                    thresholds[metric] = value * _ALLOWED_DROP
            except MemoryError:
                raise
            except Exception as error:
                raise fault_among([_suspect("baseline_metrics", metric, value)], error) from error
        return thresholds

    def _alert(self, metric: Any, value: Any, threshold: Any, source: str) -> dict[str, Any]:
        with judging("baseline_metrics", self.baseline, _ASKED):
            baseline = self.baseline.get(metric, threshold)
        try:
            drop = (baseline - value) / baseline * 100 if baseline > 0 else 0
            return {
                "current": rounded(value, 4),
                "threshold": rounded(threshold, 4),
                "baseline": rounded(baseline, 4),
                "drop_percent": rounded(drop, 2),
            }
        except MemoryError:
            raise
        except Exception as error:
            suspects = [_suspect("current_metrics", metric, value), _suspect(source, metric, threshold)]
            if baseline is not threshold:
                suspects.append(_suspect("baseline_metrics", metric, baseline))
            raise fault_among(suspects, error) from error

    @judges
    def check_trend_degradation(
        self, metric_name: str, recent_values: Numbers, window: int = 7, min_slope: float = -0.01
    ) -> dict[str, Any]:
        """Whether the last values of a metric decline, by the least-squares line through them.

        Args:
            metric_name: What the result calls the metric.
            recent_values: Values of the metric, one a period, oldest first: a sequence or an array of one dimension.
            window: The number of last values that the line goes through; 7 by default.
            min_slope: A slope below this, in units of the metric a period, is a decline; one above its magnitude an
                improvement. -0.01 by default.

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
        with judging("recent_values", recent_values, _COLUMN):
            held = len(recent_values)
        with judging("window", window, "an int"):
            if held < window:
                return {"status": "insufficient_data"}
            # As an index, since the negative of a small unsigned integer of numpy's is a large one.
            size = operator.index(window)
        with judging("recent_values", recent_values, _COLUMN):
            last = recent_values[-size:]
        with judging_numbers("recent_values", last, _COLUMN, last_of=held):
            values = np.asarray(last)
            length = len(values)
        if length < 2:
            raise AtFault(
                ValueError(
                    "window must be an int that leaves at least 2 of recent_values for a line, "
                    f"got {described(window)}, which leaves {length}"
                )
            )
        with judging_numbers("recent_values", last, _LINE, last_of=held):
            slope = np.polyfit(np.arange(length), values, 1)[0]
            if np.ndim(slope):
                raise AtFault(ValueError(f"recent_values must have one dimension, got the shape {values.shape}"))
            slope_per_period = rounded(slope, 6)
            latest, start, projected = (rounded(value, 4) for value in (values[-1], values[0], values[-1] + slope))
        with judging("min_slope", min_slope, "a real number"):
            declining = bool(slope < min_slope)
            trend = "declining" if declining else "improving" if slope > abs(min_slope) else "stable"
        return {
            "metric": plain(metric_name),
            "trend": trend,
            "slope_per_period": slope_per_period,
            "latest_value": latest,
            "period_start_value": start,
            "alert": declining,
            "projected_next": projected,
        }


def _entries(argument: str, mapping: Any, allowed: str) -> list[tuple[Any, Any]]:
    with judging(argument, mapping, allowed):
        return [(name, value) for name, value in mapping.items()]


def _suspect(argument: str, metric: Any, value: Any) -> Suspect:
    return Suspect(entry_name(argument, metric), value)
