"""The detector and the A/B monitor that these replace, word for word: the oracle."""
# ruff: noqa: I001, RUF013, RUF059, UP006, UP035 - the lines are their own
# fmt: off

import numpy as np
from typing import List
from scipy import stats


class DegradationDetector:
    """Detect gradual or sudden model performance drops.

    Two detection modes:
    1. Threshold-based: alert when metric drops below absolute threshold
    2. Trend-based: alert when metric shows sustained downward trend
    """

    def __init__(self, baseline_metrics: dict):
        """Initialize with baseline metrics from validation/shadow period."""
        self.baseline = baseline_metrics
        self.history: List[dict] = []

    def check_absolute_degradation(self, current_metrics: dict,
                                   thresholds: dict = None) -> dict:
        """Check if current metrics dropped below thresholds."""
        if thresholds is None:
            # Default: alert if metric drops more than 5% from baseline
            thresholds = {
                k: v * 0.95 for k, v in self.baseline.items()
                if isinstance(v, (int, float))
            }

        alerts = {}
        for metric, threshold in thresholds.items():
            current_val = current_metrics.get(metric)
            if current_val is not None and current_val < threshold:
                baseline_val = self.baseline.get(metric, threshold)
                drop_pct = ((baseline_val - current_val) / baseline_val * 100
                            if baseline_val > 0 else 0)
                alerts[metric] = {
                    "current": round(current_val, 4),
                    "threshold": round(threshold, 4),
                    "baseline": round(baseline_val, 4),
                    "drop_percent": round(drop_pct, 2)
                }

        return {
            "degradation_detected": len(alerts) > 0,
            "alerts": alerts,
            "severity": "critical" if len(alerts) >= 2 else
                        "warning" if len(alerts) == 1 else "ok"
        }

    def check_trend_degradation(self, metric_name: str,
                                recent_values: List[float],
                                window: int = 7,
                                min_slope: float = -0.01) -> dict:
        """Detect sustained downward trend using linear regression."""
        if len(recent_values) < window:
            return {"status": "insufficient_data"}

        values = np.array(recent_values[-window:])
        x = np.arange(len(values))
        # Simple linear regression
        slope = np.polyfit(x, values, 1)[0]

        return {
            "metric": metric_name,
            "trend": "declining" if slope < min_slope else
                     "improving" if slope > abs(min_slope) else "stable",
            "slope_per_period": round(slope, 6),
            "latest_value": round(values[-1], 4),
            "period_start_value": round(values[0], 4),
            "alert": slope < min_slope,
            "projected_next": round(values[-1] + slope, 4)
        }


class ModelABTestMonitor:
    """Monitor A/B tests between model versions.

    Tracks statistical significance, guardrail metrics,
    and provides automated recommendations.
    """

    def __init__(self, control_name: str, treatment_name: str,
                 min_sample_size: int = 1000,
                 significance_level: float = 0.05):
        self.control_name = control_name
        self.treatment_name = treatment_name
        self.min_sample_size = min_sample_size
        self.significance_level = significance_level

    def evaluate(self, control_metric: list,
                 treatment_metric: list,
                 metric_name: str = "conversion_rate",
                 higher_is_better: bool = True) -> dict:
        """Evaluate A/B test results with statistical rigor."""
        control = np.array(control_metric)
        treatment = np.array(treatment_metric)

        # Sample size check
        if len(control) < self.min_sample_size or \
           len(treatment) < self.min_sample_size:
            return {
                "status": "insufficient_sample",
                "control_n": len(control),
                "treatment_n": len(treatment),
                "required_n": self.min_sample_size,
                "recommendation": "Continue collecting data"
            }

        # Statistical test
        t_stat, p_value = stats.ttest_ind(control, treatment)
        control_mean = np.mean(control)
        treatment_mean = np.mean(treatment)
        lift = ((treatment_mean - control_mean) / control_mean * 100
                if control_mean != 0 else 0)

        is_significant = p_value < self.significance_level
        is_positive = (treatment_mean > control_mean) == higher_is_better

        # Determine recommendation
        if is_significant and is_positive:
            recommendation = f"Ship {self.treatment_name} - statistically significant improvement"
        elif is_significant and not is_positive:
            recommendation = f"Revert to {self.control_name} - treatment is significantly worse"
        else:
            recommendation = "Continue test - results not yet significant"

        return {
            "metric": metric_name,
            "control": {
                "name": self.control_name,
                "mean": round(control_mean, 6),
                "std": round(np.std(control), 6),
                "n": len(control)
            },
            "treatment": {
                "name": self.treatment_name,
                "mean": round(treatment_mean, 6),
                "std": round(np.std(treatment), 6),
                "n": len(treatment)
            },
            "lift_percent": round(lift, 3),
            "p_value": round(p_value, 6),
            "is_significant": is_significant,
            "recommendation": recommendation
        }

    def check_guardrails(self, control_latencies: list,
                         treatment_latencies: list,
                         max_p99_increase_ms: float = 50) -> dict:
        """Check guardrail metrics to ensure treatment doesn't
        degrade critical non-target metrics."""
        control_p99 = np.percentile(control_latencies, 99)
        treatment_p99 = np.percentile(treatment_latencies, 99)
        p99_increase = treatment_p99 - control_p99

        return {
            "guardrail": "latency_p99",
            "control_p99_ms": round(control_p99, 1),
            "treatment_p99_ms": round(treatment_p99, 1),
            "increase_ms": round(p99_increase, 1),
            "threshold_ms": max_p99_increase_ms,
            "passed": p99_increase <= max_p99_increase_ms,
            "action": "OK" if p99_increase <= max_p99_increase_ms
                      else "BLOCK - latency guardrail violated"
        }
