"""The comparison of two arms as plain code has it: what the bars of `evaluate` are held against."""

from typing import Any

import numpy as np


def plain_evaluate(control_metric: Any, treatment_metric: Any) -> dict[str, Any]:
    """Return the figures of Student's t test of two arms, each array passed over as often as it takes."""
    from scipy import stats

    control = np.array(control_metric)
    treatment = np.array(treatment_metric)
    _, p_value = stats.ttest_ind(control, treatment)
    control_mean = np.mean(control)
    treatment_mean = np.mean(treatment)
    lift = (treatment_mean - control_mean) / control_mean * 100 if control_mean != 0 else 0
    return {
        "control": {
            "mean": round(float(control_mean), 6),
            "std": round(float(np.std(control)), 6),
            "n": len(control),
        },
        "treatment": {
            "mean": round(float(treatment_mean), 6),
            "std": round(float(np.std(treatment)), 6),
            "n": len(treatment),
        },
        "lift_percent": round(float(lift), 3),
        "p_value": round(float(p_value), 6),
    }
