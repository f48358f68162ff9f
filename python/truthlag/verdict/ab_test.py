"""Is the new version better: the plain comparison of the monitor that this one replaces."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from truthlag.verdict.values import Numbers, number, number_array, plain


class ModelABTestMonitor:
    """Compares a metric of two versions of a model at the end of a test, and checks a latency guardrail.

    The verdict is that of one look at a planned sample size: looked at again and again, it finds differences that are not
    there.

    Args:
        control_name: What recommendations call the present version.
        treatment_name: What recommendations call the new version.
        min_sample_size: The least number of values in each arm.
        significance_level: A p-value below this is a difference.

    Example:
        >>> import numpy as np
        >>> from truthlag import ModelABTestMonitor
        >>> monitor = ModelABTestMonitor("fraud-v2.3", "fraud-v2.4")
        >>> random = np.random.RandomState(42)
        >>> control, treatment = random.binomial(1, 0.12, 5000), random.binomial(1, 0.135, 5000)
        >>> result = monitor.evaluate(control, treatment, metric_name="fraud_catch_rate")
        >>> result["lift_percent"], result["p_value"], result["recommendation"]
        (10.381, 0.06639, 'Continue test - results not yet significant')
    """

    def __init__(
        self,
        control_name: str,
        treatment_name: str,
        min_sample_size: int = 1000,
        significance_level: float = 0.05,
    ) -> None:
        self.control_name = control_name
        self.treatment_name = treatment_name
        self.min_sample_size = min_sample_size
        self.significance_level = significance_level

    def evaluate(
        self,
        control_metric: Numbers,
        treatment_metric: Numbers,
        metric_name: str = "conversion_rate",
        higher_is_better: bool = True,
    ) -> dict[str, Any]:
        """Student's two-sample t-test with pooled variance, and a recommendation.

        Args:
            control_metric: One value for each unit of the control arm.
            treatment_metric: One value for each unit of the treatment arm.
            metric_name: What the result calls the metric.
            higher_is_better: Whether a larger mean is the better one.

        Returns:
            With too few values `status` (`"insufficient_sample"`), `control_n`, `treatment_n`, `required_n` and
            `recommendation`. Else `metric`; `control` and `treatment`, each with `name`, `mean`, `std` (population, 6
            decimals) and `n`; `lift_percent` (of the control's mean, 3 decimals; 0 for a mean of 0), `p_value` (two-sided,
            6 decimals), `is_significant` and `recommendation`. `json.dumps` takes the result.

        Raises:
            TypeError: Values are not numbers.
            ValueError: Values are not finite or not of one dimension, or the test is undefined for them: too few, or all
                the same in both arms.

        Cost: proportional to the number of values; arrays are not copied.
        """
        control = number_array("control_metric", control_metric, least=0)
        treatment = number_array("treatment_metric", treatment_metric, least=0)
        least = number("min_sample_size", self.min_sample_size)
        if len(control) < least or len(treatment) < least:
            return {
                "status": "insufficient_sample",
                "control_n": len(control),
                "treatment_n": len(treatment),
                "required_n": plain(self.min_sample_size),
                "recommendation": "Continue collecting data",
            }
        p_value = _pooled_p_value(control, treatment)
        control_mean, treatment_mean = np.mean(control), np.mean(treatment)
        lift = (treatment_mean - control_mean) / control_mean * 100 if control_mean != 0 else 0
        if not np.isfinite(lift):
            raise ValueError(
                "control_metric must have a mean from which a lift can be told, got values near the end of the range"
            )
        significant = bool(p_value < number("significance_level", self.significance_level))
        positive = bool((treatment_mean > control_mean) == higher_is_better)
        return {
            "metric": metric_name,
            "control": _arm(self.control_name, control),
            "treatment": _arm(self.treatment_name, treatment),
            "lift_percent": plain(round(lift, 3)),
            "p_value": plain(round(p_value, 6)),
            "is_significant": significant,
            "recommendation": self._recommendation(significant=significant, positive=positive),
        }

    def _recommendation(self, *, significant: bool, positive: bool) -> str:
        if significant and positive:
            return f"Ship {self.treatment_name} - statistically significant improvement"
        if significant:
            return f"Revert to {self.control_name} - treatment is significantly worse"
        return "Continue test - results not yet significant"

    def check_guardrails(
        self, control_latencies: Numbers, treatment_latencies: Numbers, max_p99_increase_ms: float = 50
    ) -> dict[str, Any]:
        """Whether the 99th percentile of the treatment's latencies stays near that of the control's.

        Args:
            control_latencies: Latencies of the control arm, in milliseconds.
            treatment_latencies: Latencies of the treatment arm, in milliseconds.
            max_p99_increase_ms: The largest increase that passes, in milliseconds.

        Returns:
            `guardrail`, `control_p99_ms`, `treatment_p99_ms` and `increase_ms` (1 decimal), `threshold_ms`, `passed`, and
            `action`: `"OK"` or `"BLOCK - latency guardrail violated"`. `json.dumps` takes the result.

        Raises:
            TypeError: Values are not numbers.
            ValueError: An arm is empty, or values are not finite or not of one dimension.

        Example:
            >>> from truthlag import ModelABTestMonitor
            >>> monitor = ModelABTestMonitor("v1", "v2")
            >>> monitor.check_guardrails([10, 12, 11], [90, 95, 99])["action"]
            'BLOCK - latency guardrail violated'
        """
        limit = number("max_p99_increase_ms", max_p99_increase_ms)
        control_p99 = _percentile_99("control_latencies", control_latencies)
        treatment_p99 = _percentile_99("treatment_latencies", treatment_latencies)
        increase = treatment_p99 - control_p99
        passed = bool(increase <= limit)
        return {
            "guardrail": "latency_p99",
            "control_p99_ms": plain(round(control_p99, 1)),
            "treatment_p99_ms": plain(round(treatment_p99, 1)),
            "increase_ms": plain(round(increase, 1)),
            "threshold_ms": plain(max_p99_increase_ms),
            "passed": passed,
            "action": "OK" if passed else "BLOCK - latency guardrail violated",
        }


def _pooled_p_value(control: NDArray[Any], treatment: NDArray[Any]) -> Any:
    """The two-sided p-value of Student's t-test, from means and variances: arms of one value each raise no warnings."""
    if len(control) + len(treatment) <= 2 or min(len(control), len(treatment)) < 1:
        raise ValueError(
            f"control_metric and treatment_metric must hold enough values for a t-test, got {len(control)} and {len(treatment)}"
        )
    # Imported on first use: a server that only logs never loads it.
    from scipy import stats

    deviations = [float(np.std(arm, ddof=1)) if len(arm) > 1 else 0.0 for arm in (control, treatment)]
    p_value = stats.ttest_ind_from_stats(
        np.mean(control), deviations[0], len(control), np.mean(treatment), deviations[1], len(treatment)
    ).pvalue
    if np.isnan(p_value):
        raise ValueError(
            "control_metric and treatment_metric must not all be the same value: the t-test is undefined then"
        )
    return p_value


def _arm(name: str, values: NDArray[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "mean": plain(round(np.mean(values), 6)),
        "std": plain(round(np.std(values), 6)),
        "n": len(values),
    }


def _percentile_99(argument: str, latencies: Numbers) -> Any:
    values = number_array(argument, latencies, least=1)
    # numpy subtracts bools nowhere, and the percentile interpolates by a difference.
    return np.percentile(values.astype(np.float64) if values.dtype.kind == "b" else values, 99)
